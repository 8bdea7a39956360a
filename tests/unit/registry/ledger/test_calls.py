"""Calls as bytes: each signature is one of the contracts', each answer is read strictly."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest

from rakkan.contracts import artifact
from rakkan.registry.ledger import calls, consent_calls
from rakkan.registry.ports import Call, ChainIdentity
from rakkan.registry.rules.eip712 import VerdictMessage
from rakkan.schemas.errors import Integrity, Invalid
from rakkan.schemas.identity import Address, keccak
from rakkan.schemas.verdict import Reliance

LOG, CONSENTS, GATE, BOOK = (Address(bytes([n]) * 20) for n in (1, 2, 3, 4))
CHAIN = ChainIdentity(31337, b"\0" * 32, LOG, CONSENTS, GATE, BOOK)
A, B, C = (bytes([n]) * 32 for n in (0xAA, 0xBB, 0xCC))
MESSAGE = VerdictMessage(A, B, C, 1, 7, A, 10, 20, B, 3, C, 2)
RELIANCE = Reliance(A, B, b"\x09" * 20, 5, 2)
SIGNATURE = bytes(range(65))

CALLS: dict[str, tuple[Call, str]] = {
    "anchor": (calls.anchor_call(CHAIN, 7, A), "ProvenanceLog"),
    "head": (calls.log_head_call(CHAIN), "ProvenanceLog"),
    "anchoredAt": (calls.anchored_at_call(CHAIN, A), "ProvenanceLog"),
    "verifyInclusion": (calls.verify_inclusion_call(CHAIN, A, 7, 3, B, (A, B, C)), "ProvenanceLog"),
    "withdraw": (calls.withdraw_call(CHAIN, A), "ConsentRegistry"),
    "withdrawBySig": (calls.withdraw_by_sig_call(CHAIN, BOOK, A, SIGNATURE), "ConsentRegistry"),
    "withdrawnAt": (calls.withdrawn_at_call(CHAIN, BOOK, A), "ConsentRegistry"),
    "withdrawKeysBySig": (
        consent_calls.withdraw_keys_call(CHAIN, A[:20], (A, B), SIGNATURE),
        "ConsentRegistry",
    ),
    "commit": (consent_calls.commit_call(CHAIN, A), "ConsentRegistry"),
    "committedAt": (consent_calls.committed_at_call(CHAIN, A), "ConsentRegistry"),
    "submitVerdict": (calls.submit_verdict_call(GATE, MESSAGE, LOG, SIGNATURE), "ConsentGate"),
    "checkVerdict": (calls.check_verdict_call(GATE, MESSAGE, LOG, SIGNATURE), "ConsentGate"),
    "verdictDigest": (calls.verdict_digest_call(GATE, MESSAGE), "ConsentGate"),
    "brake": (calls.brake_call(GATE, A, B, RELIANCE, 1, [C]), "ConsentGate"),
    "withdrawAndBrake": (
        calls.withdraw_and_brake_call(GATE, A, SIGNATURE, A, B, RELIANCE, 1, [C]),
        "ConsentGate",
    ),
    "verdictOf": (calls.verdict_of_call(GATE, A, B), "ConsentGate"),
    "isApproved": (calls.is_approved_call(GATE, A, B), "ConsentGate"),
    "approve": (calls.approve_call(BOOK, A, B), "ApprovalBook"),
}


def canonical_type(entry: dict[str, Any]) -> str:
    if not entry["type"].startswith("tuple"):
        return str(entry["type"])
    return f"({','.join(map(canonical_type, entry['components']))}){entry['type'][5:]}"


def function(contract: str, name: str) -> dict[str, Any]:
    (entry,) = (
        each for each in artifact(contract).abi if each.get("name") == name and each["type"] == "function"
    )
    return dict(entry)


@pytest.mark.parametrize("name", CALLS)
def test_every_call_is_one_of_the_contracts(name: str) -> None:
    call, contract = CALLS[name]
    entry = function(contract, name)
    signature = f"{name}({','.join(map(canonical_type, entry['inputs']))})"
    assert call.calldata[:4] == keccak(signature.encode())[:4]
    expected = {"ProvenanceLog": LOG, "ConsentRegistry": CONSENTS, "ConsentGate": GATE, "ApprovalBook": BOOK}
    assert call.to == expected[contract]


def test_isapproved_is_the_same_question_to_a_book() -> None:
    function("ApprovalBook", "isApproved")
    assert calls.is_approved_call(BOOK, A, B).calldata == calls.is_approved_call(GATE, A, B).calldata


@pytest.mark.parametrize(
    ("contract", "name", "types"),
    [
        ("ProvenanceLog", "head", "uint64,bytes32,uint64"),
        ("ProvenanceLog", "anchoredAt", "uint64,uint64,uint64"),
        ("ProvenanceLog", "verifyInclusion", "bool"),
        ("ConsentRegistry", "withdrawnAt", "uint64"),
        ("ConsentRegistry", "committedAt", "uint64"),
        ("ConsentGate", "verdictOf", calls.RECORDED),
        ("ConsentGate", "isApproved", "bool"),
        ("ApprovalBook", "isApproved", "bool"),
        ("ConsentGate", "checkVerdict", "bool"),
    ],
)
def test_answers_have_the_contracts_types(contract: str, name: str, types: str) -> None:
    assert ",".join(map(canonical_type, function(contract, name)["outputs"])) == types


def test_structs_name_their_members_in_the_contracts_order() -> None:
    def camel(name: str) -> str:
        first, *rest = name.split("_")
        return first + "".join(word.capitalize() for word in rest)

    (verdict, *_) = function("ConsentGate", "submitVerdict")["inputs"]
    assert [camel(each.name) for each in fields(VerdictMessage)] == [c["name"] for c in verdict["components"]]
    reliance = function("ConsentGate", "brake")["inputs"][2]
    assert [camel(each.name) for each in fields(Reliance)] == [c["name"] for c in reliance["components"]]
    (recorded,) = function("ConsentGate", "verdictOf")["outputs"]
    assert [camel(each.name) for each in fields(calls.RecordedVerdict)] == [
        c["name"] for c in recorded["components"]
    ]


def test_anchor_is_these_bytes() -> None:
    size = (7).to_bytes(32)
    assert CALLS["anchor"][0].calldata == keccak(b"anchor(uint64,bytes32)")[:4] + size + A


def test_an_address_is_the_same_raw_or_typed() -> None:
    assert calls.withdrawn_at_call(CHAIN, BOOK.raw, A) == calls.withdrawn_at_call(CHAIN, BOOK, A)


@pytest.mark.parametrize(
    "make",
    [
        lambda: calls.anchor_call(CHAIN, 1 << 64, A),
        lambda: calls.anchor_call(CHAIN, -1, A),
        lambda: calls.anchor_call(CHAIN, 1, A + b"\0"),
        lambda: calls.withdraw_by_sig_call(CHAIN, b"\1" * 19, A, SIGNATURE),
        lambda: calls.verify_inclusion_call(CHAIN, A, 1, 1, A, [b"\1" * 33]),
        lambda: calls.encode(LOG, "anchor(uint64,bytes32)", 1),
    ],
)
def test_what_does_not_fit_is_refused(make: Any) -> None:
    with pytest.raises(Invalid) as caught:
        make()
    assert caught.value.code == "call-form"


def word(number: int) -> bytes:
    return number.to_bytes(32)


def test_answers_are_read() -> None:
    moment = datetime(2026, 11, 22, tzinfo=UTC)
    seconds = int(moment.timestamp())
    assert calls.log_head_answer(word(0) * 3) is None
    assert calls.log_head_answer(word(7) + A + word(seconds)) == calls.AnchoredHead(7, A, moment)
    assert calls.anchored_at_answer(word(0) * 3, A) is None
    assert calls.anchored_at_answer(word(7) + word(seconds) + word(9), A) == calls.AnchoredHead(
        7, A, moment, 9
    )
    assert calls.withdrawn_at_answer(word(0)) is None
    assert calls.withdrawn_at_answer(word(seconds)) == moment
    assert calls.bool_answer(word(1)) is True
    assert calls.bool_answer(word(0)) is False
    assert calls.verdict_of_answer(word(0) * 13) is None
    words = [A, B, word(9), word(seconds), word(2), word(1), word(0), word(1)]
    recorded = calls.verdict_of_answer(
        b"".join([*words, word(7), word(seconds), word(seconds), word(3), word(0)])
    )
    assert recorded is not None
    assert (recorded.record_id, recorded.reliance_root, recorded.attester) == (A, B, Address(word(9)[12:]))
    assert (recorded.outcome, recorded.braked, recorded.retracted, recorded.suspended) == (
        2,
        True,
        False,
        True,
    )
    assert (recorded.log_size, recorded.reliance_count, recorded.fell_at) == (7, 3, None)


@pytest.mark.parametrize("answer", [b"", b"\1", word(2), word(1 << 255), word(1) + b"\0", word(1) * 2])
def test_a_yes_is_one_word_and_nothing_else(answer: bytes) -> None:
    with pytest.raises(Integrity) as caught:
        calls.bool_answer(answer)
    assert caught.value.code == "answer-form"


@pytest.mark.parametrize("answer", [b"", word(1) * 2, word(1 << 64) * 3, word(7) + A + word(1 << 64)])
def test_a_head_in_another_form_is_refused(answer: bytes) -> None:
    with pytest.raises(Integrity):
        calls.log_head_answer(answer)
