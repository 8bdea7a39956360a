"""What a record cannot be checked without.

It decides what becomes public together with it: with a consent the mandate it was given under and the releases of
those shown, with a model the run that it came out of, with a run the grants that it relied on; and what these need in
turn. What they mean is decided in ``rakkan.registry.rules``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from rakkan.registry.rules.links import links_of
from rakkan.registry.service import Registry
from rakkan.registry.store.records import StoredRecord
from rakkan.schemas.canonical import parse_canonical
from rakkan.schemas.consent import Consent
from rakkan.schemas.record import Record
from rakkan.schemas.statement import Statement, Value, parse_model

RELATIONS: Final = ("mandate", "releases", "run", "consents")
_DEEP: Final = 64  # longer than any chain that counts; a circle ends by itself


def with_needed(registry: Registry, chosen: Sequence[StoredRecord]) -> list[StoredRecord]:
    """These records, and after them those they need, near or far, that are not public yet; each once."""
    seen = {each.record.record_id: each for each in chosen}
    todo = list(chosen)
    for _ in range(_DEEP):
        linked = _linked(registry, [each.record.predicate for each in todo])
        todo = [each for each in linked if each.record.record_id not in seen]
        if not todo:
            break
        seen |= {each.record.record_id: each for each in todo}
    return [*chosen, *(each for each in list(seen.values())[len(chosen) :] if not each.publish)]


def publish_with_needed(registry: Registry, record: Record) -> None:
    """Mean a record that is kept here for the public, with what it cannot be checked without."""
    stored = registry.store.records.get([record.record_id.digest])
    needed = with_needed(registry, list(stored.values()))
    registry.store.records.publish([each.record.record_id.digest for each in needed], registry.clock.now())


def needed_by(registry: Registry, statement: bytes) -> list[Record]:
    """What would become public with a consent that is not made yet.

    Args:
        registry: Where the others are known.
        statement: Of a consent.
    """
    predicate = parse_model(Consent, parse_model(Statement, parse_canonical(statement)).predicate)
    direct = _linked(registry, [predicate])
    return [each.record for each in with_needed(registry, direct) if not each.publish]


def _linked(registry: Registry, predicates: Collection[Value]) -> list[StoredRecord]:
    wanted = {
        target
        for predicate in predicates
        for relation, target in links_of(predicate)
        if relation in RELATIONS
    }
    stored = registry.store.records.get(sorted(wanted)) if wanted else {}
    return sorted(stored.values(), key=lambda each: each.sequence)
