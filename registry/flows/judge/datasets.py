"""Locking a folder: which items a dataset has, byte for byte, and its root.

It decides which files are items and what of them is training input. Trees and the lock's shape are in
``rakkan.registry.rules.dataset``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rakkan.manifests.image import PICTURE_SUFFIXES, read_image
from rakkan.registry.rules.dataset import Lock, LockItem, training_input
from rakkan.schemas.errors import DomainError, Invalid, NotFound

_CAPTION_BYTES: Final = 32 * 1024
_COPY: Final = "Copy here what it leads to."


@dataclass(frozen=True, slots=True)
class LockedFolder:
    """A lock, and what did not get into it.

    Attributes:
        lock: The items and their root.
        refused: Files that look like items but are not: (relative path, why).
    """

    lock: Lock
    refused: tuple[tuple[str, DomainError], ...]


def lock_folder(folder: Path, progress: Callable[[str], None] = lambda _: None) -> LockedFolder:
    """Read every image below a folder, with the caption beside it (same name, ``.txt``).

    Exact duplicates (same bytes, same training input) collapse into one item with a count. Whoever trains
    on the folder may read more than we do, so nothing that has a picture's name is passed over in silence:
    links that lead out of the folder, links to folders, and pictures of other kinds are refused.

    Raises:
        NotFound: ``dataset-missing``.
    """
    if not folder.is_dir():
        raise NotFound(
            f"{folder} is not a folder.",
            code="dataset-missing",
            hint="Name the folder that holds the images.",
        )
    base = folder.resolve()
    found: dict[tuple[bytes, bytes], tuple[str, int]] = {}
    counts: Counter[tuple[bytes, bytes]] = Counter()
    refused: list[tuple[str, DomainError]] = []
    for path in sorted(each for each in folder.rglob("*") if _could_be_trained_on(each)):
        relative = path.relative_to(folder).as_posix()
        try:
            if path.is_dir():
                raise Invalid(f"{relative} is a link to a folder.", code="dataset-link", hint=_COPY)
            if not path.resolve().is_relative_to(base):
                raise Invalid(
                    f"{relative} is a link that leads out of the folder.", code="dataset-link", hint=_COPY
                )
            image = read_image(path)
            key = (image.sha256.raw, training_input(_caption(path), None, 1, "train"))
        except DomainError as error:
            refused.append((relative, error))
            continue
        counts[key] += 1
        found.setdefault(key, (relative, len(image.content)))
        progress(relative)
    items = [
        LockItem(sha256=key[0], path=path, bytes=size, count=counts[key], training_input=key[1])
        for key, (path, size) in found.items()
    ]
    return LockedFolder(Lock.of(items), tuple(refused))


def _could_be_trained_on(path: Path) -> bool:
    """Also what is no file just now, such as a link that leads nowhere today."""
    return path.is_symlink() if path.is_dir() else path.suffix.lower() in PICTURE_SUFFIXES


def _caption(image: Path) -> str | None:
    path = image.with_suffix(".txt")
    if not path.exists():
        return None
    try:
        content = path.read_bytes()
        if len(content) > _CAPTION_BYTES:
            raise Invalid(
                f"The caption {path.name} is larger than {_CAPTION_BYTES} bytes.", code="caption-too-large"
            )
        return content.decode("utf-8").strip()
    except UnicodeDecodeError as error:
        raise Invalid(f"The caption {path.name} is not UTF-8.", code="caption-encoding") from error
    except OSError as error:
        raise Invalid(
            f"The caption {path.name} cannot be read: {error.strerror}.", code="caption-unreadable"
        ) from error
