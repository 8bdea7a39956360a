"""WebP, chunk by chunk (RFC 9649): lossy, lossless, extended, animated.

It decides that the RIFF size is the file's size, that every chunk fits, and that the picture's own
header agrees with the canvas. It leaves out pixels and the inside of animation frames.
"""

from __future__ import annotations

import struct
from typing import Final

from rakkan.manifests.formats.part import Container, Part, check_count, damaged, trailing, truncated

MANIFEST: Final = "C2PA"
_STILL: Final = ("VP8 ", "VP8L")
_ANIMATED: Final = 0x02  # VP8X flag (§2.7)


def walk_webp(content: bytes, name: str) -> Container:
    """Walk the whole file.

    Raises:
        UnreadableImage: ``image-truncated``, ``image-damaged``, ``image-trailing``, ``image-parts``.
    """
    parts = _chunks(content, name)
    first = parts[0]
    stills = [part for part in parts if part.kind in _STILL]
    if first.kind in _STILL:
        if len(stills) != 1 or any(part.kind in {"VP8X", "ANIM", "ANMF"} for part in parts):
            raise damaged(name, "it holds several pictures without an animation header")
        width, height = _still_size(content, first, name)
        return Container(content, "image/webp", width, height, 1, tuple(parts))
    if first.kind != "VP8X":
        raise damaged(name, "it begins with neither a picture nor an extended header")
    width, height, animated = _canvas(content, first, name)
    frames = [part for part in parts if part.kind == "ANMF"]
    if any(part.kind == "VP8X" for part in parts[1:]):
        raise damaged(name, "VP8X stands in it more than once")
    if animated:
        if not frames or stills:
            raise damaged(name, "its animation header and its frames contradict each other")
        for frame in frames:
            _check_frame(content, frame, (width, height), name)
        return Container(content, "image/webp", width, height, len(frames), tuple(parts))
    if frames or len(stills) != 1:
        raise damaged(name, f"it holds {len(stills) + len(frames)} pictures where one is declared")
    if _still_size(content, stills[0], name) != (width, height):
        raise damaged(name, "its picture and its canvas differ in size")
    return Container(content, "image/webp", width, height, 1, tuple(parts))


def _chunks(content: bytes, name: str) -> list[Part]:
    size = len(content)
    if size < 20:
        raise truncated(name, "in its header")
    (declared,) = struct.unpack_from("<I", content, 4)
    if declared + 8 > size:
        raise truncated(name, f"{declared + 8 - size} bytes before the size it declares")
    if declared + 8 < size:
        raise trailing(name, size - declared - 8)
    parts: list[Part] = []
    position = 12
    while position < size:
        if position + 8 > size:
            raise damaged(name, "its last chunk has no room for a header")
        kind, length = struct.unpack_from("<4sI", content, position)
        if not all(0x20 <= sign < 0x7F for sign in kind):
            raise damaged(name, f"chunk {len(parts) + 1} has no valid type")
        start = position + 8
        end = start + length + length % 2
        if end > size:
            raise damaged(name, f"its {kind.decode()} chunk reaches beyond the file")
        parts.append(Part(kind.decode(), position, end, start, start + length))
        check_count(name, len(parts))
        position = end
    return parts


def _canvas(content: bytes, part: Part, name: str) -> tuple[int, int, bool]:
    if part.payload_end - part.payload_start != 10:
        raise damaged(name, "its VP8X chunk does not have 10 bytes")
    at = part.payload_start
    width = 1 + int.from_bytes(content[at + 4 : at + 7], "little")
    height = 1 + int.from_bytes(content[at + 7 : at + 10], "little")
    return width, height, bool(content[at] & _ANIMATED)


def _still_size(content: bytes, part: Part, name: str) -> tuple[int, int]:
    header = content[part.payload_start : min(part.payload_end, part.payload_start + 10)]
    if part.kind == "VP8L":
        if len(header) < 5 or header[0] != 0x2F:
            raise damaged(name, "its lossless picture has no valid header")
        bits = int.from_bytes(header[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    # RFC 6386 §9.1: frame tag (bit 0 clear for a key frame), start code, 14-bit sizes
    if len(header) < 10 or header[0] & 1 or header[3:6] != b"\x9d\x01\x2a":
        raise damaged(name, "its lossy picture has no valid header")
    width, height = struct.unpack_from("<HH", header, 6)
    if not (width & 0x3FFF and height & 0x3FFF):
        raise damaged(name, "its picture has no size")
    return width & 0x3FFF, height & 0x3FFF


def _check_frame(content: bytes, part: Part, canvas: tuple[int, int], name: str) -> None:
    """A frame lies inside the canvas (§2.7.1.1: offsets in units of two pixels, sizes minus one)."""
    at = part.payload_start
    if part.payload_end - at < 24:
        raise damaged(name, "one of its frames is too short")
    left, top, width, height = (int.from_bytes(content[at + i : at + i + 3], "little") for i in (0, 3, 6, 9))
    if 2 * left + width + 1 > canvas[0] or 2 * top + height + 1 > canvas[1]:
        raise damaged(name, "one of its frames lies outside the canvas")
