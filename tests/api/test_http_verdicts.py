"""Judging a dataset over HTTP, and reading what was judged."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import httpx
import pytest

from rakkan.api.shapes import VerdictShape
from rakkan.registry.flows.judge.datasets import lock_dataset
from rakkan.registry.rules.dataset import lock_document
from rakkan.schemas.canonical import canonical
from rakkan.schemas.values import Cid
from tests.api.asking import problem
from tests.api.conftest import Served

POLICY: dict[str, Any] = {
    "policy": "rakkan-policy/1",
    "name": "test",
    "validDays": 30,
    "all": [
        {
            "clause": "consent.share",
            "scope": "cawg.ai_generative_training",
            "grantee": "self",
            "minBp": 10000,
        },
        {"clause": "consent.unrevoked"},
    ],
}


@pytest.fixture(scope="module")
def lock(served: Served) -> dict[str, Any]:
    return lock_document(lock_dataset(served.folder / "stamped").lock)


@pytest.fixture(scope="module")
def made(served: Served, lock: dict[str, Any]) -> VerdictShape:
    answer = served.http.post("/v1/verdicts", json={"lock": lock, "policy": POLICY}, headers=served.bearer)
    assert answer.status_code == 201, answer.text
    return VerdictShape.model_validate(answer.json())


def test_a_verdict_is_made_and_found_by_every_name(
    served: Served, lock: dict[str, Any], made: VerdictShape
) -> None:
    predicate = made.verdict["predicate"]
    assert made.verdict["predicateType"] == "urn:rakkan:verdict:1"
    assert Cid.of(canonical(made.verdict)) == Cid.parse(made.recordId)
    subject = hashlib.sha256(
        b"\x02" + len(lock["items"]).to_bytes(8, "big") + bytes.fromhex(lock["root"])
    ).hexdigest()
    policy = predicate["policy"]["/"] if isinstance(predicate["policy"], dict) else predicate["policy"]
    for name in (f"datasetRoot:{lock['root']}", subject):
        for query in ({}, {"policy": policy}, {"policy": Cid.parse(policy).digest.hex()}):
            answer = served.http.get(f"/v1/verdicts/{name}", params=query)
            assert answer.status_code == 200, (name, query, answer.text)
            assert VerdictShape.model_validate(answer.json()) == made
            assert answer.headers["cache-control"] == "public, max-age=15, must-revalidate"
    assert served.http.get(f"/v1/records/{made.recordId}").content == canonical(made.verdict)


def test_a_policy_that_comes_with_rakkan_goes_by_its_name(served: Served) -> None:
    """Another dataset, judged under two policies: then the policy has to be named, and can be."""
    lock = lock_document(lock_dataset(served.folder / "pictures").lock)
    made = {
        name: served.http.post(
            "/v1/verdicts", json={"lock": lock, "policy": policy}, headers=served.bearer
        ).json()
        for name, policy in (("community-lora", "community-lora"), ("test", POLICY))
    }
    where = f"/v1/verdicts/datasetRoot:{lock['root']}"
    told = problem(served.http.get(where), 409, "policy-ambiguous")
    assert "community-lora (baguqeera" in told["detail"]
    shipped = made["community-lora"]
    for name in ("community-lora", shipped["verdict"]["predicate"]["policy"]["/"]):
        answer = served.http.get(where, params={"policy": name})
        assert (answer.status_code, answer.json()["recordId"]) == (200, shipped["recordId"])
    told = problem(served.http.get(where, params={"policy": "strict"}), 422, "cid-form")
    assert "community-lora" in told["hint"]


def test_undetermined_is_an_answer(served: Served) -> None:
    empty = {
        "schema": "rakkan.dataset-lock/1",
        "root": hashlib.sha256(b"").hexdigest(),
        "size": 0,
        "items": [],
    }
    answer = served.http.post("/v1/verdicts", json={"lock": empty, "policy": POLICY}, headers=served.bearer)
    assert answer.status_code == 201
    made = VerdictShape.model_validate(answer.json()).verdict["predicate"]
    assert made["outcome"] == "undetermined"
    query = {"policy": made["policy"]["/"]}  # others judge no items under policies of theirs
    found = served.http.get(f"/v1/verdicts/datasetRoot:{empty['root']}", params=query)
    assert found.status_code == 200
    assert found.json()["verdict"]["predicate"]["outcome"] == "undetermined"


def test_what_nobody_judged_is_unknown(served: Served, http: httpx.Client, made: VerdictShape) -> None:
    problem(http.get(f"/v1/verdicts/datasetRoot:{'1' * 64}"), 404, "verdict-unknown")
    problem(http.get(f"/v1/verdicts/{'1' * 64}"), 404, "verdict-unknown")
    root = made.verdict["subject"][0]["digest"]["datasetRoot"]
    problem(http.get(f"/v1/verdicts/datasetRoot:{root}?policy={'1' * 64}"), 404, "verdict-unknown")
    problem(http.get(f"/v1/verdicts/datasetRoot:{root}?policy=strict"), 422, "cid-form")
    problem(http.get(f"/v1/verdicts/datasetRoot:{root}?polcy={'1' * 64}"), 422, "parameter")
    problem(http.get(f"/v1/verdicts/sha256:{root}"), 422, "digest-kind")
    problem(http.get("/v1/verdicts/everything"), 422, "digest-form")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"lock": {}}, 422, "lock-form"),
        ({"lock": None}, 422, "shape"),
        ({"policy": "no-such-policy"}, 404, "policy-missing"),
        ({"policy": {}}, 422, "policy-clause"),
        ({"policy": {**POLICY, "all": [{"clause": "consent.everything"}]}}, 422, "policy-clause"),
        ({"policy": 7}, 422, "shape"),
        ({"more": 1}, 422, "shape"),
    ],
)
def test_what_cannot_be_judged(
    served: Served, lock: dict[str, Any], change: dict[str, Any], status: int, code: str
) -> None:
    body = {"lock": lock, "policy": POLICY, **change}
    problem(served.http.post("/v1/verdicts", json=body, headers=served.bearer), status, code)


def test_a_lock_that_contradicts_itself_is_the_senders(served: Served, lock: dict[str, Any]) -> None:
    body = {"lock": {**lock, "root": "0" * 64}, "policy": POLICY}
    document = problem(served.http.post("/v1/verdicts", json=body, headers=served.bearer), 422, "lock-root")
    assert "stored" not in document["title"], "nothing stored here is damaged"
    swapped = {**lock, "items": list(reversed(lock["items"]))}
    answer = served.http.post("/v1/verdicts", json={"lock": swapped, "policy": POLICY}, headers=served.bearer)
    assert answer.status_code == 422
    problem(answer, 422, answer.json()["code"])


def test_judging_needs_a_token(served: Served, lock: dict[str, Any]) -> None:
    body = json.dumps({"lock": lock, "policy": POLICY})
    problem(served.http.post("/v1/verdicts", content=body), 401, "token-missing")
