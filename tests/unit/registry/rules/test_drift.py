"""What changed from one lock to another."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from rakkan.registry.rules.dataset import Lock, LockItem
from rakkan.registry.rules.drift import drift

ONE, TWO = (LockItem(bytes([number]) * 32, f"{number}.png", 9, 1, bytes(32)) for number in (1, 2))
CAPTION = b"\7" * 32


def test_each_kind_of_change() -> None:
    found = drift(Lock.of([ONE]), Lock.of([TWO]))
    assert (found.added, found.removed, found.refed, found.recounted) == ((TWO,), (ONE,), (), ())
    fed = replace(ONE, training_input=CAPTION)
    assert drift(Lock.of([ONE]), Lock.of([fed])).refed == (((ONE,), (fed,)),)
    both = drift(Lock.of([ONE]), Lock.of([ONE, fed]))
    assert (both.added, both.refed) == ((), (((ONE,), (ONE, fed)),))
    often = replace(ONE, count=3)
    assert drift(Lock.of([ONE]), Lock.of([often])).recounted == ((ONE, often),)


def test_what_only_moved_is_the_same() -> None:
    moved = replace(ONE, path="elsewhere/1.png")
    assert not drift(Lock.of([ONE]), Lock.of([moved])).any


ITEMS = st.lists(
    st.builds(
        LockItem,
        st.integers(0, 5).map(lambda number: bytes([number]) * 32),
        st.just("a.png"),
        st.just(9),
        st.integers(1, 3),
        st.sampled_from([bytes(32), CAPTION]),
    ),
    max_size=8,
)


@given(before=ITEMS, after=ITEMS)
def test_nothing_changed_exactly_if_root_and_counts_are_the_same(
    before: list[LockItem], after: list[LockItem]
) -> None:
    older, newer = Lock.of(before), Lock.of(after)
    same = older.root == newer.root and [each.count for each in older.items] == [
        each.count for each in newer.items
    ]
    assert drift(older, newer).any is not same
    back, forth = drift(newer, older), drift(older, newer)
    assert (back.added, back.removed) == (forth.removed, forth.added)
