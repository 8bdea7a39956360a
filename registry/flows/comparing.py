"""Comparing: every new work with all that came before it, so that near-duplicates are known before a grant counts.

It decides that nothing is missed: a plain scan over all deciding fingerprints, in memory, every distance
computed. A work is compared before it gets its place in the log, and what has none grants nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from rakkan.registry.failpoints import failpoint
from rakkan.registry.rules.likeness import MATCH_BITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from rakkan.registry.service import Registry
    from rakkan.registry.store.likenesses import Print

_STRETCH: Final = 10_000
"""Records compared in one commit."""


class Gallery:
    """The deciding fingerprints of one registry, in memory: 32 bytes each, in order of acceptance.

    Args:
        registry: Whose works are compared.
    """

    def __init__(self, registry: Registry) -> None:
        self._file = registry.store.likenesses
        self._walls: dict[tuple[str, str], _Wall] = {}
        self._hung = 0

    def compare(self) -> int:
        """Compare what is new on file; returns how many pairs look alike.

        A crash in between is cured by comparing again: pairs and mark are one commit.
        """
        compared, last, found = self._file.compared(), self._file.last(), 0
        if compared >= last:
            return 0
        while self._hung < compared:  # after a start: what was compared before
            self._hang(self._file.prints(self._hung, min(self._hung + _STRETCH, compared)))
            self._hung = min(self._hung + _STRETCH, compared)
        while compared < last:
            upto = min(compared + _STRETCH, last)
            pairs = list(self._pairs(self._file.prints(compared, upto)))
            failpoint("compare.before")
            self._file.note(pairs, upto)
            failpoint("compare.after")
            compared = self._hung = upto
            found += len(pairs)
        return found

    def _pairs(self, prints: Iterable[Print]) -> Iterator[tuple[bytes, bytes]]:
        for each in prints:
            wall = self._walls.setdefault(each.kind, _Wall())
            for other in wall.near(each.bits):
                if other != each.record_id:
                    yield each.record_id, other
            wall.add(each.record_id, each.bits)

    def _hang(self, prints: Iterable[Print]) -> None:
        for each in prints:
            self._walls.setdefault(each.kind, _Wall()).add(each.record_id, each.bits)


class _Wall:
    """Fingerprints of one kind: 4 words of 64 bits each, in one array that grows by doubling."""

    def __init__(self) -> None:
        self._bits: NDArray[np.uint64] = np.empty((1024, 4), dtype=np.uint64)
        self._names: list[bytes] = []

    def add(self, name: bytes, bits: bytes) -> None:
        count = len(self._names)
        if count == len(self._bits):
            self._bits = np.concatenate([self._bits, np.empty_like(self._bits)])
        self._bits[count] = np.frombuffer(bits, dtype=np.uint64)
        self._names.append(name)

    def near(self, bits: bytes) -> list[bytes]:
        apart = self._bits[: len(self._names)] ^ np.frombuffer(bits, dtype=np.uint64)
        distances = np.bitwise_count(apart).sum(axis=1, dtype=np.uint16)
        return [self._names[place] for place in np.flatnonzero(distances <= MATCH_BITS)]
