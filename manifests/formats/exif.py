"""EXIF's text fields and orientation, read straight from the TIFF structure (CIPA DC-008, §4.6).

It decides which fields count: texts of IFD0 and of the Exif IFD. It leaves out everything else,
thumbnails above all. Odd structures give fewer fields, never an exception, never a loop.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

ORIENTATION: Final = 0x0112
USER_COMMENT: Final = 0x9286
_EXIF_IFD: Final = 0x8769
_MAX_ENTRIES: Final = 512
# types: BYTE, ASCII, UNDEFINED hold text; SHORT and LONG hold orientation and the pointer
_TEXT_TYPES: Final = frozenset({1, 2, 7})
# XPTitle … XPSubject: UTF-16LE by Microsoft's definition
_UTF16_TAGS: Final = range(0x9C9B, 0x9CA0)


@dataclass(frozen=True, slots=True)
class Exif:
    """The fields that were found.

    Attributes:
        big_endian: Byte order of the block.
        tags: Tag number to raw bytes, in file order; a tag that stands twice counts once, the first.
            Views, not copies: hundreds of fields may point at the same megabytes.
        orientation: 1–8 (§4.6.5.1); 1 if absent or odd.
    """

    big_endian: bool
    tags: dict[int, memoryview]
    orientation: int

    def text(self, tag: int) -> str:
        """The field as text; an absent one is empty. Undecodable bytes become U+FFFD."""
        raw = bytes(self.tags.get(tag, b""))
        if tag == USER_COMMENT:
            return _comment(raw, self.big_endian)
        if tag in _UTF16_TAGS:
            return raw.decode("utf-16-le", "replace").rstrip("\0")
        return raw.decode("utf-8", "replace").rstrip("\0")


def read_exif(block: bytes) -> Exif | None:
    r"""Read a TIFF block.

    Args:
        block: From the byte-order mark on, without ``Exif\0\0``.

    Returns:
        None if it is not a TIFF block.
    """
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if order is None or len(block) < 8:
        return None
    tags: dict[int, memoryview] = {}
    view = memoryview(block)
    numbers: dict[int, int] = {}
    (first,) = struct.unpack_from(f"{order}I", block, 4)
    _directory(view, order, first, tags, numbers)
    if _EXIF_IFD in numbers:
        _directory(view, order, numbers[_EXIF_IFD], tags, numbers)
    orientation = numbers.get(ORIENTATION, 1)
    return Exif(order == ">", tags, orientation if 1 <= orientation <= 8 else 1)


def _directory(
    block: memoryview, order: str, at: int, tags: dict[int, memoryview], numbers: dict[int, int]
) -> None:
    if at + 2 > len(block):
        return
    (count,) = struct.unpack_from(f"{order}H", block, at)
    for index in range(min(count, _MAX_ENTRIES)):
        entry = at + 2 + 12 * index
        if entry + 12 > len(block):
            return
        tag, kind, length = struct.unpack_from(f"{order}HHI", block, entry)
        if kind in _TEXT_TYPES:
            start = entry + 8
            if length > 4:
                (start,) = struct.unpack_from(f"{order}I", block, start)
            if start + length <= len(block):
                tags.setdefault(tag, block[start : start + length])
        elif kind in {3, 4} and length == 1:
            (number,) = struct.unpack_from(f"{order}{'H' if kind == 3 else 'I'}", block, entry + 8)
            numbers.setdefault(tag, number)


def _comment(raw: bytes, big_endian: bool) -> str:
    """UserComment: 8 bytes name the character code (§4.6.6.1.7), and writers differ on UTF-16's order."""
    code, body = raw[:8], raw[8:]
    if not code.startswith(b"UNICODE"):
        return body.decode("utf-8", "replace").rstrip("\0")
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", "replace").rstrip("\0")
    # A settings line is ASCII, so its zero bytes tell the order; else the block's own order decides.
    high, low = body[0::2].count(0), body[1::2].count(0)
    if high != low:
        big_endian = high > low
    return body.decode("utf-16-be" if big_endian else "utf-16-le", "replace").rstrip("\0")
