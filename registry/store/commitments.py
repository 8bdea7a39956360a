"""Commitments that claims reveal, and since when the chain has them.

It decides what is kept of an answer, and when a commitment that the chain does not have is asked about
again. Whether a claim gains a date by it is decided in ``rakkan.registry.flows.consent.revealing``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select, update

from rakkan.registry.store.database import Database
from rakkan.registry.store.effects import CommitmentRow
from rakkan.registry.store.tables import table
from rakkan.schemas.instant import from_unix, to_unix

_CHUNK = 500


_commitment = table(CommitmentRow)


class Commitments:
    """The commitments of one registry's claims."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, before: datetime, limit: int) -> dict[bytes, bytes]:
        """Commitments without a date that nobody asked about since then, by the record id of the claim."""
        query = select(_commitment.c.record_id, _commitment.c.commitment).where(
            _commitment.c.committed_at.is_(None),
            or_(_commitment.c.asked_at.is_(None), _commitment.c.asked_at < to_unix(before)),
        )
        with self._database.read() as connection:
            return {row[0]: row[1] for row in connection.execute(query.limit(limit))}

    def note(self, record_id: bytes, committed_at: datetime | None, asked_at: datetime) -> None:
        """Keep what the chain said of one."""
        values = {
            "asked_at": to_unix(asked_at),
            "committed_at": None if committed_at is None else to_unix(committed_at),
        }
        with self._database.write() as connection:
            connection.execute(
                update(_commitment).where(_commitment.c.record_id == record_id).values(**values)
            )

    def dates(self, record_ids: Sequence[bytes]) -> dict[bytes, datetime]:
        """Since when the chain has what these claims reveal; those without a date are left out."""
        found: dict[bytes, datetime] = {}
        with self._database.read() as connection:
            for start in range(0, len(record_ids), _CHUNK):
                chunk = record_ids[start : start + _CHUNK]
                query = select(_commitment.c.record_id, _commitment.c.committed_at).where(
                    _commitment.c.record_id.in_(chunk), _commitment.c.committed_at.is_not(None)
                )
                found.update((row[0], from_unix(row[1])) for row in connection.execute(query))
        return found
