"""Membership: that an item is in a dataset, or is not, shown to somebody who has only its root.

It decides the two documents and how a stranger checks them. Presence is an inclusion proof per training
input (RFC 9162 §2.1.3). Absence is two neighbours in a sorted list, the item between them and nothing else: so
it holds only where the list is sorted, which a lock is checked for and a root alone does not show; and it
says "these exact bytes", nothing about likeness. Whoever shows it says both.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from rakkan.registry.rules.dataset import Lock, subject_of
from rakkan.registry.rules.tree import Tree, leaf_hash, leaf_hashes, root_of, verify_inclusion
from rakkan.schemas.errors import Integrity, Invalid, NotFound

PRESENCE: Final = "rakkan.dataset-presence/1"
ABSENCE: Final = "rakkan.dataset-absence/1"
_DIGEST_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Place:
    """One leaf of a dataset, with its inclusion proof.

    Attributes:
        index: Its place in the sorted list.
        leaf: 64 bytes: item ‖ training input.
        proof: Sibling hashes, the lowest first, 32 bytes each.
    """

    index: int
    leaf: bytes
    proof: tuple[bytes, ...]

    def to_json(self) -> dict[str, Any]:
        """The JSON value."""
        return {
            "index": self.index,
            "sha256": self.leaf[:_DIGEST_BYTES].hex(),
            "trainingInput": self.leaf[_DIGEST_BYTES:].hex(),
            "proof": [each.hex() for each in self.proof],
        }


def presence(lock: Lock, item: bytes) -> dict[str, Any]:
    """Show that an item is in a dataset, once for each training input that it has there.

    Args:
        lock: The dataset.
        item: sha256 of the item's bytes.

    Raises:
        NotFound: ``item-absent``.
    """
    start = _position(lock, item)
    found: list[int] = []
    while start + len(found) < len(lock.items) and lock.items[start + len(found)].sha256 == item:
        found.append(start + len(found))
    if not found:
        raise NotFound(
            f"sha256:{item.hex()} is not in this dataset.",
            code="item-absent",
            hint="`rakkan dataset absence` shows that to others.",
        )
    return {**_head(PRESENCE, lock, item), "places": _places(lock, found)}


def absence(lock: Lock, item: bytes) -> dict[str, Any]:
    """Show that an item's exact bytes are not in a dataset: its neighbours on both sides.

    Raises:
        Invalid: ``item-present``.
    """
    after = _position(lock, item)
    if after < len(lock.items) and lock.items[after].sha256 == item:
        raise Invalid(
            f"sha256:{item.hex()} is in this dataset, as {lock.items[after].path}.",
            code="item-present",
            hint="`rakkan dataset proof` shows where.",
        )
    around = [index for index in (after - 1, after) if 0 <= index < len(lock.items)]
    return {**_head(ABSENCE, lock, item), "places": _places(lock, around)}


def check_membership(document: Mapping[str, Any]) -> bool:
    """Whether what :func:`presence` or :func:`absence` showed follows from the root that it names.

    The caller compares that root, and the size, with the dataset that they mean.

    Returns:
        True if the item is in it, False if its exact bytes are not.

    Raises:
        Invalid: ``membership-form``.
        Integrity: ``membership-proof``, if it does not follow.
    """
    try:
        item, root, size = bytes.fromhex(document["item"]), bytes.fromhex(document["root"]), document["size"]
        places = [_read(each) for each in document["places"]]
        kind = document["schema"]
        formed = kind in (PRESENCE, ABSENCE) and type(size) is int and len(item) == len(root) == _DIGEST_BYTES
        formed = formed and (item.hex(), root.hex()) == (
            document["item"],
            document["root"],
        )  # one way to write it
    except (KeyError, TypeError, ValueError) as error:
        raise _malformed() from error
    if not formed:
        raise _malformed()
    proven = all(
        verify_inclusion(leaf_hash(place.leaf), place.index, size, place.proof, root) for place in places
    )
    follows = _present(item, places) if kind == PRESENCE else _between(item, places, size, root)
    if not proven or not follows or document.get("subject") != subject_of(size, root).hex():
        raise Integrity("What is shown does not follow from the root.", code="membership-proof")
    return bool(kind == PRESENCE)


def _present(item: bytes, places: list[Place]) -> bool:
    return bool(places) and all(place.leaf[:_DIGEST_BYTES] == item for place in places)


def _between(item: bytes, places: list[Place], size: int, root: bytes) -> bool:
    """Whether these are the neighbours of where the item would stand, and all of them."""
    before = [place for place in places if place.leaf[:_DIGEST_BYTES] < item]
    after = [place for place in places if place.leaf[:_DIGEST_BYTES] > item]
    if len(before) + len(after) != len(places) or len(before) > 1 or len(after) > 1:
        return False
    if not places:
        return size == 0 and root == root_of(b"")  # nothing else ties the root to what is shown
    if not after:
        return before[0].index == size - 1
    return after[0].index == (before[0].index + 1 if before else 0)


def _position(lock: Lock, item: bytes) -> int:
    return bisect_left(lock.items, item, key=lambda each: each.sha256)


def _places(lock: Lock, indices: list[int]) -> list[dict[str, Any]]:
    tree = Tree(leaf_hashes(each.leaf_data for each in lock.items))
    return [
        Place(index, lock.items[index].leaf_data, tuple(tree.inclusion(index))).to_json() for index in indices
    ]


def _head(schema: str, lock: Lock, item: bytes) -> dict[str, Any]:
    return {
        "schema": schema,
        "item": item.hex(),
        "root": lock.root.hex(),
        "size": len(lock.items),
        "subject": lock.subject.hex(),
    }


def _read(value: Mapping[str, Any]) -> Place:
    leaf = bytes.fromhex(value["sha256"]) + bytes.fromhex(value["trainingInput"])
    if type(value["index"]) is not int or len(leaf) != 2 * _DIGEST_BYTES:
        raise _malformed()
    return Place(value["index"], leaf, tuple(bytes.fromhex(each) for each in value["proof"]))


def _malformed() -> Invalid:
    return Invalid(
        "This shows neither that an item is in a dataset nor that it is not.",
        code="membership-form",
        hint="Make it with `rakkan dataset proof` or `rakkan dataset absence`.",
    )
