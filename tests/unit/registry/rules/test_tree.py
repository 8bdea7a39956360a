"""Merkle trees against the vectors of Certificate Transparency and a second implementation."""

from __future__ import annotations

import hashlib

import pymerkle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rakkan.registry.rules.tree import (
    Tree,
    leaf_hashes,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from rakkan.schemas.errors import Invalid

# The leaves and roots that the CT reference implementation and all its descendants test with.
CT_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
CT_INCLUSION = {
    (0, 8): "96a296d2 5f083f0a 6b47aaf2",
    (5, 8): "bc1a0643 ca854ea1 d37ee418",
    (2, 3): "fac54203",
    (1, 5): "6e340b9c 5f083f0a bc1a0643",
}
CT_CONSISTENCY = {
    (1, 1): "",
    (1, 8): "96a296d2 5f083f0a 6b47aaf2",
    (6, 8): "0ebc5d34 ca854ea1 d37ee418",
    (2, 5): "5f083f0a bc1a0643",
}
SIZES = range(131)


def _leaves(count: int) -> bytes:
    return leaf_hashes(index.to_bytes(2) for index in range(count))


@pytest.fixture(scope="module")
def tree() -> Tree:
    return Tree(_leaves(SIZES[-1]))


def _beginnings(proof: list[bytes]) -> str:
    return " ".join(node.hex()[:8] for node in proof)


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_certificate_transparency(size: int) -> None:
    leaves = leaf_hashes(CT_LEAVES[:size])
    assert root_of(leaves).hex() == CT_ROOTS[size]
    assert Tree(leaves).root().hex() == CT_ROOTS[size]
    assert Tree(leaf_hashes(CT_LEAVES)).root(size).hex() == CT_ROOTS[size]


def test_proofs_are_those_of_certificate_transparency() -> None:
    tree = Tree(leaf_hashes(CT_LEAVES))
    assert {at: _beginnings(tree.inclusion(*at)) for at in CT_INCLUSION} == CT_INCLUSION
    assert {at: _beginnings(tree.consistency(*at)) for at in CT_CONSISTENCY} == CT_CONSISTENCY


def test_agrees_with_a_second_implementation(tree: Tree) -> None:
    other = pymerkle.InmemoryTree(algorithm="sha256")
    for index in range(70):
        other.append_entry(index.to_bytes(2))
    for size in range(1, 71):
        assert tree.root(size) == other.get_root(size)
        for index in range(0, size, 7):
            # The other one counts from 1 and puts the leaf first.
            assert tree.inclusion(index, size) == other.prove_inclusion(index + 1, size).path[1:]


def test_agrees_with_the_recursive_definitions(tree: Tree) -> None:
    """RFC 9162 §2.1 as it is written: MTH, PATH and SUBPROOF."""
    for size in (1, 2, 3, 7, 8, 9, 31, 64, 65, 130):
        leaves = [tree.leaf(index) for index in range(size)]
        assert tree.root(size) == _mth(leaves)
        for at in range(size):
            assert tree.inclusion(at, size) == _path(at, leaves)
            assert tree.consistency(at + 1, size) == _subproof(at + 1, leaves, complete=True)


def _split(count: int) -> int:
    return 1 << (count - 1).bit_length() - 1


def _mth(leaves: list[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    k = _split(len(leaves))
    return hashlib.sha256(b"\1" + _mth(leaves[:k]) + _mth(leaves[k:])).digest()


def _path(at: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = _split(len(leaves))
    if at < k:
        return [*_path(at, leaves[:k]), _mth(leaves[k:])]
    return [*_path(at - k, leaves[k:]), _mth(leaves[:k])]


def _subproof(first: int, leaves: list[bytes], *, complete: bool) -> list[bytes]:
    if first == len(leaves):
        return [] if complete else [_mth(leaves)]
    k = _split(len(leaves))
    if first <= k:
        return [*_subproof(first, leaves[:k], complete=complete), _mth(leaves[k:])]
    return [*_subproof(first - k, leaves[k:], complete=False), _mth(leaves[:k])]


def test_every_leaf_of_every_size_is_proven(tree: Tree) -> None:
    for size in SIZES:
        root = tree.root(size)
        assert root == root_of(_leaves(size)) == Tree(_leaves(size)).root()
        for index in range(size):
            proof = tree.inclusion(index, size)
            assert verify_inclusion(tree.leaf(index), index, size, proof, root)
            assert len(proof) <= max(0, (size - 1).bit_length())


def test_every_pair_of_sizes_is_proven(tree: Tree) -> None:
    roots = [tree.root(size) for size in SIZES]
    for second in SIZES:
        for first in range(second + 1):
            proof = tree.consistency(first, second)
            assert verify_consistency(first, second, roots[first], roots[second], proof)
            if 0 < first < second:
                assert not verify_consistency(first, second, roots[second], roots[second], proof)
                assert not verify_consistency(first, second, roots[first], roots[first], proof)
                assert not verify_consistency(first, second, roots[first], roots[second], proof[1:])


@given(st.lists(st.integers(0, 9), max_size=12))
def test_growing_in_pieces_gives_the_same_tree(pieces: list[int]) -> None:
    tree, grown = Tree(), b""
    for count in pieces:
        more = hashlib.sha256(grown).digest() * count
        tree.extend(more)
        grown += more
        assert (tree.size, tree.root()) == (len(grown) // 32, root_of(grown))
    assert [tree.inclusion(at) for at in range(tree.size)] == [
        Tree(grown).inclusion(at) for at in range(tree.size)
    ]


def test_a_refused_leaf_leaves_the_tree_as_it_was(tree: Tree) -> None:
    small = Tree(_leaves(5))
    for spoilt in (b"x", bytes(33), bytes(63)):
        with pytest.raises(Invalid) as error:
            small.extend(spoilt)
        assert error.value.code == "tree-leaves"
        with pytest.raises(Invalid):
            root_of(spoilt)
    assert (small.size, small.root()) == (5, tree.root(5))


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda tree: tree.root(132), "tree-size"),
        (lambda tree: tree.root(-1), "tree-size"),
        (lambda tree: tree.inclusion(5, 5), "tree-index"),
        (lambda tree: tree.inclusion(-1), "tree-index"),
        (lambda tree: tree.inclusion(0, 0), "tree-index"),
        (lambda tree: tree.consistency(6, 5), "tree-size"),
        (lambda tree: tree.consistency(-1, 5), "tree-size"),
        (lambda tree: tree.leaf(131), "tree-index"),
    ],
)
def test_what_the_tree_does_not_have_is_refused(tree: Tree, ask: object, code: str) -> None:
    assert callable(ask)
    with pytest.raises(Invalid) as error:
        ask(tree)
    assert error.value.code == code


def test_a_million_leaves_have_one_root_by_both_ways() -> None:
    leaves = hashlib.shake_256(b"leaves").digest(32 * 1_000_000)
    root = root_of(leaves)
    tree = Tree(leaves[: 32 * 999_999])
    tree.extend(leaves[-32:])
    assert tree.root() == root
