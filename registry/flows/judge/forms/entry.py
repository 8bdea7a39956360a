"""Entries: one picture of a dataset with what is fed to training beside it, whatever form the dataset came in.

It decides what an entry is, how a caption beside a picture is read, and that nothing outside the dataset is
touched: who hands in a dataset does not choose which files of the machine are read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final, Literal

from rakkan.manifests.image import PICTURE_SUFFIXES, CheckedImage, read_image
from rakkan.schemas.errors import DomainError, Invalid

Role = Literal["train", "regularisation"]

CAPTION_BYTES: Final = 32 * 1024
_COPY: Final = "Copy here what it leads to."


@dataclass(frozen=True, slots=True)
class Entry:
    """One picture.

    Attributes:
        path: Where it was found, relative, with ``/``.
        sha256: Of its bytes, 32 bytes.
        size: Of its bytes.
        caption: What is fed with it, or None.
        repeats: How often it is shown in an epoch.
        role: For what.
        mask: sha256 of a loss mask or conditioning picture, 32 bytes, or None.
    """

    path: str
    sha256: bytes
    size: int
    caption: str | None = None
    repeats: int = 1
    role: Role = "train"
    mask: bytes | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that should be an entry, and why it is none."""

    path: str
    error: DomainError


Read = Iterator[Entry | Refusal]


def pictures_below(folder: Path, *, deep: bool = True) -> list[Path]:
    """What a trainer could read there, sorted: also what is no file just now, and links to folders."""
    found = folder.rglob("*") if deep else folder.iterdir()
    return sorted(each for each in found if _could_be_trained_on(each))


def read_inside(path: Path, base: Path) -> CheckedImage:
    """A picture that lies in the dataset.

    Args:
        path: The file.
        base: The dataset's folder, resolved.

    Raises:
        Invalid: ``dataset-link``, if it is a link out of it or to a folder; and as ``read_image``.
    """
    check_inside(path, base)
    return read_image(path)


def check_inside(path: Path, base: Path) -> None:
    """Raise Invalid (``dataset-link``) if a file is not below the dataset's folder, wherever links lead."""
    if path.is_symlink() and path.is_dir():
        raise Invalid(f"{path.name} is a link to a folder.", code="dataset-link", hint=_COPY)
    if not path.resolve().is_relative_to(base):
        raise Invalid(f"{path.name} leads out of the dataset's folder.", code="dataset-link", hint=_COPY)


def caption_beside(image: Path, base: Path, suffix: str = ".txt") -> str | None:
    """The caption in the file of the same name.

    Raises:
        Invalid: ``caption-too-large``, ``caption-encoding``, ``caption-unreadable``, ``dataset-link``.
    """
    path = image.with_suffix(suffix)
    if not path.exists():
        return None
    check_inside(path, base)
    try:
        content = path.read_bytes() if path.is_file() else b""
    except OSError as error:
        raise Invalid(
            f"The caption {path.name} cannot be read: {error.strerror}.", code="caption-unreadable"
        ) from error
    return read_caption(content, path.name)


def read_caption(content: bytes, name: str) -> str:
    """A caption's text, without the space around it."""
    if len(content) > CAPTION_BYTES:
        raise Invalid(f"The caption {name} is larger than {CAPTION_BYTES} bytes.", code="caption-too-large")
    try:
        return content.decode("utf-8").strip()
    except UnicodeDecodeError as error:
        raise Invalid(f"The caption {name} is not UTF-8.", code="caption-encoding") from error


def below(base: Path, name: object, what: str) -> Path:
    """The file or folder that a dataset's own document names.

    Raises:
        Invalid: ``dataset-path``, if it is absolute, climbs out, or is no name at all.
    """
    if not isinstance(name, str) or not name or "\0" in name:
        raise Invalid(f"{what} is not a path.", code="dataset-path", hint="Write a path below the dataset.")
    pure = PurePosixPath(name.replace("\\", "/"))
    if pure.is_absolute() or ".." in pure.parts or name[1:2] == ":":
        raise Invalid(
            f"{what} names {name[:80]!r}, which is not below the dataset's folder.",
            code="dataset-path",
            hint="Use a path relative to the document, without `..`.",
        )
    return base / pure


def _could_be_trained_on(path: Path) -> bool:
    return path.is_symlink() if path.is_dir() else path.suffix.lower() in PICTURE_SUFFIXES
