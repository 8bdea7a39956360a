"""Records of a case, for tests: actors by name, instants by days from now."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from rakkan.registry.rules.actors import Actors
from rakkan.registry.rules.case import Case
from rakkan.registry.rules.consent import ConsentFact, Effective, effective
from rakkan.registry.rules.facts import Predicate, RecordFact
from rakkan.schemas.authorship import Authorship
from rakkan.schemas.dispute import Dispute, Ruling
from rakkan.schemas.identification import Identification
from rakkan.schemas.identity import DidKey
from rakkan.schemas.instant import format_instant
from rakkan.schemas.keychange import KeyChange
from rakkan.schemas.statement import parse_model
from rakkan.schemas.trainingrun import TrainingRun
from rakkan.schemas.values import Cid, Digest
from tests.unit.registry.rules.cases import AUDIENCE, COMMUNITY, NOW, fact

DAY = timedelta(days=1)
TRAIN, LORA, MINING = "cawg.ai_generative_training", "org.rakkan.finetune_lora", "cawg.data_mining"
LIKENESS = "org.rakkan.likeness"
YES, NO = {TRAIN: "allowed"}, {TRAIN: "notAllowed"}
WORK = Digest.of(b"the work")
CHECKER = "checker"


def who(name: str) -> str:
    """The DID of somebody with this name."""
    return str(DidKey(hashlib.sha256(name.encode()).digest()))


def at(days: float) -> datetime:
    return NOW + days * DAY


def text(days: float) -> str:
    return format_instant(at(days))


def record(
    predicate: Predicate,
    name: str,
    *,
    days: float = -30,
    logged: bool = True,
    signers: tuple[str, ...] = (),
    proven: float | None = None,
    index: int = 1000,
) -> RecordFact:
    """A record known since so many days from now; its envelope is that of ``link(name)``."""
    return RecordFact(
        record_id=hashlib.sha256(b"record " + name.encode()).digest(),
        envelope=Cid.parse(link(name)["/"]).digest,
        log_index=index if logged else None,
        known_from=at(days),
        predicate=predicate,
        signers=frozenset(map(who, signers)),
        proven_at=at(proven) if proven is not None else None,
    )


def link(name: str) -> dict[str, str]:
    return Cid.of(b"envelope " + name.encode()).link


def key(
    action: str,
    actor: str,
    *,
    name: str = "",
    signers: tuple[str, ...] | None = None,
    days: float = -30,
    logged: bool = True,
    since: float | None = None,
    successor: str | None = None,
    guardians: tuple[str, ...] = (),
    threshold: int | None = None,
    guardianship: str | None = None,
) -> RecordFact:
    value = {
        "audience": AUDIENCE,
        "actor": who(actor),
        "action": action,
        "statedAt": text(0),
        "successor": who(successor) if successor else None,
        "guardians": [who(each) for each in guardians],
        "threshold": threshold,
        "guardianship": link(guardianship) if guardianship else None,
        "since": text(since) if since is not None else None,
    }
    if signers is None:
        signers = (actor, successor) if successor else (actor,)
    change = parse_model(KeyChange, {name: each for name, each in value.items() if each is not None})
    title = name or f"{action} {actor} {successor} {days} {since}"
    return record(change, title, days=days, logged=logged, signers=signers)


def identified(
    actor: str,
    method: str = "aggregator",
    *,
    checker: str = CHECKER,
    days: float = -30,
    until: float = 300,
    logged: bool = True,
    signers: tuple[str, ...] | None = None,
) -> RecordFact:
    value = {
        "audience": AUDIENCE,
        "actor": who(actor),
        "method": method,
        "name": "somebody.example",
        "checker": who(checker),
        "checkedAt": text(days),
        "validUntil": text(until),
    }
    both = (actor, checker) if signers is None else signers
    title = f"identified {actor} {method} {checker} {days}"
    return record(parse_model(Identification, value), title, days=days, logged=logged, signers=both)


def actors(*records: RecordFact) -> Actors:
    return Actors(records, [who(CHECKER)])


def claim(
    claimant: str, *, proven: float | None = None, days: float = -30, name: str = "", logged: bool = True
) -> RecordFact:
    value = {
        "audience": AUDIENCE,
        "claimant": who(claimant),
        "claimedAt": "2001-01-01T00:00:00Z",  # what it says itself proves nothing
        "rightsBasis": {"claim": "created", "coauthorsComplete": True},
    }
    title = name or f"claim {claimant}"
    return record(
        parse_model(Authorship, value), title, days=days, logged=logged, signers=(claimant,), proven=proven
    )


def dispute(
    accuser: str,
    target: str,
    *,
    ground: str = "other",
    days: float = -1,
    name: str = "",
    index: int = 1000,
    **more: Any,
) -> RecordFact:
    value = {
        "audience": AUDIENCE,
        "accuser": who(accuser),
        "target": link(target),
        "ground": ground,
        "openedAt": "2001-01-01T00:00:00Z",
        **more,
    }
    title = name or f"dispute {accuser} {target} {days}"
    return record(parse_model(Dispute, value), title, days=days, signers=(accuser,), index=index)


def ruling(
    decision: str,
    target: str,
    *,
    by: str = "judge",
    days: float = -1,
    logged: bool = True,
    of: str | None = None,
    **more: Any,
) -> RecordFact:
    value = {
        "audience": AUDIENCE,
        "adjudicator": who(by),
        "decision": decision,
        "target": link(target),
        "decidedAt": "2001-01-01T00:00:00Z",
        **({"dispute": link(of)} if of else {}),
        **more,
    }
    title = f"ruling {decision} {target} {by} {days} {of} {sorted(more.items())}"
    return record(parse_model(Ruling, value), title, days=days, logged=logged, signers=(by,))


def run(
    trainer: str,
    *grants: str,
    began: float = -1,
    known: float | None = None,
    name: str = "one",
    logged: bool = True,
    title: str = "",
) -> RecordFact:
    """A training run that relies on the consents of these names; known since it began, unless said."""
    value = {
        "audience": AUDIENCE,
        "trainer": who(trainer),
        "run": hashlib.sha256(name.encode()).hexdigest()[:32],
        "began": text(began),
        "consents": [link(each) for each in grants],
    }
    title = title or f"run {name} {trainer} {began} {grants}"
    days = began if known is None else known
    return record(parse_model(TrainingRun, value), title, days=days, logged=logged, signers=(trainer,))


def relying(*runs: RecordFact) -> dict[bytes, tuple[RecordFact, ...]]:
    """By the envelope of what they rely on."""
    found: dict[bytes, tuple[RecordFact, ...]] = {}
    for each in runs:
        assert isinstance(each.predicate, TrainingRun)
        for relied in each.predicate.consents:
            found[relied.cid.digest] = (*found.get(relied.cid.digest, ()), each)
    return found


def by(name: int, grantor: str = "ann", *, scopes: dict[str, str] | None = None, **more: Any) -> ConsentFact:
    """A consent by somebody; its envelope is that of ``link(str(name))``."""
    capacity = more.pop("capacity", "author")
    subjects = more.pop("subjects", None)
    found = fact(name, scopes=scopes or YES, grantor={"id": who(grantor), "capacity": capacity}, **more)
    if subjects is None:
        return found
    return ConsentFact(
        found.record_id,
        found.envelope,
        found.log_index,
        found.consent,
        found.known_from,
        found.withdrawn_at,
        found.withdrawn_item_at,
        frozenset(subjects),
    )


def case(**more: Any) -> Case:
    return Case(
        **{
            "digests": frozenset({WORK}),
            "adjudicators": frozenset({who("judge")}),
            "stewards": frozenset({who("steward")}),
            **more,
        }
    )


def ask(*facts: ConsentFact, scope: str = TRAIN, used: float = 0, **more: Any) -> Effective:
    return effective(facts, scope=scope, grantee=COMMUNITY, used_at=at(used), **more)


def said(*facts: ConsentFact, **more: Any) -> tuple[str, str]:
    """Answer and code, whatever the order of the facts."""
    answer = ask(*facts, **more)
    assert ask(*reversed(facts), **more) == answer
    return answer.answer.value, answer.code
