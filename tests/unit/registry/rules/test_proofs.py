"""Proofs: the right actor's signature is accepted, and nothing that differs from it by anything."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

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
from rakkan.schemas.identity import Address
from rakkan.schemas.record import Record
from rakkan.schemas.statement import Link, Proof
from rakkan.schemas.values import Cid
from tests.unit.registry.rules import cases

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
ITEM = bytes(range(32))


def _check(record: Record, domain: Domain | None = cases.DOMAIN, consent: Record | None = None) -> None:
    check_record(record, audience=cases.AUDIENCE, domain=domain, consent=consent)


def _code(record: Record, domain: Domain | None = cases.DOMAIN, consent: Record | None = None) -> str:
    with pytest.raises(DomainError) as error:
        _check(record, domain, consent)
    return error.value.code


def _accepted(record: Record, domain: Domain | None = cases.DOMAIN) -> bool:
    try:
        _check(record, domain)
    except DomainError:
        return False
    return True


def _proof(record: Record, **more: Any) -> Proof:
    return record.parsed_envelope.proofs[0].model_copy(update=more)


def _withdrawal(consent: Record, item: bytes | None = None, *, by: bytes = cases.AUTHORITY) -> Record:
    statement = withdrawal_statement(consent, item, cases.AUDIENCE)
    return Record.build(statement, [sign_wallet(statement, cases.DOMAIN, by)])


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


@pytest.mark.parametrize(
    "more",
    [
        {"suite": "eip712"},
        {"verifying_contract": str(cases.DOMAIN.contract)},
        {"signature": ""},
        {"signature": "00"},
        {"signature": "00" * 64},
        {"signer": cases.did(cases.STRANGER)},
        {"signer": cases.wallet_did(cases.WALLET)},
        {"signer": "did:key:z"},
        {"signer": "did:key:z6Mk"},
        {"signer": "did:key:zzzzzzzzzz"},
        {"signer": "did:pkh:eip155:0:0x" + "11" * 20},
    ],
)
def test_an_ed25519_proof_has_one_form(more: dict[str, Any]) -> None:
    record = cases.work_record()
    forged = Record(record.statement, _envelope(record, _proof(record, **more)))
    assert _code(forged) in ("proof-invalid", "domain-unknown", "shape")


def _envelope(record: Record, *proofs: Proof) -> bytes:
    return canonical({"statement": record.record_id.link, "proofs": [proof.to_json() for proof in proofs]})


@pytest.mark.parametrize(
    "more",
    [
        {"suite": "ed25519"},
        {"verifying_contract": None},
        {"verifying_contract": str(cases.GATE.contract)},
        {"verifying_contract": "0x" + "00" * 20},
        {"signer": cases.wallet_did(cases.THIEF)},
        {"signer": f"did:pkh:eip155:1:{address_of(cases.WALLET)}"},
        {"signer": cases.wallet_did(cases.WALLET).lower()},
        {"signer": cases.did(cases.ARTIST)},
        {"signature": "00" * 65},
    ],
)
def test_a_wallet_proof_has_one_form(more: dict[str, Any]) -> None:
    record = cases.wallet_consent()
    forged = Record(record.statement, _envelope(record, _proof(record, **more)))
    assert _code(forged) in ("proof-invalid", "domain-unknown")


def test_malleated_signatures_are_refused() -> None:
    wallet, plain = cases.wallet_consent(), cases.did_consent()
    signature = bytes.fromhex(_proof(wallet).signature)
    twin = (
        signature[:32] + (ORDER - int.from_bytes(signature[32:64])).to_bytes(32) + bytes([55 - signature[64]])
    )
    assert _code(Record.build(wallet.statement, [_proof(wallet, signature=twin.hex())])) == "proof-invalid"
    for v in (0, 1, 35, 36, 62):
        other = signature[:64] + bytes([v])
        assert (
            _code(Record.build(wallet.statement, [_proof(wallet, signature=other.hex())])) == "proof-invalid"
        )
    # Ed25519 with S + L: the textbook twin, which strict verifiers refuse.
    signature = bytes.fromhex(_proof(plain).signature)
    order = 2**252 + 27742317777372353535851937790883648493
    scalar = (int.from_bytes(signature[32:], "little") + order).to_bytes(32, "little")
    forged = _proof(plain, signature=(signature[:32] + scalar).hex())
    assert _code(Record.build(plain.statement, [forged])) == "proof-invalid"


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


# --- change any one field: nothing is accepted ---


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for key in value:
            yield from _leaves(value[key], (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, (*path, index))
    else:
        yield path


def _replace(value: Any, path: tuple[Any, ...], new: Any) -> None:
    for step in path[:-1]:
        value = value[step]
    value[path[-1]] = new


def _other(value: Any) -> Iterator[Any]:
    """Values close to this one, most of them of the right form."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, -value)
    else:
        yield from (value + "0", value[:-1], "public", "notAllowed", "allowed")
        yield value[:-1] + ("0" if value[-1:] != "0" else "1")
        yield value.swapcase()
    yield None


