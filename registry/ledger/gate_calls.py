"""What we ask a gate about itself, beside verdicts and approvals (``calls``).

It decides the encoding of the question and the strict reading of the answer.
"""

from __future__ import annotations

from rakkan.registry.ledger.calls import decode, encode
from rakkan.registry.ports import Call
from rakkan.schemas.errors import Integrity
from rakkan.schemas.identity import Address


def standing_time_call(gate: Address) -> Call:
    """Ask how long anyone can fell an approval before it counts."""
    return encode(gate, "standingTime()")


def standing_time_answer(answer: bytes) -> int:
    """Seconds.

    Raises:
        Integrity: ``answer-form``.
    """
    (seconds,) = decode("uint64", answer)
    if not isinstance(seconds, int):
        raise Integrity("The gate's standing time is no number.", code="answer-form")
    return seconds
