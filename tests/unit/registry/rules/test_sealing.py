"""Private fields: committed to, sealed, shown one by one, and gone with their key."""

from __future__ import annotations

import hashlib
import os
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from rakkan.registry.rules.sealing import (
    MAX_FIELD,
    SaltedField,
    check_disclosure,
    check_fields,
    commitment,
    disclosure,
    salted,
    seal,
    unseal,
)
from rakkan.schemas.consent import Consent
from rakkan.schemas.errors import DomainError, Integrity, Invalid, Refused
from rakkan.schemas.record import Record
from rakkan.schemas.statement import parse_model
from rakkan.schemas.values import RAW, Cid
from tests.support import ORIGIN, consent_record, work_record

KEY = Ed25519PrivateKey.generate()
TEXTS = {"name": "Ada 落款", "release": "signed on paper"}
SALTS = [bytes([1]) * 32, bytes([2]) * 32]
SECRET, IV, NONCE = bytes(32), bytes(12), "0f" * 16


def sealed_record(texts: dict[str, str] = TEXTS) -> tuple[Record, tuple[SaltedField, ...]]:
    fields = salted(texts, SALTS[: len(texts)])
    value = {"commitments": [each.commitment.to_json() for each in fields]}
    return consent_record(KEY, {"sha256": "ab" * 32}, sealed=value), fields


def test_the_commitment_by_hand() -> None:
    by_hand = hashlib.sha256(b"rakkan-commitment-v1\0" + SALTS[0] + "Ada 落款".encode()).digest()
    assert commitment(SALTS[0], "Ada 落款") == by_hand
    assert salted(TEXTS, SALTS)[0].commitment.value == by_hand.hex()


def test_there_and_back() -> None:
    fields = salted(TEXTS, SALTS)
    block = seal(fields, key=SECRET, iv=IV, audience=ORIGIN, nonce=NONCE)
    assert unseal(block, key=SECRET, audience=ORIGIN, nonce=NONCE) == fields
    assert b"Ada" not in block
    assert repr(fields[0]) == "SaltedField('name', …)"


def test_its_size_does_not_tell_the_size_of_a_name() -> None:
    blocks = [
        seal(salted({"name": name}, SALTS[:1]), key=SECRET, iv=IV, audience=ORIGIN, nonce=NONCE)
        for name in ("Bo", "Bartholomew Quincy Featherstonehaugh")
    ]
    assert len(blocks[0]) == len(blocks[1])


def test_every_bit_counts() -> None:
    block = seal(salted(TEXTS, SALTS), key=SECRET, iv=IV, audience=ORIGIN, nonce=NONCE)
    for place in range(0, len(block), 7):
        changed = bytearray(block)
        changed[place] ^= 1
        with pytest.raises((Refused, Invalid)):
            unseal(bytes(changed), key=SECRET, audience=ORIGIN, nonce=NONCE)
    for wrong in (
        {"key": bytes([1]) + bytes(31)},
        {"key": b"short"},
        {"audience": "rakkan/" + "1" * 16},
        {"nonce": "00" * 16},
    ):
        arguments: dict[str, Any] = {"key": SECRET, "audience": ORIGIN, "nonce": NONCE, **wrong}
        with pytest.raises(Refused) as caught:
            unseal(block, **arguments)
        assert caught.value.code == "sealed-key"


@settings(max_examples=100, deadline=None)
@given(content=st.binary(max_size=80))
def test_any_bytes_are_refused_by_name(content: bytes) -> None:
    for block in (content, b"rakkan-sealed/1\n" + content):
        with pytest.raises(DomainError):
            unseal(block, key=SECRET, audience=ORIGIN, nonce=NONCE)


@pytest.mark.parametrize(
    "texts", [{}, {"": "x"}, {"n" * 65: "x"}, {"é": "x"}, {"n": "x" * (MAX_FIELD + 1)}, {f"n{i}": "x" for i in range(65)}]
)  # fmt: skip
def test_what_cannot_be_sealed(texts: dict[str, str]) -> None:
    with pytest.raises(Invalid) as caught:
        salted(texts, [os.urandom(32) for _ in texts])
    assert caught.value.code == "sealed-fields"


def test_one_field_is_shown_and_checked_without_the_others() -> None:
    record, fields = sealed_record()
    shown = disclosure(record, fields[0]).to_json()
    assert shown == {
        "schema": "rakkan.disclosure/1",
        "recordId": str(record.record_id),
        "name": "name",
        "salt": SALTS[0].hex(),
        "text": "Ada 落款",
    }
    assert check_disclosure(record, shown).text == "Ada 落款"
    assert fields[1].text not in str(shown)


@pytest.mark.parametrize(
    "change", [{"text": "Eve"}, {"salt": "00" * 32}, {"name": "release"}, {"recordId": "x"}, {"schema": "y"}, {"salt": "0"}, {"text": 5}]
)  # fmt: skip
def test_a_changed_disclosure_is_refused(change: dict[str, Any]) -> None:
    record, fields = sealed_record()
    with pytest.raises((Refused, Invalid)):
        check_disclosure(record, {**disclosure(record, fields[0]).to_json(), **change})


def test_it_is_refused_for_another_record() -> None:
    record, fields = sealed_record()
    other, _ = sealed_record()
    shown = disclosure(record, fields[0]).to_json()
    with pytest.raises(Refused):
        check_disclosure(other, {**shown, "recordId": str(other.record_id), "text": "Eve"})
    with pytest.raises(Refused):
        check_disclosure(other, shown)


def test_works_commit_in_the_same_way() -> None:
    field = SaltedField("prompt", SALTS[0], "a lighthouse")
    work = work_record(KEY, commitments=[field.commitment.to_json()])
    assert check_disclosure(work, disclosure(work, field).to_json()).name == "prompt"


def test_fields_are_checked_against_the_record_one_for_one() -> None:
    record, fields = sealed_record()
    check_fields(record, fields)
    for wrong in (fields[:1], (fields[1], fields[0]), (*fields, fields[0])):
        with pytest.raises(Integrity):
            check_fields(record, wrong)


@pytest.mark.parametrize(
    ("kind", "minors", "accepted"),
    [
        ("grant", "none", True),
        ("grant", "unknown", False),
        ("grant", "yes", False),
        ("likeness", "none", False),
    ],
)
def test_what_is_private_about_a_likeness_or_a_minor_is_never_pinned(
    kind: str, minors: str, accepted: bool
) -> None:
    field = salted({"name": "x"}, SALTS[:1])[0]
    block = Cid.of(b"sealed", RAW).link
    record, _ = sealed_record()
    value = {**record.predicate.to_json(), "kind": kind, "persons": {"depicted": "none", "minors": minors}}
    parse_model(Consent, {**value, "sealed": {"commitments": [field.commitment.to_json()]}})
    with_block = {**value, "sealed": {"commitments": [field.commitment.to_json()], "block": block}}
    if accepted:
        assert parse_model(Consent, with_block).may_pin_private
        return
    with pytest.raises(Invalid) as caught:
        parse_model(Consent, with_block)
    assert caught.value.code == "shape"
