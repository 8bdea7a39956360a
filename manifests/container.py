"""The file around a picture: which format it is, and the C2PA manifest store inside it.

It decides that a file is walked completely or refused, and that it has one manifest store or none
(C2PA specification, appendix A, "Embedding manifests into various file formats"). It leaves out
what the store says (JUMBF) and what the texts say (generator records).
"""

from __future__ import annotations

import struct
from typing import Final

from rakkan.manifests.errors import UnreadableImage, UnreadableManifest
from rakkan.manifests.formats import jpeg, png, webp
from rakkan.manifests.formats.part import Container, MediaType, Part, printable, truncated, unsupported
from rakkan.manifests.formats.text import Text, exif_of, text_chunks, texts

__all__ = [
    "Container",
    "Part",
    "Text",
    "exif_of",
    "manifest_parts",
    "manifest_store",
    "sniff",
    "text_chunks",
    "texts",
    "walk",
]

_EXPORT: Final = "Export it as PNG, JPEG or WebP."
_C2PA_UUID: Final = bytes.fromhex("6332706100110010800000aa00389b71")
# ISO/IEC 18477-3 annex B: CI "JP", box instance number, packet sequence number, then LBox and TBox
_XT: Final = struct.Struct(">2sHI")
_BOX: Final = struct.Struct(">I4s")


def sniff(content: bytes, name: str = "The picture") -> MediaType:
    """The media type by the first bytes, whatever the name says.

    Returns:
        ``image/png``, ``image/jpeg`` or ``image/webp``.

    Raises:
        UnreadableImage: ``image-empty``, ``image-unsupported`` (a picture of another kind),
            ``image-unknown`` (not a picture), ``image-truncated``.
    """
    if not content:
        raise UnreadableImage(
            f"{printable(name)} is empty.", code="image-empty", hint="Fetch or export it again."
        )
    if content.startswith(png.MAGIC):
        return "image/png"
    if content.startswith(jpeg.MAGIC):
        return "image/jpeg"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    if len(content) < 12 and any(
        magic.startswith(content) for magic in (png.MAGIC, jpeg.MAGIC, b"RIFF" + content[4:8] + b"WEBP")
    ):
        raise truncated(name, "in its first bytes")
    other = _other_kind(content)
    if other:
        raise unsupported(name, f"is {other}, which is not supported", _EXPORT)
    raise UnreadableImage(
        f"{printable(name)} is not a picture: its first bytes are those of no image format we know.",
        code="image-unknown",
        hint="Give a PNG, JPEG or WebP file.",
    )


def walk(content: bytes, name: str = "The picture", *, damaged_too: bool = False) -> Container:
    """Walk a file from the first byte to the last; sizes come from headers, nothing is decoded.

    Args:
        content: The whole file.
        name: Stands in the sentences of errors.
        damaged_too: Take a PNG file whose checksums do not fit; its parts say so.

    Raises:
        UnreadableImage: As :func:`sniff`; ``image-truncated``, ``image-damaged``,
            ``image-trailing``, ``image-parts``.
    """
    match sniff(content, name):
        case "image/png":
            return png.walk_png(content, name, damaged_too=damaged_too)
        case "image/jpeg":
            return jpeg.walk_jpeg(content, name)
        case _:
            return webp.walk_webp(content, name)


def manifest_parts(container: Container) -> tuple[Part, ...]:
    """The parts that carry the C2PA manifest store, in file order; empty if there is none.

    Raises:
        UnreadableManifest: ``manifest-several``, ``manifest-crc``, ``manifest-sequence``,
            ``manifest-box``.
    """
    if container.media_type == "image/jpeg":
        return _jpeg_parts(container)
    kind = png.MANIFEST if container.media_type == "image/png" else webp.MANIFEST
    parts = tuple(container.named(kind))
    if len(parts) > 1:
        raise _several(len(parts))
    if parts and not parts[0].sound:
        raise UnreadableManifest(
            "The checksum of the manifest's chunk does not fit: it was changed after signing.",
            code="manifest-crc",
            hint="Get the file from its source again.",
        )
    return parts


def manifest_store(container: Container) -> bytes | None:
    """The C2PA manifest store's bytes, beginning with its JUMBF superbox; None if there is none.

    Raises:
        UnreadableManifest: As :func:`manifest_parts`; ``manifest-box`` if the bytes and the box's
            declared length differ.
    """
    parts = manifest_parts(container)
    if not parts:
        return None
    payloads = [container.payload(part) for part in parts]
    if container.media_type == "image/jpeg":
        header = _XT.size + _header_length(payloads[0])
        store = payloads[0][_XT.size :] + b"".join(payload[header:] for payload in payloads[1:])
    else:
        store = payloads[0]
    if len(store) < _BOX.size or _box_length(store) != len(store):
        raise UnreadableManifest(
            f"The manifest store has {len(store)} bytes, its box declares another length.",
            code="manifest-box",
            hint="Get the file from its source again.",
        )
    return store


