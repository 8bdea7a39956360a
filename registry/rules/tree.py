"""Merkle trees as RFC 9162 §2.1 has them, over SHA-256: roots, inclusion and consistency proofs.

It decides how 32-byte leaf hashes become a root, and whether a proof convinces. The log, datasets,
findings and reliance all use it. It leaves out what a leaf says: each caller fixes its own leaf data.
Only roots of complete subtrees are kept, in one buffer per level; they never change as the tree
grows, so every size that ever was can still be proven.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

from rakkan.schemas.errors import Invalid

WIDTH: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
"""Root of the tree without leaves."""

_MAX_SIZE: Final = 2**63  # sizes are uint64 on chain; beyond this nothing honest exists


def leaf_hash(data: bytes) -> bytes:
    """SHA-256 of 0x00 and the leaf data; the prefix keeps leaves and nodes apart."""
    return hashlib.sha256(b"\0" + data).digest()


def leaf_hashes(leaf_data: Iterable[bytes]) -> bytes:
    """Leaf hashes of many leaves, n x 32 bytes in one buffer."""
    sha256 = hashlib.sha256
    return b"".join([sha256(b"\0" + data).digest() for data in leaf_data])


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 of 0x01 and the two children."""
    return hashlib.sha256(b"\1" + left + right).digest()


def root_of(leaf_hashes: bytes) -> bytes:
    """The root over all leaves, without keeping the tree.

    Args:
        leaf_hashes: n x 32 bytes; a million leaves take well under 3 s.

    Raises:
        Invalid: ``tree-leaves``.
    """
    _check_width(leaf_hashes)
    if not leaf_hashes:
        return EMPTY_ROOT
    level = bytes(leaf_hashes)
    while len(level) > WIDTH:
        # The last node of an odd level rises as it is: nothing is doubled (CVE-2012-2459).
        whole = len(level) - len(level) % (2 * WIDTH)
        level = _parents(level[:whole]) + level[whole:]
    return level


