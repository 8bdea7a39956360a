"""That an item is in a dataset, or is not: what is shown holds, and nothing else does."""

from __future__ import annotations

import copy
import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rakkan.registry.rules.dataset import Lock, LockItem, subject_of
from rakkan.registry.rules.membership import absence, check_membership, presence
from rakkan.schemas.errors import DomainError, Integrity, Invalid, NotFound


def digest(number: int) -> bytes:
    return hashlib.sha256(number.to_bytes(8)).digest()


def lock_of(*numbers: int, twice: bool = False) -> Lock:
    fed = [bytes(32), b"\1" * 32] if twice else [bytes(32)]
    return Lock.of(LockItem(digest(each), f"{each}.png", 9, 1, how) for each in numbers for how in fed)


LOCKS = st.builds(
    lambda numbers, twice: lock_of(*numbers, twice=twice), st.sets(st.integers(0, 40)), st.booleans()
)


@given(lock=LOCKS, number=st.integers(0, 40))
def test_either_one_or_the_other_can_be_shown(lock: Lock, number: int) -> None:
    item = digest(number)
    if any(each.sha256 == item for each in lock.items):
        shown = presence(lock, item)
        assert check_membership(shown) is True
        assert len(shown["places"]) == sum(each.sha256 == item for each in lock.items)
        with pytest.raises(Invalid, match="is in this dataset"):
            absence(lock, item)
    else:
        assert check_membership(absence(lock, item)) is False
        with pytest.raises(NotFound):
            presence(lock, item)


@given(lock=LOCKS, other=LOCKS, number=st.integers(0, 40), choice=st.integers(0, 200))
def test_nothing_shown_of_one_dataset_holds_for_another(
    lock: Lock, other: Lock, number: int, choice: int
) -> None:
    item = digest(number)
    inside = any(each.sha256 == item for each in lock.items)
    shown = (presence if inside else absence)(lock, item)
    spoilt: list[dict[str, Any]] = []
    if other.root != lock.root:
        spoilt.append({**shown, "root": other.root.hex()})
    spoilt.append({**shown, "size": shown["size"] + 1})
    spoilt.append(
        {**shown, "item": digest(number + 100).hex()} if inside else {**shown, "places": shown["places"][:-1]}
    )
    if shown["places"]:
        place = choice % len(shown["places"])
        moved = copy.deepcopy(shown)
        moved["places"][place]["index"] += 1
        spoilt.append(moved)
        if shown["places"][place]["proof"]:
            shorter = copy.deepcopy(shown)
            shorter["places"][place]["proof"].pop()
            spoilt.append(shorter)
    for each in spoilt:
        if each == shown:
            continue
        with pytest.raises(Integrity):
            check_membership(each)


def test_a_gap_between_neighbours_hides_nothing() -> None:
    lock = lock_of(*range(20))
    left, middle, right = (lock.items[place].sha256 for place in (4, 5, 6))
    outside = lock_of(*(each for each in range(20) if digest(each) != middle))
    shown = absence(outside, middle)
    assert [bytes.fromhex(each["sha256"]) for each in shown["places"]] == [left, right]
    forged = {
        **shown,
        "root": lock.root.hex(),
        "size": 20,
        "subject": lock.subject.hex(),
        "places": [*presence(lock, left)["places"], *presence(lock, right)["places"]],
    }
    with pytest.raises(Integrity):
        check_membership(forged)


def test_an_empty_dataset_has_nothing() -> None:
    shown = absence(lock_of(), digest(1))
    assert (shown["places"], check_membership(shown)) == ([], False)
    full = absence(lock_of(1, 2, 3), digest(9))
    emptied = subject_of(0, bytes.fromhex(full["root"])).hex()
    for more in ({}, {"size": 0}, {"size": 0, "subject": emptied}):
        with pytest.raises(Integrity):
            check_membership({**full, "places": [], **more})


@pytest.mark.parametrize(
    "spoil",
    [
        {"schema": "rakkan.dataset-lock/1"},
        {"item": "zz"},
        {"item": None},
        {"item": digest(2).hex().upper()},
        {"item": digest(2).hex() + "\n"},
        {"root": "00"},
        {"size": "3"},
        {"size": True},
        {"places": None},
        {"places": [{}]},
        {"places": [{"index": "0", "sha256": "00" * 32, "trainingInput": "00" * 32, "proof": []}]},
        {"places": [{"index": 0, "sha256": "00", "trainingInput": "00", "proof": []}]},
        {"places": [{"index": 0, "sha256": "00" * 32, "trainingInput": "00" * 32, "proof": [1]}]},
    ],
)
def test_what_has_no_form(spoil: dict[str, Any]) -> None:
    shown = presence(lock_of(1, 2, 3), digest(2))
    with pytest.raises(DomainError) as error:
        check_membership({**shown, **spoil})
    assert error.value.code in ("membership-form", "membership-proof")
