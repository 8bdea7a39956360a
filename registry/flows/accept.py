"""Accepting records: proofs checked once, bytes kept as signed.

It decides what may enter the registry. It leaves out what the records mean, and everything after
acceptance, which the worker does.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from rakkan.registry.failpoints import failpoint
from rakkan.registry.flows.collections import collection_of, member_blocks, members
from rakkan.registry.flows.wallet_answers import check_wallets
from rakkan.registry.rules.duties import actor_digest
from rakkan.registry.rules.links import links_of
from rakkan.registry.service import Registry
from rakkan.registry.store.stamps import PrivateField, Stamp
from rakkan.schemas.errors import DomainError, Refused
from rakkan.schemas.keychange import KeyChange
from rakkan.schemas.record import Record
from rakkan.schemas.values import Digest

Stampings = Sequence[tuple[Stamp, Sequence[PrivateField]]]


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What became of one record handed in.

    Attributes:
        record: The record.
        new: False if it was known already.
        error: Why it was refused, else None.
    """

    record: Record
    new: bool
    error: DomainError | None


def accept(
    registry: Registry,
    records: Sequence[Record],
    *,
    publish: bool,
    stamps: Stampings = (),
    blocks: Sequence[bytes] = (),
) -> list[Acceptance]:
    """Check the proofs of records and keep those that hold, in one commit.

    Args:
        registry: Who accepts; each record's audience must be its origin.
        records: Any number; one that is refused does not hold up the others.
        publish: Whether they are meant for the public from now on.
        stamps: How works among them were made; noted with those that are kept.
        blocks: Raw blocks that list the works of collections among them, in any order.
    """
    if not records:
        return []
    failpoint("accept.before")
    errors = check_wallets(registry, records, linked_records(registry, records))
    listed: dict[bytes, list[Digest]] = {}
    for place, record in enumerate(records):
        if errors[place] is None and collection_of(record) is not None:
            try:
                listed[record.record_id.digest] = members(registry, record, blocks)
            except DomainError as error:
                errors[place] = error
    good = [record for record, error in zip(records, errors, strict=True) if error is None]
    ids = {record.record_id.digest for record in good}
    made = [each for each in stamps if each[0].record_id in ids]
    lists = [block for record in good for block in member_blocks(registry, record, blocks)]

    def along(connection: Connection) -> None:
        registry.store.stamps.write(connection, made)
        registry.store.members.write(connection, lists)

    news = iter(
        registry.store.records.add(
            good, accepted_at=registry.clock.now(), publish=publish, members=listed, along=along
        )
    )
    failpoint("accept.after")
    return [
        Acceptance(record, error is None and next(news), error)
        for record, error in zip(records, errors, strict=True)
    ]


def accept_all(
    registry: Registry,
    records: Sequence[Record],
    *,
    publish: bool,
    stamps: Stampings = (),
    blocks: Sequence[bytes] = (),
) -> list[bool]:
    """Accept records that are all expected to hold; True where one was new.

    Raises:
        Refused: ``proof-missing``, ``proof-invalid``, ``audience-foreign``, ``domain-unknown``,
            ``withdrawal-foreign``, ``link-unknown``; where a wallet is held by code ``block-unknown``,
            ``block-old``, ``block-early``.
        Unavailable: ``chain-unavailable``, ``wallet-unasked``, if such a wallet cannot be asked.
        Invalid: Any code of a malformed record.
    """
    accepted = accept(registry, records, publish=publish, stamps=stamps, blocks=blocks)
    for each in accepted:
        if each.error is not None:
            raise each.error
    return [each.new for each in accepted]


def accept_one(registry: Registry, record: Record, *, publish: bool, blocks: Sequence[bytes] = ()) -> bool:
    """Accept one record; True if it was new. Raises as :func:`accept_all`."""
    return accept_all(registry, [record], publish=publish, blocks=blocks)[0]


def linked_records(registry: Registry, records: Sequence[Record]) -> dict[bytes, Record]:
    """The records here that any of these link, by envelope, and what tells the successors of lost keys."""
    wanted: set[bytes] = set()
    lost: set[str] = set()
    for record in records:
        try:
            predicate = record.predicate
            wanted.update(digest for _, digest in links_of(predicate))
        except DomainError:
            continue  # judged, and named, by the check of its proofs
        if isinstance(predicate, KeyChange) and predicate.action == "compromised":
            lost.add(predicate.actor)
    found = registry.store.records.get(sorted(wanted)) if wanted else {}
    linked = {digest: stored.record for digest, stored in found.items()}
    return linked | _successions(registry, lost)


def _successions(registry: Registry, actors: Collection[str]) -> dict[bytes, Record]:
    """The key records of these actors and of all that followed them."""
    found: dict[bytes, Record] = {}
    seen: set[str] = set()
    todo = set(actors)
    while todo:
        seen |= todo
        matches = registry.store.records.find([actor_digest(did) for did in sorted(todo)], "key")
        stored = registry.store.records.get([match.record_id for match in matches])
        found |= {each.record.envelope_cid.digest: each.record for each in stored.values()}
        changes = [each.record.predicate for each in stored.values()]
        todo = {each.successor for each in changes if isinstance(each, KeyChange) and each.successor} - seen
    return found


def require(registry: Registry, name: bytes, what: str) -> Record:
    """The record of that statement or envelope digest.

    Raises:
        Refused: ``record-unknown``, if nothing of that kind is known here.
    """
    stored = registry.store.records.get([name]).get(name)
    if stored is None or stored.record.kind != what:
        raise Refused(
            f"No {what} record with digest {name.hex()[:16]}… is known here.", code="record-unknown"
        )
    return stored.record
