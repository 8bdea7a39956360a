"""Forged proofs: whatever differs from the right signature by anything is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from rakkan.registry.rules.eip712 import Domain, address_of
from rakkan.registry.rules.proofs import (
    check_record,
    did_message,
    sign_did,
    sign_wallet,
    withdrawal_statement,
)
from rakkan.schemas.canonical import canonical, parse_canonical
from rakkan.schemas.errors import DomainError, Invalid
from rakkan.schemas.identity import Address
from rakkan.schemas.record import Record
from rakkan.schemas.statement import Proof
from tests.unit.registry.rules import cases

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def _check(record: Record, domain: Domain | None = cases.DOMAIN, consent: Record | None = None) -> None:
    check_record(record, audience=cases.AUDIENCE, domain=domain, linked=cases.linked(record, consent))


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
    statement = withdrawal_statement(consent, None, cases.AUDIENCE)
    withdrawal = Record.build(statement, [sign_wallet(statement, cases.DOMAIN, cases.WALLET)])
    assert _code(Record.build(consent.statement, [_proof(withdrawal)])) == "proof-invalid"
    assert _code(Record.build(withdrawal.statement, [_proof(consent)]), consent=consent) == "proof-invalid"


@pytest.mark.parametrize("field", ["_type", "subject", "predicateType", "predicate"])
def test_a_statement_without_one_of_its_fields_is_none(field: str) -> None:
    """Signed as it is by its own key: what calls itself nothing is no in-toto statement."""
    value = parse_canonical(cases.work_statement())
    del value[field]
    statement = canonical(value)
    signature = cases.ARTIST.sign(did_message(statement, cases.AUDIENCE)).hex()
    proof = sign_did(cases.work_statement(), cases.ARTIST).model_copy(update={"signature": signature})
    with pytest.raises(Invalid) as error:
        _check(cases.changed(statement, [proof]))
    assert (error.value.code, error.value.pointer) == ("shape", f"/{field}")
