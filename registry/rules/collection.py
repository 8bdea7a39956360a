"""Collections: the works of one consent as a tree, and the blocks that list them.

It decides the leaves, their order, and whether blocks give the collection that a consent names. It leaves
out where blocks are kept. Leaf data is the code of the digest's kind (its place in ``DIGEST_KINDS``) in one
byte and the digest, 33 bytes; leaves are sorted and unique.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from rakkan.registry.rules.tree import Tree, leaf_hash, leaf_hashes, root_of, verify_inclusion
from rakkan.schemas.consent import Collection
from rakkan.schemas.errors import Invalid
from rakkan.schemas.statement import Link, Subject
from rakkan.schemas.values import DIGEST_KINDS, RAW, Cid, Digest

WIDTH: Final = 33
BLOCK_LEAVES: Final = (1 << 20) // WIDTH
"""Leaves in one block of at most 1 MiB."""

_MEMBER_KINDS: Final = ("sha256", "c2paClaim", "c2paHardBinding", "autov3", "datasetRoot")
_CODES: Final = {kind: bytes([DIGEST_KINDS.index(kind)]) for kind in _MEMBER_KINDS}
_KINDS: Final = {code[0]: kind for kind, code in _CODES.items()}


@dataclass(frozen=True, slots=True)
class Gathered:
    """A collection made from digests.

    Attributes:
        collection: What the consent says of it.
        blocks: The raw blocks that list its members, in order.
    """

    collection: Collection
    blocks: tuple[bytes, ...]

    @property
    def subject(self) -> Subject:
        """The subject of a consent about it."""
        digest = collection_digest(self.collection.count, bytes.fromhex(self.collection.root))
        return Subject(name="collection", digest={digest.kind: digest.hex})


def leaf_of(digest: Digest) -> bytes:
    """The leaf data of one work.

    Raises:
        Invalid: ``collection-kind``.
    """
    code = _CODES.get(digest.kind)
    if code is None:
        raise Invalid(
            f"A collection holds works, and {digest.kind} names none.",
            code="collection-kind",
            hint=f"Use {', '.join(_MEMBER_KINDS)}.",
        )
    return code + digest.raw


def collect(digests: Iterable[Digest]) -> Gathered:
    """The collection of these works; each counts once.

    Raises:
        Invalid: ``collection-kind``, ``shape`` (none, or too many).
    """
    leaves = sorted({leaf_of(digest) for digest in digests})
    if not leaves:
        raise Invalid("A collection without works grants nothing.", code="collection-empty")
    joined = [b"".join(leaves[at : at + BLOCK_LEAVES]) for at in range(0, len(leaves), BLOCK_LEAVES)]
    collection = Collection(
        count=len(leaves),
        root=root_of(leaf_hashes(leaves)).hex(),
        members=tuple(Link.to(Cid.of(block, RAW)) for block in joined),
    )
    return Gathered(collection, tuple(joined))


def collection_digest(count: int, root: bytes) -> Digest:
    """The digest that stands for a collection: sha256(0x03 ‖ count (8) ‖ root)."""
    return Digest("collectionRoot", hashlib.sha256(b"\3" + count.to_bytes(8) + root).digest())


def members_of(collection: Collection, blocks: Sequence[bytes]) -> list[Digest]:
    """The works of a collection, recomputed from its blocks.

    Args:
        collection: What the consent says.
        blocks: The blocks that it links, in order.

    Raises:
        Invalid: ``collection-blocks`` (others than are linked), ``collection-form`` (not whole leaves,
            not in order, one twice), ``collection-kind``, ``collection-count``, ``collection-root``.
    """
    if [Cid.of(block, RAW) for block in blocks] != [link.cid for link in collection.members]:
        raise _wrong("The blocks are not the ones that the consent links.", "collection-blocks", "members")
    if any(not block or len(block) % WIDTH or len(block) > BLOCK_LEAVES * WIDTH for block in blocks):
        raise _wrong("A block does not hold whole leaves.", "collection-form", "members")
    joined = b"".join(blocks)
    leaves = [joined[at : at + WIDTH] for at in range(0, len(joined), WIDTH)]
    if any(left >= right for left, right in pairwise(leaves)):
        raise _wrong("The members are not sorted, or one stands twice.", "collection-form", "members")
    if len(leaves) != collection.count:
        raise _wrong(f"The blocks list {len(leaves)} works.", "collection-count", "count")
    if root_of(leaf_hashes(leaves)).hex() != collection.root:
        raise _wrong("The members do not give the root.", "collection-root", "root")
    if any(leaf[0] not in _KINDS for leaf in leaves):
        raise _wrong("A member is of a kind that names no work.", "collection-kind", "members")
    return [Digest(_KINDS[leaf[0]], leaf[1:]) for leaf in leaves]


def inclusion(collection: Collection, blocks: Sequence[bytes], digest: Digest) -> tuple[int, list[bytes]]:
    """Where one work stands in a collection, and the proof of it.

    Raises:
        Invalid: As :func:`members_of`; ``collection-member``, if it is none.
    """
    works = members_of(collection, blocks)
    leaves = [leaf_of(work) for work in works]
    place = bisect_left(leaves, leaf_of(digest))
    if place == len(leaves) or works[place] != digest:
        raise Invalid("This work is none of the collection.", code="collection-member")
    return place, Tree(leaf_hashes(leaves)).inclusion(place)


def is_member(collection: Collection, digest: Digest, index: int, proof: Sequence[bytes]) -> bool:
    """Whether a proof shows that a collection holds this work."""
    if digest.kind not in _CODES:
        return False
    leaf, root = leaf_hash(leaf_of(digest)), bytes.fromhex(collection.root)
    return verify_inclusion(leaf, index, collection.count, proof, root)


def _wrong(message: str, code: str, field: str) -> Invalid:
    return Invalid(
        message,
        code=code,
        pointer=f"/predicate/collection/{field}",
        hint="Make the collection anew from its works.",
    )
