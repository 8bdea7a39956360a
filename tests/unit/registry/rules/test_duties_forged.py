"""One field of a signed record changed, for every kind: nothing is accepted under the old proofs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from rakkan.registry.rules.proofs import check_record, sign_wallet
from rakkan.schemas.canonical import canonical, parse_canonical
from rakkan.schemas.errors import DomainError
from rakkan.schemas.record import Record
from rakkan.schemas.values import Cid
from tests.unit.registry.rules import cases, signed
from tests.unit.registry.rules.signed import ACCEPTED, GRANT, KNOWN, MANDATE, refusal


def _wallet(kind: str, subjects: list[dict[str, Any]], **predicate: Any) -> Record:
    made = signed.statement(kind, subjects, **predicate)
    return Record.build(made, [sign_wallet(made, cases.DOMAIN, cases.WALLET)])


BOUND: list[Record] = [
    *(make(*needed) for make, needed in ACCEPTED.values()),
    cases.did_consent(mandate=signed.link(MANDATE), bounds={"runs": 3}),
    cases.wallet_consent(supersedes=Cid.of(b"{}").link),
    cases.did_consent(kind="co-author", joins=signed.link(GRANT)),
    _wallet(
        "authorship",
        signed.WORKS,
        claimant=cases.wallet_did(cases.WALLET),
        claimedAt="2026-01-01T00:00:00Z",
        rightsBasis=signed.RIGHTS,
    ),
]


def _changes(value: Any) -> Iterator[Any]:
    """The same JSON value with one leaf changed, each in turn, or one field left out."""
    if isinstance(value, dict):
        for name, inner in value.items():
            for other in _changes(inner):
                yield {**value, name: other}
            yield {each: value[each] for each in value if each != name}
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            for other in _changes(inner):
                yield [*value[:place], other, *value[place + 1 :]]
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
    else:
        yield value[:-1] + ("0" if value[-1] != "0" else "1")


@pytest.mark.parametrize("record", BOUND)
def test_no_field_can_be_changed_under_a_proof(record: Record) -> None:
    assert refusal(record) == ("", "")
    value, tried = parse_canonical(record.statement), 0
    for changed in _changes(value):
        try:
            forged = Record.build(canonical(changed), record.parsed_envelope.proofs)
        except DomainError:
            continue
        tried += 1
        assert refusal(forged)[0], changed
    assert tried > 3


def test_a_wallets_word_counts_for_one_chain_and_one_contract() -> None:
    record = BOUND[-1]
    assert refusal(record) == ("", "")
    for domain in (cases.GATE, None):
        with pytest.raises(DomainError) as error:
            check_record(record, audience=cases.AUDIENCE, domain=domain, linked=KNOWN)
        assert error.value.code == "domain-unknown"
    with pytest.raises(DomainError) as error:
        check_record(record, audience="rakkan/ffffffffffffffff", domain=cases.DOMAIN, linked=KNOWN)
    assert (error.value.code, error.value.pointer) == ("audience-foreign", "/predicate/audience")
