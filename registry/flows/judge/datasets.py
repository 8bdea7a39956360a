"""Locking a dataset: which items it has, byte for byte, and its root, in whatever form it came.

It decides which form a dataset has, and that nothing that could be trained on is passed over in silence. How each
form is read is decided in ``forms``; trees and the lock's shape are ``rakkan.registry.rules.dataset``'s.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from rakkan.registry.flows.judge.forms.entry import Entry, Read, Refusal
from rakkan.registry.flows.judge.forms.folder import is_dreambooth, read_dreambooth, read_folder
from rakkan.registry.flows.judge.forms.imagefolder import document_of, read_imagefolder
from rakkan.registry.flows.judge.forms.kohya import read_kohya
from rakkan.registry.flows.judge.forms.listing import read_listing
from rakkan.registry.flows.judge.forms.webdataset import read_webdataset
from rakkan.registry.rules.dataset import Lock, LockItem, training_input
from rakkan.schemas.errors import DomainError, Invalid, NotFound

FORMS: Final[Mapping[str, Callable[[Path], Read]]] = MappingProxyType(
    {
        "folder": read_folder,
        "dreambooth": read_dreambooth,
        "imagefolder": read_imagefolder,
        "kohya": read_kohya,
        "webdataset": read_webdataset,
        "list": read_listing,
    }
)
"""How datasets come, by name."""

_BY_ENDING: Final = {
    ".toml": "kohya",
    ".tar": "webdataset",
    ".tgz": "webdataset",
    ".gz": "webdataset",
    ".txt": "list",
}


@dataclass(frozen=True, slots=True)
class LockedDataset:
    """A lock, and what did not get into it.

    Attributes:
        form: How the dataset came.
        lock: The items and their root.
        refused: What looks like an item but is none: (relative path, why).
    """

    form: str
    lock: Lock
    refused: tuple[tuple[str, DomainError], ...]


def lock_dataset(
    source: Path, form: str = "", progress: Callable[[str], None] = lambda _: None
) -> LockedDataset:
    """Read every item of a dataset, with what is fed to training beside it.

    Exact duplicates (same bytes, same training input) collapse into one item with a count. Whoever trains
    may read more than we do, so nothing that has a picture's name is passed over in silence: links that lead
    out of the dataset, links to folders, and pictures of other kinds are refused, each by itself.

    Args:
        source: A folder, a kohya TOML, a WebDataset shard, or a list of digests.
        form: One of :data:`FORMS`; empty finds it out.
        progress: Told of each item that was read.

    Raises:
        NotFound: ``dataset-missing``.
        Invalid: ``dataset-form``, and as the form's own document is wrong.
    """
    form = form or form_of(source)
    if form not in FORMS:
        raise _unknown(form)
    if source.is_dir() is (form in ("kohya", "webdataset", "list")):
        raise Invalid(f"{source} cannot be a dataset in the form {form}.", code="dataset-form", hint=_HINT)
    found: dict[tuple[bytes, bytes], tuple[str, int]] = {}
    counts: Counter[tuple[bytes, bytes]] = Counter()
    refused: list[tuple[str, DomainError]] = []
    for each in FORMS[form](source):
        if isinstance(each, Refusal):
            refused.append((each.path, each.error))
            continue
        key = (each.sha256, _fed(each))
        counts[key] += 1
        found.setdefault(key, (each.path, each.size))
        progress(each.path)
    items = [
        LockItem(sha256=key[0], path=path, bytes=size, count=counts[key], training_input=key[1])
        for key, (path, size) in found.items()
    ]
    return LockedDataset(form, Lock.of(items), tuple(refused))


def form_of(source: Path) -> str:
    """The form of a dataset, by what lies there.

    Raises:
        NotFound: ``dataset-missing``.
        Invalid: ``dataset-form``.
    """
    if source.is_dir():
        if document_of(source) is not None:
            return "imagefolder"
        return "dreambooth" if is_dreambooth(source) else "folder"
    if not source.is_file():
        raise NotFound(
            f"{source} is no dataset: there is nothing.",
            code="dataset-missing",
            hint="Name the folder that holds the images, a kohya TOML, a shard, or a list of digests.",
        )
    found = _BY_ENDING.get(source.suffix.lower())
    if found is None:
        raise _unknown(source.suffix)
    return found


_HINT: Final = f"--form is one of {', '.join(FORMS)}."


def _unknown(form: str) -> Invalid:
    return Invalid(f"{form[:40]!r} is no form of a dataset that we read.", code="dataset-form", hint=_HINT)


def _fed(entry: Entry) -> bytes:
    return training_input(entry.caption, entry.mask, entry.repeats, entry.role)
