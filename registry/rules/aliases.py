"""Aliases: by which digests one work is known, and since when.

It decides that a work record makes its subjects names of one work, found by any of them or by its source, from when the
record is known and not before: what was said under one name says nothing about the others at an earlier instant. Else
a record handed in today would change what was allowed yesterday (docs/proof-of-consent.md 3.1 and 4.1).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from rakkan.schemas.values import Digest

Since = Mapping[Digest, datetime]
"""Names that a later record told, and since when each is known."""

NOTHING: Final[Since] = MappingProxyType({})


class Aliases:
    """The names that work records give."""

    def __init__(self) -> None:
        self._names: dict[Digest, dict[Digest, datetime]] = {}

    def add(self, found_under: Iterable[Digest], subjects: Collection[Digest], known_from: datetime) -> None:
        """Note a work record.

        Args:
            found_under: By which digests its work is found: its subjects, and its source.
            subjects: By which it is known then.
            known_from: Since when.
        """
        for digest in found_under:
            told = self._names.setdefault(digest, {})
            for name in subjects:
                told[name] = min(known_from, told.get(name, known_from))

    def others(self, asked: Collection[Digest]) -> Since:
        """By which further digests the works that these name are known."""
        found: dict[Digest, datetime] = {}
        for digest in asked:
            for name, since in self._names.get(digest, NOTHING).items():
                if name not in asked:
                    found[name] = min(since, found.get(name, since))
        return found


def told(under: Mapping[bytes, Iterable[Digest]], since: Since) -> dict[bytes, datetime]:
    """Since when records that are found under other names alone are known to be about the work.

    Args:
        under: By record, those names of the work under which it is found.
        since: The names that were not asked for; what is found under any other is about the work by itself.
    """
    found: dict[bytes, datetime] = {}
    for record, names in under.items():
        moments = [since.get(name) for name in names]
        known = [moment for moment in moments if moment is not None]
        if len(known) == len(moments):
            found[record] = min(known)
    return found
