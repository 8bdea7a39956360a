"""Registering over HTTP, and finding what is registered."""

from __future__ import annotations

import secrets

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rakkan.api.shapes import Accepted, AssetShape
from rakkan.registry.rules.proofs import sign_did
from rakkan.registry.worker import Worker
from rakkan.schemas.canonical import parse_canonical
from rakkan.schemas.record import Record
from rakkan.schemas.values import Digest
from tests.api.asking import exact, problem, record_of
from tests.api.conftest import Served
from tests.support import consent_record, did_of, work_record


@pytest.fixture
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@pytest.fixture
def record(served: Served, key: Ed25519PrivateKey) -> Record:
    return work_record(key, origin=served.registry.origin)


def test_registering_makes_a_record_public_and_again_says_so(served: Served, record: Record) -> None:
    answer = served.http.post("/v1/assets", json=exact(record), headers=served.bearer)
    assert answer.status_code == 201, answer.text
    taken = Accepted.model_validate(answer.json())
    assert (taken.record_id, taken.envelope) == (str(record.record_id), str(record.envelope_cid))
    assert (taken.kind, taken.new) == ("work", True)
    assert served.http.get(answer.headers["location"]).content == record.envelope
    again = served.http.post("/v1/assets", json=exact(record), headers=served.bearer)
    assert (again.status_code, again.json()["new"]) == (200, False)
    Worker(served.registry).settle()
    proof = served.http.get(f"/v1/records/{record.record_id}/proof")
    assert proof.status_code == 200, "what came in over HTTP is logged like everything else"


def test_plain_json_is_brought_into_its_only_form(served: Served, record: Record) -> None:
    proofs = parse_canonical(record.envelope)["proofs"]
    body = {"statement": parse_canonical(record.statement), "proofs": proofs}
    answer = served.http.post("/v1/assets", json=body, headers=served.bearer)
    assert answer.status_code == 201, answer.text
    assert answer.json()["recordId"] == str(record.record_id)
    assert served.http.get(f"/v1/records/{record.record_id}").content == record.statement


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({}, "token-missing"),
        ({"Authorization": "Bearer rkn_" + "x" * 43}, "token-unknown"),
        ({"Authorization": "Bearer " + "x" * 5000}, "token-unknown"),
        ({"Authorization": "Bearer"}, "token-missing"),
        ({"Authorization": "Basic YTpi"}, "token-missing"),
        ({"Authorization": "Bearer \u00ff\u00fe".encode("latin-1")}, "token-unknown"),
    ],
)
def test_writing_needs_a_token(served: Served, record: Record, header: dict[str, str], code: str) -> None:
    for path in ("/v1/assets", "/v1/verdicts"):
        answer = served.http.post(path, json=exact(record), headers=header)
        problem(answer, 401, code)
        assert answer.headers["www-authenticate"].startswith("Bearer ")
    assert served.registry.store.records.get([record.record_id.digest]) == {}


def test_a_token_is_kept_only_as_its_digest(served: Served) -> None:
    token = served.token.encode()
    for path in served.registry.home.folder.rglob("*"):
        if path.is_file():
            assert token not in path.read_bytes(), path


def test_records_without_their_actors_proof_are_refused(
    served: Served, record: Record, key: Ed25519PrivateKey
) -> None:
    stranger = Ed25519PrivateKey.generate()
    forged = Record.build(record.statement, [sign_did(record.statement, stranger)])
    answer = served.http.post("/v1/assets", json=exact(forged), headers=served.bearer)
    problem(answer, 403, "proof-missing")
    foreign = work_record(key, origin="rakkan/ffffffffffffffff")
    answer = served.http.post("/v1/assets", json=exact(foreign), headers=served.bearer)
    problem(answer, 403, "audience-foreign")
    broken = exact(record)
    broken["envelope"] = exact(work_record(key, origin=served.registry.origin))["envelope"]
    answer = served.http.post("/v1/assets", json=broken, headers=served.bearer)
    problem(answer, 422, "envelope-mismatch")
    assert served.registry.store.records.get([record.record_id.digest]) == {}


def test_every_kind_has_its_own_address(served: Served, record: Record, key: Ed25519PrivateKey) -> None:
    consent = consent_record(key, {"sha256": "ab" * 32}, origin=served.registry.origin)
    problem(served.http.post("/v1/assets", json=exact(consent), headers=served.bearer), 422, "kind-misplaced")
    problem(
        served.http.post("/v1/consents", json=exact(record), headers=served.bearer), 422, "kind-misplaced"
    )


def test_found_by_every_identifier_and_told_which(served: Served) -> None:
    item = served.work
    record = record_of(item)
    digests = dict(record.parsed.subject[0].digest)
    assert {"c2paClaim", "sha256"} <= set(digests)
    for kind, value in digests.items():
        answer = served.http.get(f"/v1/assets/{kind}:{value}")
        assert answer.status_code == 200, (kind, answer.text)
        found = AssetShape.model_validate(answer.json())
        assert found.digest == found.matched == f"{kind}:{value}"
        assert found.digests == digests
        assert found.record.record_id == str(record.record_id)
        assert found.alias is (kind == "sha256")
        assert found.anchor.state == "unanchored"
    source = Digest.of(item.input.read_bytes())
    found = AssetShape.model_validate(served.http.get(f"/v1/assets/{source}").json())
    assert (found.alias, found.record.record_id) == (True, str(record.record_id))


def test_two_records_of_one_file_are_both_named(served: Served) -> None:
    digest = secrets.token_hex(32)
    first, second = (
        work_record(Ed25519PrivateKey.generate(), origin=served.registry.origin, sha256=digest)
        for _ in range(2)
    )
    for record in (first, second):
        assert served.http.post("/v1/assets", json=exact(record), headers=served.bearer).status_code == 201
    found = AssetShape.model_validate(served.http.get(f"/v1/assets/sha256:{digest}").json())
    named = [found.record.record_id, *(each.record_id for each in found.others)]
    assert sorted(named) == sorted([str(first.record_id), str(second.record_id)])
    assert found.anchor.state == "none"


def test_unknown_and_malformed_names(served: Served) -> None:
    problem(served.http.get(f"/v1/assets/sha256:{'0' * 64}"), 404, "record-unknown")
    for name, code in (
        ("sha256:0", "digest-form"),
        ("md5:" + "0" * 64, "digest-kind"),
        ("sha256:" + "A" * 64, "digest-form"),
        ("0" * 64, "digest-form"),
        ("sha256:" + "٣" * 64, "digest-form"),
        ("x" * 129, "parameter"),
    ):
        problem(served.http.get(f"/v1/assets/{name}"), 422, code)


def test_answers_may_be_kept_a_moment_and_asked_again_cheaply(served: Served) -> None:
    path = f"/v1/assets/c2paClaim:{served.work.digest['c2paClaim']}"
    answer = served.http.get(path)
    assert answer.headers["cache-control"] == "public, max-age=15, must-revalidate"
    again = served.http.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = served.http.get(path, headers={"If-None-Match": '"something else"'})
    assert (other.status_code, other.content) == (200, answer.content)
    head = served.http.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == answer.headers["etag"]
    assert head.headers["content-length"] == str(len(answer.content))


def test_who_registered_is_who_signed(served: Served, key: Ed25519PrivateKey) -> None:
    record = work_record(key, origin=served.registry.origin)
    assert served.http.post("/v1/assets", json=exact(record), headers=served.bearer).status_code == 201
    statement = served.http.get(f"/v1/records/{record.record_id}").json()
    assert statement["predicate"]["creator"] == did_of(key)
