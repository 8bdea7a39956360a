"""PNG files taken apart and put together again, as those do who tamper with them."""

from __future__ import annotations

import struct
import zlib
from typing import Final

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
MANIFEST: Final = b"caBX"
Chunk = tuple[bytes, bytes]


def chunks(content: bytes) -> list[Chunk]:
    """Type and bytes of every chunk."""
    found, at = [], len(SIGNATURE)
    while at < len(content):
        (length,) = struct.unpack_from(">I", content, at)
        found.append((content[at + 4 : at + 8], content[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


def png(parts: list[Chunk]) -> bytes:
    """A file of these chunks, each with the checksum that belongs to it."""
    return SIGNATURE + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )


def text_added(content: bytes) -> bytes:
    """With a text chunk before the end, as a generator's record stands there."""
    parts = chunks(content)
    return png([*parts[:-1], (b"tEXt", b"parameters\0a better prompt"), parts[-1]])


def manifest_of(content: bytes) -> bytes:
    """The manifest store."""
    (store,) = [body for kind, body in chunks(content) if kind == MANIFEST]
    return store


def with_manifest(content: bytes, store: bytes) -> bytes:
    """With this manifest store instead of its own, or where its own would stand."""
    parts = [each for each in chunks(content) if each[0] != MANIFEST]
    return png([parts[0], (MANIFEST, store), *parts[1:]])


def pixel_changed(content: bytes) -> bytes:
    """With one bit of one pixel changed, and everything else as it was."""
    parts = chunks(content)
    pixels = bytearray(zlib.decompress(b"".join(body for kind, body in parts if kind == b"IDAT")))
    pixels[len(pixels) // 2 + 5] ^= 1  # not the byte that begins a row and names its filter
    at = next(place for place, (kind, _) in enumerate(parts) if kind == b"IDAT")
    rest = [each for each in parts if each[0] != b"IDAT"]
    return png([*rest[:at], (b"IDAT", zlib.compress(bytes(pixels))), *rest[at:]])


def bomb(side: int = 50_000) -> bytes:
    """A small file that says it is a picture of side × side pixels, and holds the beginning of one."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(3 * side + 1) * 4)
    return png([(b"IHDR", header), (b"IDAT", pixels), (b"IEND", b"")])