class Tree:
    """A growing tree that can prove any of its past sizes."""

    def __init__(self, leaf_hashes: bytes = b"") -> None:
        self._levels: list[bytearray] = [bytearray()]
        self.extend(leaf_hashes)

    @property
    def size(self) -> int:
        """Number of leaves."""
        return len(self._levels[0]) // WIDTH

    def extend(self, leaf_hashes: bytes) -> None:
        """Append leaves; only new complete subtrees are hashed.

        Args:
            leaf_hashes: n x 32 bytes.

        Raises:
            Invalid: ``tree-leaves``; the tree is then as it was.
        """
        _check_width(leaf_hashes)
        self._levels[0] += leaf_hashes
        height = 0
        while True:
            below = self._levels[height]
            known = len(self._levels[height + 1]) if height + 1 < len(self._levels) else 0
            whole = len(below) - len(below) % (2 * WIDTH)
            if whole == 2 * known:
                return
            if height + 1 == len(self._levels):
                self._levels.append(bytearray())
            self._levels[height + 1] += _parents(bytes(below[2 * known : whole]))
            height += 1

    def leaf(self, index: int) -> bytes:
        """The leaf hash at this index.

        Raises:
            Invalid: ``tree-index``.
        """
        self._check_index(index, self.size)
        return self._node(0, index)

    def root(self, size: int | None = None) -> bytes:
        """The root of the first ``size`` leaves, or of all.

        Raises:
            Invalid: ``tree-size``.
        """
        size = self._check_size(size)
        return self._range(0, size) if size else EMPTY_ROOT

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """PATH(index, D[size]) of RFC 9162 §2.1.3.1, lowest sibling first.

        Raises:
            Invalid: ``tree-size``, ``tree-index``.
        """
        size = self._check_size(size)
        self._check_index(index, size)
        return self._path(0, index, size)

    def consistency(self, first: int, second: int | None = None) -> list[bytes]:
        """PROOF(first, D[second]) of RFC 9162 §2.1.4.1; empty from size 0 and between equal sizes.

        Raises:
            Invalid: ``tree-size``, also when ``first`` is greater than ``second``.
        """
        second = self._check_size(second)
        if not 0 <= first <= second:
            raise Invalid(f"No tree of {first} leaves comes before one of {second}.", code="tree-size")
        if first in (0, second):
            return []
        height = (first & -first).bit_length() - 1  # the last complete subtree of the older tree
        index = (first - 1) >> height
        # When that subtree is the whole older tree, the verifier already holds its root.
        start = [self._node(height, index)] if index else []
        return start + self._path(height, index, second)

    def _path(self, height: int, index: int, size: int) -> list[bytes]:
        path, last = [], (size - 1) >> height
        while last:
            if index & 1:
                path.append(self._node(height, index - 1))
            elif index < last:
                start = (index + 1) << height
                path.append(self._range(start, min(start + (1 << height), size)))
            index, last, height = index >> 1, last >> 1, height + 1
        return path

    def _range(self, start: int, end: int) -> bytes:
        """Root of leaves start to end; start is a multiple of a power of two not below the length."""
        root = b""
        while end > start:
            width = (end - start) & (start - end)  # the smallest complete subtree ends the range
            height = width.bit_length() - 1
            end -= width
            node = self._node(height, end >> height)
            root = node_hash(node, root) if root else node
        return root

    def _node(self, height: int, index: int) -> bytes:
        return bytes(self._levels[height][index * WIDTH : (index + 1) * WIDTH])

    def _check_size(self, size: int | None) -> int:
        if size is None:
            return self.size
        if not 0 <= size <= self.size:
            raise Invalid(f"This tree has {self.size} leaves, not {size}.", code="tree-size")
        return size

    @staticmethod
    def _check_index(index: int, size: int) -> None:
        if not 0 <= index < size:
            raise Invalid(f"A tree of {size} leaves has no leaf {index}.", code="tree-index")


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the leaf hash stands at this index of the tree with this size and root (RFC 9162 §2.1.3.2).

    Never raises: whatever has not the right form proves nothing. Lengths are checked before anything
    is hashed, because an "empty leaf" under an "empty root" has convinced verifiers.
    """
    path = _hashes(proof)
    if path is None or _hashes([leaf, root]) is None or not _are_sizes(index, size) or index >= size:
        return False
    node, last = leaf, size - 1
    for sibling in path:
        if not last:
            return False
        if index & 1 or index == last:
            node = node_hash(sibling, node)
            index, last = _rise(index, last)
        else:
            node = node_hash(node, sibling)
        index, last = index >> 1, last >> 1
    return not last and node == root


def verify_consistency(
    first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether the greater tree begins with all leaves of the smaller one (RFC 9162 §2.1.4.2).

    Never raises. The empty tree comes before every tree, with an empty proof.
    """
    path = _hashes(proof)
    if path is None or _hashes([first_root, second_root]) is None or not _are_sizes(first, second):
        return False
    if first > second or (first == 0 and first_root != EMPTY_ROOT):
        return False
    if first == second:
        return not path and first_root == second_root
    if first == 0:
        return not path
    if first & (first - 1) == 0:
        path = [first_root, *path]
    if not path:
        return False
    height = (first & -first).bit_length() - 1
    index, last = (first - 1) >> height, (second - 1) >> height
    older = newer = path[0]
    for node in path[1:]:
        if not last:
            return False
        if index & 1 or index == last:
            older, newer = node_hash(node, older), node_hash(node, newer)
            index, last = _rise(index, last)
        else:
            newer = node_hash(newer, node)
        index, last = index >> 1, last >> 1
    return not last and older == first_root and newer == second_root


def _rise(index: int, last: int) -> tuple[int, int]:
    """Skip the levels where a last node without sibling rises as it is."""
    while index and not index & 1:
        index, last = index >> 1, last >> 1
    return index, last


def _parents(level: bytes) -> bytes:
    sha256, step = hashlib.sha256, 2 * WIDTH
    return b"".join([sha256(b"\1" + level[at : at + step]).digest() for at in range(0, len(level), step)])


def _check_width(leaf_hashes: bytes) -> None:
    if len(leaf_hashes) % WIDTH:
        raise Invalid(f"Leaf hashes have {WIDTH} bytes each.", code="tree-leaves")


def _hashes(values: object) -> list[bytes] | None:
    """The values as a list if they are 32-byte strings, at most 2 x 64 of them."""
    if not isinstance(values, (list, tuple)) or len(values) > 2 * 64:
        return None
    if not all(isinstance(value, bytes) and len(value) == WIDTH for value in values):
        return None
    return list(values)


def _are_sizes(*values: object) -> bool:
    return all(type(value) is int and 0 <= value < _MAX_SIZE for value in values)
