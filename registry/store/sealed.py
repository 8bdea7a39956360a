"""Keys and envelopes of private fields, and their erasure.

It decides that a key and its envelope go together, that erasing leaves nothing of either, and that it is
remembered when. Nothing of it is ever shown, logged or put into a record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from rakkan.registry.store.database import Database
from rakkan.registry.store.tables import PrivateRow, SealedRow, table
from rakkan.schemas.instant import from_unix, to_unix

_sealed, _private = table(SealedRow), table(PrivateRow)


@dataclass(frozen=True, slots=True)
class StoredEnvelope:
    """The private fields of one consent, as kept here.

    Attributes:
        key: 32 bytes, or None once erased.
        block: The envelope, or None once erased.
        erased_at: When they were erased.
    """

    key: bytes | None
    block: bytes | None
    erased_at: datetime | None

    def __repr__(self) -> str:
        return f"StoredEnvelope(erased_at={self.erased_at})"


class SealedFields:
    """Envelopes by record."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, record_id: bytes, *, key: bytes, block: bytes, pin: bool) -> None:
        """Keep a key and its envelope; ``pin`` says whether the envelope may leave for the content store."""
        row = {"record_id": record_id, "key": key, "block": block, "pin": pin, "erased_at": None}
        with self._database.write() as connection:
            self._database.insert(connection, _sealed, [row])

    def get(self, record_id: bytes) -> StoredEnvelope | None:
        """What is kept of a record's private fields; None if it never had any here."""
        with self._database.read() as connection:
            row: Any = connection.execute(select(_sealed).where(_sealed.c.record_id == record_id)).first()
        if row is None:
            return None
        erased = from_unix(row.erased_at) if row.erased_at is not None else None
        return StoredEnvelope(row.key, row.block, erased)

    def pinnable(self, record_ids: Sequence[bytes]) -> list[bytes]:
        """Envelopes of these records that belong into the content store."""
        query = select(_sealed.c.block).where(
            _sealed.c.record_id.in_(list(record_ids)), _sealed.c.pin, _sealed.c.block.is_not(None)
        )
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def erase(self, record_id: bytes, at: datetime) -> int:
        """Destroy key, envelope, salts and private texts of a record. How many private texts were kept.

        The time stays, and the first one: erasing again changes nothing.
        """
        gone = {"key": None, "block": None, "pin": False}
        with self._database.write() as connection:
            count = connection.execute(delete(_private).where(_private.c.record_id == record_id)).rowcount
            row = {"record_id": record_id, **gone, "erased_at": to_unix(at)}
            if not self._database.insert(connection, _sealed, [row]):
                mine = _sealed.c.record_id == record_id
                connection.execute(update(_sealed).where(mine).values(**gone))
                unset = mine & _sealed.c.erased_at.is_(None)
                connection.execute(update(_sealed).where(unset).values(erased_at=to_unix(at)))
        self._database.scrub([_sealed, _private])
        return count
