"""Where a record stands: in the log, and on chain.

It decides the ``anchor`` member of answers (DESIGN §7). It asks this registry's own memory; whoever
wants the chain's own word verifies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rakkan.registry.flows.verify.dossier import AnchorReceipt, receipt_for
from rakkan.registry.service import Registry
from rakkan.registry.store.records import StoredRecord
from rakkan.schemas.errors import Integrity, NotFound
from rakkan.schemas.values import DAG_JSON, Cid


@dataclass(frozen=True, slots=True)
class Place:
    """A record's place.

    Attributes:
        state: ``none | pending | mined | final | unanchored``.
        receipt: The anchor, if it is mined.
        index: Place in the log, None while it has none.
        size: Size of the tree that the proof is for; 0 while there is none.
        root: Its root.
        proof: Inclusion proof, leaf to root.
    """

    state: str
    receipt: AnchorReceipt | None
    index: int | None
    size: int
    root: bytes
    proof: tuple[bytes, ...]

    def anchor(self) -> dict[str, Any]:
        """The ``anchor`` member."""
        receipt = self.receipt
        return {
            "state": self.state,
            "chain": receipt.chain_id if receipt else None,
            "contract": receipt.contract if receipt else None,
            "tx": f"0x{receipt.transaction}" if receipt else None,
            "block": receipt.block_number if receipt else None,
            "size": self.size or None,
            "root": self.root.hex() or None,
            "index": self.index,
            "proof": [step.hex() for step in self.proof],
        }


def place_of(registry: Registry, stored: StoredRecord, size: int | None = None) -> Place:
    """Where a record stands, in the newest anchored tree that holds it, else in the newest.

    Args:
        registry: Whose log.
        stored: The record.
        size: Prove it for the tree of this size instead.

    Raises:
        Invalid: ``log-range``.
    """
    index, log = stored.log_index, registry.store.log
    head = log.head()
    if index is None or head is None:
        return Place("none", None, None, 0, b"", ())
    receipt = receipt_for(registry, index)
    state = receipt.state if receipt else "unanchored" if registry.identity is None else "pending"
    if size is None:
        size = receipt.size if receipt else head.size
    return Place(state, receipt, index, size, log.root(size), tuple(log.inclusion(index, size)))


def public_record(registry: Registry, cid: Cid) -> tuple[StoredRecord, bytes]:
    """A record by either of its CIDs, and the block that this CID names.

    Raises:
        NotFound: ``record-unknown``.
        Integrity: ``record-damaged``, if the bytes stored are not those that the CID names.
    """
    stored = registry.store.records.get([cid.digest]).get(cid.digest) if cid.codec == DAG_JSON else None
    if stored is None:
        raise NotFound(f"No record {cid} is public here.", code="record-unknown")
    for block in (stored.record.statement, stored.record.envelope):
        if Cid.of(block) == cid:
            return stored, block
    raise Integrity(f"The record {cid} is damaged.", code="record-damaged")


def names(stored: StoredRecord) -> dict[str, str]:
    """Both CIDs."""
    return {"recordId": str(stored.record.record_id), "envelope": str(stored.record.envelope_cid)}
