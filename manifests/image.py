"""A picture that may be worked with: its kind, size and digest known, hostile files refused.

It decides the limits and that name, kind and content agree. Size and kind come from the walk of
the file; nothing is decoded here, so a bomb is judged before it can go off. It leaves out pixels
(``rakkan.manifests.fingerprint``) and manifests.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass, field
from pathlib import Path, PurePath, PureWindowsPath
from typing import Final

from rakkan.manifests.container import walk
from rakkan.manifests.errors import UnreadableImage
from rakkan.manifests.formats.part import Container, MediaType, printable
from rakkan.manifests.formats.png import MANIFEST, checksum
from rakkan.schemas.values import Digest

_SUFFIXES: Final[dict[MediaType, tuple[str, ...]]] = {
    "image/png": (".png", ".apng"),
    "image/jpeg": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "image/webp": (".webp",),
}
SUFFIXES: Final = tuple(suffix for suffixes in _SUFFIXES.values() for suffix in suffixes)
"""How names of pictures end that are taken."""
# Names that promise some other kind of content; a name without a known ending promises nothing.
_PICTURES: Final = (
    ".gif",
    ".avif",
    ".heic",
    ".heif",
    ".tif",
    ".tiff",
    ".bmp",
    ".svg",
    ".jxl",
    ".jp2",
    ".ico",
)
PICTURE_SUFFIXES: Final = frozenset((*SUFFIXES, *_PICTURES))
"""How names of pictures end, taken or not."""
_OTHERS: Final = frozenset((*_PICTURES, ".psd", ".pdf", ".html", ".htm", ".js", ".zip", ".mp4", ".webm"))


@dataclass(frozen=True, slots=True)
class Limits:
    """What a single picture may cost.

    Attributes:
        max_bytes: Size of the file, bytes.
        max_pixels: Width × height of one frame.
        max_frames: Frames of an animation.
    """

    max_bytes: int = 256 * 1024 * 1024
    max_pixels: int = 100_000_000
    max_frames: int = 1_000


DEFAULT: Final = Limits()


@dataclass(frozen=True, slots=True)
class CheckedImage:
    """A picture whose file was walked to its last byte.

    Attributes:
        name: The file's own name, without folders; private, never part of a record.
        content: The whole file, untouched.
        media_type: What the bytes are.
        width: Pixels, as the header declares.
        height: Pixels, likewise.
        sha256: Digest of ``content``.
        container: The file's parts, as they were walked; its ``content`` is this one.
    """

    name: str
    content: bytes = field(repr=False)
    media_type: MediaType
    width: int
    height: int
    sha256: Digest
    container: Container = field(repr=False, compare=False)

    @property
    def damage(self) -> UnreadableImage | None:
        """Why its checksums do not fit, if damaged files were asked for; such a file is only good for saying so."""
        unsound = (part for part in self.container.parts if not part.sound and part.kind != MANIFEST)
        return next((checksum(self.name, part) for part in unsound), None)


def check_image(
    content: bytes, name: str, limits: Limits = DEFAULT, *, damaged_too: bool = False
) -> CheckedImage:
    """Judge a picture by its bytes alone.

    Args:
        content: The whole file.
        name: The file's name; only its last part and its ending matter.
        limits: What it may cost.
        damaged_too: Take a file whose parts are all there but whose checksums do not fit: it has
            :attr:`CheckedImage.damage`, and whoever asks for it must look.

    Raises:
        UnreadableImage: ``image-empty``, ``image-too-large``, ``image-unknown``,
            ``image-unsupported``, ``image-extension``, ``image-truncated``, ``image-damaged``,
            ``image-trailing``, ``image-parts``, ``image-pixels``, ``image-frames``; the sentence
            names the file, the hint the fix.
    """
    name = PureWindowsPath(name.replace("\0", "")).name or name  # knows both kinds of slashes
    _check_bytes(len(content), name, limits)
    container = walk(content, name, damaged_too=damaged_too)
    _check_name(name, container.media_type)
    if container.width * container.height > limits.max_pixels:
        raise UnreadableImage(
            f"{printable(name)} declares {container.width} × {container.height} pixels; "
            f"at most {limits.max_pixels} are taken.",
            code="image-pixels",
            hint="Scale it down and use the smaller copy.",
        )
    if container.frames > limits.max_frames:
        raise UnreadableImage(
            f"{printable(name)} has {container.frames} frames; at most {limits.max_frames} are taken.",
            code="image-frames",
            hint="Export a shorter animation.",
        )
    return CheckedImage(
        name=name,
        content=content,
        media_type=container.media_type,
        width=container.width,
        height=container.height,
        sha256=Digest.of(content),
        container=container,
    )


def read_image(path: Path, limits: Limits = DEFAULT, *, damaged_too: bool = False) -> CheckedImage:
    """Read a picture from a file; a file that is too large is refused before it is read.

    Args:
        path: The file.
        limits: What it may cost.
        damaged_too: As for :func:`check_image`.

    Raises:
        UnreadableImage: ``image-missing`` (no such file, or not an ordinary one), and as
            :func:`check_image`.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):  # opening a pipe could wait for ever
            raise UnreadableImage(
                f"{printable(path.name)} is not an ordinary file.",
                code="image-missing",
                hint="Give the path of a PNG, JPEG or WebP file.",
            )
        _check_bytes(found.st_size, path.name, limits)
        with path.open("rb") as file:
            # One byte more than allowed shows a file that grew since it was measured.
            content = file.read(limits.max_bytes + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise UnreadableImage(
            f"{printable(path.name)} cannot be read: {getattr(error, 'strerror', None) or 'no such path'}.",
            code="image-missing",
            hint="Check the path and your rights to it.",
        ) from error
    return check_image(content, path.name, limits, damaged_too=damaged_too)


def _check_bytes(size: int, name: str, limits: Limits) -> None:
    if size > limits.max_bytes:
        raise UnreadableImage(
            f"{printable(name)} has more than {limits.max_bytes} bytes.",
            code="image-too-large",
            hint="Scale it down or compress it, and use the smaller copy.",
        )


def _check_name(name: str, media_type: MediaType) -> None:
    suffix = PurePath(name).suffix.lower()
    right = _SUFFIXES[media_type]
    named_otherwise = suffix in _OTHERS or any(
        suffix in suffixes for kind, suffixes in _SUFFIXES.items() if kind != media_type
    )
    if named_otherwise:
        raise UnreadableImage(
            f"{printable(name)} is called {suffix}, but its content is {media_type}.",
            code="image-extension",
            hint=f"Rename it to end in {right[0]}.",
        )
