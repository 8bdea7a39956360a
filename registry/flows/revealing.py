"""Dates of revealed commitments: the chain's last word about each, asked once.

It decides when that word is final. Which claims open a commitment, ``accept`` has kept; what a date does is decided
in ``rakkan.registry.rules.claims``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from rakkan.registry.ledger.consent_calls import committed_at_answer, committed_at_call
from rakkan.registry.service import Registry

_PER_PASS: Final = 100


def note_reveals(registry: Registry) -> int:
    """Ask the chain about the commitments that claims here open; how many it has had for good.

    One that the newest block does not have was not there when the claim was made, and never proves anything.
    """
    identity, found = registry.identity, dict[bytes, datetime | None]()
    todo = registry.store.reveals.open(_PER_PASS)
    if identity is None or not todo:
        return 0
    final = registry.ledger.head().final_number
    for record_id, commitment in todo.items():
        call = committed_at_call(identity, commitment)
        if committed_at_answer(registry.ledger.call(call)) is None:
            found[record_id] = None
            continue
        at = committed_at_answer(registry.ledger.call(call, block=final))
        if at is not None:
            found[record_id] = at
    if found:
        registry.store.reveals.note(found)
    return sum(1 for at in found.values() if at is not None)
