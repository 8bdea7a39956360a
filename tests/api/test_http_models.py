"""Models and training runs over HTTP: declared with a token, read by everybody, and budgets spent at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rakkan.api.model_shapes import ModelShape
from rakkan.api.shapes import VerdictShape
from rakkan.registry.flows.consent.consents import give
from rakkan.registry.flows.judge.datasets import lock_dataset
from rakkan.registry.rules.dataset import Lock, lock_document
from rakkan.registry.rules.proofs import sign_did
from rakkan.registry.worker import Worker
from rakkan.schemas.canonical import canonical
from rakkan.schemas.instant import format_instant
from rakkan.schemas.record import Record
from rakkan.schemas.statement import STATEMENT_TYPE, Link, Subject
from rakkan.schemas.values import Digest
from tests.api.asking import problem
from tests.api.conftest import Served
from tests.homes import own_terms
from tests.support import did_of

LORA = "org.rakkan.finetune_lora"
OUT = {"autov3": "a3" * 32}
ROOT = "da" * 32


def signed(served: Served, kind: str, subjects: list[dict[str, Any]], **said: Any) -> dict[str, Any]:
    key = served.registry.home.keys.artist
    who = "trainer" if kind == "training-run" else "creator"
    predicate: dict[str, Any] = {"audience": served.registry.origin, who: did_of(key), **said}
    statement = canonical(
        {
            "_type": STATEMENT_TYPE,
            "subject": subjects,
            "predicateType": f"urn:rakkan:{kind}:1",
            "predicate": predicate,
        }
    )
    record = Record.build(statement, [sign_did(statement, key)])
    return {"statement": record.value, "proofs": [each.to_json() for each in record.parsed_envelope.proofs]}


def run(served: Served, *consents: Record, root: str = ROOT, **said: Any) -> dict[str, Any]:
    subjects: list[dict[str, Any]] = [
        {"name": "dataset", "digest": {"datasetRoot": root}},
        {"name": "output", "digest": OUT},
    ]
    began = format_instant(served.registry.clock.now())
    links = [Link.to(each.envelope_cid).to_json() for each in consents]
    value: dict[str, Any] = {"run": "0d" * 16, "began": began, "consents": links, **said}
    return signed(served, "training-run", subjects, **value)


def model(served: Served, **said: Any) -> dict[str, Any]:
    subject = {"name": "model", "digest": {**OUT, "sha256": "5f" * 32}}
    value = {
        "statedAt": format_instant(served.registry.clock.now()),
        "role": "lora",
        "format": "safetensors",
        "bytes": 4096,
        "tensors": 2,
        "aliases": [{"alg": "autov1", "value": "01234567", "basis": "computed"}],
        **said,
    }
    return signed(served, "model", [subject], **value)


def post(served: Served, record: dict[str, Any]) -> Any:
    return served.http.post("/v1/models", json=record, headers=served.bearer)


def test_a_run_is_declared_and_read_with_its_dataset_and_verdict(served: Served) -> None:
    # A dataset of its own: others ask for the only verdict on theirs.
    lock = lock_document(Lock.of(lock_dataset(served.folder / "stamped").lock.items[1:]))
    asked = {"lock": lock, "policy": "strict-art-lora"}
    judged = VerdictShape.model_validate(
        served.http.post("/v1/verdicts", json=asked, headers=served.bearer).json()
    )
    declared = post(
        served, run(served, root=lock["root"], tool="sd-scripts", base={"digest": f"sha256:{'bb' * 32}"})
    )
    assert declared.status_code == 201, declared.text
    link = {"/": declared.json()["envelope"]}
    registered = post(served, model(served, run=link))
    assert registered.status_code == 201, registered.text
    for name in ("autov3:" + "a3" * 32, "sha256:" + "5f" * 32):
        answer = served.http.get(f"/v1/models/{name}")
        assert answer.status_code == 200
        found = ModelShape.model_validate(answer.json())
        assert (found.model, found.matched) == ("autov3:" + "a3" * 32, name)
        (record,) = found.records
        assert (record.record_id, record.run) == (registered.json()["recordId"], link["/"])
        told = {each.record_id: each for each in found.runs}[declared.json()["recordId"]]
        assert (told.link, told.dataset) == ("declared by the trainer", f"datasetRoot:{lock['root']}")
        assert (told.tool, told.base) == ("sd-scripts", f"sha256:{'bb' * 32}")
        assert judged.recordId in {each.record_id for each in told.verdicts}
    tag = answer.headers["etag"]
    assert served.http.get(f"/v1/models/{name}", headers={"If-None-Match": tag}).status_code == 304


def test_a_budget_is_spent_as_soon_as_the_run_is_taken(served: Served) -> None:
    work = Digest.of(b"a work with a budget")
    bounded = replace(own_terms("open-training"), more={"bounds": {"runs": 1}})
    grant = give(served.registry, [Subject(name="work", digest={"sha256": work.hex})], bounded, publish=True)

    Worker(served.registry).settle()

    def code() -> str:
        answer = served.http.get(f"/v1/consent/{work}", params={"scope": "cawg.ai_generative_training"})
        return str(answer.json()["answers"][0]["code"])

    assert code() == "granted-to-public"
    assert post(served, run(served, grant, run="1d" * 16)).status_code == 201
    assert code() == "budget-spent"
    history = served.http.get(f"/v1/consents/{grant.record_id}/history").json()
    (moment,) = (each for each in history["moments"] if each["state"] == "relied-on")
    assert moment["by"] == did_of(served.registry.home.keys.artist)


def test_what_does_not_fit_is_refused(served: Served) -> None:
    other = signed(
        served,
        "training-run",
        [{"name": "dataset", "digest": {"datasetRoot": ROOT}}],
        run="2d" * 16,
        began="2026-01-01T00:00:00Z",
    )
    taken = post(served, other)
    assert taken.status_code == 201
    problem(post(served, model(served, run={"/": taken.json()["envelope"]})), 403, "run-other")
    unsigned = run(served)
    unsigned["proofs"][0]["signature"] = "00" * 64
    problem(post(served, unsigned), 403, "proof-invalid")
    problem(served.http.post("/v1/models", json=run(served)), 401, "token-missing")
    consent = {
        **run(served),
        "statement": {**run(served)["statement"], "predicateType": "urn:rakkan:dispute:1"},
    }
    problem(post(served, consent), 422, "shape")


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("autov3:" + "00" * 32, 404, "model-unknown"),
        ("sha256:" + "00" * 32, 404, "model-unknown"),
        ("c2paClaim:" + "00" * 32, 422, "digest-kind"),
        ("autov3:a3a3", 422, "digest-form"),
        ("a3" * 32, 422, "digest-form"),
    ],
)
def test_what_is_not_there_is_said_so(served: Served, name: str, status: int, code: str) -> None:
    problem(served.http.get(f"/v1/models/{name}"), status, code)
