"""Blocks that list the members of collections, kept beside the records that link them.

It decides how they are kept. What they list is for ``rakkan.registry.rules.collection``; the content store
gets them when the record is pinned.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from sqlalchemy import Connection, select

from rakkan.registry.store.database import Database
from rakkan.registry.store.tables import MemberRow, table

_member = table(MemberRow)
_CHUNK = 64  # of up to 1 MiB each


class MemberBlocks:
    """Raw blocks by their sha256."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, connection: Connection, blocks: Sequence[bytes]) -> None:
        """Keep blocks in a transaction."""
        rows = [{"digest": hashlib.sha256(block).digest(), "content": block} for block in blocks]
        self._database.insert(connection, _member, rows)

    def get(self, digests: Sequence[bytes]) -> dict[bytes, bytes]:
        """Those of these blocks that are kept, by digest."""
        found: dict[bytes, bytes] = {}
        with self._database.read() as connection:
            for start in range(0, len(digests), _CHUNK):
                query = select(_member).where(_member.c.digest.in_(list(digests[start : start + _CHUNK])))
                found.update((row.digest, row.content) for row in connection.execute(query))
        return found
