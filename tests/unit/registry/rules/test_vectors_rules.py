"""The published vectors are what the rules compute, and they hold for others' code too."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

from rakkan.registry.rules.note import NoteVerifier, open_head
from rakkan.registry.rules.proofs import check_record
from rakkan.schemas.record import Record
from tests.unit.registry.rules import cases
from tests.vectors.make_rules import FILE, written


@pytest.fixture(scope="module")
def vectors() -> Any:
    return json.loads(FILE.read_text(encoding="utf-8"))


def test_the_file_is_up_to_date() -> None:
    assert FILE.read_text(encoding="utf-8") == written(), "run python -m tests.vectors.make_rules"


def test_records_are_accepted(vectors: Any) -> None:
    records = [
        Record.parse(each["statement"].encode(), each["envelope"].encode()) for each in vectors["records"]
    ]
    for record, each in zip(records, vectors["records"], strict=True):
        consent = records[1] if record.kind == "withdrawal" else None
        check_record(
            record, audience=cases.AUDIENCE, domain=cases.DOMAIN, linked=cases.linked(record, consent)
        )
        digests = hashlib.sha256(record.statement).digest() + hashlib.sha256(record.envelope).digest()
        assert each["leafData"] == digests.hex()


def test_eth_account_signs_the_same(vectors: Any) -> None:
    kinds = []
    for each in vectors["records"]:
        if "typedData" not in each:
            continue
        kinds.append(each["typedData"]["primaryType"])
        message = encode_typed_data(full_message=each["typedData"])
        assert keccak(b"\x19\x01" + message.header + message.body).hex() == each["digest"]
        signature = Account.from_key(each["privateKey"]).sign_message(message).signature.hex()
        assert json.loads(each["envelope"])["proofs"][0]["signature"] == signature.removeprefix("0x")
    assert kinds == ["Consent", "Withdrawal", "Statement", "Verdict"]


def test_the_head_opens(vectors: Any) -> None:
    head = vectors["logHead"]
    opened = open_head(head["note"].encode(), [NoteVerifier.parse(head["vkey"])])
    assert (opened.size, opened.root.hex()) == (head["size"], head["root"])
