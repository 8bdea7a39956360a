"""States: how one consent stands by itself, whatever is asked about.

It decides the one word for lists. Whether a consent allows a use is another question, which
``rakkan.registry.rules.consent`` answers.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from rakkan.registry.rules.case import EMPTY_CASE, Case
from rakkan.registry.rules.facts import ConsentFact, is_withdrawn
from rakkan.registry.rules.hearing import hear
from rakkan.registry.rules.question import Question
from rakkan.schemas.instant import format_instant

STATES: Final = (
    "active",
    "unlogged",
    "not-yet-valid",
    "expired",
    "superseded",
    "withdrawn",
    "suspended",
    "void",
    "key-compromised",
    "key-rotated",
)
"""``active``: it counts. The others are the codes of why its yes does not, the gravest first where several are so."""


def state_of(fact: ConsentFact, facts: Iterable[ConsentFact], at: datetime, case: Case = EMPTY_CASE) -> str:
    """The state of one consent at an instant, by all that is known.

    Args:
        fact: The consent.
        facts: All consents on what it is about, itself among them.
        at: The instant.
        case: Of what it is about.
    """
    question = Question("", "", at, format_instant(at), None, None, case, case.actors.as_known(None))
    heard = hear(facts, question)
    for code, silent in heard.silent.items():
        if any(each.record_id == fact.record_id for each in silent):
            return code
    if is_withdrawn(fact, at):
        return "withdrawn"
    return question.fault(fact) or ("active" if fact.log_index is not None else "unlogged")
