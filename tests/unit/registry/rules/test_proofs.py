"""Proofs: the right actor's signature is accepted, and nothing that differs from it by anything."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from rakkan.registry.rules.eip712 import Domain, address_of
from rakkan.registry.rules.proofs import (
    check_record,
    check_records,
    did_message,
    sign_did,
    sign_wallet,
    withdrawal_key,
    withdrawal_statement,
)
from rakkan.schemas.canonical import canonical, parse_canonical
from rakkan.schemas.errors import DomainError, Invalid, Refused
from rakkan.schemas.record import Record
from rakkan.schemas.statement import Link, Proof
from rakkan.schemas.values import Cid
from tests.unit.registry.rules import cases

ITEM = bytes(range(32))


def _check(record: Record, domain: Domain | None = cases.DOMAIN, consent: Record | None = None) -> None:
    check_record(record, audience=cases.AUDIENCE, domain=domain, linked=cases.linked(record, consent))


def _code(record: Record, domain: Domain | None = cases.DOMAIN, consent: Record | None = None) -> str:
    with pytest.raises(DomainError) as error:
        _check(record, domain, consent)
    return error.value.code


def _proof(record: Record, **more: Any) -> Proof:
    return record.parsed_envelope.proofs[0].model_copy(update=more)


def _withdrawal(consent: Record, item: bytes | None = None, *, by: bytes = cases.AUTHORITY) -> Record:
    statement = withdrawal_statement(consent, item, cases.AUDIENCE)
    return Record.build(statement, [sign_wallet(statement, cases.DOMAIN, by)])


def _envelope(record: Record, *proofs: Proof) -> bytes:
    return canonical({"statement": record.record_id.link, "proofs": [proof.to_json() for proof in proofs]})


def _edited(statement: bytes, **predicate: Any) -> bytes:
    value = parse_canonical(statement)
    value["predicate"].update(predicate)
    return canonical(value)


# --- what is accepted ---


def test_each_kind_is_accepted_from_its_actor() -> None:
    verdict = cases.verdict_statement()
    _check(cases.work_record())
    _check(cases.did_consent())
    _check(cases.wallet_consent())
    _check(Record.build(verdict, [sign_did(verdict, cases.STRANGER)]))
    _check(Record.build(verdict, [sign_wallet(verdict, cases.GATE, cases.WALLET)]))


def test_without_a_chain_plain_keys_still_work() -> None:
    _check(cases.work_record(), None)
    _check(cases.did_consent(), None)


def test_a_wallet_may_be_a_creator() -> None:
    statement = cases.work_statement(creator=cases.wallet_did(cases.WALLET))
    _check(Record.build(statement, [sign_wallet(statement, cases.DOMAIN, cases.WALLET)]))


def test_several_proofs_are_accepted_together() -> None:
    statement = cases.work_statement()
    proofs = [sign_did(statement, cases.STRANGER), sign_did(statement, cases.ARTIST)]
    _check(Record.build(statement, [*proofs, sign_wallet(statement, cases.DOMAIN, cases.WALLET)]))


def test_did_signatures_are_over_prefix_audience_and_statement() -> None:
    statement = cases.work_statement()
    message = did_message(statement, cases.AUDIENCE)
    assert message == (
        b"rakkan-proof-v1\0"
        + hashlib.sha256(cases.AUDIENCE.encode()).digest()
        + hashlib.sha256(statement).digest()
    )
    cases.ARTIST.public_key().verify(bytes.fromhex(sign_did(statement, cases.ARTIST).signature), message)


# --- one bad proof refuses the whole ---


def test_one_bad_proof_among_good_ones_refuses() -> None:
    statement = cases.work_statement()
    good, other = sign_did(statement, cases.ARTIST), sign_did(statement, cases.STRANGER)
    bad = other.model_copy(update={"signature": good.signature})
    assert _code(Record.build(statement, [good, bad])) == "proof-invalid"
    foreign = sign_wallet(statement, cases.GATE, cases.WALLET)
    assert _code(Record.build(statement, [good, foreign])) == "domain-unknown"


def test_a_good_proof_by_somebody_else_is_not_enough() -> None:
    work, consent = cases.work_statement(), cases.consent_statement()
    assert _code(Record.build(work, [sign_did(work, cases.STRANGER)])) == "proof-missing"
    assert _code(Record.build(consent, [sign_did(consent, cases.ARTIST)])) == "proof-missing"
    thief = cases.consent_statement(grantor={"id": cases.wallet_did(cases.THIEF)})
    assert _code(Record.build(thief, [sign_did(thief, cases.ARTIST)])) == "proof-missing"


def test_a_wallet_that_is_not_the_grantor_cannot_sign_a_consent() -> None:
    statement = cases.consent_statement()
    record = Record.build(statement, [sign_wallet(statement, cases.DOMAIN, cases.THIEF)])
    assert _code(record) == "proof-missing"
    own = cases.consent_statement(grantor={"id": cases.did(cases.ARTIST)})
    with pytest.raises(Invalid) as error:
        sign_wallet(own, cases.DOMAIN, cases.THIEF)
    assert error.value.code == "grantor-wallet"
    borrowed = _proof(cases.wallet_consent())
    assert _code(Record.build(own, [sign_did(own, cases.ARTIST), borrowed])) == "proof-invalid"


def test_the_address_on_another_chain_is_another_actor() -> None:
    did = f"did:pkh:eip155:1:{address_of(cases.WALLET)}"
    statement = cases.work_statement(creator=did)
    there = sign_wallet(statement, Domain(1, cases.DOMAIN.contract), cases.WALLET)
    here = sign_wallet(statement, cases.DOMAIN, cases.WALLET)
    assert _code(Record.build(statement, [there])) == "domain-unknown"
    assert _code(Record.build(statement, [here])) == "proof-missing"
    assert _code(Record.build(statement, [here.model_copy(update={"signer": did})])) == "domain-unknown"


# --- audience, chain, contract ---


def test_a_record_for_another_log_is_refused() -> None:
    for record in (cases.work_record(), cases.wallet_consent()):
        with pytest.raises(Refused) as error:
            check_record(record, audience="rakkan/ffffffffffffffff", domain=cases.DOMAIN)
        assert error.value.code == "audience-foreign"
    moved = cases.work_statement(audience="rakkan/ffffffffffffffff")
    signed_there = Record.build(moved, [sign_did(moved, cases.ARTIST)])
    assert _code(signed_there) == "audience-foreign"


def test_wallets_need_the_configured_chain() -> None:
    record = cases.wallet_consent()
    assert _code(record, None) == "domain-unknown"
    assert _code(record, cases.GATE) == "domain-unknown"
    assert _code(record, Domain(1, cases.DOMAIN.contract)) == "domain-unknown"


def test_a_verdict_is_signed_for_its_own_gate() -> None:
    statement = cases.verdict_statement()
    elsewhere = cases.verdict_statement(gate={"chainId": 1, "address": str(cases.GATE.contract)})
    nowhere = cases.verdict_statement(gate=None)
    for domain in (cases.DOMAIN, Domain(1, cases.GATE.contract)):
        assert (
            _code(Record.build(statement, [sign_wallet(statement, domain, cases.WALLET)])) == "domain-unknown"
        )
    there = sign_wallet(elsewhere, Domain(1, cases.GATE.contract), cases.WALLET)
    assert _code(Record.build(elsewhere, [there])) == "domain-unknown"
    assert _code(Record.build(nowhere, [sign_wallet(nowhere, cases.GATE, cases.WALLET)])) == "domain-unknown"


# --- consents ---


def test_a_notice_that_was_not_shown_is_refused() -> None:
    for notice in (
        {"lang": "en", "sha256": "0" * 64},
        {"lang": "fr", "sha256": cases.consent().notice.sha256},
    ):
        statement = _edited(cases.consent_statement(grantor={"id": cases.did(cases.ARTIST)}), notice=notice)
        record = Record.build(statement, [sign_did(statement, cases.ARTIST)])
        assert _code(record) == "notice-mismatch"


def test_the_legible_fields_are_derived_never_read() -> None:
    record = cases.wallet_consent()
    noisy = _proof(record, message={"scopes": "everything=allowed"}, grantee="public")
    _check(Record(record.statement, _envelope(record, noisy)))
    broader = _edited(record.statement, scopes=[{"name": "cawg.ai_generative_training", "use": "allowed"}])
    assert _code(Record.build(broader, [_proof(record)])) == "notice-mismatch"


# --- withdrawals ---


def test_the_authority_or_the_grantor_withdraws() -> None:
    consent, plain = cases.wallet_consent(), cases.did_consent()
    for item in (None, ITEM):
        _check(_withdrawal(consent, item), consent=consent)
        _check(_withdrawal(consent, item, by=cases.WALLET), consent=consent)
        _check(_withdrawal(plain, item), consent=plain)
    statement = withdrawal_statement(plain, None, cases.AUDIENCE)
    _check(Record.build(statement, [sign_did(statement, cases.ARTIST)]), None, plain)
    assert (
        _code(Record.build(statement, [sign_did(statement, cases.STRANGER)]), consent=plain)
        == "proof-missing"
    )
    assert _code(_withdrawal(consent, by=cases.THIEF), consent=consent) == "proof-missing"
    assert _code(_withdrawal(plain, by=cases.WALLET), consent=plain) == "proof-missing"


def test_a_withdrawal_names_its_key() -> None:
    consent = cases.wallet_consent()
    name = consent.record_id.digest
    assert withdrawal_key(name, None) == name
    assert withdrawal_key(name, ITEM) == hashlib.sha256(name + ITEM).digest()
    predicate = parse_canonical(withdrawal_statement(consent, ITEM, cases.AUDIENCE))["predicate"]
    assert predicate == {
        "audience": cases.AUDIENCE,
        "consent": consent.envelope_cid.link,
        "consentId": name.hex(),
        "item": ITEM.hex(),
        "authority": str(address_of(cases.AUTHORITY)),
        "key": hashlib.sha256(name + ITEM).hexdigest(),
    }


@pytest.mark.parametrize(
    "more",
    [
        {"key": "00" * 32},
        {"item": ITEM.hex()},
        {"authority": str(address_of(cases.THIEF))},
        {"consentId": "00" * 32},
        {"consent": Link.to(Cid.of(b"{}")).to_json()},
        {"reason": "none needed"},
    ],
)
def test_a_withdrawal_is_only_what_its_consent_gives(more: dict[str, Any]) -> None:
    consent = cases.wallet_consent()
    statement = _edited(withdrawal_statement(consent, None, cases.AUDIENCE), **more)
    for key in (cases.AUTHORITY, cases.THIEF, cases.WALLET):
        forged = Record.build(statement, [sign_wallet(statement, cases.DOMAIN, key)])
        assert _code(forged, consent=consent) == "withdrawal-foreign"


def test_a_withdrawal_of_another_or_unknown_consent_is_refused() -> None:
    consent, other = cases.wallet_consent(), cases.wallet_consent(nonce="22" * 16)
    assert _code(_withdrawal(consent), consent=other) == "withdrawal-foreign"
    assert _code(_withdrawal(consent), consent=None) == "withdrawal-foreign"
    assert _code(_withdrawal(consent), consent=cases.work_record()) == "kind-unknown"


def test_a_slip_for_one_work_does_not_withdraw_another() -> None:
    consent = cases.wallet_consent()
    slip, other = _withdrawal(consent, ITEM), withdrawal_statement(consent, bytes(32), cases.AUDIENCE)
    assert _code(Record.build(other, [_proof(slip)]), consent=consent) == "proof-invalid"
    whole = withdrawal_statement(consent, None, cases.AUDIENCE)
    assert _code(Record.build(whole, [_proof(slip)]), consent=consent) == "proof-invalid"


# --- many at once ---


def test_many_are_judged_one_by_one() -> None:
    consent, other = cases.wallet_consent(), cases.did_consent()
    bad = Record.build(consent.statement, [_proof(consent, signature="00" * 65)])
    records = [cases.work_record(), bad, _withdrawal(consent), _withdrawal(other), consent]
    errors = check_records(
        records, audience=cases.AUDIENCE, domain=cases.DOMAIN, linked={consent.envelope_cid.digest: consent}
    )
    assert [error.code if error else None for error in errors] == [
        None,
        "proof-invalid",
        None,
        "withdrawal-foreign",
        None,
    ]


def test_an_unparsed_record_is_judged_too() -> None:
    """Blocks from a stranger's archive come without having been parsed."""
    good, other = cases.work_record(), cases.did_consent()
    strangers = [
        Record(good.statement, other.envelope),
        Record(b"", good.envelope),
        Record(good.statement, b"{}"),
        Record(good.statement + b" ", good.envelope),
        Record(good.statement.replace(b":work:1", b":work:9"), good.envelope),
    ]
    errors = check_records(strangers, audience=cases.AUDIENCE, domain=cases.DOMAIN)
    assert [error.code if error else None for error in errors] == [
        "envelope-mismatch",
        "not-json",
        "shape",
        "not-canonical",
        "kind-unknown",
    ]
