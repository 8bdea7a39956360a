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
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from rakkan.registry.service import Registry
    from rakkan.registry.store.likenesses import Print

_STRETCH: Final = 10_000
"""Records compared in one commit."""
_PAIRS: Final = 1 << 19
"""Pairs compared at once: a few megabytes."""


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
            pairs = list(_pairs(self._file.prints(compared, upto), self._walls))
            failpoint("compare.before")
            self._file.note(pairs, upto)
            failpoint("compare.after")
            compared = self._hung = upto
            found += len(pairs)
        return found

    def _hang(self, prints: Sequence[Print]) -> None:
        for kind, each in _by_kind(prints):
            self._walls.setdefault(kind, _Wall()).add(each)


def pairs_among(prints: Sequence[Print]) -> Iterator[tuple[bytes, bytes]]:
    """Every two works among these that look alike, by record id: the later one first."""
    return _pairs(prints, {})


def _pairs(prints: Sequence[Print], walls: dict[tuple[str, str], _Wall]) -> Iterator[tuple[bytes, bytes]]:
    for kind, each in _by_kind(prints):
        wall = walls.setdefault(kind, _Wall())
        first = wall.add(each)
        for one, other in wall.near(first):
            if one != other:
                yield one, other


def _by_kind(prints: Sequence[Print]) -> Iterator[tuple[tuple[str, str], list[Print]]]:
    for kind in dict.fromkeys(each.kind for each in prints):
        yield kind, [each for each in prints if each.kind == kind]


class _Wall:
    """Fingerprints of one kind: 4 words of 64 bits each, a column per word, that grow by doubling."""

    def __init__(self) -> None:
        self._words: NDArray[np.uint64] = np.empty((4, 1024), dtype=np.uint64)
        self._names: list[bytes] = []

    def add(self, prints: Sequence[Print]) -> int:
        """Hang them beside the others; returns the place of the first."""
        first, count = len(self._names), len(self._names) + len(prints)
        while count > self._words.shape[1]:
            self._words = np.concatenate([self._words, np.empty_like(self._words)], axis=1)
        bits = np.frombuffer(b"".join(each.bits for each in prints), dtype=np.uint64)
        self._words[:, first:count] = bits.reshape(-1, 4).T
        self._names += [each.record_id for each in prints]
        return first

    def near(self, first: int) -> Iterator[tuple[bytes, bytes]]:
        """Those from that place on, each with every one before it that is within the distance.

        Half of the bits rule out nearly everything, and are looked at first.
        """
        count = len(self._names)
        rows = max(1, _PAIRS // count)
        for start in range(first, count, rows):
            end = min(start + rows, count)
            words, wanted = self._words[:, :end], self._words[:, start:end, None]
            half = np.bitwise_count(words[0] ^ wanted[0]) + np.bitwise_count(words[1] ^ wanted[1])
            row, place = np.nonzero(half <= MATCH_BITS)
            before = place < row + start
            row, place = row[before], place[before]
            apart = words[2:, place] ^ wanted[2:, row, 0]
            near = half[row, place] + np.bitwise_count(apart).sum(axis=0, dtype=np.uint16) <= MATCH_BITS
            for one, other in zip(row[near] + start, place[near], strict=True):
                yield self._names[one], self._names[other]
