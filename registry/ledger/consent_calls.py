"""What we ask of ``ConsentRegistry`` besides single withdrawals: many at once, commitments, and its events.

It decides the encoding of these calls and the strict reading of the answers and events; nothing here
talks to a chain. ``contracts/src/IConsentRegistry.sol`` decides the signatures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rakkan.registry.ledger.calls import decode, encode, withdrawn_at_answer
from rakkan.registry.ports import Call, ChainIdentity, Event
from rakkan.schemas.errors import Integrity
from rakkan.schemas.identity import Address, keccak
from rakkan.schemas.instant import from_unix

WITHDRAWN: Final = keccak(b"Withdrawn(address,bytes32,uint64)")
"""Topic of the event that every withdrawal leaves."""


@dataclass(frozen=True, slots=True)
class ChainWithdrawal:
    """A withdrawal as the contract tells it.

    Attributes:
        authority: Who withdrew, 20 bytes.
        key: What, 32 bytes.
        at: Time of the block.
        block: Its height.
    """

    authority: bytes
    key: bytes
    at: datetime
    block: int


def withdraw_keys_call(
    chain: ChainIdentity, authority: Address | bytes, keys: Sequence[bytes], signature: bytes
) -> Call:
    """Relay many withdrawals that their authority signed together, in the order that was signed."""
    form = "withdrawKeysBySig(address,bytes32[],bytes)"
    return encode(chain.consents, form, authority, list(keys), signature)


def commit_call(chain: ChainIdentity, commitment: bytes) -> Call:
    """Put a commitment down; the first time stays."""
    return encode(chain.consents, "commit(bytes32)", commitment)


def committed_at_call(chain: ChainIdentity, commitment: bytes) -> Call:
    """Ask when a commitment was put down first."""
    return encode(chain.consents, "committedAt(bytes32)", commitment)


def committed_at_answer(answer: bytes) -> datetime | None:
    """When it was put down; None if it was not."""
    return withdrawn_at_answer(answer)  # both are one uint64 of seconds, 0 for never


def read_withdrawn(chain: ChainIdentity, event: Event) -> ChainWithdrawal:
    """Read an event of the contract as a withdrawal.

    Raises:
        Integrity: ``event-form``, ``answer-form``, if it is not what was asked for.
    """
    topics = event.topics
    padded = len(topics) == 3 and not any(topics[1][:12])
    if event.emitter != chain.consents or not padded or topics[0] != WITHDRAWN:
        raise Integrity(
            "The node answers with another event than the one that was asked for.",
            code="event-form",
            hint="Use a node that you trust.",
        )
    (seconds,) = decode("uint64", event.content)
    assert isinstance(seconds, int)
    return ChainWithdrawal(topics[1][12:], topics[2], from_unix(seconds), event.block_number)
