"""What records put to wallets held by code, when that may be asked, and what follows from an answer or from none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from rakkan.registry.ports import ChainBlock
from rakkan.registry.rules.eip712 import Domain, record_digest
from rakkan.registry.rules.proofs import check_record, check_records, sign_did, withdrawal_statement
from rakkan.registry.rules.wallet_questions import (
    FRESH,
    TOLERANCE,
    UNASKED,
    WRAPPED,
    Answers,
    WalletQuestion,
    check_block,
    inner_signature,
    questions_of,
    stated_at,
)
from rakkan.schemas.errors import DomainError, Refused
from rakkan.schemas.identity import Address, DidPkh
from rakkan.schemas.record import Record
from rakkan.schemas.statement import Proof
from tests.unit.registry.rules import cases

WALLET = Address(b"\x77" * 20)
DID = str(DidPkh(cases.CHAIN, WALLET))
SIGNATURE = b"anything that the wallet takes"
GRANT = cases.consent_statement(grantor={"id": DID, "capacity": "author"})


def proof(**more: Any) -> Proof:
    return Proof.model_validate(
        {
            "suite": "erc1271",
            "signer": DID,
            "signature": SIGNATURE.hex(),
            "verifyingContract": str(cases.DOMAIN.contract),
            "block": {"number": 7, "hash": "b7" * 32},
            **more,
        }
    )


def granted(*proofs: Proof) -> Record:
    return Record.build(GRANT, proofs or [proof()])


def asked(record: Record) -> WalletQuestion:
    (question,) = questions_of(record, cases.DOMAIN).values()
    return question


def code(
    record: Record, answers: Answers = UNASKED, *, domain: Domain | None = cases.DOMAIN, **more: Any
) -> str:
    """``code pointer`` of the refusal, or nothing."""
    try:
        check_record(record, audience=cases.AUDIENCE, domain=domain, answers=answers, **more)
    except DomainError as error:
        return f"{error.code} {error.pointer}".rstrip()
    return ""


def test_the_question_is_what_a_key_would_have_signed() -> None:
    digest = record_digest(cases.DOMAIN, GRANT, WALLET)
    assert asked(granted()) == WalletQuestion(WALLET, digest, SIGNATURE, 7, b"\xb7" * 32)
    assert cases.wallet_consent().parsed_envelope.proofs[0].suite == "eip712"
    assert questions_of(cases.wallet_consent(), cases.DOMAIN) == {}
    assert questions_of(granted(), None) == {}


def test_only_a_yes_holds() -> None:
    record = granted()
    assert code(record) == "proof-unanswered /proofs/0"
    assert code(record, {asked(record): True}) == ""
    assert code(record, {asked(record): False}) == "proof-invalid /proofs/0"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"signature": "00"}, "proof-unanswered /proofs/0"),
        ({"block": {"number": 8, "hash": "b7" * 32}}, "proof-unanswered /proofs/0"),
        ({"block": {"number": 7, "hash": "b8" * 32}}, "proof-unanswered /proofs/0"),
        ({"signer": str(DidPkh(cases.CHAIN, Address(b"\x78" * 20)))}, "proof-missing /predicate/grantor/id"),
    ],
)
def test_an_answer_is_to_exactly_one_question(more: dict[str, Any], expected: str) -> None:
    assert code(granted(proof(**more)), {asked(granted()): True}) == expected


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"block": None}, "proof-invalid /proofs/0"),
        ({"verifyingContract": None}, "proof-invalid /proofs/0"),
        ({"verifyingContract": str(cases.GATE.contract)}, "domain-unknown"),
        ({"signer": f"did:pkh:eip155:1:{WALLET}"}, "domain-unknown"),
        ({"signer": cases.did(cases.ARTIST)}, "proof-invalid /proofs/0"),
        ({"signature": "abc"}, "proof-invalid /proofs/0"),
        ({"suite": "eip712"}, "proof-invalid /proofs/0"),
        ({"suite": "ed25519"}, "proof-invalid /proofs/0"),
    ],
)
def test_such_a_proof_has_one_form(more: dict[str, Any], expected: str) -> None:
    """Whatever the wallets said: what is not whole asks nothing."""
    record = granted(proof(**more))
    everything = {asked(granted()): True}
    assert code(record, everything) == expected
    assert questions_of(record, cases.DOMAIN) == {} or "verifyingContract" in more


def test_no_domain_no_answer() -> None:
    assert code(granted(), {asked(granted()): True}, domain=None) == "domain-unknown"


def test_what_no_answer_could_heal_is_told_first() -> None:
    """Nobody is asked for a record that would be refused all the same."""
    bad = cases.did_consent().parsed_envelope.proofs[0]
    assert code(granted(proof(), bad)) == "proof-invalid /proofs/1"
    other = Record.build(cases.consent_statement(), [proof()])
    assert code(other) == "proof-missing /predicate/grantor/id"
    foreign = cases.consent_statement(
        grantor={"id": DID, "capacity": "author"}, audience="rakkan/fedcba9876543210"
    )
    assert code(Record.build(foreign, [proof()])) == "audience-foreign /predicate/audience"


def test_each_wallet_of_a_record_is_asked() -> None:
    other = str(DidPkh(cases.CHAIN, Address(b"\x79" * 20)))
    record = granted(proof(), sign_did(GRANT, cases.STRANGER), proof(signer=other))
    questions = questions_of(record, cases.DOMAIN)
    assert list(questions) == [0, 2]
    assert code(record) == "proof-unanswered /proofs/0"
    assert code(record, {questions[0]: True}) == "proof-unanswered /proofs/2"
    assert code(record, {questions[0]: True, questions[2]: False}) == "proof-invalid /proofs/2"
    assert code(record, dict.fromkeys(questions.values(), True)) == ""


def test_a_withdrawal_is_asked_of_its_authority_as_the_contract_asks() -> None:
    consent = cases.wallet_consent(withdrawal={"authority": str(WALLET), "mode": "prospective"})
    statement = withdrawal_statement(consent, None, cases.AUDIENCE)
    record = Record.build(statement, [proof()])
    linked = cases.linked(record, consent)
    assert code(record, linked=linked) == "proof-unanswered /proofs/0"
    assert code(record, {asked(record): True}, linked=linked) == ""


def test_a_verdict_is_asked_under_its_gate() -> None:
    record = Record.build(cases.verdict_statement(), [proof(verifyingContract=str(cases.GATE.contract))])
    question = asked(record)
    assert question.digest == record_digest(cases.GATE, record, WALLET)
    assert code(record, {question: True}) == ""
    elsewhere = {"chainId": 1, "address": str(cases.GATE.contract)}
    foreign = Record.build(cases.verdict_statement(gate=elsewhere), [proof()])
    assert questions_of(foreign, cases.DOMAIN) == {}


def test_what_is_unanswered_links_nothing() -> None:
    """A record that leans on one which nobody could judge is not judged either."""
    consent = granted()
    statement = withdrawal_statement(consent, None, cases.AUDIENCE)
    withdrawal = Record.build(statement, [proof()])
    records = [consent, withdrawal]
    errors = check_records(records, audience=cases.AUDIENCE, domain=cases.DOMAIN)
    assert [error and error.code for error in errors] == ["proof-unanswered", "withdrawal-foreign"]


# --- the block ---

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HASH = b"\xb7" * 32
NEWEST = ChainBlock(90, b"\x90" * 32, NOON)


def refusal(
    block: ChainBlock | None,
    *,
    newest: ChainBlock = NEWEST,
    accepted_at: datetime = NOON,
    stated: datetime | None = None,
) -> str:
    question = WalletQuestion(WALLET, b"\1" * 32, SIGNATURE, 7, HASH)
    try:
        check_block(question, block, newest, accepted_at=accepted_at, stated_at=stated)
    except Refused as error:
        return error.code
    return ""


def at(age: timedelta) -> ChainBlock:
    return ChainBlock(7, HASH, NOON - age)


SECOND = timedelta(seconds=1)


def test_the_block_must_be_there() -> None:
    assert refusal(None) == "block-unknown"
    assert refusal(ChainBlock(7, b"\xb8" * 32, NOON)) == "block-unknown"
    assert refusal(ChainBlock(91, HASH, NOON)) == "block-unknown"
    assert refusal(at(SECOND)) == ""


def test_the_block_must_be_fresh() -> None:
    assert refusal(at(FRESH)) == ""
    assert refusal(at(FRESH + SECOND)) == "block-old"
    assert refusal(at(FRESH), accepted_at=NOON + SECOND) == "block-old"
    assert refusal(at(FRESH + SECOND), accepted_at=NOON - timedelta(days=1)) == "block-old", (
        "the chain's clock"
    )


def test_the_newest_block_is_always_fresh() -> None:
    newest = ChainBlock(7, HASH, NOON)
    assert refusal(newest, newest=newest, accepted_at=NOON + timedelta(days=30)) == ""


def test_the_block_must_not_be_older_than_the_statement() -> None:
    assert refusal(at(SECOND), stated=NOON - SECOND + TOLERANCE) == ""
    assert refusal(at(SECOND), stated=NOON + TOLERANCE) == "block-early"


def test_who_says_when_it_was_made() -> None:
    assert stated_at(cases.work_record().predicate) == NOON
    assert stated_at(Record.build(cases.verdict_statement(), [proof()]).predicate) == NOON
    assert stated_at(granted().predicate) is None, "a consent says when it counts"


# --- wrapped signatures ---


def wrapped(inner: bytes) -> bytes:
    return encode(["address", "bytes", "bytes"], [WALLET.raw, b"make it", inner]) + WRAPPED


@given(st.binary(max_size=200))
def test_what_is_wrapped_is_taken_out(inner: bytes) -> None:
    assert inner_signature(wrapped(inner)) == inner
    assert inner_signature(inner) == inner or inner.endswith(WRAPPED)


@given(st.binary(max_size=400), st.integers(0, 2**256 - 1), st.integers(0, 300))
def test_what_is_not_whole_stays_as_it_is(rest: bytes, offset: int, small: int) -> None:
    for place in (offset, small):
        body = bytes(64) + place.to_bytes(32) + rest
        found = inner_signature(body + WRAPPED)
        assert found == body + WRAPPED or found in body
    assert inner_signature(WRAPPED) == WRAPPED
