"""The index of one segment: where each block lies, on disk as a sorted table beside the segment.

It decides nothing that could not be derived: a table that is damaged, stale or of another segment
is not used, and whoever reads a block through it hashes that block. It leaves out scanning.

Table: magic (16 bytes), the segment's marker (16), bytes of the segment that it covers (u64),
number of rows (u64), sha256 of all else in the table (32); then rows of 49 bytes, ascending: binary CID padded
to 37 bytes with zeros, offset (u64), length (u32). Integers are big-endian.
"""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import os
import struct
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Self

_MAGIC: Final = b"rakkan-index/1\n\0"
_HEADER: Final = struct.Struct(">16s16sQQ")
_DIGEST: Final = 32
_ROW: Final = struct.Struct(">37sQI")
_KEY: Final = 37

Place = tuple[int, int]
"""Offset and length of a block's bytes in its segment."""


class BlockIndex:
    """Places by binary CID: a table on disk, and over it what came since.

    Args:
        path: The table; it need not exist.
        marker: The segment's marker, 16 bytes.
        size: The segment's size in bytes; a table that covers more is stale.

    Attributes:
        covered: Bytes of the segment that need not be scanned again.
    """

    def __init__(self, path: Path, marker: bytes, size: int) -> None:
        self._path = path
        self._marker = marker
        self._recent: dict[bytes, Place] = {}
        self._table, self.covered = _open_table(path, marker, size)

    def __len__(self) -> int:
        """Number of rows; a block whose bytes were stored again counts twice until saved."""
        return len(self._recent) + len(self._table)

    @property
    def is_saved(self) -> bool:
        """Whether the table on disk says everything."""
        return not self._recent

    def add(self, key: bytes, place: Place) -> None:
        """Note a block; a later place takes precedence."""
        self._recent[key] = place

    def find(self, key: bytes) -> Iterator[Place]:
        """Places of the block with this binary CID, newest first; mostly none or one."""
        found = self._recent.get(key)
        if found is not None:
            yield found
        table, padded = self._table, key.ljust(_KEY, b"\0")
        row = bisect_left(range(len(table)), padded, key=table.key)
        if row < len(table) and table.key(row) == padded:
            yield table.place(row)

    def save(self, covered: int) -> None:
        """Write the table anew, for this many bytes of the segment; failing costs a scan later, no more."""
        rows = {self._table.key(row): self._table.place(row) for row in range(len(self._table))}
        rows.update((key.ljust(_KEY, b"\0"), place) for key, place in self._recent.items())
        body = b"".join(_ROW.pack(key, *rows[key]) for key in sorted(rows))
        head = _HEADER.pack(_MAGIC, self._marker, covered, len(rows))
        temporary = self._path.with_suffix(f".{os.getpid()}.tmp")
        try:
            temporary.write_bytes(head + hashlib.sha256(head + body).digest() + body)
            temporary.replace(self._path)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            return
        table, found = _open_table(self._path, self._marker, covered)
        # mapped, so that sealed segments take no memory; unless another process was there in between
        self._table, self.covered = (table, found) if found == covered else (_Table(body), covered)
        self._recent = {}


class _Table:
    """Sorted rows, in memory or mapped."""

    def __init__(self, rows: bytes | mmap.mmap = b"", start: int = 0) -> None:
        self._rows = rows
        self._start = start
        self._count = (len(rows) - start) // _ROW.size

    def __len__(self) -> int:
        return self._count

    def key(self, row: int) -> bytes:
        at = self._start + row * _ROW.size
        return self._rows[at : at + _KEY]

    def place(self, row: int) -> Place:
        _, offset, length = _ROW.unpack_from(self._rows, self._start + row * _ROW.size)
        return offset, length

    @classmethod
    def map(cls, path: Path, marker: bytes, size: int) -> tuple[Self, int]:
        """Map a table that is whole and of this segment.

        Raises:
            ValueError: If it is not.
            OSError: If it cannot be read.
        """
        with path.open("rb") as file:
            rows = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        start = _HEADER.size + _DIGEST
        head = rows[: _HEADER.size]
        magic, owner, covered, count = _HEADER.unpack(head.ljust(_HEADER.size, b"\0"))
        with memoryview(rows) as whole, whole[start:] as body:
            actual = hashlib.sha256(head)
            actual.update(body)
            sound = (magic, owner, len(body)) == (_MAGIC, marker, count * _ROW.size) and covered <= size
        if not sound or actual.digest() != rows[_HEADER.size : start]:
            raise ValueError(path)
        return cls(rows, start), covered


def _open_table(path: Path, marker: bytes, size: int) -> tuple[_Table, int]:
    try:
        return _Table.map(path, marker, size)
    except (OSError, ValueError):  # absent, damaged, stale: the segment says it all
        return _Table(), 0
