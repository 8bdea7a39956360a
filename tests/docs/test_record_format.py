"""docs/record-format.md: its example is computed again with nothing of ours, and no field of a record is missing."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b32encode
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rakkan.registry.flows.verify.evidence import EvidenceRoot, Exhibit
from rakkan.registry.rules import eip712
from rakkan.schemas.consent import CAWG_SCOPES, OWN_SCOPES
from rakkan.schemas.record import Record

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "record-format.md").read_text(encoding="utf-8")
SCHEMAS = sorted((ROOT / "schemas" / "json").glob("*.schema.json"))


def value(name: str) -> str:
    found = re.search(rf"^\| {re.escape(name)} \| `([^`]+)` \|$", PAGE, re.MULTILINE)
    assert found is not None, name
    return found[1]


def blocks() -> tuple[bytes, bytes]:
    example = PAGE.partition("## A worked example")[2]
    statement, envelope = re.findall(r"```json\n(.*)\n```", example)
    return statement.encode(), envelope.encode()


def cid(content: bytes) -> str:
    binary = b"\x01\xa9\x02\x12\x20" + hashlib.sha256(content).digest()
    return "b" + b32encode(binary).decode().lower().rstrip("=")


def test_the_example_is_canonical() -> None:
    for block in blocks():
        value = json.loads(block)
        assert json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() == block


def test_the_example_has_these_names() -> None:
    statement, envelope = blocks()
    assert value("recordId") == cid(statement)
    assert value("envelope CID") == cid(envelope)
    assert json.loads(envelope)["statement"] == {"/": cid(statement)}
    leaf = hashlib.sha256(statement).digest() + hashlib.sha256(envelope).digest()
    assert value("log leaf data") == leaf.hex()
    assert (
        value("leaf hash, and root of a log that holds it alone") == hashlib.sha256(b"\0" + leaf).hexdigest()
    )


def test_the_example_is_signed() -> None:
    statement, envelope = blocks()
    audience = json.loads(statement)["predicate"]["audience"]
    signed = (
        b"rakkan-proof-v1\0" + hashlib.sha256(audience.encode()).digest() + hashlib.sha256(statement).digest()
    )
    assert value("signed bytes") == signed.hex()
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    assert json.loads(envelope)["proofs"][0]["signature"] == key.sign(signed).hex()


def test_the_example_is_a_record_of_ours() -> None:
    record = Record.parse(*blocks())
    assert str(record.record_id) == value("recordId")


def fields(schema: dict[str, Any]) -> set[str]:
    found = set(schema.get("properties", {}))
    for each in schema.get("$defs", {}).values():
        found |= fields(each)
    return found - {"/"}  # a link is explained as a link


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_every_field_and_every_word_is_on_the_page(path: Path) -> None:
    schema = json.loads(path.read_text())
    named = {word for span in re.findall(r"`([^`\n]+)`", PAGE) for word in re.findall(r"[\w-]+", span)}
    assert fields(schema) - named == set()
    for words in _values(schema, "enum"):
        assert {word for word in words if isinstance(word, str)} - named == set()


def _values(value: Any, key: str) -> list[Any]:
    if isinstance(value, dict):
        return ([value[key]] if key in value else []) + [
            x for each in value.values() for x in _values(each, key)
        ]
    if isinstance(value, list):
        return [x for each in value for x in _values(each, key)]
    return []


def test_every_field_of_a_bundle_is_on_the_page() -> None:
    part = PAGE.partition("## Evidence bundles")[2]
    for model in (EvidenceRoot, Exhibit):
        for name in model.model_fields:
            assert re.search(rf"[`{{ ]{name}[`,?}}]", part), name


def test_the_typed_data_is_on_the_page() -> None:
    for name, members in eip712._TYPES.items():
        if name != "EIP712Domain":
            assert f"{name}({members})" in PAGE


def test_every_scope_is_on_the_page() -> None:
    for scope in (*CAWG_SCOPES, *OWN_SCOPES):
        assert f"`{scope}`" in PAGE


def test_the_schemas_are_there() -> None:
    assert {path.name.partition(".")[0] for path in SCHEMAS} == {
        *("statement", "envelope", "work", "consent", "withdrawal", "verdict"),
        *("authorship", "identity", "key", "dispute", "ruling", "model", "training-run"),
    }
