"""Locks: the tree's bytes, one order, and strangers' documents."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pymerkle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rakkan.registry.rules.dataset import (
    Lock,
    LockItem,
    lock_document,
    parse_lock,
    subject_of,
    training_input,
)
from rakkan.registry.rules.tree import EMPTY_ROOT
from rakkan.schemas.errors import DomainError, Integrity, Invalid

PLAIN = training_input(None, None, 1, "train")
A, B, C = (bytes([number]) * 32 for number in (1, 2, 3))
ITEMS = (
    LockItem(B, "b.png", 20, 1, PLAIN),
    LockItem(A, "a.png", 10, 1, PLAIN),
    LockItem(C, "sub/c.png", 30, 2, PLAIN),
    LockItem(A, "a2.png", 10, 1, training_input("a cat", None, 1, "train")),
)
LOCK = Lock.of(ITEMS)


def _written(lock: Lock = LOCK, **more: Any) -> bytes:
    return json.dumps({**lock_document(lock), **more}).encode()


def test_a_training_input_has_these_bytes() -> None:
    expected = b'{"caption":null,"mask":null,"repeats":1,"role":"train"}'
    assert hashlib.sha256(expected).digest() == PLAIN
    expected = (
        b'{"caption":"\xe6\xbc\xa2 \\"x\\"","mask":"'
        + b"01" * 32
        + b'","repeats":10,"role":"regularisation"}'
    )
    assert training_input('漢 "x"', A, 10, "regularisation") == hashlib.sha256(expected).digest()


@pytest.mark.parametrize(
    ("caption", "mask", "repeats", "role", "code"),
    [
        (None, None, 0, "train", "training-input"),
        (None, None, 1, "test", "training-input"),
        (None, b"", 1, "train", "training-input"),
        ("\ud800", None, 1, "train", "not-canonical"),
        ("x" * 70_000, None, 1, "train", "record-too-large"),
        (None, None, 2**53, "train", "not-canonical"),
    ],
)
def test_what_is_no_training_input_is_refused(
    caption: str | None, mask: bytes | None, repeats: int, role: str, code: str
) -> None:
    with pytest.raises(Invalid) as error:
        training_input(caption, mask, repeats, role)
    assert error.value.code == code


def test_the_root_is_over_sorted_pairs() -> None:
    other = pymerkle.InmemoryTree(algorithm="sha256")
    for item in sorted(ITEMS, key=lambda each: (each.sha256, each.training_input)):
        other.append_entry(item.sha256 + item.training_input)
    assert LOCK.root == other.get_root()
    assert [item.path for item in LOCK.items[2:]] == ["b.png", "sub/c.png"]
    assert {item.path for item in LOCK.items[:2]} == {"a.png", "a2.png"}


def test_the_subject_on_chain() -> None:
    assert subject_of(4, LOCK.root) == hashlib.sha256(b"\2" + b"\0" * 7 + b"\4" + LOCK.root).digest()
    assert LOCK.subject == subject_of(4, LOCK.root)
    assert subject_of(5, LOCK.root) != LOCK.subject


def test_exact_duplicates_collapse_and_are_counted() -> None:
    more = (*ITEMS, LockItem(B, "0.png", 20, 3, PLAIN))
    lock = Lock.of(more)
    assert (lock.root, len(lock.items)) == (LOCK.root, 4)
    (item,) = [item for item in lock.items if item.sha256 == B]
    assert (item.count, item.path) == (4, "0.png")


@given(st.permutations(ITEMS))
def test_order_does_not_matter(items: list[LockItem]) -> None:
    assert Lock.of(items) == LOCK


def test_the_document_has_this_shape() -> None:
    document = lock_document(Lock.of(ITEMS[:1]))
    assert document == {
        "schema": "rakkan.dataset-lock/1",
        "root": Lock.of(ITEMS[:1]).root.hex(),
        "size": 1,
        "items": [
            {"sha256": "02" * 32, "path": "b.png", "bytes": 20, "count": 1, "trainingInput": PLAIN.hex()},
        ],
    }


def test_a_lock_reads_back() -> None:
    assert parse_lock(_written()) == LOCK
    assert parse_lock(_written(later={"field": 1})) == LOCK
    assert parse_lock(_written(Lock.of([]))) == Lock(EMPTY_ROOT, ())


def _spoilt(change: dict[str, Any], index: int = 0) -> bytes:
    document = lock_document(LOCK)
    document["items"][index].update(change)
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not-json"),
        (b"[]", "lock-form"),
        (b"{}", "lock-form"),
        (_written(schema="rakkan.dataset-lock/2"), "lock-form"),
        (_written(items={}), "lock-form"),
        (_written(items=[1]), "lock-form"),
        (_written(items=[{}]), "lock-form"),
        (_written(root="00" * 32), "lock-root"),
        (_written(root=None), "lock-root"),
        (_written(size=3), "lock-root"),
        (_written(size=4.0), "not-json"),
        (_written(items=list(reversed(lock_document(LOCK)["items"]))), "lock-order"),
        (_written(items=lock_document(LOCK)["items"][:1] * 2), "lock-order"),
        (_spoilt({"sha256": "0" * 64}), "lock-root"),
        (_spoilt({"trainingInput": "0" * 64}), "lock-root"),
        (_spoilt({"sha256": "AA" * 32}), "lock-form"),
        (_spoilt({"sha256": "sha256:" + "aa" * 32}), "lock-form"),
        (_spoilt({"sha256": None}), "lock-form"),
        (_spoilt({"bytes": -1}), "lock-item"),
        (_spoilt({"bytes": "10"}), "lock-item"),
        (_spoilt({"count": 0}), "lock-item"),
        (_spoilt({"count": True}), "lock-item"),
        (_spoilt({"path": 5}), "lock-item"),
        (_spoilt({"path": ""}), "lock-item"),
        (_spoilt({"path": "/etc/passwd"}), "lock-item"),
        (_spoilt({"path": "a/../../b"}), "lock-item"),
        (_spoilt({"path": "a//b"}), "lock-item"),
        (_spoilt({"path": "./a"}), "lock-item"),
        (_spoilt({"path": "..\\b"}), "lock-item"),
        (_spoilt({"path": "C:/b"}), "lock-item"),
        (_spoilt({"path": "a\0"}), "lock-item"),
        (_spoilt({"path": "a" * 5000}), "lock-item"),
    ],
)
def test_a_spoilt_lock_is_refused(content: bytes, code: str) -> None:
    with pytest.raises((Invalid, Integrity)) as error:
        parse_lock(content)
    assert error.value.code == code


def test_what_is_no_item_is_not_locked() -> None:
    with pytest.raises(Invalid) as error:
        Lock.of([LockItem(b"", "a", 1, 1, PLAIN)])
    assert error.value.code == "lock-item"


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_hostile_json_raises_only_our_errors(value: object) -> None:
    for content in (value, {"schema": "rakkan.dataset-lock/1", "items": [value]}):
        with pytest.raises(DomainError):
            parse_lock(json.dumps(content).encode())
