"""Budgets: which training runs spend one of the runs that a grant allows.

It decides this from the records of training runs that link the grant. What follows is in ``support``. The rules:

1. A run spends one of every grant with a budget that it links in ``consents``, by the word of its trainer, who
   signed. It counts from when it began, or from when it became known if that is earlier: nobody keeps a
   budget by a date in the future.
2. Only runs that are known at ``known_at`` count. Logged or not makes no difference, and neither does a key in
   other hands or one that was rotated out: what makes an answer stricter counts at once, and nobody gets
   a budget back by saying that they lost a key.
3. It counts only if the trainer may rely on the grant, for a stranger cannot spend what was given to others: the
   grant is for everybody; or it names the trainer, or a key that may be of the same person (kin counts); or it is
   for a community, and the trainer is one of those whom the community names. Whom another community
   names is not known here, and neither is it while a community names nobody: then every run counts.
4. Records of one person about one run (the same ``run``, begun at the same instant) are one run; the earliest
   counts. The same name with another beginning is another run.
5. A run stays spent whatever becomes of its trainer or its outputs, and whether it ended. Only a ruling by an
   adjudicator whom the community names (``void``, logged) takes it away.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from rakkan.registry.rules.facts import ConsentFact, RecordFact, folded, seen
from rakkan.registry.rules.question import Question
from rakkan.schemas.consent import PUBLIC, Consent
from rakkan.schemas.instant import parse_instant
from rakkan.schemas.trainingrun import TrainingRun


def budget_of(consent: Consent) -> int | None:
    """How many training runs may rely on it; None if any number may."""
    return consent.bounds.runs if consent.bounds is not None else None


def spending(grant: ConsentFact, question: Question) -> tuple[RecordFact, ...]:
    """The runs that spent this grant's budget by the instant of use, each by its earliest record, in order.

    Args:
        grant: With a budget or without.
        question: What is asked; the case has the runs.
    """
    first: dict[tuple[str, str, str], tuple[datetime, bytes, RecordFact]] = {}
    for fact, run in _counted(grant, question):
        since = begins(fact, run)
        same = (question.known.person(run.trainer), run.run, run.began)
        told = since, fact.record_id, fact
        if since <= question.used_at and (same not in first or told[:2] < first[same][:2]):
            first[same] = told
    return tuple(fact for _, _, fact in sorted(first.values(), key=lambda each: each[:2]))


def begins(fact: RecordFact, run: TrainingRun) -> datetime:
    """From when a run counts (rule 1)."""
    return min(parse_instant(run.began), fact.known_from)


def _counted(grant: ConsentFact, question: Question) -> Iterator[tuple[RecordFact, TrainingRun]]:
    for fact in question.case.runs.get(grant.envelope, ()):
        run = fact.predicate
        if (
            isinstance(run, TrainingRun)
            and seen(fact, question.known_at)
            and fact.envelope not in question.void
            and _may_rely(run.trainer, grant, question)
        ):
            yield fact, run


def _may_rely(trainer: str, grant: ConsentFact, question: Question) -> bool:
    """Whether the grant may be for this trainer; in doubt it is (rule 3)."""
    kin, case = question.known.kin, question.case
    same = kin(trainer)
    for grantee in grant.consent.grantee:
        if grantee == PUBLIC:
            return True
        if grantee.startswith("eip155:"):
            ours = bool(case.trainers) and folded(grantee) in {folded(gate) for gate in case.gates}
            if not ours or same in {kin(each) for each in case.trainers}:
                return True
        elif folded(kin(grantee)) == folded(same):
            return True
    return False
