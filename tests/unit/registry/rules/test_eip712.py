"""EIP-712 digests, with eth_account as oracle for every type."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from rakkan.registry.rules.eip712 import (
    Domain,
    VerdictMessage,
    address_of,
    consent_digest,
    record_digest,
    recover,
    sign,
    statement_digest,
    typed_data,
    verdict_digest,
    verdict_message,
    withdrawal_digest,
)
from rakkan.registry.rules.notice import notice_text
from rakkan.registry.rules.proofs import withdrawal_statement
from rakkan.schemas.canonical import canonical, parse_canonical
from rakkan.schemas.errors import Invalid
from rakkan.schemas.identity import Address
from rakkan.schemas.record import Record
from rakkan.schemas.statement import Subject, parse_model
from rakkan.schemas.values import Cid
from rakkan.schemas.verdict import Verdict
from tests.unit.registry.rules import cases

AUTHORITY = address_of(cases.AUTHORITY)
texts = st.text(
    st.characters(exclude_categories=["Cs"]), max_size=64
)  # names are free text: emoji, right-to-left, control characters


def _oracle(value: dict[str, Any]) -> bytes:
    """The digest that eth_account finds for the same typed data, after a trip through JSON."""
    message = encode_typed_data(full_message=json.loads(json.dumps(value)))
    return bytes(keccak(b"\x19\x01" + message.header + message.body))


def _statements() -> dict[str, tuple[Domain, bytes]]:
    consent = cases.wallet_consent()
    return {
        "Consent": (cases.DOMAIN, consent.statement),
        "Withdrawal": (cases.DOMAIN, withdrawal_statement(consent, None, cases.AUDIENCE)),
        "Statement": (cases.DOMAIN, cases.work_statement()),
        "Verdict": (cases.GATE, cases.verdict_statement()),
    }


@pytest.mark.parametrize("name", ["Consent", "Withdrawal", "Statement", "Verdict"])
def test_agrees_with_eth_account_on_every_type(name: str) -> None:
    domain, statement = _statements()[name]
    value = typed_data(domain, statement)
    assert value["primaryType"] == name
    assert record_digest(domain, statement, AUTHORITY) == _oracle(value)
    assert Account.from_key(cases.AUTHORITY).sign_typed_data(full_message=value).signature == sign(
        record_digest(domain, statement, AUTHORITY), cases.AUTHORITY
    )


@settings(max_examples=40, deadline=None)
@given(
    texts,
    st.lists(
        st.sampled_from(["public", cases.COMMUNITY, "did:web:künstler.example", "did:x:漢字 🖼"]),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from(["prospective", "sunset", "irrevocable"]),
    st.none() | st.integers(1, 3650),
)
def test_agrees_on_any_notice(name: str, grantee: list[str], mode: str, days: int | None) -> None:
    withdrawal: dict[str, Any] = {"authority": str(AUTHORITY), "mode": mode}
    if days is not None:
        withdrawal["days"] = days
    subjects = [Subject(name=name, digest={"sha256": "5a" * 32}), *cases.SUBJECTS]
    statement = cases.consent_statement(subjects, grantee=grantee, withdrawal=withdrawal)
    value = typed_data(cases.DOMAIN, statement)
    assert consent_digest(cases.DOMAIN, statement) == _oracle(value)
    assert value["message"]["onWithdrawal"] == (mode if days is None else f"{mode}:{days}")
    assert value["message"]["grantee"] == ", ".join(grantee)


def test_a_consent_reads_as_its_fields() -> None:
    record = cases.wallet_consent()
    subjects = parse_canonical(record.statement)["subject"]
    assert typed_data(cases.DOMAIN, record.statement) == {
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"},
                {"name": "verifyingContract", "type": "address"},
            ],
            "Consent": [
                {"name": "notice", "type": "string"},
                {"name": "audience", "type": "string"},
                {"name": "recordId", "type": "bytes32"},
                {"name": "subject", "type": "bytes32"},
                {"name": "scopes", "type": "string"},
                {"name": "grantee", "type": "string"},
                {"name": "grantor", "type": "address"},
                {"name": "validFrom", "type": "uint64"},
                {"name": "validUntil", "type": "uint64"},
                {"name": "onWithdrawal", "type": "string"},
                {"name": "withdrawalAuthority", "type": "address"},
            ],
        },
        "primaryType": "Consent",
        "domain": {
            "name": "Rakkan",
            "version": "1",
            "chainId": 31337,
            "verifyingContract": str(cases.DOMAIN.contract),
        },
        "message": {
            "notice": notice_text(cases.SUBJECTS, cases.consent()),
            "audience": cases.AUDIENCE,
            "recordId": "0x" + hashlib.sha256(record.statement).hexdigest(),
            "subject": "0x" + hashlib.sha256(canonical(subjects)).hexdigest(),
            "scopes": "cawg.ai_generative_training=constrained, org.rakkan.finetune_lora=allowed, "
            "org.rakkan.style_imitation=notAllowed",
            "grantee": "public",
            "grantor": str(address_of(cases.WALLET)),
            "validFrom": 1767225600,
            "validUntil": 1830297600,
            "onWithdrawal": "prospective",
            "withdrawalAuthority": str(AUTHORITY),
        },
    }


def test_subject_and_record_are_hashed_as_signed_unknown_fields_and_all() -> None:
    value = parse_canonical(cases.consent_statement())
    value["subject"][0]["annotations"] = {"note": None, "list": [1]}
    value["predicate"]["later"] = {"field": None}
    statement = canonical(value)
    message = typed_data(cases.DOMAIN, statement)["message"]
    assert message["subject"] == "0x" + hashlib.sha256(canonical(value["subject"])).hexdigest()
    assert message["recordId"] == "0x" + hashlib.sha256(statement).hexdigest()
    assert consent_digest(cases.DOMAIN, statement) != consent_digest(cases.DOMAIN, cases.consent_statement())


def test_a_record_and_its_statement_have_one_digest() -> None:
    record = cases.wallet_consent()
    assert consent_digest(cases.DOMAIN, record) == consent_digest(cases.DOMAIN, record.statement)
    verdict = Record.build(cases.verdict_statement(), record.parsed_envelope.proofs)
    assert record_digest(cases.GATE, verdict, AUTHORITY) == record_digest(
        cases.GATE, verdict.statement, AUTHORITY
    )


def test_the_parts_have_digests_of_their_own() -> None:
    consent = cases.wallet_consent()
    item = bytes(range(32))
    whole = withdrawal_statement(consent, None, cases.AUDIENCE)
    part = withdrawal_statement(consent, item, cases.AUDIENCE)
    record_id = consent.record_id.digest
    key = hashlib.sha256(record_id + item).digest()
    assert record_digest(cases.DOMAIN, whole, AUTHORITY) == withdrawal_digest(
        cases.DOMAIN, AUTHORITY, record_id
    )
    assert record_digest(cases.DOMAIN, part, AUTHORITY) == withdrawal_digest(cases.DOMAIN, AUTHORITY, key)
    # A grantor who is not the authority signs the same statement as any other record.
    grantor, name = address_of(cases.WALLET), Cid.of(whole).digest
    assert record_digest(cases.DOMAIN, whole, grantor) == statement_digest(
        cases.DOMAIN, "withdrawal", cases.AUDIENCE, name
    )
    assert typed_data(cases.DOMAIN, whole, grantor)["primaryType"] == "Statement"


def test_a_verdict_reads_as_its_gate_reads_it() -> None:
    statement = cases.verdict_statement()
    record_id = hashlib.sha256(statement).digest()
    verdict = parse_model(Verdict, parse_canonical(statement)["predicate"])
    message = verdict_message(record_id, verdict)
    assert message == VerdictMessage(
        record_id=record_id,
        subject=b"\xa1" * 32,
        policy_id=hashlib.sha256(b"{}").digest(),
        outcome=1,
        log_size=12,
        log_root=b"\xb2" * 32,
        issued_at=1795348800,
        valid_until=1803124800,
        findings_root=b"\xc3" * 32,
        findings_count=3,
        reliance_root=b"\xd4" * 32,
        reliance_count=2,
    )
    assert verdict_digest(cases.GATE, message) == record_digest(cases.GATE, statement, AUTHORITY)
    assert typed_data(cases.GATE, statement)["message"]["relianceCount"] == 2


def test_every_part_of_the_domain_matters() -> None:
    digests = {
        withdrawal_digest(domain, AUTHORITY, bytes(32))
        for domain in (
            cases.DOMAIN,
            cases.GATE,
            Domain(1, cases.DOMAIN.contract),
            Domain(2**200, cases.DOMAIN.contract),
            Domain(cases.CHAIN, Address(bytes(20))),
        )
    }
    assert len(digests) == 5
    assert len({domain.separator for domain in (cases.DOMAIN, cases.GATE)}) == 2


def test_texts_cannot_slide_from_one_field_into_the_next() -> None:
    name = bytes(32)
    one = statement_digest(cases.DOMAIN, "work", "rakkan/x", name)
    assert one != statement_digest(cases.DOMAIN, "workrakkan/x", "", name)
    assert one != statement_digest(cases.DOMAIN, "", "workrakkan/x", name)


def test_a_grantor_without_wallet_cannot_sign_by_wallet() -> None:
    statement = cases.consent_statement(grantor={"id": cases.did(cases.ARTIST)})
    with pytest.raises(Invalid) as error:
        consent_digest(cases.DOMAIN, statement)
    assert error.value.code == "grantor-wallet"


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        (cases.work_statement(), "kind-unknown"),
        (b"{}", "shape"),
        (b"", "not-json"),
        (cases.consent_statement().replace(b":consent:1", b":consent:2"), "kind-unknown"),
        (cases.consent_statement() + b" ", "not-canonical"),
        (cases.consent_statement(validFrom="1969-12-31T23:59:59Z"), "instant-range"),
    ],
)
def test_what_is_no_consent_has_no_digest(statement: bytes, code: str) -> None:
    with pytest.raises(Invalid) as error:
        consent_digest(cases.DOMAIN, statement)
    assert error.value.code == code


def test_a_bytes32_is_never_padded() -> None:
    for key in (b"", bytes(31), bytes(33)):
        with pytest.raises(Invalid) as error:
            withdrawal_digest(cases.DOMAIN, AUTHORITY, key)
        assert error.value.code == "bytes32-length"


def test_what_a_wallet_signs_is_recovered() -> None:
    statement = cases.consent_statement()
    signed = Account.from_key(cases.WALLET).sign_typed_data(full_message=typed_data(cases.DOMAIN, statement))
    assert recover(consent_digest(cases.DOMAIN, statement), bytes(signed.signature)) == address_of(
        cases.WALLET
    )
