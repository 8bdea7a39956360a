"""The vectors of consent: up to date, complete, and right by arithmetic that shares nothing with the rules."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b32encode
from typing import Any

import pytest

from tests.house.code import ROOT
from tests.kit.drive import VECTORS
from tests.kit.expand import expanded
from tests.kit.ours import OPERATIONS
from tests.vectors.make_consent import TABLES, vectors, written
from tests.vectors.tables import words

PAGE = (ROOT / "docs" / "proof-of-consent.md").read_text(encoding="utf-8")
KINDS = ("sha256", "c2paClaim", "c2paHardBinding", "autov3", "datasetRoot")


@pytest.fixture(scope="module")
def published() -> Any:
    return json.loads(VECTORS.read_text(encoding="utf-8"))


def _of(published: Any, operation: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    found = [each for each in published["tests"] if each["request"]["op"] == operation]
    assert found
    return [(expanded(each["request"], published["records"]), each["reply"]) for each in found]


def sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def cid(content: bytes) -> str:
    return "b" + b32encode(b"\x01\xa9\x02\x12\x20" + sha256(content)).decode().lower().rstrip("=")


def envelope(record: dict[str, Any]) -> bytes:
    link = {"/": cid(canonical(record["statement"]))}
    return canonical({"statement": link, "proofs": record["proofs"]})


def root(leaves: list[bytes]) -> bytes:
    """RFC 9162 §2.1.1, as it is written there."""
    if len(leaves) == 1:
        return sha256(b"\0" + leaves[0])
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1" + root(leaves[:split]) + root(leaves[split:]))


def test_the_file_is_up_to_date() -> None:
    assert VECTORS.read_text(encoding="utf-8") == written(), "run python -m tests.vectors.make_consent"


def test_a_table_that_the_rules_contradict_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    row = words.rows()[0]
    monkeypatch.setattr(words, "rows", lambda: [type(row)(row.title, "allowed granted", row.consents)])
    with pytest.raises(
        ValueError, match="allowed granted is expected, the rules say undetermined no-consent"
    ):
        vectors()


def test_every_answer_has_a_row_and_every_row_an_answer_of_the_standard(published: Any) -> None:
    explained = set(re.findall(r"^\| `([a-z-]+)` \| (allowed|denied|undetermined) \|", PAGE, re.MULTILINE))
    given = {(reply["code"], reply["answer"]) for _, reply in _of(published, "effective")}
    assert given == explained
    assert len(_of(published, "effective")) >= 120
    assert {reply["assurance"] for _, reply in _of(published, "effective")} == {0, 1, 2, 3}


def test_names_are_unique(published: Any) -> None:
    names = [each["name"] for each in published["tests"]]
    assert len(names) == len(set(names))
    assert len({row.title for table in TABLES for row in table.rows()}) <= len(names)


def test_every_operation_has_tests_at_its_level_and_is_on_the_page(published: Any) -> None:
    levels = dict(re.findall(r"^\| ([1-4]) \| [a-z]+ \| (.+) \|$", PAGE, re.MULTILINE))
    promised = {
        (int(level), each) for level, text in levels.items() for each in re.findall("`([a-z-]+)`", text)
    }
    assert promised == {(each["level"], each["request"]["op"]) for each in published["tests"]}
    protocol = PAGE.partition("### The test kit")[2]
    assert set(re.findall(r"^\| `([a-z-]+)` \|", protocol, re.MULTILINE)) - {"op"} == set(OPERATIONS)


def test_members_of_requests_and_replies_are_on_the_page(published: Any) -> None:
    protocol = set(
        re.findall(r"`\"?([A-Za-z0-9]+)\"?`|\"([A-Za-z0-9]+)\"", PAGE.partition("### The test kit")[2])
    )
    named = {name for pair in protocol for name in pair}
    used = {name for each in published["tests"] for name in (*each["request"], *each["reply"])}
    used |= {name for request, _ in _of(published, "effective") for name in _names(request)}
    assert used - named == {"error"} & used


def _names(value: Any) -> set[str]:
    """Names of members outside records."""
    if isinstance(value, list):
        return {name for each in value for name in _names(each)}
    if not isinstance(value, dict):
        return set()
    return {name for key, each in value.items() for name in (key, *(_names(each) if key != "record" else ()))}


def test_ids(published: Any) -> None:
    assert {cid(envelope(each)) for each in published["records"].values()} == set(published["records"])
    for request, reply in _of(published, "record-id"):
        statement = canonical(request["record"]["statement"])
        assert (reply["recordId"], reply["envelope"]) == (cid(statement), cid(envelope(request["record"])))
        assert reply["leaf"] == (sha256(statement) + sha256(envelope(request["record"]))).hex()


def test_digests_and_commitments(published: Any) -> None:
    records = {cid(canonical(each["statement"])): each for each in published["records"].values()}
    for request, reply in _of(published, "digest"):
        content = (
            request["text"].encode()
            if request["kind"] == "actor"
            else canonical(records[request["recordId"]]["statement"])
        )
        assert reply["digest"] == f"{request['kind']}:{sha256(content).hex()}"
    for request, reply in _of(published, "commitment"):
        salt, text = bytes.fromhex(request["salt"]), request["text"].encode()
        assert reply["value"] == sha256(b"rakkan-commitment-v1\0" + salt + text).hex()


def test_notices(published: Any) -> None:
    kinds = set()
    for request, reply in _of(published, "notice"):
        predicate = request["record"]["statement"]["predicate"]
        kinds.add(predicate["kind"])
        assert sha256(reply["text"].encode()).hex() == reply["sha256"] == predicate["notice"]["sha256"]
    assert kinds == {"grant", "reservation", "mandate", "likeness", "co-author"}


def test_withdrawals(published: Any) -> None:
    records = {cid(canonical(each["statement"])): each for each in published["records"].values()}
    for request, reply in _of(published, "withdrawal-key"):
        key = sha256(canonical(records[request["recordId"]]["statement"]))
        item = request.get("item")
        assert reply["key"] == (sha256(key + bytes.fromhex(item)) if item else key).hex()
    for request, reply in _of(published, "withdrawal"):
        consent, said = request["consent"], reply["statement"]["predicate"]
        assert reply["recordId"] == cid(canonical(reply["statement"]))
        assert said["consentId"] == sha256(canonical(consent["statement"])).hex()
        assert said["consent"] == {"/": cid(envelope(consent))}
        assert said.get("item") == request.get("item")


def test_collections(published: Any) -> None:
    for request, reply in _of(published, "collection"):
        works = {each.partition(":")[::2] for each in request["works"]}
        leaves = sorted(bytes([KINDS.index(kind)]) + bytes.fromhex(digest) for kind, digest in works)
        assert reply["leaves"] == [leaf.hex() for leaf in leaves]
        assert (reply["count"], reply["root"]) == (len(leaves), root(leaves).hex())
        subject = sha256(b"\3" + len(leaves).to_bytes(8) + root(leaves))
        assert reply["subject"] == f"collectionRoot:{subject.hex()}"


def test_proofs_of_inclusion_hold_where_they_should(published: Any) -> None:
    for each in published["tests"]:
        if each["request"]["op"] == "verify-inclusion":
            assert each["reply"]["valid"] is (re.fullmatch(r"inclusion: leaf \d", each["name"]) is not None)


def test_only_untouched_records_are_accepted(published: Any) -> None:
    fine = {"a wallet", "a key", "of a work", "withdrawn by the authority", "withdrawn by the grantor"}
    fine |= {f"a wallet held by code that said yes{how}" for how in ("", ", not deployed")}
    for each in published["tests"]:
        if each["request"]["op"] == "verify-proof":
            assert each["reply"]["accepted"] is (each["name"].removeprefix("proof: ") in fine), each["name"]
