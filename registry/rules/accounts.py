"""Accounts: of every grant with a budget, how many runs it allows, and which have spent it.

It decides what is told of budgets beside an answer. What follows for the answer is in ``support``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from rakkan.registry.rules.budget import budget_of, spending
from rakkan.registry.rules.case import Case
from rakkan.registry.rules.facts import ConsentFact, RecordFact, in_log_order, seen
from rakkan.registry.rules.hearing import hear
from rakkan.registry.rules.question import Question
from rakkan.schemas.instant import format_instant


@dataclass(frozen=True, slots=True)
class Account:
    """The budget of one grant.

    Attributes:
        grant: The grant.
        allowed: How many runs may rely on it.
        spent: The runs that did, each by its earliest record, in order.
    """

    grant: ConsentFact
    allowed: int
    spent: tuple[RecordFact, ...]


def accounts(
    facts: Iterable[ConsentFact], case: Case, *, used_at: datetime, known_at: datetime | None = None
) -> tuple[Account, ...]:
    """The budgets among the consents on one work, in log order.

    Args:
        facts: All consents known on the work.
        case: All else that is known.
        used_at: Runs that began later are not counted.
        known_at: What was known then; None is everything.
    """
    facts = tuple(facts)
    known = case.actors.as_known(known_at)
    question = Question("", "", used_at, format_instant(used_at), known_at, None, case, known)
    hear(facts, question)  # reads what is void into the question
    return tuple(
        Account(fact, allowed, spending(fact, question))
        for fact in in_log_order(facts)
        if (allowed := budget_of(fact.consent)) is not None and seen(fact, known_at)
    )
