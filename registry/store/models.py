"""Models by the short names that generators write into pictures.

It decides how a prefix is looked up. A prefix is a claim of whoever made the picture, and more than one model can
begin alike: all of them are told.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from sqlalchemy import and_, or_, select

from rakkan.registry.store.database import Database
from rakkan.registry.store.tables import IdentifierRow, table

_identifier = table(IdentifierRow)
_HEX: Final = re.compile(r"(?:0x)?((?:[0-9a-f]{2}){5,32})", re.IGNORECASE)
_KINDS: Final = {"autov3": ("autov3",), "autov2": ("sha256",), "full": ("autov3", "sha256")}
_CHUNK: Final = 100

ShortName = tuple[str, str]
"""How a generator calls it (``autov3``, ``autov2`` or ``full``), and the digits as written."""


class Models:
    """The registered models of one registry.

    Args:
        database: Where they are kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def named(self, names: Collection[ShortName]) -> dict[ShortName, list[bytes]]:
        """Ids of the model records whose tensors, or whose file, have a digest that begins so.

        AutoV1 is no part of a digest that is kept, and finds nothing.
        """
        ranges = [
            (name, kind, bytes.fromhex(digits[1]))
            for name in sorted(set(names))
            for kind in _KINDS.get(name[0], ())
            if (digits := _HEX.fullmatch(name[1])) is not None
        ]
        found: dict[ShortName, list[bytes]] = {}
        for start in range(0, len(ranges), _CHUNK):
            chunk = ranges[start : start + _CHUNK]
            wanted = or_(
                *(
                    and_(
                        _identifier.c.kind == kind,
                        _identifier.c.digest >= prefix.ljust(32, b"\0"),
                        _identifier.c.digest <= prefix.ljust(32, b"\xff"),
                    )
                    for _, kind, prefix in chunk
                )
            )
            query = select(_identifier).where(_identifier.c.record_kind == "model", wanted)
            with self._database.read() as connection:
                rows = connection.execute(query).all()
            for row in rows:
                for name, kind, prefix in chunk:
                    if row.kind == kind and row.digest.startswith(prefix):
                        found.setdefault(name, []).append(row.record_id)
        return found
