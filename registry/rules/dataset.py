"""Datasets: training inputs, the lock that lists the items, its root and its subject.

It decides the bytes of leaves and the shape of a lock (``rakkan.dataset-lock/1``). It leaves out
which files of a folder are items, and what any item may be used for.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Final, Self

from rakkan.registry.rules.tree import leaf_hashes, root_of
from rakkan.schemas.canonical import MAX_INTEGER, canonical, parse_strict
from rakkan.schemas.errors import Integrity, Invalid

SCHEMA: Final = "rakkan.dataset-lock/1"
MAX_LOCK: Final = 512 * 1024 * 1024
"""Bytes of a lock that are read: room for two million items."""

_HEX: Final = re.compile(r"[0-9a-f]{64}")
_ROLES: Final = ("train", "regularisation")
_ITEM_KEYS: Final = {"sha256", "path", "bytes", "count", "trainingInput"}


_Bytes = bytes  # the type, where a field is called by its name


@dataclass(frozen=True, slots=True)
class LockItem:
    """One item of a dataset.

    Attributes:
        sha256: Digest of the item's bytes, 32 bytes.
        path: Where it was found, relative, with ``/``; for people, no part of the root.
        bytes: Its size.
        count: How often exactly this item with this training input occurs.
        training_input: Digest of its training input, 32 bytes.
    """

    sha256: _Bytes
    path: str
    bytes: int
    count: int
    training_input: _Bytes

    @property
    def leaf_data(self) -> _Bytes:
        """64 bytes: item ‖ training input."""
        return self.sha256 + self.training_input


@dataclass(frozen=True, slots=True)
class Lock:
    """A dataset, pinned.

    Attributes:
        root: RFC 9162 root over the items, 32 bytes.
        items: Sorted by (sha256, training input), each pair once.
    """

    root: bytes
    items: tuple[LockItem, ...]

    @classmethod
    def of(cls, items: Iterable[LockItem]) -> Self:
        """Sort, collapse exact duplicates (counts add up, the first path stays) and compute the root.

        Raises:
            Invalid: ``lock-item``.
        """
        given = list(items)
        for item in given:
            _check_item(item)
        ordered = sorted(given, key=lambda item: (item.sha256, item.training_input, item.path))
        unique = []
        for _, group in groupby(ordered, key=lambda item: item.leaf_data):
            first, *others = group
            unique.append(
                replace(first, count=sum((i.count for i in others), first.count)) if others else first
            )
        return cls(root_of(leaf_hashes(item.leaf_data for item in unique)), tuple(unique))

    @property
    def subject(self) -> bytes:
        """What contracts know the dataset by; see :func:`subject_of`."""
        return subject_of(len(self.items), self.root)


def subject_of(count: int, root: bytes) -> bytes:
    """sha256(0x02 ‖ uint64 leaf count ‖ root): what contracts know a dataset by.

    Args:
        count: Leaves of the tree, that is items after duplicates collapsed.
        root: 32 bytes.
    """
    return hashlib.sha256(b"\x02" + count.to_bytes(8) + root).digest()


def training_input(caption: str | None, mask: bytes | None, repeats: int, role: str) -> bytes:
    """The digest of everything that is fed to training beside the item's own bytes.

    Args:
        caption: Its text as read, or None.
        mask: sha256 of a loss mask, 32 bytes, or None.
        repeats: How often it is shown in an epoch, at least 1.
        role: ``train`` or ``regularisation``.

    Raises:
        Invalid: ``training-input``, ``not-canonical``, ``record-too-large``.
    """
    if role not in _ROLES or repeats < 1 or (mask is not None and len(mask) != 32):
        raise Invalid(
            "A training input has a role, repeats of 1 or more, and a mask digest of 32 bytes.",
            code="training-input",
        )
    fed = {
        "caption": caption,
        "mask": mask.hex() if mask is not None else None,
        "repeats": repeats,
        "role": role,
    }
    return hashlib.sha256(canonical(fed)).digest()


def lock_document(lock: Lock) -> dict[str, Any]:
    """The JSON value of a lock."""
    return {
        "schema": SCHEMA,
        "root": lock.root.hex(),
        "size": len(lock.items),
        "items": [
            {
                "sha256": item.sha256.hex(),
                "path": item.path,
                "bytes": item.bytes,
                "count": item.count,
                "trainingInput": item.training_input.hex(),
            }
            for item in lock.items
        ],
    }


def parse_lock(content: bytes) -> Lock:
    """Read a lock and compute its root again; unknown fields are passed over.

    Raises:
        Invalid: ``not-json``, ``record-too-large``, ``lock-form``, ``lock-item``, ``lock-order``.
        Integrity: ``lock-root``.
    """
    value = parse_strict(content, limit=MAX_LOCK)
    if (
        not isinstance(value, dict)
        or value.get("schema") != SCHEMA
        or not isinstance(value.get("items"), list)
    ):
        raise Invalid(
            f"This is not a dataset lock ({SCHEMA}).",
            code="lock-form",
            hint="Make one with `rakkan dataset lock`.",
        )
    items = tuple(_read_item(item, index) for index, item in enumerate(value["items"]))
    lock = Lock.of(items)
    if lock.items != items:
        raise Invalid(
            "The items are not sorted, or one of them stands twice.", code="lock-order", pointer="/items"
        )
    if value.get("root") != lock.root.hex() or value.get("size") != len(items):
        raise Integrity(
            "The lock's root or size is not that of its items.",
            code="lock-root",
            pointer="/root",
            hint="It was edited; lock the folder again.",
        )
    return lock


def _read_item(value: object, index: int) -> LockItem:
    if isinstance(value, dict) and value.keys() >= _ITEM_KEYS:
        digests = [value["sha256"], value["trainingInput"]]
        if all(isinstance(each, str) and _HEX.fullmatch(each) for each in digests):
            item, fed = map(bytes.fromhex, digests)
            return LockItem(item, value["path"], value["bytes"], value["count"], fed)
    raise Invalid("An item lacks a field or a digest.", code="lock-form", pointer=f"/items/{index}")


def _check_item(item: LockItem) -> None:
    digests = len(item.sha256) == 32 and len(item.training_input) == 32
    if not digests or not _is_count(item.bytes, 0) or not _is_count(item.count, 1) or not _is_path(item.path):
        raise Invalid(
            f"{str(item.path)[:80]!r} cannot be an item of a dataset.",
            code="lock-item",
            hint="It needs digests of 32 bytes, a size, a count, and a relative path without `..`.",
        )


def _is_count(value: object, least: int) -> bool:
    return type(value) is int and least <= value <= MAX_INTEGER


def _is_path(value: object) -> bool:
    """Whether a path stays below the dataset's folder on every system: a lock may come from strangers."""
    if not isinstance(value, str) or not 0 < len(value) <= 4096 or "\0" in value or "\\" in value:
        return False
    return all(part not in ("", ".", "..") for part in value.split("/")) and value[1:2] != ":"
