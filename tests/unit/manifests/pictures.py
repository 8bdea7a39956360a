"""Pictures for tests: rendered samples, tiny files built chunk by chunk, and ways to spoil them."""

from __future__ import annotations

import struct
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from rakkan.manifests.samples import render_samples

C2PA_UUID = bytes.fromhex("6332706100110010800000aa00389b71")


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    folder = tempfile.TemporaryDirectory(prefix="rakkan-samples-")
    render_samples(Path(folder.name))
    return folder


def rendered(name: str) -> bytes:
    """A rendered sample's bytes; drawn once per run."""
    return (Path(_folder().name) / name).read_bytes()


SAMPLES = ("dawn-ridges.png", "paper-lanterns.png", "agate.jpg", "aurora.webp", "dusk-ridges.png")


def scene(size: tuple[int, int] = (48, 32), mode: str = "RGB") -> Image.Image:
    """A small picture with some shape in it."""
    plane = Image.radial_gradient("L").resize(size)
    coloured = ImageOps.colorize(plane, (20, 40, 90), (250, 180, 90))
    coloured.paste((10, 200, 120), (size[0] // 4, size[1] // 3, size[0] // 2, size[1] // 2))
    return coloured.convert(mode)


def encoded(form: str, picture: Image.Image | None = None, **options: Any) -> bytes:
    """A picture in PNG, JPEG or WEBP."""
    content = BytesIO()
    (picture or scene()).save(content, form, **options)
    return content.getvalue()


def chunk(kind: bytes, payload: bytes) -> bytes:
    """A PNG chunk with the right CRC."""
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", zlib.crc32(kind + payload))


def png_with(*chunks: bytes, content: bytes | None = None) -> bytes:
    """A PNG with these chunks right after IHDR."""
    content = content if content is not None else encoded("PNG")
    return content[:33] + b"".join(chunks) + content[33:]


def ihdr(width: int, height: int, depth: int = 8, colour: int = 2) -> bytes:
    """An IHDR chunk."""
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))


def bare_png(width: int, height: int, *, pixels: bytes = b"") -> bytes:
    """A PNG that declares a size and has whatever pixels are given."""
    content = b"\x89PNG\r\n\x1a\n" + ihdr(width, height)
    return content + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


def text_png(**texts: str) -> bytes:
    """A PNG with tEXt (or, beyond Latin-1, iTXt) chunks, as generators write them."""
    chunks = []
    for keyword, text in texts.items():
        if text.isascii():
            chunks.append(chunk(b"tEXt", keyword.encode() + b"\0" + text.encode()))
        else:
            chunks.append(
                chunk(b"iTXt", keyword.encode() + b"\0\0\0\0\0" + text.encode("utf-8", "surrogatepass"))
            )
    return png_with(*chunks)


def store(filler: int = 40) -> bytes:
    """What a C2PA manifest store looks like from outside: a JUMBF superbox with the C2PA type."""
    description = C2PA_UUID + b"\x03c2pa\0"
    description = struct.pack(">I4s", 8 + len(description), b"jumd") + description
    content = description + bytes(index * 7 & 0xFF for index in range(filler))
    return struct.pack(">I4s", 8 + len(content), b"jumb") + content


def app11(box: bytes, *, size: int = 1000, instance: int = 1, header: int = 8) -> list[bytes]:
    """A box as JPEG XT segments: common identifier, instance, sequence, the box header repeated."""
    pieces = [box[header:][at : at + size] for at in range(0, len(box) - header, size)]
    segments = []
    for number, piece in enumerate(pieces, start=1):
        payload = struct.pack(">2sHI", b"JP", instance, number) + box[:header] + piece
        segments.append(b"\xff\xeb" + struct.pack(">H", len(payload) + 2) + payload)
    return segments


def jpeg_with(segments: Sequence[bytes], content: bytes | None = None) -> bytes:
    """A JPEG with these segments right after SOI."""
    content = content if content is not None else encoded("JPEG")
    return content[:2] + b"".join(segments) + content[2:]


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    """A WebP file of these chunks."""
    body = b"WEBP"
    for kind, payload in chunks:
        body += kind + struct.pack("<I", len(payload)) + payload + b"\0" * (len(payload) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_chunks(content: bytes) -> list[tuple[bytes, bytes]]:
    """The chunks of a WebP file."""
    found, position = [], 12
    while position < len(content):
        kind, length = struct.unpack_from("<4sI", content, position)
        found.append((kind, content[position + 8 : position + 8 + length]))
        position += 8 + length + length % 2
    return found


def flips(content: bytes, *, step: int = 1) -> Iterator[tuple[int, bytes]]:
    """The content with one bit turned, at every ``step``-th bit."""
    for bit in range(0, len(content) * 8, step):
        spoiled = bytearray(content)
        spoiled[bit // 8] ^= 1 << bit % 8
        yield bit // 8, bytes(spoiled)
