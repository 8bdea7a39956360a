"""Collections at the edge of the store: their blocks handed in, kept, and read again.

It decides whose blocks are asked for. What they must be is in ``rakkan.registry.rules.collection``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rakkan.registry.rules.collection import members_of
from rakkan.schemas.consent import Collection, Consent
from rakkan.schemas.errors import DomainError, Invalid

if TYPE_CHECKING:
    from rakkan.registry.service import Registry
    from rakkan.schemas.record import Record
    from rakkan.schemas.values import Digest


def collection_of(record: Record) -> Collection | None:
    """What a record says of its collection, if it is a consent that has one."""
    try:
        predicate = record.predicate
    except DomainError:
        return None
    return predicate.collection if isinstance(predicate, Consent) else None


def member_blocks(registry: Registry, record: Record, handed_in: Iterable[bytes] = ()) -> list[bytes]:
    """The blocks that a record's collection links, in order; none where it has no collection.

    Args:
        registry: Whose store is asked for what was not handed in.
        record: Any record.
        handed_in: Blocks that came with it, in any order.

    Raises:
        Invalid: ``collection-blocks``, if one is neither here nor handed in.
    """
    collection = collection_of(record)
    if collection is None:
        return []
    wanted = [link.cid.digest for link in collection.members]
    found = {hashlib.sha256(block).digest(): block for block in handed_in}
    found |= registry.store.members.get([digest for digest in wanted if digest not in found])
    if not found.keys() >= set(wanted):
        raise Invalid(
            "The list of the works of this collection is missing.",
            code="collection-blocks",
            hint="Hand in the raw blocks that /predicate/collection/members links with the record.",
            pointer="/predicate/collection/members",
        )
    return [found[digest] for digest in wanted]


def members(registry: Registry, record: Record, handed_in: Sequence[bytes] = ()) -> list[Digest]:
    """The works of a record's collection, recomputed; none where it has none.

    Raises:
        Invalid: ``collection-blocks``, ``collection-form``, ``collection-kind``, ``collection-count``,
            ``collection-root``.
    """
    collection = collection_of(record)
    return [] if collection is None else members_of(collection, member_blocks(registry, record, handed_in))
