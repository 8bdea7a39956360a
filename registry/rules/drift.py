"""Drift: what changed from one lock of a dataset to another.

It decides which items came, went, are fed otherwise to training, or occur more or less often. Paths are for
people: an item that only moved is the same item.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rakkan.registry.rules.dataset import Lock, LockItem


@dataclass(frozen=True, slots=True)
class Drift:
    """What changed; each list sorted by digest.

    Attributes:
        added: Items whose bytes are new.
        removed: Items whose bytes are gone.
        refed: Items that have other training inputs now: caption, mask, repeats or role. Each as (before, after).
        recounted: Items that occur more or less often, as (before, after).
    """

    added: tuple[LockItem, ...]
    removed: tuple[LockItem, ...]
    refed: tuple[tuple[tuple[LockItem, ...], tuple[LockItem, ...]], ...]
    recounted: tuple[tuple[LockItem, LockItem], ...]

    @property
    def any(self) -> bool:
        """Whether something changed that training would notice."""
        return bool(self.added or self.removed or self.refed or self.recounted)


def drift(before: Lock, after: Lock) -> Drift:
    """Compare two locks; work is linear in their items."""
    older, newer = _by_item(before.items), _by_item(after.items)
    refed, recounted = [], []
    for item in sorted(older.keys() & newer.keys()):
        was, now = older[item], newer[item]
        if was.keys() != now.keys():
            refed.append((tuple(was.values()), tuple(now.values())))
        recounted += [
            (was[fed], now[fed]) for fed in was.keys() & now.keys() if was[fed].count != now[fed].count
        ]
    return Drift(
        added=tuple(each for item in sorted(newer.keys() - older.keys()) for each in newer[item].values()),
        removed=tuple(each for item in sorted(older.keys() - newer.keys()) for each in older[item].values()),
        refed=tuple(refed),
        recounted=tuple(recounted),
    )


def _by_item(items: Iterable[LockItem]) -> dict[bytes, dict[bytes, LockItem]]:
    found: dict[bytes, dict[bytes, LockItem]] = {}
    for each in items:
        found.setdefault(each.sha256, {})[each.training_input] = each
    return found
