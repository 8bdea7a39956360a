"""Records of models and training runs: who signs, what they are about, what they rest on."""

from __future__ import annotations

from typing import Any

import pytest

from rakkan.schemas.errors import Invalid
from rakkan.schemas.record import Record
from rakkan.schemas.values import Cid
from tests.unit.registry.rules import signed
from tests.unit.registry.rules.signed import GRANT, KNOWN, MANDATE, refusal, who

OUT, OTHER, NOTHING = "a3" * 32, "b4" * 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
DATASET = {"name": "dataset", "digest": {"datasetRoot": "da" * 32}}
MODEL = {"name": "model", "digest": {"autov3": OUT, "sha256": "5f" * 32}}


def output(autov3: str = OUT) -> dict[str, Any]:
    return {"name": "output", "digest": {"autov3": autov3}}


def run(*by: str, about: list[dict[str, Any]] | None = None, **more: Any) -> Record:
    said = {"trainer": who("ben"), "run": "0d" * 16, "began": "2026-05-01T00:00:00Z", **more}
    return signed.record("training-run", [DATASET, output()] if about is None else about, *by, **said)


def model(*by: str, about: list[dict[str, Any]] | None = None, **more: Any) -> Record:
    said = {
        "creator": who("ben"),
        "statedAt": "2026-05-02T00:00:00Z",
        "role": "lora",
        "format": "safetensors",
        "bytes": 4096,
        "tensors": 2,
        **more,
    }
    return signed.record("model", [MODEL] if about is None else about, *by, **said)


RUN, PLAIN = run("ben", consents=[signed.link(GRANT)]), model("ben")
HERE = {**KNOWN, RUN.envelope_cid.digest: RUN, PLAIN.envelope_cid.digest: PLAIN}


def test_the_trainer_and_the_creator_sign() -> None:
    assert refusal(RUN) == refusal(PLAIN) == ("", "")
    assert refusal(run("ben", about=[DATASET])) == ("", ""), "nothing came out yet"
    assert refusal(run("zoe")) == ("proof-missing", "/predicate/trainer")
    assert refusal(model("zoe")) == ("proof-missing", "/predicate/creator")
    assert refusal(model("ben", run=signed.link(RUN)), HERE) == ("", "")
    based = run("ben", base={"digest": f"autov3:{OUT}", "record": signed.link(PLAIN)})
    assert refusal(based, HERE) == ("", "")


@pytest.mark.parametrize(
    ("record", "code", "pointer"),
    [
        (run("ben", about=[output()]), "subject-other", "/subject/0"),
        (run("ben", about=[output(), DATASET]), "subject-other", "/subject/0"),
        (run("ben", about=[{**DATASET, "digest": {"sha256": OUT}}]), "subject-other", "/subject/0"),
        (run("ben", about=[DATASET, DATASET]), "subject-other", "/subject/1"),
        (
            run("ben", about=[DATASET, {"name": "output", "digest": {"sha256": OUT}}]),
            "subject-other",
            "/subject/1/digest",
        ),
        (run("ben", about=[DATASET, output(NOTHING)]), "model-empty", "/subject/1/digest/autov3"),
        (model("ben", about=[MODEL, MODEL]), "subject-other", "/subject"),
        (model("ben", about=[output()]), "subject-other", "/subject"),
        (
            model("ben", about=[{"name": "model", "digest": {"sha256": OUT}}]),
            "subject-other",
            "/subject/0/digest",
        ),
        (
            model("ben", about=[{"name": "model", "digest": {"autov3": OUT, "c2paClaim": OUT}}]),
            "subject-other",
            "/subject/0/digest",
        ),
        (
            model("ben", about=[{"name": "model", "digest": {"autov3": NOTHING}}]),
            "model-empty",
            "/subject/0/digest/autov3",
        ),
        (
            model("ben", about=[{"name": "model", "digest": {"autov3": OUT, "sha256": NOTHING}}]),
            "model-empty",
            "/subject/0/digest/sha256",
        ),
        (model("ben", run=Cid.of(b"{}").link), "link-unknown", "/predicate/run"),
        (model("ben", run=signed.link(GRANT)), "link-unknown", "/predicate/run"),
        (
            model("ben", about=[{"name": "model", "digest": {"autov3": OTHER}}], run=signed.link(RUN)),
            "run-other",
            "/predicate/run",
        ),
        (run("ben", consents=[signed.link(MANDATE)]), "link-unknown", "/predicate/consents/0"),
        (run("ben", consents=[signed.link(GRANT)] * 2), "link-twice", "/predicate/consents"),
        (run("ben", base={"digest": f"c2paClaim:{OUT}"}), "digest-kind", "/predicate/base/digest"),
        (
            run("ben", base={"digest": f"autov3:{OTHER}", "record": signed.link(PLAIN)}),
            "link-unknown",
            "/predicate/base/record",
        ),
    ],
)
def test_what_is_not_so_is_refused(record: Record, code: str, pointer: str) -> None:
    assert refusal(record, HERE) == (code, pointer)


@pytest.mark.parametrize(
    ("make", "more", "pointer"),
    [
        (run, {"run": "0d" * 15}, "/predicate/run"),
        (run, {"run": "0D" * 16}, "/predicate/run"),
        (run, {"began": "yesterday"}, "/predicate/began"),
        (run, {"ended": "2026-04-30T00:00:00Z"}, "/predicate"),
        (run, {"consents": [Cid.of(b"%d" % each).link for each in range(513)]}, "/predicate/consents"),
        (model, {"role": "hypernetwork"}, "/predicate/role"),
        (model, {"format": "ckpt"}, "/predicate/format"),
        (model, {"tensors": 0}, "/predicate/tensors"),
        (model, {"bytes": True}, "/predicate/bytes"),
        (
            model,
            {"aliases": [{"alg": "autov1", "value": "0x01234567", "basis": "computed"}]},
            "/predicate/aliases/0/value",
        ),
    ],
)
def test_malformed_fields_are_named(make: Any, more: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Invalid) as error:
        refusal(make("ben", **more))
    assert (error.value.code, error.value.pointer) == ("shape", pointer)


def test_a_run_can_be_ruled_on_and_not_disputed() -> None:
    assert refusal(signed.ruling(RUN, "judge"), HERE) == ("", "")
    assert refusal(signed.dispute(RUN, "accuser"), HERE) == ("link-unknown", "/predicate/target")
