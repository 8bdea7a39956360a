"""Where the parts of a picture's file lie: what the walks of PNG, JPEG and WebP hand on.

It decides the values that all three walks share and the sentences for their common faults. It
leaves out the formats themselves and the meaning of any part.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from rakkan.manifests.errors import UnreadableImage

MediaType = Literal["image/png", "image/jpeg", "image/webp"]

MAX_PARTS: Final = 100_000
"""Chunks or segments in one file; libpng's 8 KiB chunks fill 780 MiB before they reach it."""


@dataclass(frozen=True, slots=True)
class Part:
    """One chunk or segment as it lies in the file; all positions are byte offsets, ends exclusive.

    Attributes:
        kind: PNG chunk type (``IDAT``), WebP FourCC (``VP8 ``) or JPEG marker (``APP11``, ``SOF2``).
        start: First byte of its framing (length, FourCC or marker).
        end: End of its framing (after CRC, padding, or the entropy-coded bytes of a scan).
        payload_start: First byte of what it carries.
        payload_end: End of what it carries.
        sound: False if a PNG chunk's CRC does not fit: the manifest's, or any where the walk was asked
            to take damaged files too (else any other misfit refuses the file).
    """

    kind: str
    start: int
    end: int
    payload_start: int
    payload_end: int
    sound: bool = True


@dataclass(frozen=True, slots=True)
class Container:
    """A picture's file, walked from the first byte to the last, nothing left over.

    Attributes:
        content: The whole file.
        media_type: ``image/png``, ``image/jpeg`` or ``image/webp``.
        width: Pixels, as the header declares; nothing was decoded.
        height: Pixels, likewise.
        frames: Frames of an animation, else 1.
        parts: Every part in file order.
    """

    content: bytes
    media_type: MediaType
    width: int
    height: int
    frames: int
    parts: tuple[Part, ...]

    def named(self, *kinds: str) -> Iterator[Part]:
        """The parts of these kinds, in file order."""
        return (part for part in self.parts if part.kind in kinds)

    def payload(self, part: Part) -> bytes:
        """What the part carries."""
        return self.content[part.payload_start : part.payload_end]


def printable(name: str) -> str:
    """A file's name as it may stand in a sentence: no control or direction characters, at most 120 long."""
    shown = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in name[:120])
    return shown or "The picture"


def truncated(name: str, where: str) -> UnreadableImage:
    """The file ends too early (``image-truncated``)."""
    return UnreadableImage(
        f"{printable(name)} ends too early, {where}.",
        code="image-truncated",
        hint="Fetch or export it again; a part of the file is missing.",
    )


def damaged(name: str, what: str) -> UnreadableImage:
    """The file contradicts its format (``image-damaged``)."""
    return UnreadableImage(
        f"{printable(name)} is damaged: {what}.",
        code="image-damaged",
        hint="Fetch or export it again.",
    )


def trailing(name: str, count: int) -> UnreadableImage:
    """Bytes follow the picture's end (``image-trailing``): another file could hide there."""
    return UnreadableImage(
        f"{printable(name)} has {count} bytes after the picture's end.",
        code="image-trailing",
        hint="Open it in an image program and export it again, then use the new file.",
    )


def unsupported(name: str, what: str, hint: str) -> UnreadableImage:
    """A picture, but not one of ours (``image-unsupported``)."""
    return UnreadableImage(f"{printable(name)} {what}.", code="image-unsupported", hint=hint)


def check_count(name: str, parts: int) -> None:
    """Refuse a file that is nothing but framing.

    Raises:
        UnreadableImage: ``image-parts``.
    """
    if parts > MAX_PARTS:
        raise UnreadableImage(
            f"{printable(name)} consists of more than {MAX_PARTS} parts.",
            code="image-parts",
            hint="Export it again with an ordinary image program.",
        )
