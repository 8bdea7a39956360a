"""A crowd: many works at once, with everything that may bear on a work, drawn by chance and signed for real."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from typing import Any

from rakkan.registry.flows.accept import accept_one
from rakkan.registry.ledger.consent_calls import ChainWithdrawal
from rakkan.registry.rules.proofs import sign_did, withdrawal_key, withdrawal_statement
from rakkan.registry.service import Registry
from rakkan.registry.store.withdrawals import Cursor
from rakkan.registry.worker import Worker
from rakkan.schemas.consent import Consent
from rakkan.schemas.instant import format_instant
from rakkan.schemas.record import Record
from rakkan.schemas.statement import Subject
from rakkan.schemas.values import Cid, Digest
from tests.flows.homesteads import DAY, LIKENESS, TRAIN, People, author_subject, key, link, who

PEOPLE = ("ann", "ben", "zoe")
COMMUNITY = "eip155:31337:0xE7f1725E7734CE288F8367e1Bb143E90bb3F0512"
POLICY = Cid.of(b"{}")
_USUAL: tuple[dict[str, Any], ...] = tuple(
    {
        "grantee": ["public"],
        "scopes": [{"name": TRAIN, "use": "allowed"}],
        "withdrawal": {"authority": "0x" + "11" * 20, "mode": mode},
    }
    for mode in ("prospective", "irrevocable")
)
_USES = ("allowed", "allowed", "allowed", "constrained", "notAllowed")


class _Hasty(People):
    """People whose records get into the log when somebody sees to it."""

    def hand_in(
        self, statement: bytes, by: Sequence[str], blocks: Sequence[bytes] = (), *, log: bool = True
    ) -> Record:
        del log
        return super().hand_in(statement, by, blocks, log=False)


class Crowd:
    """Works and what is said of them.

    Args:
        registry: Where it is said.
        seed: Of chance; the same seed says the same.
    """

    def __init__(self, registry: Registry, seed: int) -> None:
        self._registry, self._people, self._chance = registry, _Hasty(registry), random.Random(seed)
        self.works: list[tuple[Digest, Digest]] = []
        self.chain: list[ChainWithdrawal] = []
        self._said: list[Record] = []
        self._given: dict[int, Record] = {}
        self._mandate: Record | None = None

    def gather(self, count: int) -> None:
        """Let so many works be spoken of, over thirty days."""
        self.works = [
            (Digest.of(b"file %d" % each), Digest("c2paClaim", hashlib.sha256(b"claim %d" % each).digest()))
            for each in range(count)
        ]
        self._people.on(-30)
        self._mandate = self._people.hand_in(
            self._people.consent_statement(
                "ann", [author_subject("ann")], kind="mandate", grantee=[who("agent")]
            ),
            ["ann"],
        )
        events = [
            (self._chance.randint(-29, 0), work) for work in range(count) for _ in range(self._events())
        ]
        for place, (day, work) in enumerate(sorted(events)):
            self._people.on(day)
            self._happen(work)
            if place % 20 == 0:
                Worker(self._registry).settle()  # what comes at the very end stays out of the log
        self._people.on(0)
        self._registry.store.withdrawals.advance(
            b"\0" * 20,
            None,
            Cursor(1, b"\1" * 32, 0, b"\0" * 32),
            first=0,
            found=self.chain,
            now=self._registry.clock.now(),
        )

    def _events(self) -> int:
        return self._chance.choice((0, 1, 1, 2, 2, 2, 3, 5))

    def _one(self, *choices: Any) -> Any:
        return self._chance.choice(choices)

    def _happen(self, work: int) -> None:
        what = self._one(*["work"] * 3, *["consent"] * 8, "claim", "odd", *["withdraw"] * 4, "object")
        getattr(self, f"_{what}")(work)

    def _subjects(self, work: int) -> list[Subject]:
        file, claim = self.works[work]
        both = {file.kind: file.hex, claim.kind: claim.hex}
        named = self._one(both, both, {file.kind: file.hex}, {claim.kind: claim.hex})
        return [Subject(name="work", digest=named)]

    def _work(self, work: int) -> None:
        by = self._one("ann", "ann", "ben", "zoe")
        value: dict[str, Any] = {
            "creator": who(by),
            "making": "generated",
            "stampedAt": self._now(),
            "asset": {"mediaType": "image/png", "width": 8, "height": 8},
        }
        if self._chance.random() < 0.2:
            value["sourceDigest"] = str(self.works[self._chance.randrange(len(self.works))][0])
        subjects = self._subjects(work)
        if self._chance.random() < 0.1:  # the same work by the name of another
            other = self.works[self._chance.randrange(len(self.works))][1]
            subjects = [Subject(name="work", digest={**subjects[0].digest, other.kind: other.hex})]
        self._said.append(self._people.state("work", subjects, value, by, log=False))

    def _claim(self, work: int) -> None:
        file, claim = self.works[work]
        self._people.claim(self._one(*PEOPLE), self._one(file, claim))

    def _terms(self) -> dict[str, Any]:
        since = self._people.clock.at + self._one(0, 0, 0, -3, 3) * DAY
        more: dict[str, Any] = {
            "grantee": self._one(["public"], ["public"], [COMMUNITY], [COMMUNITY.lower(), "public"]),
            "scopes": [
                {"name": name, "use": self._one(*_USES)}
                for name in sorted({TRAIN, self._one(TRAIN, "org.rakkan.finetune_lora", LIKENESS)})
            ],
            "withdrawal": {
                "authority": "0x" + self._one("11", "22") * 20,
                "mode": self._one("prospective", "prospective", "irrevocable"),
            },
            "validFrom": format_instant(since),
            "validUntil": format_instant(since + self._one(5, 400, 400) * DAY),
        }
        if self._chance.random() < 0.6:  # most people say what others say, each in their own time
            return {**more, **self._one(*_USUAL)}
        chance = self._chance.random()
        if chance < 0.1:
            more["trainBy"] = format_instant(since + 2 * DAY)
        elif chance < 0.2:
            more["bounds"] = self._one({"policy": POLICY.link}, {"runs": 1})
        elif chance < 0.3:
            complete = self._one(True, False)
            more["rightsBasis"] = {"claim": "created", "coauthorsComplete": complete, "shareBp": 5000}
        elif chance < 0.4:
            more["persons"] = {
                "depicted": self._one("none", "others"),
                "minors": self._one("none", "unknown"),
            }
        return more

    def _consent(self, work: int) -> None:
        by, more = self._one("ann", "ann", "ann", "ben"), self._terms()
        if self._one(0, 0, 0, 1):
            more |= {"kind": "reservation"}
            more.pop("bounds", None)
        self._given[work] = self._give(by, self._subjects(work), more)

    def _odd(self, work: int) -> None:
        """What leans on, replaces or joins something else, or is about many works."""
        more, mine = self._terms(), [each for each in self._said if isinstance(each.predicate, Consent)]
        more.pop("bounds", None)
        grants = [each for each in mine if _kind(each) == "grant"]
        match self._one("supersedes", "joins", "mandate", "collection", "likeness", "released"):
            case "supersedes" if mine:
                earlier = self._one(*mine)
                self._give(
                    self._one("ann", "ben"), self._subjects(work), more | {"supersedes": link(earlier)}
                )
            case "joins" if grants:
                more |= {"kind": "co-author", "joins": link(self._one(*grants))}
                more["rightsBasis"] = {"claim": "created", "coauthorsComplete": True, "shareBp": 5000}
                self._give("ben", self._subjects(work), more)
            case "mandate" if self._mandate is not None:
                self._give("agent", self._subjects(work), more | {"mandate": link(self._mandate)})
            case "released" if shown := [each for each in mine if _kind(each) == "likeness"]:
                more["persons"] = {
                    "depicted": "others",
                    "minors": "none",
                    "releases": [link(self._one(*shown))],
                }
                more["scopes"] = [{"name": LIKENESS, "use": "allowed"}]
                self._give("ann", self._subjects(work), more)
            case "collection":
                works = self._chance.sample([each[0] for each in self.works], 3)
                self._said.append(self._people.collection("ann", works, **more))
            case _:
                self._give("zoe", self._subjects(work), more | {"kind": "likeness"})

    def _give(self, by: str, subjects: Sequence[Subject], more: dict[str, Any]) -> Record:
        more = dict(more)
        more.setdefault("scopes", [{"name": TRAIN, "use": "allowed"}])
        statement = self._people.consent_statement(by, subjects, **more)
        record = Record.build(statement, [sign_did(statement, key(by))])
        accept_one(self._registry, record, publish=self._chance.random() < 0.9)
        self._said.append(record)
        return record

    def _withdraw(self, work: int) -> None:
        if work not in self._given:
            return
        consent = self._given[work]
        file, claim = self.works[work]
        item = self._one(None, None, file.raw, claim.raw)
        if self._one(True, False):
            assert isinstance(consent.predicate, Consent)
            key_ = withdrawal_key(consent.record_id.digest, item)
            authority = bytes.fromhex(consent.predicate.withdrawal.authority[2:])
            self.chain.append(ChainWithdrawal(authority, key_, self._people.clock.at, 1))
        else:
            statement = withdrawal_statement(consent, item, self._registry.origin)
            grantors = {who(name): name for name in (*PEOPLE, "agent")}
            assert isinstance(consent.predicate, Consent)
            self._people.hand_in(statement, [grantors[consent.predicate.grantor.id]], log=False)

    def _object(self, work: int) -> None:
        del work
        target = self._one(*self._said) if self._said else None
        match self._one("dispute", "dispute", "void", "dismissed", "lost", "known"):
            case "dispute" if target is not None:
                self._people.dispute(self._one("zoe", "eve"), target)
            case "void" if target is not None and self._chance.random() < 0.5:
                self._people.rule("void", target)
            case "lost" if self._chance.random() < 0.1:
                self._people.lost("ben", since=-31)
            case "known" if self._chance.random() < 0.1:
                self._people.identify("zoe")
            case _:
                pass

    def _now(self) -> str:
        return format_instant(self._people.clock.at)


def _kind(record: Record) -> str:
    return record.predicate.kind if isinstance(record.predicate, Consent) else ""
