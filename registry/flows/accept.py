"""Accepting records: proofs checked once, bytes kept as signed.

It decides what may enter the registry. It leaves out what the records mean, and everything after
acceptance, which the worker does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rakkan.registry.failpoints import failpoint
from rakkan.registry.rules.proofs import check_records
from rakkan.registry.service import Registry
from rakkan.registry.store.stamps import PrivateField, Stamp
from rakkan.schemas.consent import Withdrawal
from rakkan.schemas.errors import DomainError, Refused
from rakkan.schemas.record import Record

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
) -> list[Acceptance]:
    """Check the proofs of records and keep those that hold, in one commit.

    Args:
        registry: Who accepts; each record's audience must be its origin.
        records: Any number; one that is refused does not hold up the others.
        publish: Whether they are meant for the public from now on.
        stamps: How works among them were made; noted with those that are kept.
    """
    if not records:
        return []
    failpoint("accept.before")
    errors = check_records(
        records,
        audience=registry.origin,
        domain=registry.domain,
        consents=_withdrawn_consents(registry, records),
    )
    good = [record for record, error in zip(records, errors, strict=True) if error is None]
    ids = {record.record_id.digest for record in good}
    made = [each for each in stamps if each[0].record_id in ids]
    news = iter(
        registry.store.records.add(
            good,
            accepted_at=registry.clock.now(),
            publish=publish,
            along=lambda connection: registry.store.stamps.write(connection, made),
        )
    )
    failpoint("accept.after")
    return [
        Acceptance(record, error is None and next(news), error)
        for record, error in zip(records, errors, strict=True)
    ]


def accept_all(
    registry: Registry, records: Sequence[Record], *, publish: bool, stamps: Stampings = ()
) -> list[bool]:
    """Accept records that are all expected to hold; True where one was new.

    Raises:
        Refused: ``proof-missing``, ``proof-invalid``, ``audience-foreign``, ``domain-unknown``, ``withdrawal-foreign``.
        Invalid: Any code of a malformed record.
    """
    accepted = accept(registry, records, publish=publish, stamps=stamps)
    for each in accepted:
        if each.error is not None:
            raise each.error
    return [each.new for each in accepted]


def accept_one(registry: Registry, record: Record, *, publish: bool) -> bool:
    """Accept one record; True if it was new. Raises as :func:`accept_all`."""
    return accept_all(registry, [record], publish=publish)[0]


def _withdrawn_consents(registry: Registry, records: Sequence[Record]) -> dict[bytes, Record]:
    wanted = []
    for record in records:
        try:
            if isinstance(record.predicate, Withdrawal):
                wanted.append(bytes.fromhex(record.predicate.consent_id))
        except DomainError:
            continue  # judged, and named, by the check of its proofs
    return (
        {name: stored.record for name, stored in registry.store.records.get(wanted).items()} if wanted else {}
    )


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