@pytest.mark.parametrize("record", [cases.work_record(), cases.did_consent(), cases.wallet_consent()])
def test_no_changed_field_of_a_statement_is_accepted(record: Record) -> None:
    assert _accepted(record)
    tried = 0
    original = parse_canonical(record.statement)
    for path in _leaves(original):
        at: Any = original
        for step in path:
            at = at[step]
        for new in _other(at):
            if new == at:
                continue
            value = parse_canonical(record.statement)
            _replace(value, path, new)
            try:
                forged = Record.build(canonical(value), record.parsed_envelope.proofs)
            except DomainError:
                continue
            tried += 1
            assert not _accepted(forged), path
    assert tried > 20


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([cases.did_consent(), cases.wallet_consent()]), st.integers(0, 65 * 8 - 1))
def test_no_changed_bit_of_a_signature_is_accepted(record: Record, bit: int) -> None:
    signature = bytearray.fromhex(_proof(record).signature)
    bit %= 8 * len(signature)
    signature[bit // 8] ^= 1 << bit % 8
    assert (
        _code(Record.build(record.statement, [_proof(record, signature=signature.hex())])) == "proof-invalid"
    )


@settings(max_examples=30, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.integers(1, 2**40), st.binary(min_size=20, max_size=20))
def test_no_other_signer_or_domain_is_accepted(seed: bytes, chain: int, contract: bytes) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    work, consent = cases.work_statement(), cases.wallet_consent()
    assert not _accepted(Record.build(work, [sign_did(work, key)]))
    domain = Domain(chain, Address(contract))
    signed = sign_wallet(consent.statement, domain, cases.WALLET)
    assert not _accepted(Record.build(consent.statement, [signed]))
    claimed = _proof(consent, signature=signed.signature)
    assert _code(Record.build(consent.statement, [claimed])) == "proof-invalid"


def test_proofs_of_one_kind_do_not_serve_another() -> None:
    """The same key under the same contract: a work's proof is no verdict's, a withdrawal's no consent's."""
    consent = cases.wallet_consent(
        withdrawal={"authority": str(address_of(cases.WALLET)), "mode": "prospective"}
    )
    withdrawal = _withdrawal(consent, by=cases.WALLET)
    assert _code(Record.build(consent.statement, [_proof(withdrawal)])) == "proof-invalid"
    assert _code(Record.build(withdrawal.statement, [_proof(consent)]), consent=consent) == "proof-invalid"


# --- many at once ---


def test_many_are_judged_one_by_one() -> None:
    consent, other = cases.wallet_consent(), cases.did_consent()
    bad = Record.build(consent.statement, [_proof(consent, signature="00" * 65)])
    records = [cases.work_record(), bad, _withdrawal(consent), _withdrawal(other), consent]
    errors = check_records(
        records, audience=cases.AUDIENCE, domain=cases.DOMAIN, consents={consent.record_id.digest: consent}
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
