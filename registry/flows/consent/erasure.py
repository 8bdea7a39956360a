"""Erasure: what is private about a record is destroyed, and everything that was proven stays proven.

It decides the order: the key first, which alone makes every copy of the envelope unreadable, then the copy
in our content store. Records, log, anchors and verdicts know commitments only, so nothing of them changes.
"""

from __future__ import annotations

from dataclasses import dataclass

from rakkan.registry.rules.sealing import commitments_of
from rakkan.registry.service import Registry
from rakkan.registry.store.leases import LANE
from rakkan.schemas.consent import Consent
from rakkan.schemas.errors import NotFound
from rakkan.schemas.record import Record
from rakkan.schemas.values import Cid


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was erased.

    Attributes:
        fields: Names of the fields whose commitments mean nothing any more.
        block: The envelope that was taken out of the content store, if it was ever meant for it.
    """

    fields: tuple[str, ...]
    block: Cid | None


def erase(registry: Registry, record: Record, *, seconds: float = 30) -> Erasure:
    """Destroy key, salts and private texts of a record, and unpin its envelope. Again is no error.

    Raises:
        NotFound: ``private-unknown``, if the record commits to nothing.
        Conflict: ``lane-busy``, if the worker is at work for longer than that.
        Unavailable: ``content-unavailable``: the key is gone then; erase again to remove the envelope too.
    """
    committed = commitments_of(record)
    if not committed:
        raise NotFound(f"{record.record_id} has no private fields.", code="private-unknown")
    # the worker must not pin an envelope that it read just before
    with registry.store.leases.hold(LANE, wait=seconds):
        registry.store.sealed.erase(record.record_id.digest, registry.clock.now())
        block = _block(record)
        if block is not None:
            registry.content.remove([block])
    return Erasure(tuple(each.name for each in committed), block)


def _block(record: Record) -> Cid | None:
    consent = record.predicate
    sealed = consent.sealed if isinstance(consent, Consent) else None
    return sealed.block.cid if sealed is not None and sealed.block is not None else None
