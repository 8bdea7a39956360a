"""Exact bytes, proofs that hold by our own rules, lineage, bundles that can be checked offline."""

from __future__ import annotations

import hashlib

import httpx
import pytest

from rakkan.api.shapes import ConsistencyShape, HeadShape, Lineage, ProofShape
from rakkan.manifests.samples import CHILD
from rakkan.registry.flows.verify.opening import VerifyOptions, verify_name
from rakkan.registry.rules.note import NoteVerifier, open_head
from rakkan.registry.rules.tree import verify_consistency, verify_inclusion
from rakkan.registry.settings import load_settings
from rakkan.schemas.values import RAW, Cid
from rakkan.schemas.verdict import Outcome
from tests.api.asking import consent_of, output_of, problem, record_of
from tests.api.conftest import Served

FOR_EVER = "public, max-age=31536000, immutable"


def test_a_cid_leads_to_its_bytes(served: Served) -> None:
    for record in (record_of(served.work), consent_of(served.work)):
        for cid, content in ((record.record_id, record.statement), (record.envelope_cid, record.envelope)):
            answer = served.http.get(f"/v1/records/{cid}")
            assert answer.content == content
            assert hashlib.sha256(answer.content).digest() == cid.digest
            assert Cid.of(answer.content) == cid
            assert answer.headers["content-type"] == "application/vnd.ipld.dag-json"
            assert answer.headers["cache-control"] == FOR_EVER
            assert answer.headers["etag"] == f'"{cid}"'
            assert str(record.envelope_cid) in answer.headers["link"]
            for tag in (f'"{cid}"', f'W/"{cid}"', f'"x", "{cid}"', "*"):
                kept = served.http.get(f"/v1/records/{cid}", headers={"If-None-Match": tag})
                assert (kept.status_code, kept.content) == (304, b"")


def test_names_that_are_none(served: Served) -> None:
    record_id = record_of(served.work).record_id
    unknown = Cid.of(b"{}")
    raw = Cid(RAW, record_id.digest)
    for path in ("", "/proof", "/lineage"):
        problem(served.http.get(f"/v1/records/{unknown}{path}"), 404, "record-unknown")
        problem(served.http.get(f"/v1/records/{raw}{path}"), 404, "record-unknown")
        for name in (str(record_id).upper(), str(record_id)[:-1], "Qm" + "a" * 44, record_id.digest.hex()):
            problem(served.http.get(f"/v1/records/{name}{path}"), 422, "cid-form")
    problem(served.http.get(f"/v1/evidence/{unknown}"), 404, "record-unknown")
    for path in (
        f"/v1/records/{consent_of(served.work).record_id}/lineage",
        f"/v1/evidence/{consent_of(served.work).envelope_cid}",
    ):
        problem(served.http.get(path), 404, "work-unknown")


def test_inclusion_proofs_hold_for_every_size(served: Served) -> None:
    head = HeadShape.model_validate(served.http.get("/v1/log/head").json())
    for record in (record_of(served.work), consent_of(served.work)):
        proof = ProofShape.model_validate(served.http.get(f"/v1/records/{record.envelope_cid}/proof").json())
        assert (proof.record_id, proof.envelope) == (str(record.record_id), str(record.envelope_cid))
        leaf = hashlib.sha256(
            b"\0" + hashlib.sha256(record.statement).digest() + hashlib.sha256(record.envelope).digest()
        ).digest()
        assert proof.leaf == leaf.hex()
        assert proof.size == head.size
        assert (
            open_head(proof.note.encode(), [NoteVerifier.parse(key) for key in head.keys]).root.hex()
            == proof.root
        )
        for size in range(proof.index + 1, head.size + 1):
            sized = ProofShape.model_validate(
                served.http.get(f"/v1/records/{record.record_id}/proof", params={"size": size}).json()
            )
            steps = [bytes.fromhex(step) for step in sized.proof]
            assert verify_inclusion(leaf, sized.index, size, steps, bytes.fromhex(sized.root))
        for size in {proof.index, head.size + 1} - {0}:
            answer = served.http.get(f"/v1/records/{record.record_id}/proof", params={"size": size})
            assert answer.status_code == 422
            problem(answer, 422, answer.json()["code"])


