"""JPEG, segment by segment (ITU-T T.81, annex B), through the entropy-coded bytes to EOI.

It decides that a file is one picture, one frame header, at least one scan, EOI last, nothing after.
It leaves out pixels, and the kinds that our decoder does not read (lossless, arithmetic,
hierarchical, 12-bit, several pictures in one file): those are refused by name.
"""

from __future__ import annotations

import re
import struct
from typing import Final

from rakkan.manifests.formats.part import (
    Container,
    Part,
    check_count,
    damaged,
    trailing,
    truncated,
    unsupported,
)

MAGIC: Final = b"\xff\xd8\xff"
_EXPORT: Final = "Export it as an ordinary baseline or progressive JPEG."
# In a scan, 0xFF is followed by a stuffed zero, a restart marker or fill; anything else ends the scan.
_SCAN_END: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
_FRAMES: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
# Encoders make about ten scans. Each costs the decoder a walk over all pixels, whatever it holds.
_MAX_SCANS: Final = 128
_NAMES: Final = {
    0xC4: "DHT",
    0xC8: "JPG",
    0xCC: "DAC",
    _SOI: "SOI",
    _EOI: "EOI",
    _SOS: "SOS",
    0xDB: "DQT",
    0xDC: "DNL",
    0xDD: "DRI",
    0xDE: "DHP",
    0xDF: "EXP",
    0xFE: "COM",
    **{marker: f"SOF{marker - 0xC0}" for marker in _FRAMES},
    **{0xE0 + number: f"APP{number}" for number in range(16)},
}


def walk_jpeg(content: bytes, name: str) -> Container:
    """Walk the whole file.

    Raises:
        UnreadableImage: ``image-truncated``, ``image-damaged``, ``image-trailing``,
            ``image-unsupported``, ``image-parts``.
    """
    parts = _segments(content, name)
    frames = [part for part in parts if part.kind.startswith("SOF")]
    scans = [part for part in parts if part.kind == "SOS"]
    if len(frames) != 1 or not scans or scans[0].start < frames[0].start:
        raise damaged(name, f"it has {len(frames)} frame headers and {len(scans)} scans")
    if len(scans) > _MAX_SCANS:
        raise unsupported(name, f"has {len(scans)} scans", _EXPORT)
    if any(part.kind in {"DHP", "EXP"} for part in parts):
        raise unsupported(name, "is a hierarchical JPEG", _EXPORT)
    width, height = _size(content, frames[0], name)
    return Container(content, "image/jpeg", width, height, 1, tuple(parts))


def _segments(content: bytes, name: str) -> list[Part]:
    parts = [Part("SOI", 0, 2, 2, 2)]
    position = 2
    while True:
        start = position
        marker, position = _marker(content, position, name)
        if marker == _EOI:
            parts.append(Part("EOI", start, position, position, position))
            if position != len(content):
                raise trailing(name, len(content) - position)
            return parts
        parts.append(_segment(content, start, position, name))
        check_count(name, len(parts))
        position = parts[-1].end


def segments_between(content: bytes, start: int, end: int, name: str) -> list[Part]:
    """The segments that fill exactly the bytes from ``start`` to ``end``.

    Raises:
        UnreadableImage: As :func:`walk_jpeg`; ``image-damaged`` if they end elsewhere, or one is no APPn.
    """
    parts: list[Part] = []
    while start < end:
        _, position = _marker(content, start, name)
        part = _segment(content, start, position, name)
        if part.end > end or not part.kind.startswith("APP"):
            raise damaged(name, f"a {part.kind} segment stands at byte {start}")
        parts.append(part)
        check_count(name, len(parts))
        start = part.end
    return parts


def _segment(content: bytes, start: int, position: int, name: str) -> Part:
    """One marker with its length and payload, and after SOS the entropy-coded bytes."""
    marker, size = content[position - 1], len(content)
    kind = _NAMES.get(marker)
    if kind is None or marker == _SOI:
        raise damaged(name, f"a marker 0x{marker:02X} stands at byte {start}")
    if position + 2 > size:
        raise truncated(name, f"in its {kind} segment")
    (length,) = struct.unpack_from(">H", content, position)
    end = position + length
    if length < 2:
        raise damaged(name, f"its {kind} segment at byte {start} declares {length} bytes")
    if end > size:
        raise truncated(name, f"in its {kind} segment")
    if kind == "APP2" and content.startswith(b"MPF\0", position + 2):
        raise unsupported(name, "holds several pictures (MPO)", "Export the one you mean as a plain JPEG.")
    if marker != _SOS:
        return Part(kind, start, end, position + 2, end)
    found = _SCAN_END.search(content, end)
    if found is None:
        raise truncated(name, "in the middle of its pixels")
    return Part(kind, start, found.start(), position + 2, end)


def _marker(content: bytes, position: int, name: str) -> tuple[int, int]:
    """The marker's second byte and the position after it; fill bytes before it are passed over."""
    if position >= len(content):
        raise truncated(name, "before its end marker")
    if content[position] != 0xFF:
        raise damaged(name, f"a segment should begin at byte {position}")
    while position < len(content) and content[position] == 0xFF:
        position += 1
    if position >= len(content):
        raise truncated(name, "before its end marker")
    return content[position], position + 1


def _size(content: bytes, part: Part, name: str) -> tuple[int, int]:
    if part.kind not in {"SOF0", "SOF1", "SOF2"}:
        raise unsupported(name, "is a lossless, arithmetic-coded or hierarchical JPEG", _EXPORT)
    length = part.payload_end - part.payload_start
    if length < 6:
        raise damaged(name, "its frame header is too short")
    precision, height, width, components = struct.unpack_from(">BHHB", content, part.payload_start)
    if length != 6 + 3 * components or not width:
        raise damaged(name, "its frame header contradicts itself")
    if not height:
        raise unsupported(name, "declares its height only after the pixels (DNL)", _EXPORT)
    if precision != 8 or components not in {1, 3, 4}:
        raise unsupported(name, f"has {components} channels of {precision} bits", _EXPORT)
    return width, height
