"""PNG and APNG, chunk by chunk (W3C PNG third edition, §5 and §11).

It decides that a file is IHDR first, IDAT in one run, IEND last, every CRC right, nothing after.
It leaves out pixels: nothing is inflated here. The CRC of a ``caBX`` chunk is noted, not judged:
the picture can be fine while its manifest is not. Whoever only wants to say what is wrong with a file
has every CRC noted.
"""

from __future__ import annotations

import struct
import zlib
from typing import Final

from rakkan.manifests.errors import UnreadableImage
from rakkan.manifests.formats.part import Container, Part, check_count, damaged, trailing, truncated

MAGIC: Final = b"\x89PNG\r\n\x1a\n"
MANIFEST: Final = "caBX"
_MAX_LENGTH: Final = 2**31 - 1
# colour type -> allowed bit depths (§11.2.1)
_DEPTHS: Final = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}


def walk_png(content: bytes, name: str, *, damaged_too: bool = False) -> Container:
    """Walk the whole file.

    Args:
        content: The whole file.
        name: Stands in the sentences of errors.
        damaged_too: Note a chunk whose checksum does not fit (``Part.sound``), do not refuse the file.

    Raises:
        UnreadableImage: ``image-truncated``, ``image-damaged``, ``image-trailing``, ``image-parts``.
    """
    parts = _chunks(content, name, damaged_too=damaged_too)
    if parts[0].kind != "IHDR":
        raise damaged(name, "it does not begin with IHDR")
    kinds = [part.kind for part in parts]
    for single in ("IHDR", "IEND", "acTL", "PLTE"):
        if kinds.count(single) > 1:
            raise damaged(name, f"{single} stands in it more than once")
    if "IDAT" not in kinds:
        raise damaged(name, "it has no pixels (IDAT)")
    first, count = kinds.index("IDAT"), kinds.count("IDAT")
    if kinds[first : first + count] != ["IDAT"] * count:
        raise damaged(name, "its pixels (IDAT) are torn apart by other chunks")
    width, height = _header(content, parts[0], name)
    return Container(content, "image/png", width, height, _frames(content, parts, name), tuple(parts))


def _chunks(content: bytes, name: str, *, damaged_too: bool) -> list[Part]:
    parts: list[Part] = []
    position, size = len(MAGIC), len(content)
    view = memoryview(content)
    while True:
        part = _chunk(content, view, position, len(parts) + 1, name)
        if not (damaged_too or part.sound or part.kind == MANIFEST):
            raise checksum(name, part)
        parts.append(part)
        check_count(name, len(parts))
        position = part.end
        if part.kind == "IEND":
            if part.payload_end != part.payload_start:
                raise damaged(name, "its IEND chunk is not empty")
            if position != size:
                raise trailing(name, size - position)
            return parts


def chunks_between(content: bytes, start: int, end: int, name: str) -> list[Part]:
    """The chunks that fill exactly the bytes from ``start`` to ``end``.

    Raises:
        UnreadableImage: As :func:`walk_png`; ``image-damaged`` if they end elsewhere.
    """
    parts: list[Part] = []
    while start < end:
        part = _chunk(content, memoryview(content), start, len(parts) + 1, name)
        if not part.sound and part.kind != MANIFEST:
            raise checksum(name, part)
        parts.append(part)
        check_count(name, len(parts))
        start = parts[-1].end
    if start != end:
        raise damaged(name, f"a chunk reaches beyond byte {end}")
    return parts


def checksum(name: str, part: Part) -> UnreadableImage:
    """A chunk's bytes are not those that its checksum was made of (``image-damaged``)."""
    return damaged(name, f"the checksum of its {part.kind} chunk does not fit")


def _chunk(content: bytes, view: memoryview, position: int, number: int, name: str) -> Part:
    if position + 12 > len(content):
        raise truncated(name, f"in chunk {number}")
    length, kind = struct.unpack_from(">I4s", content, position)
    if not kind.isalpha():  # isalpha is ASCII only for bytes
        raise damaged(name, f"chunk {number} has no valid type")
    if length > _MAX_LENGTH:
        raise damaged(name, f"chunk {number} declares {length} bytes")
    start, end = position + 8, position + 8 + length
    if end + 4 > len(content):
        raise truncated(name, f"in its {kind.decode()} chunk")
    (declared,) = struct.unpack_from(">I", content, end)
    sound = zlib.crc32(view[position + 4 : end]) == declared
    return Part(kind.decode(), position, end + 4, start, end, sound)


def _header(content: bytes, part: Part, name: str) -> tuple[int, int]:
    if part.payload_end - part.payload_start != 13:
        raise damaged(name, "its IHDR chunk does not have 13 bytes")
    width, height, depth, colour, compression, filtering, interlace = struct.unpack_from(
        ">IIBBBBB", content, part.payload_start
    )
    if not (1 <= width <= _MAX_LENGTH and 1 <= height <= _MAX_LENGTH):
        raise damaged(name, f"it declares {width} × {height} pixels")
    if depth not in _DEPTHS.get(colour, ()) or compression or filtering or interlace > 1:
        raise damaged(name, "its IHDR chunk names a form of pixels that PNG does not have")
    return width, height


def _frames(content: bytes, parts: list[Part], name: str) -> int:
    """Frames of an APNG: what ``acTL`` declares must be there as ``fcTL`` chunks."""
    control = next((part for part in parts if part.kind == "acTL"), None)
    if control is None:
        return 1
    if control.payload_end - control.payload_start != 8:
        raise damaged(name, "its acTL chunk does not have 8 bytes")
    (declared,) = struct.unpack_from(">I", content, control.payload_start)
    found = sum(part.kind == "fcTL" for part in parts)
    if declared != found or declared < 1:
        raise damaged(name, f"it declares {declared} frames and has {found}")
    return found
