"""Words: what one consent says to one question, a yes or a no of some rank, or why it says nothing.

It decides rules 5 to 9 of ``rakkan.registry.rules.consent`` as far as they are about one consent. It
leaves out what the words of several consents mean together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rakkan.registry.rules.claims import Ranking
from rakkan.registry.rules.facts import ConsentFact, addressed, is_withdrawn, stated_use
from rakkan.registry.rules.mandates import leaned_on
from rakkan.registry.rules.question import Question
from rakkan.registry.rules.support import Supports, supports
from rakkan.schemas.consent import PUBLIC, Use

_LAST: Final = 4  # the rank of what speaks only when nothing else does


@dataclass(frozen=True, slots=True)
class Word:
    """What one consent says to the question: a rank (lower decides first), yes or no, why, leaning on what."""

    rank: int
    grants: bool
    code: str
    fact: ConsentFact
    supports: Supports = ()


def said(fact: ConsentFact, question: Question, ranking: Ranking | None, person: str) -> Word | str:
    """What a consent in force says to the question, or why it says nothing."""
    consent = fact.consent
    if consent.kind == "mandate":
        return "scope-unstated"
    grants, through = consent.kind == "grant", addressed(consent, question.asked)
    if not through:
        return "grantee-other"
    rank = (2 if through == PUBLIC else 0) if grants else (3 if through == PUBLIC else 1)
    use = stated_use(consent, question.scope)
    if use is None or (not grants and use is Use.ALLOWED):
        return "scope-unstated"
    if use is not Use.ALLOWED:
        refusal = "reserved" if consent.kind == "reservation" else "not-allowed"
        return Word(rank, False, refusal if use is Use.NOT_ALLOWED else "constrained", fact)
    if is_withdrawn(fact, question.used_at, question.known_at):
        if ranking is not None and person != ranking.highest:
            return ranking.why_not(person)
        return Word(_LAST, False, "withdrawn", fact)
    if fact.log_index is None:
        return "unlogged"
    return _granted(fact, question, ranking, person, rank)


def _granted(
    fact: ConsentFact, question: Question, ranking: Ranking | None, person: str, rank: int
) -> Word | str:
    """A yes, if it holds."""
    fault = question.fault(fact) if question.doubt or not question.known.empty else ""
    if fault:
        return fault
    mandates = () if fact.consent.mandate is None else leaned_on(fact, question)
    if mandates is None:
        return "mandate-broken"
    if ranking is not None:
        fault = ranking.why_not(person)
        if fault:
            return fault
    needed = supports(fact, question)
    if isinstance(needed, str):
        return needed
    return Word(rank, True, "granted" if rank == 0 else "granted-to-public", fact, mandates + needed)
