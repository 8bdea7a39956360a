"""Voices: the part that one record has in an answer, of those that are no consents.

It decides how claims, disputes, rulings and records about actors are told in an explanation. Consents, and
what an explanation is, are in ``rakkan.registry.rules.explaining``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from rakkan.registry.rules.budget import spending
from rakkan.registry.rules.claims import Claim, Ranking, claimant
from rakkan.registry.rules.disputes import DEADLINE
from rakkan.registry.rules.facts import ConsentFact, RecordFact, seen
from rakkan.registry.rules.question import Question
from rakkan.schemas.dispute import Dispute, Ruling
from rakkan.schemas.identification import Identification
from rakkan.schemas.instant import parse_instant
from rakkan.schemas.keychange import KeyChange
from rakkan.schemas.trainingrun import TrainingRun
from rakkan.schemas.work import Work


@dataclass(frozen=True, slots=True)
class Voice:
    """One record, and its part in the answer.

    Attributes:
        record_id: sha256 of its statement.
        kind: Of record; of a consent, its own kind.
        part: ``decides | speaks | silent | leaned-on | claims | relies | objects | actor | unknown``.
        code: What it says, or why it says nothing: a code of the answer's own vocabulary; for a claim
            ``highest | equal | lower | doubtful | void``, for a training run ``spends | not-counted``, for a dispute ``running | over | without-effect``, for others
            the word of the record itself.
        by: The DID that states it.
        person: The DID in whose name it speaks, where that is another one.
        known_from: Since when it is known.
        at: When what the code names began: a withdrawal, a deadline, a proven date.
        because: Records for which it is so.
    """

    record_id: bytes
    kind: str
    part: str
    code: str
    by: str
    person: str
    known_from: datetime
    at: datetime | None = None
    because: tuple[bytes, ...] = ()


def claims(question: Question, ranking: Ranking | None) -> Iterator[Voice]:
    """The claims on the work, and how each ranks."""
    ranked = {fact.record_id: each for each in (ranking.claims if ranking else ()) for fact in each.records}
    for fact in question.case.claims:
        known = seen(fact, question.known_at)
        void = fact.envelope in question.void
        rank = "void" if void else _rank(ranked.get(fact.record_id), ranking)
        part, code = ("claims", rank) if known else ("unknown", "unknown")
        yield Voice(
            record_id=fact.record_id,
            kind="work" if isinstance(fact.predicate, Work) else "authorship",
            part=part,
            code=code,
            by=claimant(fact),
            person="",
            known_from=fact.known_from,
            at=fact.proven_at,
            because=tuple(objecting(question, {fact.envelope})),
        )


def runs(question: Question, grants: Iterable[ConsentFact]) -> Iterator[Voice]:
    """The training runs that rely on these grants; the grants stand in ``because``."""
    told: dict[bytes, tuple[RecordFact, list[bytes], list[bytes]]] = {}
    for grant in grants:
        counted = {fact.record_id for fact in spending(grant, question)}
        for fact in question.case.runs.get(grant.envelope, ()):
            _, spent, named = told.setdefault(fact.record_id, (fact, [], []))
            (spent if fact.record_id in counted else named).append(grant.record_id)
    for fact, spent, named in told.values():
        run = fact.predicate
        if isinstance(run, TrainingRun):
            code = "spends" if spent else "not-counted"
            part, code = ("relies", code) if seen(fact, question.known_at) else ("unknown", "unknown")
            since = parse_instant(run.began)
            about = tuple(spent or named)
            yield Voice(
                fact.record_id, "training-run", part, code, run.trainer, "", fact.known_from, since, about
            )


def objecting(question: Question, targets: set[bytes]) -> Iterator[bytes]:
    """The disputes and rulings about records with these envelopes."""
    for record in (*question.case.disputes, *question.case.rulings):
        if _target(record) in targets:
            yield record.record_id


def objections(question: Question, records: Mapping[bytes, bytes]) -> Iterator[Voice]:
    """Disputes and rulings; what they are about stands in ``because``.

    Args:
        question: What was asked, heard.
        records: Record id by envelope.
    """
    case = question.case
    for fact in (*case.disputes, *case.rulings):
        about, target = fact.predicate, _target(fact)
        if isinstance(about, Dispute):
            kind, by, code = "dispute", about.accuser, _running(fact, about, question)
            at: datetime | None = fact.known_from + DEADLINE
        elif isinstance(about, Ruling):
            counts = about.adjudicator in case.adjudicators | case.stewards
            kind, by, code = "ruling", about.adjudicator, about.decision if counts else "not-named"
            at = None
        else:
            continue
        known = seen(fact, question.known_at)
        because = (records[target],) if target in records else ()
        part = "objects" if known else "unknown"
        yield Voice(
            fact.record_id, kind, part, code if known else "unknown", by, "", fact.known_from, at, because
        )


def actors(question: Question) -> Iterator[Voice]:
    """What is known of keys and identities."""
    for fact in question.case.actors.records:
        about = fact.predicate
        part = "actor" if seen(fact, question.known_at) else "unknown"
        if isinstance(about, KeyChange):
            yield Voice(fact.record_id, "key", part, about.action, about.actor, "", fact.known_from)
        elif isinstance(about, Identification):
            yield Voice(
                fact.record_id, "identity", part, about.method, about.checker, about.actor, fact.known_from
            )


def _target(fact: RecordFact) -> bytes:
    about = fact.predicate
    return about.target.cid.digest if isinstance(about, Dispute | Ruling) else b""


def _running(fact: RecordFact, dispute: Dispute, question: Question) -> str:
    if question.used_at >= fact.known_from + DEADLINE:
        return "over"
    paused = question.doubt.get(dispute.target.cid.digest) == "suspended"
    return "running" if paused else "without-effect"


def _rank(claim: Claim | None, ranking: Ranking | None) -> str:
    if claim is None or ranking is None:
        return "lower"
    if claim.fault:
        return "doubtful"
    if claim.person == ranking.highest:
        return "highest"
    return "equal" if ranking.highest is None and claim.possible <= ranking.claims[0].sure else "lower"
