"""Linked records: what a record rests on must be known, and of a kind that can stand there.

It decides the one refusal for all links. Which links a record has is in ``links``, which of them it cannot do
without in ``duties`` and ``trained``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from rakkan.schemas.consent import Consent
from rakkan.schemas.errors import Refused
from rakkan.schemas.record import Record
from rakkan.schemas.statement import Link

Linked = Mapping[bytes, Record]
"""Accepted records by sha256 of their envelope: those that a record links, and the key records of its actor."""


def linked_record(
    linked: Linked, link: Link, field: str, kinds: Collection[str], consent: str = ""
) -> Record:
    """The record that a link names.

    Args:
        linked: What is known.
        link: What is named.
        field: Where it stands in the predicate.
        kinds: Kinds of record that can stand there.
        consent: Of a consent, the only kind that can.

    Raises:
        Refused: ``link-unknown``, with the pointer of the field.
    """
    record = linked.get(link.cid.digest)
    if record is None or record.kind not in kinds:
        raise unknown_link(field)
    if consent and (not isinstance(record.predicate, Consent) or record.predicate.kind != consent):
        raise unknown_link(field)
    return record


def unknown_link(field: str) -> Refused:
    """The error of a link that leads nowhere, or to what cannot stand there."""
    return Refused(
        f"The record that {field} links is not known here, or is not one that can stand there.",
        code="link-unknown",
        hint="Hand in the linked record first, and link its envelope.",
        pointer=f"/predicate/{field}",
    )