def _jpeg_parts(container: Container) -> tuple[Part, ...]:
    """The APP11 segments of the one C2PA box: contiguous, numbered from 1, each repeating its header."""
    runs: dict[int, list[Part]] = {}
    for part in container.named("APP11"):
        payload = container.payload(part)
        if len(payload) >= _XT.size + _BOX.size and payload[:2] == b"JP" and payload[12:16] == b"jumb":
            runs.setdefault(_XT.unpack_from(payload)[1], []).append(part)
        elif _C2PA_UUID[:4] in payload[:64]:
            # Readers that only look for the box type would take it for a store: refuse, not ignore.
            raise _box("an APP11 segment speaks of C2PA, but not in JPEG XT form")
    stores = [run for run in runs.values() if _is_store(container, run)]
    if len(stores) > 1:
        raise _several(len(stores))
    if not stores:
        return ()
    run = stores[0]
    first = container.payload(run[0])
    header = first[_XT.size : _XT.size + _header_length(first)]
    for number, part in enumerate(run, start=1):
        payload = container.payload(part)
        if _XT.unpack_from(payload)[2] != number or (number > 1 and run[number - 2].end != part.start):
            raise UnreadableManifest(
                f"Part {number} of the manifest is missing, doubled or out of order.",
                code="manifest-sequence",
                hint="Get the file from its source again.",
            )
        if payload[_XT.size : _XT.size + len(header)] != header:
            raise _box(f"part {number} of the manifest declares another box")
    return tuple(run)


def _is_store(container: Container, run: list[Part]) -> bool:
    """Whether any segment of a JUMBF run begins a C2PA store: its description box names the C2PA UUID."""
    found = []
    for part in run:
        body = container.payload(part)
        at = _XT.size + _header_length(body)
        found.append(body[at + 4 : at + 8] == b"jumd" and body[at + 8 : at + 24] == _C2PA_UUID)
    if any(found) and not found[0]:
        raise _box("the manifest's first part does not come first")
    if sum(found) > 1:
        raise _several(sum(found))
    if not found[0] and any(_C2PA_UUID[:4] in container.payload(part)[:64] for part in run[:1]):
        raise _box("an APP11 segment speaks of C2PA, but is no C2PA box")
    return found[0]


def _header_length(payload: bytes) -> int:
    """8 bytes of LBox and TBox, or 16 with an XLBox (ISO/IEC 19566-5: LBox 1 announces it)."""
    return 16 if payload[_XT.size : _XT.size + 4] == b"\0\0\0\1" else 8


def _box_length(store: bytes) -> int:
    length, _ = _BOX.unpack_from(store)
    return int.from_bytes(store[8:16]) if length == 1 else int(length)


def _several(count: int) -> UnreadableManifest:
    return UnreadableManifest(
        f"The file has {count} manifest stores; only one can be meant.",
        code="manifest-several",
        hint="Get the file from its source again.",
    )


def _box(what: str) -> UnreadableManifest:
    return UnreadableManifest(
        f"The manifest cannot be put together: {what}.",
        code="manifest-box",
        hint="Get the file from its source again.",
    )


def _other_kind(content: bytes) -> str:
    """A name for formats that people really bring, or an empty string."""
    brand = content[8:12] if content[4:8] == b"ftyp" else b""
    if brand in {b"avif", b"avis"}:
        return "an AVIF picture"
    if brand in {b"heic", b"heix", b"hevc", b"mif1", b"msf1"}:
        return "a HEIF picture"
    if brand:
        return "a video"
    known = {
        b"GIF8": "a GIF picture",
        b"BM": "a BMP picture",
        b"II*\0": "a TIFF picture",
        b"MM\0*": "a TIFF picture",
        b"\xff\x0a": "a JPEG XL picture",
        b"\0\0\0\x0cJXL ": "a JPEG XL picture",
        b"\0\0\0\x0cjP  ": "a JPEG 2000 picture",
        b"8BPS": "a Photoshop document",
        b"%PDF": "a PDF document",
        b"\x8aMNG": "an MNG animation",
    }
    for magic, kind in known.items():
        if content.startswith(magic):
            return kind
    start = content[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return "an SVG drawing" if start.startswith((b"<svg", b"<?xml")) and b"<svg" in content[:4096] else ""
