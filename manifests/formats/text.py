"""The texts that programs leave in a picture's file: PNG text chunks, EXIF, XMP, comments.

It decides how each is decoded and how much text one file may hold. It leaves out what the texts
mean. All of them are hostile: whoever shows one must escape it.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Final

from rakkan.manifests.errors import UnreadableImage
from rakkan.manifests.formats.exif import Exif, read_exif
from rakkan.manifests.formats.part import Container, Part, printable

MAX_TEXT: Final = 8 * 1024 * 1024
"""Bytes of one text, inflated. Workflows that embed small pictures stay below it."""
MAX_ALL_TEXTS: Final = 16 * 1024 * 1024
"""Bytes of all texts of a file together."""

_XMP_JPEG: Final = b"http://ns.adobe.com/xap/1.0/\0"
_EXIF_MARK: Final = b"Exif\0\0"


@dataclass(frozen=True, slots=True)
class Text:
    """One text of a file.

    Attributes:
        place: Where it stands: ``PNG``, ``EXIF``, ``XMP`` or ``COM``.
        keyword: PNG keyword, EXIF tag in hex (``0x010f``), else empty.
        text: Decoded.
    """

    place: str
    keyword: str
    text: str


def texts(container: Container, name: str = "The picture") -> tuple[Text, ...]:
    """Every text of the file, in file order.

    Raises:
        UnreadableImage: ``image-text``, if one cannot be read or is larger than
            :data:`MAX_TEXT`, or all are larger than :data:`MAX_ALL_TEXTS`. A text that cannot be
            read cannot be searched for secrets, so it is not passed over.
    """
    found = [*text_chunks(container, name)]
    exif = exif_of(container)
    if exif is not None:
        found += _exif_texts(exif, name)
    for part in container.named("COM", "APP1", "XMP "):
        payload = container.payload(part)
        if part.kind == "COM":
            found.append(Text("COM", "", _lenient(payload)))
        elif part.kind == "XMP " or payload.startswith(_XMP_JPEG):
            found.append(Text("XMP", "", _lenient(payload.removeprefix(_XMP_JPEG))))
    if sum(len(entry.text) for entry in found) > MAX_ALL_TEXTS:
        raise _too_large(name, "its texts", MAX_ALL_TEXTS)
    return tuple(found)


def text_chunks(container: Container, name: str = "The picture") -> tuple[Text, ...]:
    """PNG's ``tEXt``, ``zTXt``, ``iTXt`` (§11.3.3), and ComfyUI's ``comf`` of animations.

    Raises:
        UnreadableImage: ``image-text``.
    """
    found = []
    total = 0
    for part in container.named("tEXt", "zTXt", "iTXt", "comf"):
        entry = _chunk(container, part, name)
        total += len(entry.text)
        if total > MAX_ALL_TEXTS:  # judged on the way: many small bombs are one large one
            raise _too_large(name, "its texts", MAX_ALL_TEXTS)
        found.append(entry)
    return tuple(found)


def exif_of(container: Container) -> Exif | None:
    """The first EXIF block of the file, or None if there is none that can be read."""
    for part in container.named("APP1", "eXIf", "EXIF"):
        payload = container.payload(part)
        marked = payload.startswith(_EXIF_MARK)
        if part.kind == "APP1" and not marked:
            continue
        return read_exif(payload.removeprefix(_EXIF_MARK))
    return None


def _exif_texts(exif: Exif, name: str) -> list[Text]:
    """Measured before anything is decoded: a small block can hold a gigabyte of overlapping fields."""
    sizes = [len(raw) for raw in exif.tags.values()]
    if max(sizes, default=0) > MAX_TEXT or sum(sizes) > MAX_ALL_TEXTS:
        raise _too_large(name, "its EXIF block", MAX_TEXT)
    return [Text("EXIF", f"0x{tag:04x}", exif.text(tag)) for tag in exif.tags]


def _chunk(container: Container, part: Part, name: str) -> Text:
    keyword, zero, rest = container.payload(part).partition(b"\0")
    if not zero or len(keyword) > 79:
        raise _broken(name, part.kind)
    compressed = part.kind == "zTXt"
    if part.kind == "iTXt":  # compression flag and method, language tag, translated keyword, text
        flag, (_, end, rest) = rest[:1], rest[2:].partition(b"\0")
        _, end_too, rest = rest.partition(b"\0")
        compressed = flag == b"\1"
        if not (end and end_too):
            raise _broken(name, part.kind)
    elif compressed:
        rest = rest[1:]
    if compressed:
        rest = _inflate(rest, name, part.kind)
    if len(rest) > MAX_TEXT:
        raise _too_large(name, f"its {part.kind} chunk", MAX_TEXT)
    return Text("PNG", _lenient(keyword), _lenient(rest))


def _inflate(content: bytes, name: str, kind: str) -> bytes:
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(content, MAX_TEXT + 1)
    except zlib.error:
        raise _broken(name, kind) from None
    if len(text) <= MAX_TEXT and not inflater.eof:
        raise _broken(name, kind)
    return text


def _lenient(content: bytes) -> str:
    """UTF-8 where it is UTF-8, else Latin-1: ``tEXt`` is Latin-1 on paper, and many tools write UTF-8."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _broken(name: str, kind: str) -> UnreadableImage:
    return UnreadableImage(
        f"A {kind} chunk of {printable(name)} cannot be read.",
        code="image-text",
        hint="Export the picture again without its text chunks.",
    )


def _too_large(name: str, what: str, limit: int) -> UnreadableImage:
    return UnreadableImage(
        f"{printable(name)} holds too much text: {what} has more than {limit} bytes.",
        code="image-text",
        hint="Export the picture again without its text chunks.",
    )