@pytest.mark.parametrize(
    "query", ["size=0", "size=-1", "size=x", "size=1.5", "size=", "siez=1", "size=99999999999999999999"]
)
def test_proof_parameters_are_checked(served: Served, query: str) -> None:
    path = f"/v1/records/{record_of(served.work).record_id}/proof?{query}"
    document = problem(served.http.get(path), 422, "parameter")
    assert document["errors"][0]["in"] == "query"


def test_lineage_names_parent_and_child(served: Served) -> None:
    child = next(item for item in served.items if item.input.name == CHILD)
    names = [str(record_of(item).record_id) for item in (served.work, child)]
    for name in names:
        found = Lineage.model_validate(served.http.get(f"/v1/records/{name}/lineage").json())
        assert {node["id"] for node in found.nodes} >= set(names)
        assert {"from": names[1], "to": names[0], "relation": "parentOf"} in found.edges


def test_a_bundle_can_be_checked_by_a_stranger(served: Served) -> None:
    record = record_of(served.work)
    answer = served.http.get(f"/v1/evidence/{record.record_id}")
    assert answer.headers["content-type"] == "application/vnd.ipld.car; version=1"
    assert answer.headers["content-disposition"].endswith('.car"')
    assert served.http.get(f"/v1/evidence/{record.envelope_cid}").content == answer.content
    bundle = served.folder / "taken.car"
    bundle.write_bytes(answer.content)
    options = VerifyOptions(
        offline=True,
        bundle=bundle,
        trust=served.registry.home.issuers,
        log_keys=tuple(served.registry.config.log_keys),
    )
    found = verify_name(load_settings(home=served.folder / "nobody"), str(output_of(served.work)), options)
    outcomes = {check.name: check.outcome for check in found.checks}
    assert found.state == "trusted"
    assert outcomes["record"] is outcomes["log"] is Outcome.PASS


def test_the_head_is_signed_and_the_log_only_grew(served: Served, http: httpx.Client) -> None:
    answer = http.get("/v1/log/head")
    head = HeadShape.model_validate(answer.json())
    assert head.keys == [str(key) for key in served.registry.config.log_keys]
    opened = open_head(head.note.encode(), [NoteVerifier.parse(key) for key in head.keys])
    assert (opened.origin, opened.size, opened.root.hex()) == (head.origin, head.size, head.root)
    note = http.get("/v1/log/head", headers={"Accept": "text/plain"})
    assert (note.text, note.headers["content-type"]) == (head.note, "text/plain; charset=utf-8")
    assert note.headers["etag"] != answer.headers["etag"]
    assert "accept" in note.headers["vary"].lower()
    for first in range(head.size + 1):
        grown = http.get("/v1/log/proof/consistency", params={"first": first, "second": head.size})
        found = ConsistencyShape.model_validate(grown.json())
        assert found.second_root == head.root
        assert verify_consistency(
            first,
            head.size,
            bytes.fromhex(found.first_root),
            bytes.fromhex(found.second_root),
            [bytes.fromhex(step) for step in found.proof],
        )
        assert grown.headers["cache-control"] == FOR_EVER
    problem(http.get("/v1/log/proof/consistency?first=2&second=1"), 422, "log-range")
    problem(http.get(f"/v1/log/proof/consistency?first=1&second={head.size + 1}"), 422, "log-range")
    for query in ("", "first=1", "first=-1&second=1", "first=a&second=1", "first=0&second=1&x=1"):
        problem(http.get(f"/v1/log/proof/consistency?{query}"), 422, "parameter")
