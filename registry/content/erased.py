"""Which stored copies of blocks were erased on purpose, so that nobody takes the gap for rot.

It decides the form of the list beside the segments. It leaves out overwriting the bytes (``segments``).

File: rows of 16 bytes, segment number (u64), offset of the block's bytes in it (u64), big-endian; a row that
is cut off was never acknowledged. Only erasure writes here: a place, not a CID, so that a block which is
stored again is there again.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_ROW: Final = struct.Struct(">QQ")


class Erased:
    """The erased places of one folder; several processes read and write it, the latter under the lock.

    Args:
        path: The list; it need not exist.

    Raises:
        OSError: From every method, if the disk refuses.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._places: set[tuple[int, int]] = set()
        self._read = 0

    def __contains__(self, place: tuple[int, int]) -> bool:
        return place in self._places

    def refresh(self) -> None:
        """Take in what was erased since."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._read)
                content = file.read()
        except FileNotFoundError:
            return
        whole = len(content) - len(content) % _ROW.size
        self._places.update(_ROW.unpack_from(content, at) for at in range(0, whole, _ROW.size))
        self._read += whole

    def add(self, places: Iterable[tuple[int, int]]) -> None:
        """Note places, durably; after :meth:`refresh`."""
        rows = b"".join(_ROW.pack(*place) for place in places if place not in self._places)
        if not rows:
            return
        created = not self._path.exists()
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.ftruncate(descriptor, self._read)
            os.pwrite(descriptor, rows, self._read)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if created:
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        self.refresh()
