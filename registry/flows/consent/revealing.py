"""Commitments revealed: a claim is as old as what its authority put on chain before the work was shown.

It decides that only a block which can no longer be undone dates a claim. Which commitment a claim reveals is
decided in ``rakkan.registry.rules.commitments``, what a date does for it in ``rules.claims``.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rakkan.registry.service import Registry

AGAIN: Final = timedelta(minutes=10)
"""After which a commitment that the chain does not have is asked about again."""
QUESTIONS: Final = 64
"""Asked in one pass of the worker: whoever hands in claims chose how many there are."""


def learn(registry: Registry) -> int:
    """Ask the chain about revealed commitments that have no date yet; returns how many got one.

    Raises:
        Unavailable, Integrity: As asking a chain does; what was learnt before stays.
    """
    identity, commitments, now = registry.identity, registry.store.commitments, registry.clock.now()
    todo = commitments.open(now - AGAIN, QUESTIONS)
    if identity is None or not todo:
        return 0
    from rakkan.registry.ledger.consent_calls import committed_at_answer, committed_at_call

    final, dated = registry.ledger.head().final_number, 0
    for record_id, commitment in todo.items():
        call = committed_at_call(identity, commitment)
        moment = committed_at_answer(registry.ledger.call(call, final))
        if moment is None and committed_at_answer(registry.ledger.call(call)) is not None:
            continue  # a block has it that may still be undone: asked again with the next pass
        commitments.note(record_id, moment, now)
        dated += moment is not None
    return dated
