"""Forged trees: no changed leaf, proof, index, size or root convinces, and junk is answered with no."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rakkan.registry.rules.tree import (
    EMPTY_ROOT,
    Tree,
    leaf_hash,
    leaf_hashes,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

GREATEST = 130


def _leaves(count: int) -> bytes:
    return leaf_hashes(index.to_bytes(2) for index in range(count))


@pytest.fixture(scope="module")
def tree() -> Tree:
    return Tree(_leaves(GREATEST))


def _flipped(content: bytes, bit: int) -> bytes:
    at = bit % (8 * len(content))
    return content[: at // 8] + bytes([content[at // 8] ^ 1 << at % 8]) + content[at // 8 + 1 :]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_changed_inclusion_proof_convinces_nobody(tree: Tree, data: st.DataObject) -> None:
    size = data.draw(st.integers(1, GREATEST))
    index = data.draw(st.integers(0, size - 1))
    bit = data.draw(st.integers(0, 10_000))
    leaf, proof, root = tree.leaf(index), tree.inclusion(index, size), tree.root(size)
    for forged in _forged_inclusions(leaf, index, size, proof, root, bit):
        assert not verify_inclusion(*forged)


Inclusion = tuple[bytes, int, int, list[bytes], bytes]


def _forged_inclusions(
    leaf: bytes, index: int, size: int, proof: list[bytes], root: bytes, bit: int
) -> Iterator[Inclusion]:
    yield _flipped(leaf, bit), index, size, proof, root
    yield leaf, index, size, proof, _flipped(root, bit)
    yield leaf, index, size, [*proof, _flipped(root, bit)], root
    yield leaf, size, size, proof, root
    yield leaf, index - size, size, proof, root
    yield leaf, index, index, proof, root
    if proof:
        at = bit % len(proof)
        yield leaf, index, size, [*proof[:at], _flipped(proof[at], bit), *proof[at + 1 :]], root
        yield leaf, index, size, [*proof[:at], *proof[at + 1 :]], root
        yield leaf, index, size, [*proof[:at], proof[at], *proof[at:]], root
        yield leaf, index ^ 1, size, proof, root
        yield leaf, index, 2 * size + 1, proof, root
    if len(proof) > 1 and proof[0] != proof[1]:
        yield leaf, index, size, [proof[1], proof[0], *proof[2:]], root


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_changed_consistency_proof_convinces_nobody(tree: Tree, data: st.DataObject) -> None:
    second = data.draw(st.integers(2, GREATEST))
    first = data.draw(st.integers(1, second - 1))
    bit = data.draw(st.integers(0, 10_000))
    old, new, proof = tree.root(first), tree.root(second), tree.consistency(first, second)
    at = bit % len(proof)
    assert not verify_consistency(first, second, _flipped(old, bit), new, proof)
    assert not verify_consistency(first, second, old, _flipped(new, bit), proof)
    assert not verify_consistency(first, second, old, new, [*proof, new])
    assert not verify_consistency(first, second, old, new, [*proof[:at], *proof[at + 1 :]])
    assert not verify_consistency(second, first, new, old, proof)
    assert not verify_consistency(first, first, old, new, proof)
    assert not verify_consistency(first, first, old, old, proof)
    forged = [*proof[:at], _flipped(proof[at], bit), *proof[at + 1 :]]
    assert not verify_consistency(first, second, old, new, forged)


@given(st.data())
def test_a_proof_for_one_size_tells_nothing_of_another(tree: Tree, data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 70))
    other = data.draw(st.integers(1, 70).filter(lambda each: each != size))
    index = data.draw(st.integers(0, min(size, other) - 1))
    assert not verify_inclusion(
        tree.leaf(index), index, size, tree.inclusion(index, other), tree.root(size)
    ) or (tree.inclusion(index, size) == tree.inclusion(index, other))
    assert not verify_inclusion(tree.leaf(index), index, size, tree.inclusion(index, size), tree.root(other))


def test_a_consistency_proof_for_one_size_tells_nothing_of_another(tree: Tree) -> None:
    """Unless both have a path of the same shape: then only the signed head binds the size to the root."""
    for second in range(2, 40):
        for first in range(1, second):
            proof, old, new = tree.consistency(first, second), tree.root(first), tree.root(second)
            for other in range(first + 1, 70):
                if len(tree.consistency(first, other)) != len(proof):
                    assert not verify_consistency(first, other, old, new, proof)


def test_inner_nodes_are_no_leaves(tree: Tree) -> None:
    """Every node above the leaves, offered as leaf hash and as leaf data, at every index."""
    size = 21
    root = tree.root(size)
    nodes = {node for index in range(size) for node in tree.inclusion(index, size)} | {root}
    nodes -= {tree.leaf(index) for index in range(size)}
    for node in nodes:
        for index in range(size):
            proof = tree.inclusion(index, size)
            assert not verify_inclusion(node, index, size, proof, root)
            assert not verify_inclusion(leaf_hash(node), index, size, proof[1:], root)
    left, right = tree.leaf(0), tree.leaf(1)
    assert leaf_hash(left + right) != node_hash(left, right)


def test_nothing_is_doubled() -> None:
    """CVE-2012-2459: an odd tree must not equal the one with its last leaf twice."""
    for size in range(1, 40):
        leaves = _leaves(size)
        assert root_of(leaves) != root_of(leaves + leaves[-32:])


def test_empty_things_prove_nothing() -> None:
    assert not verify_inclusion(b"", 0, 1, [], b"")
    assert not verify_inclusion(b"", 0, 0, [], EMPTY_ROOT)
    assert not verify_inclusion(EMPTY_ROOT, 0, 0, [], EMPTY_ROOT)
    assert not verify_consistency(1, 2, b"", b"", [])
    assert not verify_consistency(0, 0, b"", b"", [])
    assert verify_consistency(0, 0, EMPTY_ROOT, EMPTY_ROOT, [])
    assert not verify_consistency(0, 5, _leaves(1), _leaves(1), [])
    assert not verify_consistency(0, 5, EMPTY_ROOT, _leaves(1), [EMPTY_ROOT])


junk = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=3),
    st.binary(max_size=33),
    st.lists(st.one_of(st.none(), st.binary(max_size=33), st.integers()), max_size=4),
)


@given(junk, junk, junk, junk, junk)
def test_junk_is_answered_with_no(a: object, b: object, c: object, d: object, e: object) -> None:
    assert verify_inclusion(a, b, c, d, e) is False  # type: ignore[arg-type]
    assert verify_consistency(a, b, c, d, e) is False  # type: ignore[arg-type]


def test_absurd_sizes_and_endless_proofs_end_at_once() -> None:
    node = bytes(32)
    assert not verify_inclusion(node, 2**200, 2**201, [node] * 201, node)
    assert not verify_inclusion(node, 0, 2**62, [node] * 1_000_000, node)
    assert not verify_consistency(1, 2**62, node, node, [node] * 1_000_000)
