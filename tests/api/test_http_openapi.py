"""The API's description of itself: whole, with examples that hold, and of every route there is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from rakkan.api.app import create_app
from rakkan.api.problems import MEDIA_TYPE
from tests.api.asking import problem
from tests.api.conftest import Served
from tests.api.jsonschema import complaints

PROMISED = {
    "post /v1/assets",
    "get /v1/assets/{digest}",
    "post /v1/verify",
    "get /v1/records/{cid}",
    "get /v1/records/{cid}/proof",
    "get /v1/records/{cid}/lineage",
    "get /v1/evidence/{cid}",
    "post /v1/consents",
    "get /v1/consent/{digest}",
    "post /v1/verdicts",
    "get /v1/verdicts/{subject}",
    "get /v1/log/head",
    "get /v1/log/proof/consistency",
    "get /healthz",
    "get /readyz",
}


@pytest.fixture(scope="module")
def document(served: Served) -> dict[str, Any]:
    answer = served.http.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    found: dict[str, Any] = answer.json()
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def test_every_promised_route_is_described(document: dict[str, Any], served: Served) -> None:
    assert document["openapi"].startswith("3.1.")
    described = {name for name, _ in operations(document)}
    assert described >= PROMISED
    assert create_app(served.registry).openapi() == document, "the same for every process"


def test_every_operation_says_what_it_is_for(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, operation in operations(document)]
    assert len(names) == len(set(names))
    tags = {each["name"] for each in document["tags"]}
    for name, operation in operations(document):
        assert operation["summary"], name
        assert operation["tags"], name
        assert set(operation["tags"]) <= tags, name
        successes = [status for status in operation["responses"] if status.startswith("2")]
        assert successes, name
        for status, response in operation["responses"].items():
            assert response["description"], (name, status)
            if status[0] in "45":
                assert list(response["content"]) == [MEDIA_TYPE], (name, status)
        if "{" in name or operation.get("parameters"):
            assert "422" in operation["responses"], name
        if "requestBody" in operation:
            assert {"400", "413", "415", "422"} <= set(operation["responses"]), name
        for parameter in operation.get("parameters", ()):
            assert parameter["in"] in ("path", "query")
            assert parameter["schema"], name


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def walk(value: object) -> Iterator[str]:
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                yield value["$ref"]
            for each in value.values():
                yield from walk(each)
        elif isinstance(value, list):
            for each in value:
                yield from walk(each)

    for reference in set(walk(document)):
        assert reference.startswith("#/components/"), reference
        place: Any = document
        for step in reference[2:].split("/"):
            place = place[step]


def test_examples_hold_to_their_schema(document: dict[str, Any]) -> None:
    seen = 0
    for name, operation in operations(document):
        for media_type, body in operation.get("requestBody", {}).get("content", {}).items():
            if media_type == "application/json":
                assert body["examples"], name
            for title, example in body.get("examples", {}).items():
                assert complaints(example["value"], body["schema"], document) == [], (name, title)
                seen += 1
        for parameter in operation.get("parameters", ()):
            for example in parameter["schema"].get("examples", parameter.get("examples", ())):
                assert complaints(example, parameter["schema"], document) == [], (name, parameter["name"])
                seen += 1
    assert seen >= 10


def test_examples_can_be_sent(document: dict[str, Any], served: Served) -> None:
    """Each gets an answer about what it says, never one about its form."""
    for name, operation in operations(document):
        method, _, path = name.partition(" ")
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "path":
                path = path.replace("{" + parameter["name"] + "}", str(parameter["schema"]["examples"][0]))
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        for example in content.get("examples", {"": {"value": None}}).values():
            answer = served.http.request(method, path, json=example["value"], headers=served.bearer)
            if answer.status_code == 422 and operation.get("parameters"):
                assert any(
                    each.get("required") and each["in"] == "query" for each in operation["parameters"]
                ), name
                continue
            assert answer.status_code not in (400, 415, 422, 500), (name, answer.text)


def answers(served: Served) -> Iterator[tuple[str, str, httpx.Response]]:
    item = served.work
    assert item.record is not None
    cid, digest = item.record.record_id, f"c2paClaim:{item.digest['c2paClaim']}"
    http = served.http
    yield "get", "/v1/assets/{digest}", http.get(f"/v1/assets/{digest}")
    yield "get", "/v1/records/{cid}/proof", http.get(f"/v1/records/{cid}/proof")
    yield "get", "/v1/records/{cid}/lineage", http.get(f"/v1/records/{cid}/lineage")
    yield "get", "/v1/consent/{digest}", http.get(f"/v1/consent/{digest}")
    assert item.consent is not None
    history = http.get(f"/v1/consents/{item.consent.record_id}/history")
    yield "get", "/v1/consents/{cid}/history", history
    yield "get", "/v1/withdrawals", http.get("/v1/withdrawals")
    yield "get", "/v1/log/head", http.get("/v1/log/head")
    yield "get", "/v1/log/proof/consistency", http.get("/v1/log/proof/consistency?first=1&second=2")
    yield "get", "/healthz", http.get("/healthz")
    yield "get", "/readyz", http.get("/readyz")
    yield "get", "/problems/{code}", http.get("/problems/digest-form")
    yield "post", "/v1/verify", http.post("/v1/verify", json={"digests": [digest, "x"]})
    yield "post", "/v1/verify", http.post("/v1/verify", files={"file": ("a.png", item.input.read_bytes())})


def test_answers_hold_to_their_schema(document: dict[str, Any], served: Served) -> None:
    for method, path, answer in answers(served):
        assert answer.status_code == 200, (path, answer.text)
        schema = document["paths"][path][method]["responses"]["200"]["content"]["application/json"]["schema"]
        assert complaints(answer.json(), schema, document) == [], path


def test_answers_have_examples_that_hold(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        for status, response in operation["responses"].items():
            for media_type, content in response.get("content", {}).items():
                if media_type != "application/json":
                    continue
                assert "example" in content, (name, status)
                assert complaints(content["example"], content["schema"], document) == [], (name, status)


def test_a_description_is_served_to_everybody(http: httpx.Client) -> None:
    answer = http.get("/openapi.json", headers={"Origin": "https://elsewhere.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    problem(http.post("/openapi.json"), 405, "method-not-allowed")
