"""People and records for the vectors of consent: everybody signs with a key made from their name.

It decides how a row of the tables becomes a test of the kit. Instants are days from one fixed noon.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rakkan.registry.rules.notice import with_notice
from rakkan.registry.rules.proofs import sign_did
from rakkan.schemas.consent import Consent
from rakkan.schemas.record import KINDS, Record, statement_bytes
from rakkan.schemas.statement import Subject, parse_model
from rakkan.schemas.values import Digest
from tests.unit.registry.rules.cases import AUDIENCE, COMMUNITY, consent_value, did
from tests.unit.registry.rules.casework import text

TRAIN, LORA, STYLE = "cawg.ai_generative_training", "org.rakkan.finetune_lora", "org.rakkan.style_imitation"
INFERENCE, MINING, LIKENESS = "cawg.ai_inference", "cawg.data_mining", "org.rakkan.likeness"
YES, NO = {TRAIN: "allowed"}, {TRAIN: "notAllowed"}
_WORDS: Final = ("scope", "asked", "used", "known", "policy", "assurance")
ANOTHER_COMMUNITY: Final = "eip155:1:0x" + "22" * 20
WORK = Digest.of(b"the work")
ANOTHER_WORK = Digest.of(b"another work")
ABOUT_WORK = {"name": "work", "digest": {"sha256": WORK.hex}}


@dataclass(frozen=True)
class Told:
    """A record and what is known about it, in days."""

    record: Record
    log: int | None
    known: float = -30
    withdrawn: float | None = None
    item: float | None = None
    proven: float | None = None

    @property
    def link(self) -> dict[str, str]:
        return self.record.envelope_cid.link

    def to_json(self) -> dict[str, Any]:
        """As a fact of the kit; the record stands by its envelope."""
        found: dict[str, Any] = {"record": str(self.record.envelope_cid), "knownFrom": text(self.known)}
        if self.log is not None:
            found["logIndex"] = self.log
        for name, days in (
            ("withdrawnAt", self.withdrawn),
            ("withdrawnItemAt", self.item),
            ("provenAt", self.proven),
        ):
            if days is not None:
                found[name] = text(days)
        return found


@dataclass(frozen=True)
class Row:
    """One line of the tables: facts, a question, and what is expected, written by hand.

    Assurance is expected where it is what the row is about.
    """

    title: str
    expected: str
    consents: Sequence[Told]
    scope: str = TRAIN
    asked: str = COMMUNITY
    used: float = 0
    known: float | None = None
    policy: str | None = None
    assurance: int | None = None
    case: dict[str, Any] = field(default_factory=dict)

    def request(self) -> dict[str, Any]:
        question: dict[str, Any] = {"scope": self.scope, "grantee": self.asked, "usedAt": text(self.used)}
        if self.known is not None:
            question["knownAt"] = text(self.known)
        if self.policy is not None:
            question["policy"] = self.policy
        asked = {
            "op": "effective",
            "consents": [each.to_json() for each in self.consents],
            "question": question,
        }
        return {**asked, "case": _case_json(self.case)} if self.case else asked

    def records(self) -> list[Record]:
        told = [*self.consents]
        for each in self.case.values():
            told += [one for one in each if isinstance(one, Told)]
        return [each.record for each in told]


def row(title: str, expected: str, *consents: Told, **more: Any) -> Row:
    """A row; what is not a word of the question belongs to the case."""
    words = {name: more.pop(name) for name in _WORDS if name in more}
    about = more.pop("digests", [str(WORK)])
    named = {"checkers": [who("checker")], "adjudicators": [who("judge")], "stewards": [who("steward")]}
    return Row(title, expected, consents, case={"digests": about, **named, **more} if more else {}, **words)


def _case_json(case: dict[str, Any]) -> dict[str, Any]:
    return {
        name: [each.to_json() if isinstance(each, Told) else each for each in values]
        for name, values in case.items()
    }


@cache
def key_of(name: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())


def who(name: str) -> str:
    return did(key_of(name))


def about_actor(name: str, *, title: str = "actor") -> dict[str, Any]:
    return {"name": title, "digest": {"actor": hashlib.sha256(who(name).encode()).hexdigest()}}


def consent(
    number: int,
    grantor: str = "ann",
    scopes: dict[str, str] | None = None,
    *,
    about: dict[str, Any] = ABOUT_WORK,
    logged: bool = True,
    days: float = -30,
    withdrawn: float | None = None,
    item: float | None = None,
    **more: Any,
) -> Told:
    """A consent; its number is its nonce and its place in the log."""
    value = consent_value(
        nonce=f"{number:032x}",
        scopes=[{"name": name, "use": use} for name, use in (scopes or YES).items()],
        grantor={"id": who(grantor), "capacity": more.pop("capacity", "author")},
        **more,
    )
    subjects = [parse_model(Subject, about)]
    predicate = with_notice(subjects, parse_model(Consent, value))
    statement = statement_bytes("consent", subjects, predicate)
    record = Record.build(statement, [sign_did(statement, key_of(grantor))])
    return Told(record, number if logged else None, days, withdrawn, item)


def reserved(number: int, grantor: str = "ann", **more: Any) -> Told:
    return consent(number, grantor, more.pop("scopes", NO), kind="reservation", **more)


def record(
    kind: str,
    about: dict[str, Any],
    value: dict[str, Any],
    signers: Sequence[str],
    *,
    days: float = -30,
    logged: bool = True,
    proven: float | None = None,
    index: int = 1000,
) -> Told:
    """A record of any other kind."""
    predicate = parse_model(KINDS[f"urn:rakkan:{kind}:1"], {"audience": AUDIENCE, **value})
    statement = statement_bytes(kind, [parse_model(Subject, about)], predicate)
    proofs = [sign_did(statement, key_of(each)) for each in signers]
    return Told(Record.build(statement, proofs), index if logged else None, days, proven=proven)


def claim(claimant: str, *, proven: float | None = None, **more: Any) -> Told:
    rights = {"claim": "created", "coauthorsComplete": True}
    value = {"claimant": who(claimant), "claimedAt": "2001-01-01T00:00:00Z", "rightsBasis": rights}
    return record("authorship", ABOUT_WORK, value, [claimant], proven=proven, **more)


def identified(
    actor: str,
    method: str = "aggregator",
    *,
    checker: str = "checker",
    until: float = 300,
    signers: Sequence[str] | None = None,
    days: float = -30,
    **more: Any,
) -> Told:
    value = {
        "actor": who(actor),
        "method": method,
        "name": f"{actor}.example",
        "checker": who(checker),
        "checkedAt": text(days),
        "validUntil": text(until),
    }
    both = [actor, checker] if signers is None else signers
    return record("identity", about_actor(actor), value, both, days=days, **more)


def key(actor: str, action: str, signers: Sequence[str], **more: Any) -> Told:
    """A key record; ``days``, ``logged`` and ``index`` are about it, all else is said in it."""
    told = {name: more.pop(name) for name in ("days", "logged", "index") if name in more}
    value = {"actor": who(actor), "action": action, "statedAt": text(0), **more}
    return record("key", about_actor(actor), value, signers, **told)


def dispute(
    accuser: str, target: Told, ground: str = "other", *, item: str | None = None, **told: Any
) -> Told:
    value = {
        "accuser": who(accuser),
        "target": target.link,
        "ground": ground,
        "openedAt": "2001-01-01T00:00:00Z",
        **({"item": item} if item else {}),
    }
    return record("dispute", _about(target), value, [accuser], **{"days": -1, **told})


def run(trainer: str, *grants: Told, began: float = -1, name: str = "one", **told: Any) -> Told:
    """A training run that relies on these grants; known since it began, unless said."""
    value = {
        "trainer": who(trainer),
        "run": hashlib.sha256(name.encode()).hexdigest()[:32],
        "began": text(began),
        "consents": [each.link for each in grants],
    }
    about = {"name": "dataset", "digest": {"datasetRoot": "da" * 32}}
    return record("training-run", about, value, [trainer], **{"days": began, **told})


def model(creator: str) -> Told:
    value = {
        "creator": who(creator),
        "statedAt": text(-1),
        "role": "lora",
        "format": "safetensors",
        "bytes": 4096,
        "tensors": 2,
        "aliases": [{"alg": "autov1", "value": "01234567", "basis": "computed"}],
    }
    about = {"name": "model", "digest": {"autov3": "a3" * 32, "sha256": "5f" * 32}}
    return record("model", about, value, [creator])


def ruling(
    decision: str,
    target: Told,
    *,
    by: str = "judge",
    of: Told | None = None,
    item: str | None = None,
    **told: Any,
) -> Told:
    value = {
        "adjudicator": who(by),
        "decision": decision,
        "target": target.link,
        "decidedAt": "2001-01-01T00:00:00Z",
        **({"dispute": of.link} if of else {}),
        **({"item": item} if item else {}),
    }
    return record("ruling", _about(target), value, [by], **{"days": -1, **told})


def _about(target: Told) -> dict[str, Any]:
    return {"name": "record", "digest": {"record": target.record.record_id.digest.hex()}}
