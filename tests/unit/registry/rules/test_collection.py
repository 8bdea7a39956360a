"""Collections: one root over sorted members, recomputed from their blocks, and nothing else taken."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rakkan.registry.rules.collection import (
    BLOCK_LEAVES,
    WIDTH,
    collect,
    collection_digest,
    leaf_of,
    members_of,
)
from rakkan.schemas.consent import Collection
from rakkan.schemas.errors import Invalid
from rakkan.schemas.statement import Link
from rakkan.schemas.values import DIGEST_KINDS, RAW, Cid, Digest

WORKS = [Digest.of(b"work %d" % number) for number in range(5)]
KINDS = ("sha256", "c2paClaim", "c2paHardBinding", "autov3", "datasetRoot")
digests = st.builds(Digest, st.sampled_from(KINDS), st.binary(min_size=32, max_size=32))


def root_of(leaves: list[bytes]) -> bytes:
    """The root by the words of RFC 9162 §2.1.1, as slowly as they are written."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root_of(leaves[:split]) + root_of(leaves[split:])).digest()


@given(st.lists(digests, min_size=1, max_size=40))
@settings(max_examples=50, deadline=None)
def test_a_collection_gives_its_members_back(works: list[Digest]) -> None:
    made = collect(works + works[:3])
    assert set(members_of(made.collection, made.blocks)) == set(works)
    leaves = sorted(bytes([DIGEST_KINDS.index(each.kind)]) + each.raw for each in set(works))
    assert made.collection.root == root_of(leaves).hex()
    assert made.collection.count == len(leaves)
    preimage = b"\3" + len(leaves).to_bytes(8, "big") + root_of(leaves)
    assert made.subject.digests == (Digest("collectionRoot", hashlib.sha256(preimage).digest()),)
    assert collection_digest(len(leaves), root_of(leaves)) == made.subject.digests[0]


def test_blocks_have_at_most_a_mebibyte() -> None:
    made = collect(Digest.of(number.to_bytes(4)) for number in range(BLOCK_LEAVES + 1))
    assert [len(block) for block in made.blocks] == [BLOCK_LEAVES * WIDTH, WIDTH]
    assert BLOCK_LEAVES * WIDTH <= 1 << 20 < (BLOCK_LEAVES + 1) * WIDTH
    assert len(members_of(made.collection, made.blocks)) == BLOCK_LEAVES + 1


def test_only_works_are_members() -> None:
    for kind in ("collectionRoot", "actor", "record"):
        with pytest.raises(Invalid) as error:
            collect([Digest(kind, bytes(32))])
        assert error.value.code == "collection-kind"
    with pytest.raises(Invalid) as error:
        collect([])
    assert error.value.code == "collection-empty"


def stated(*blocks: bytes, count: int | None = None, root: bytes | None = None) -> Collection:
    """A collection that says exactly what these blocks give, unless told otherwise."""
    joined = b"".join(blocks)
    leaves = [joined[at : at + WIDTH] for at in range(0, len(joined), WIDTH)]
    return Collection(
        count=len(leaves) if count is None else count,
        root=(root_of(leaves) if root is None else root).hex(),
        members=tuple(Link.to(Cid.of(block, RAW)) for block in blocks),
    )


LEAVES = sorted(map(leaf_of, WORKS))
GOOD = b"".join(LEAVES)
BROKEN = {
    "unsorted": (stated(b"".join(LEAVES[::-1])), [b"".join(LEAVES[::-1])], "collection-form"),
    "twice": (stated(LEAVES[0] * 2), [LEAVES[0] * 2], "collection-form"),
    "half a leaf": (stated(GOOD[:-1]), [GOOD[:-1]], "collection-form"),
    "an empty block": (stated(GOOD, b""), [GOOD, b""], "collection-form"),
    "one less": (stated(GOOD, count=4), [GOOD], "collection-count"),
    "one more": (stated(GOOD, count=6), [GOOD], "collection-count"),
    "another root": (stated(GOOD, root=bytes(32)), [GOOD], "collection-root"),
    "another kind": (stated(b"\7" + bytes(32)), [b"\7" + bytes(32)], "collection-kind"),
    "no kind": (stated(b"\xff" + bytes(32)), [b"\xff" + bytes(32)], "collection-kind"),
    "no blocks": (stated(GOOD), [], "collection-blocks"),
    "other blocks": (stated(GOOD), [LEAVES[0]], "collection-blocks"),
    "in another order": (
        stated(LEAVES[0], GOOD[WIDTH:]),
        [GOOD[WIDTH:], LEAVES[0]],
        "collection-blocks",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_does_not_give_the_collection_is_refused(name: str) -> None:
    collection, blocks, code = BROKEN[name]
    with pytest.raises(Invalid) as error:
        members_of(collection, blocks)
    assert error.value.code == code
    assert error.value.pointer.startswith("/predicate/collection/")


def test_one_bit_anywhere_is_refused() -> None:
    made = collect(WORKS)
    for place in range(len(GOOD)):
        changed = bytearray(GOOD)
        changed[place] ^= 1
        with pytest.raises(Invalid):
            members_of(made.collection, [bytes(changed)])
        again = stated(bytes(changed), root=bytes.fromhex(made.collection.root))
        with pytest.raises(Invalid):
            members_of(again, [bytes(changed)])
