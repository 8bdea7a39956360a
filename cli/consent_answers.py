"""What ``rakkan consent`` answers with: the words that were signed, and where a withdrawal stands.

It decides the documents and how they are shown. It leaves out how they are asked for (``consent``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from rakkan.cli import render, sentences
from rakkan.cli.session import Session, line

if TYPE_CHECKING:
    from rakkan.registry.service import Registry
    from rakkan.registry.store.outbox import Transaction
    from rakkan.schemas.record import Record


def notice_of(statement: bytes) -> str:
    """The words of a consent, derived from its own statement as a wallet shows them."""
    from rakkan.registry.rules.notice import notice_text
    from rakkan.schemas.canonical import parse_canonical
    from rakkan.schemas.consent import Consent
    from rakkan.schemas.statement import Statement, parse_model

    parsed = parse_model(Statement, parse_canonical(statement))
    return notice_text(parsed.subject, parse_model(Consent, parsed.predicate))


def show_consent(document: dict[str, Any]) -> None:
    """A consent that was given, in its own words."""
    line(document["notice"])
    line()
    rows = [("record", document["recordId"]), ("envelope", document["envelope"])]
    rows.append(("public", "yes, for ever" if document["published"] else "no: `rakkan publish` makes it so"))
    render.table(rows)


def brief(record: Record) -> str:
    """A consent in one line."""
    from rakkan.schemas.consent import Consent

    said = record.predicate
    assert isinstance(said, Consent)
    return f"{said.kind} by {said.grantor.id}, for {', '.join(said.grantee)}: {record.record_id}"


def withdrawals(registry: Registry, records: Sequence[Record]) -> list[dict[str, Any]]:
    """The documents of withdrawals (``rakkan.withdrawal/1``), and where each stands on chain."""
    from rakkan.registry.rules.many_keys import effect_of
    from rakkan.schemas.consent import Withdrawal
    from rakkan.schemas.statement import parse_model

    said = [parse_model(Withdrawal, record.parsed.predicate) for record in records]
    names = [effect_of(record) for record in records]
    sent = registry.store.outbox.get(names)
    return [
        {
            "schema": "rakkan.withdrawal/1",
            **record.to_json(),
            "consent": predicate.consent_id,
            "item": predicate.item,
            "authority": predicate.authority,
            "anchor": _anchor(sent.get(name), chain=registry.identity is not None),
        }
        for record, predicate, name in zip(records, said, names, strict=True)
    ]


def _anchor(sent: Transaction | None, *, chain: bool) -> dict[str, Any]:
    return {
        "state": sent.state if sent else "planned" if chain else "unanchored",
        "tx": f"0x{sent.signed.hash.hex()}" if sent and sent.signed else None,
        "block": sent.block_number if sent else None,
        "gas": sent.gas_used if sent else None,
    }


TAKEN_BACK: Final = ("withdrawn", "of it", "chain")
"""Headings of :func:`withdrawal_rows`."""


def withdrawal_rows(documents: Sequence[dict[str, Any]]) -> list[tuple[str, ...]]:
    """One row for each withdrawal."""
    return [
        (f"record:{each['consent']}", each["item"] or "all of it", each["anchor"]["state"])
        for each in documents
    ]


def tell_taken_back(session: Session, documents: Sequence[dict[str, Any]], *, many: bool) -> None:
    """What was taken back, as one document: a withdrawal, or a list (``rakkan.withdrawals/1``)."""
    if many or len(documents) != 1:
        document: dict[str, Any] = {"schema": "rakkan.withdrawals/1", "withdrawals": list(documents)}
        session.emit(document, lambda: render.table(withdrawal_rows(documents), TAKEN_BACK))
    else:
        session.emit(documents[0], lambda: show_withdrawal(documents[0]))


def show_withdrawal(document: dict[str, Any]) -> None:
    """A withdrawal, and what follows from it."""
    since = document["statement"]["predicate"].get("withdrawnAt", "now")
    line(f"{document['authority']} withdrew it: no new use from {since} on.")
    line()
    chain = document["anchor"]
    state = (
        sentences.transaction(chain["state"], chain["block"])
        if chain["state"] != "unanchored"
        else "no chain here"
    )
    render.table([("record", document["recordId"]), ("envelope", document["envelope"]), ("chain", state)])
