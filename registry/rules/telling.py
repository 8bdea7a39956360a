"""What a record, once it is public, is news of: a consent given, taken back, objected to.

It decides which records are told to others, and as what. It leaves out in which order (``rakkan.registry.store.events``)
and to whom (``rakkan.registry.webhooks``). News never says that a use is allowed: who hears it asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rakkan.schemas.consent import Consent, Withdrawal
from rakkan.schemas.dispute import Dispute
from rakkan.schemas.identity import Address
from rakkan.schemas.instant import parse_instant
from rakkan.schemas.record import Record

GRANTED: Final = "granted"
RESERVED: Final = "reserved"
WITHDRAWN: Final = "withdrawn"
UNDONE: Final = "undone"
DISPUTED: Final = "disputed"
EXPIRING: Final = "expiring"
TAKEN: Final = (WITHDRAWN, UNDONE)
"""What the feed of withdrawals tells."""

RECORD_KINDS: Final = ("consent", "withdrawal", "dispute")
"""Kinds of records that can be news."""


@dataclass(frozen=True, slots=True)
class News:
    """Something to tell.

    Attributes:
        kind: One of the words above. ``undone``: the block that had a withdrawal is no more, and nothing else tells
            of it.
        about: Of what it is told, 32 bytes: the recordId of a consent, or the envelope that a dispute names. Of a
            withdrawal on chain its key is all that is known.
        at: Unix seconds: of acceptance, of the block, or of the end that comes near.
        record_id: The record that says so.
        authority: Who took it back, 20 bytes.
        key: Under which key: recordId, or sha256(recordId ‖ item).
        item: The one work that is taken out or objected to, where a record says so.
        block: Height of the block that says so.
    """

    kind: str
    about: bytes
    at: int
    record_id: bytes | None = None
    authority: bytes | None = None
    key: bytes | None = None
    item: bytes | None = None
    block: int | None = None


def told_by(record: Record, accepted_at: int) -> News | None:
    """What a record is news of; None if of nothing."""
    said, record_id = record.predicate, record.record_id.digest
    match said:
        case Consent(kind="grant"):
            return News(GRANTED, record_id, accepted_at, record_id)
        case Consent(kind="reservation"):
            return News(RESERVED, record_id, accepted_at, record_id)
        case Withdrawal():
            return News(
                WITHDRAWN,
                bytes.fromhex(said.consent_id),
                accepted_at,
                record_id,
                Address.parse(said.authority).raw,
                bytes.fromhex(said.key),
                None if said.item is None else bytes.fromhex(said.item),
            )
        case Dispute():
            item = None if said.item is None else bytes.fromhex(said.item)
            return News(DISPUTED, said.target.cid.digest, accepted_at, record_id, item=item)
        case _:
            return None


def ends_before(record: Record, mark: str, now: str) -> datetime | None:
    """When a consent ends, if that is after ``now``, but not after ``mark`` (instants as records write them)."""
    said = record.predicate
    if isinstance(said, Consent) and now < said.valid_until <= mark:
        return parse_instant(said.valid_until)
    return None
