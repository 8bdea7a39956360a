"""A dossier: everything that is on file about one work, as bytes and proofs, before any judgement.

It decides what is gathered, from the home's memory or from a bundle alike. What it is worth is
decided in ``verify``; a dossier never vouches for itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from pydantic import Field

from rakkan.registry.flows.collections import collection_of, member_blocks
from rakkan.registry.flows.consent.cases import Filed, on_file, proven
from rakkan.registry.rules.collection import inclusion
from rakkan.registry.rules.proofs import withdrawal_key
from rakkan.registry.service import Registry
from rakkan.registry.store.records import StoredRecord
from rakkan.schemas.consent import Consent, Withdrawal
from rakkan.schemas.identity import Address
from rakkan.schemas.instant import InstantText, format_instant, parse_instant
from rakkan.schemas.record import Record
from rakkan.schemas.statement import AddressText, Hex32, Value
from rakkan.schemas.values import Digest


@dataclass(frozen=True, slots=True)
class Membership:
    """That a work is in a collection.

    Attributes:
        digest: The work's name.
        index: Its place among the collection's members.
        proof: Inclusion proof from its leaf to the collection's root; None where this home's own index says it.
    """

    digest: Digest
    index: int | None = None
    proof: tuple[bytes, ...] | None = None


@dataclass(frozen=True, slots=True)
class Testimony:
    """A record and the proof that it is in the log.

    Attributes:
        record: The record.
        index: Its place in the log; None while it has none.
        proof: Inclusion proof for the dossier's tree, from leaf to root.
        memberships: That the work is in the collection of this consent, under which of its names.
        known_from: When this home first had it; None if a bundle brought it.
        proven_at: By which block time it is proven to have existed, as this home knows from the chain.
    """

    record: Record
    index: int | None
    proof: tuple[bytes, ...]
    memberships: tuple[Membership, ...] = ()
    known_from: datetime | None = field(default=None, compare=False)  # not of the evidence itself:
    proven_at: datetime | None = field(default=None, compare=False)  # a bundle does not carry these


class AnchorReceipt(Value):
    """Where a log head was put on chain."""

    state: str = Field(pattern="^(mined|final)$")
    chain_id: int
    contract: AddressText
    transaction: Hex32
    block_number: int
    block_hash: Hex32
    block_time: InstantText
    size: int
    root: Hex32

    @property
    def address(self) -> Address:
        """The log contract."""
        return Address.parse(self.contract)

    @property
    def time(self) -> datetime:
        """Time of the block."""
        return parse_instant(self.block_time)


@dataclass(frozen=True, slots=True)
class Dossier:
    """What is on file about one work.

    Attributes:
        origin: The log's origin.
        matched: The identifier that led here.
        alias: Whether that identifier is an alias.
        work: The work itself.
        consents: Consents that name the work.
        withdrawals: Withdrawals of those consents, and of linked ones.
        linked: What else decides: mandates, releases, what replaces them, rival claims, disputes, rulings,
            identities and keys.
        size: Size of the tree that the proofs are for; 0 while nothing is logged.
        root: Its root.
        note: The signed log head of that size, or of a later one; empty while there is none.
        anchor: Where that head is on chain; None if it is not.
        pending: An anchor is wanted but not mined yet.
        withdrawn_at: When each consent was taken back, by record id, as the home knows it from the chain.
        ours: The home gathered it from what it knows itself; a bundle's word is only claimed.
    """

    origin: str
    matched: Digest
    alias: bool
    work: Testimony
    consents: tuple[Testimony, ...] = ()
    withdrawals: tuple[Testimony, ...] = ()
    linked: tuple[Testimony, ...] = ()
    size: int = 0
    root: bytes = b""
    note: bytes = b""
    anchor: AnchorReceipt | None = None
    pending: bool = False
    withdrawn_at: tuple[tuple[bytes, datetime], ...] = ()
    ours: bool = field(default=False, compare=False)

    @property
    def all(self) -> tuple[Testimony, ...]:
        """Every record of it, the work first."""
        return (self.work, *self.consents, *self.withdrawals, *self.linked)

    @property
    def all_consents(self) -> tuple[Testimony, ...]:
        """Those that name the work, and those that they lean on or are replaced by."""
        linked = (each for each in self.linked if isinstance(each.record.predicate, Consent))
        return (*self.consents, *linked)


def gather(registry: Registry, digests: Sequence[Digest]) -> Dossier | None:
    """The dossier of the first work that any identifier names, canonical identifiers before aliases.

    Args:
        registry: Whose memory is asked.
        digests: Identifiers in order of weight.
    """
    matches = registry.store.records.find(digests, "work")
    if not matches:
        return None
    order = {digest: rank for rank, digest in enumerate(digests)}
    match = min(matches, key=lambda each: (each.alias, order[each.digest]))
    stored = registry.store.records.get([match.record_id])[match.record_id]
    return gather_work(registry, stored, match.digest, alias=match.alias)


def gather_work(
    registry: Registry,
    stored: StoredRecord,
    matched: Digest | None = None,
    *,
    alias: bool = False,
    portable: bool = False,
) -> Dossier:
    """The dossier of one stored work, found under ``matched`` or else under its own first name.

    Args:
        registry: Whose memory is asked.
        stored: The work.
        matched: The identifier that led here.
        alias: Whether that is an alias.
        portable: Prove membership in collections, for those who do not have this home's index.
    """
    store = registry.store
    names = [digest for subject in stored.record.parsed.subject for digest in subject.digests]
    filed = [each for each in on_file(registry, names) if each.stored.sequence != stored.sequence]
    about = [each for each in filed if _is_about(each, names)]
    linked = [each for each in filed if not _is_about(each, names)]
    consents = [each.stored for each in filed if each.stored.record.kind == "consent"]
    keys = {
        withdrawal_key(each.record.record_id.digest, item): each.record.record_id.digest
        for each in consents
        for item in (None, *(name.raw for name in names))
    }
    seen = store.withdrawals.get(list(keys))
    withdrawals = _withdrawal_records(registry, consents)
    size, root, note, anchor, pending = _tree(registry, stored.log_index)
    when = proven(registry)
    return Dossier(
        origin=registry.origin,
        matched=matched or names[0],
        alias=alias,
        work=replace(
            _testify(registry, stored, size),
            known_from=stored.accepted_at,
            proven_at=when(stored.log_index),
        ),
        consents=tuple(_filed(registry, each, size, portable=portable) for each in about),
        withdrawals=tuple(_testify(registry, each, size) for each in withdrawals),
        linked=tuple(_filed(registry, each, size, portable=portable) for each in linked),
        size=size,
        root=root,
        note=note,
        anchor=anchor,
        pending=pending,
        withdrawn_at=tuple((keys[each.key], each.at) for each in seen.values() if each.at is not None),
        ours=True,
    )


def _is_about(filed: Filed, names: Sequence[Digest]) -> bool:
    return filed.stored.record.kind == "consent" and not filed.found_under.isdisjoint(names)


def _filed(registry: Registry, filed: Filed, size: int, *, portable: bool) -> Testimony:
    stored, collection = filed.stored, collection_of(filed.stored.record)
    memberships: list[Membership] = []
    for digest in sorted(filed.found_under):
        if collection is None or digest.kind == "collectionRoot":
            continue
        place: tuple[int, list[bytes]] | None = None
        if portable:
            place = inclusion(collection, member_blocks(registry, stored.record), digest)
        memberships.append(
            Membership(digest, place[0], tuple(place[1])) if place is not None else Membership(digest)
        )
    return replace(
        _testify(registry, stored, size),
        memberships=tuple(memberships),
        known_from=stored.accepted_at,
        proven_at=filed.proven_at,
    )


def receipt_for(registry: Registry, index: int | None) -> AnchorReceipt | None:
    """The newest anchor on chain whose tree holds that leaf."""
    return None if index is None else _tree(registry, index)[3]


def receipts(registry: Registry, from_size: int = 0) -> Iterator[AnchorReceipt]:
    """Every anchor on chain of at least that size, the newest first."""
    identity = registry.identity
    anchors = registry.store.log.anchors(from_size) if identity is not None else []
    transactions = registry.store.outbox.get([name for _, _, name in anchors])
    for size, root, name in reversed(anchors):
        done = transactions.get(name)
        if done is None or identity is None or done.state not in ("mined", "final") or not done.signed:
            continue
        assert done.block_number is not None
        assert done.block_hash is not None
        assert done.block_time is not None
        yield AnchorReceipt(
            state=done.state,
            chain_id=identity.chain_id,
            contract=str(identity.log),
            transaction=done.signed.hash.hex(),
            block_number=done.block_number,
            block_hash=done.block_hash.hex(),
            block_time=format_instant(done.block_time),
            size=size,
            root=root.hex(),
        )


def _tree(registry: Registry, index: int | None) -> tuple[int, bytes, bytes, AnchorReceipt | None, bool]:
    """The tree that proofs are given for: the newest anchored one that holds the leaf, else the newest."""
    log = registry.store.log
    head = log.head()
    if head is None or index is None:
        return 0, b"", b"", None, False
    receipt = next(receipts(registry, index + 1), None)
    if receipt is None:
        return head.size, head.root, head.note, None, registry.identity is not None
    anchored = log.head(receipt.size)
    return receipt.size, bytes.fromhex(receipt.root), anchored.note if anchored else b"", receipt, False


def _testify(registry: Registry, stored: StoredRecord, size: int) -> Testimony:
    index = stored.log_index
    if index is None or index >= size:
        return Testimony(stored.record, index, ())
    return Testimony(stored.record, index, tuple(registry.store.log.inclusion(index, size)))


def _withdrawal_records(registry: Registry, consents: Sequence[StoredRecord]) -> list[StoredRecord]:
    ids = [Digest("sha256", each.record.record_id.digest) for each in consents]
    matches = registry.store.records.find(ids, "withdrawal")
    found = registry.store.records.get(sorted({match.record_id for match in matches}))
    return [each for each in found.values() if isinstance(each.record.predicate, Withdrawal)]


def consent_of(testimony: Testimony) -> Consent:
    """The consent that a testimony carries."""
    predicate: Any = testimony.record.predicate
    assert isinstance(predicate, Consent)
    return predicate
