"""Revealed commitments: which claim opens which, and when the chain had it first.

It decides how these are kept. That a claim may open a commitment at all is decided in
``rakkan.registry.rules.duties``; when the chain is asked, in ``rakkan.registry.flows.committing``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select, update

from rakkan.registry.store.database import Database
from rakkan.registry.store.tables import RecordRow, RevealRow, table
from rakkan.schemas.instant import from_unix, to_unix

_reveal, _record = table(RevealRow), table(RecordRow)
_NEVER: Final = 0
_CHUNK: Final = 500


class Reveals:
    """The commitments that claims here open."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, limit: int) -> dict[bytes, bytes]:
        """Commitments of public claims about which the chain has not said its last word, by record id."""
        query = (
            select(_reveal.c.record_id, _reveal.c.commitment)
            .join(_record, _record.c.id == _reveal.c.record_id)
            .where(_reveal.c.committed_at.is_(None), _record.c.publish)
            .order_by(_record.c.sequence)
            .limit(limit)
        )
        with self._database.read() as connection:
            return {row.record_id: row.commitment for row in connection.execute(query)}

    def note(self, found: Mapping[bytes, datetime | None]) -> None:
        """Keep the chain's last word, by record id: when it had the commitment, or None that it had not."""
        with self._database.write() as connection:
            for record_id, at in found.items():
                word = _NEVER if at is None else to_unix(at)
                connection.execute(
                    update(_reveal).where(_reveal.c.record_id == record_id).values(committed_at=word)
                )

    def dates(self, record_ids: Sequence[bytes]) -> dict[bytes, datetime]:
        """When the chain had the commitments that these claims open, for good; those without are left out."""
        found: dict[bytes, datetime] = {}
        with self._database.read() as connection:
            for start in range(0, len(record_ids), _CHUNK):
                chunk = list(record_ids[start : start + _CHUNK])
                query = select(_reveal).where(_reveal.c.record_id.in_(chunk), _reveal.c.committed_at > _NEVER)
                found |= {row.record_id: from_unix(row.committed_at) for row in connection.execute(query)}
        return found
