"""``/v1/models``: registering models and training runs, and what a model was trained on.

It decides under which names a model is looked up and what of the records is told. What is on file is gathered in
``rakkan.registry.flows.train.known``; what a run spends is decided in ``rakkan.registry.rules.budget``.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from rakkan.api.access import TOKEN
from rakkan.api.answers import SHORT, answer
from rakkan.api.assets import accepted
from rakkan.api.bodies import JsonBody
from rakkan.api.description import COMMUNITIES, MODEL, json_body, problems
from rakkan.api.examples import record_examples
from rakkan.api.handed import ExactRecord, PlainRecord, read_record
from rakkan.api.model_shapes import ModelShape
from rakkan.api.places import names
from rakkan.api.shapes import Accepted
from rakkan.api.site import Here
from rakkan.registry.flows.accept import accept_one
from rakkan.registry.flows.train.known import KnownModel, KnownRun, known_model
from rakkan.registry.store.records import StoredRecord
from rakkan.schemas.errors import Invalid, NotFound
from rakkan.schemas.model import Model
from rakkan.schemas.trainingrun import DECLARED
from rakkan.schemas.values import Digest
from rakkan.schemas.verdict import Verdict

router: Final = APIRouter(prefix="/v1/models", tags=[COMMUNITIES])
KINDS: Final = ("model", "training-run")
_NAMED: Final = ("autov3", "sha256")

ModelPath = Annotated[
    str,
    Path(max_length=128, description="`autov3:hex`, or `sha256:hex` of a registered file.", examples=[MODEL]),
]


@router.post(
    "",
    operation_id="registerModel",
    summary="Declare a training run, or register a model",
    status_code=201,
    response_model=Accepted,
    responses={
        200: {"model": Accepted, "description": "It was known already."},
        **problems(400, 401, 403, 413, 415, 422, 503),
    },
    openapi_extra=json_body({"exact": ExactRecord, "plain": PlainRecord}, record_examples("training-run")),
    dependencies=[TOKEN],
)
def register_model(request: Request, site: Here, body: JsonBody) -> Response:
    """Take a signed record of kind `training-run` or `model`; what it links must be known here before it.

    A run spends one run of every grant with a budget that it links, as soon as it is taken.
    """
    record = read_record(body, KINDS)
    new = accept_one(site.registry, record, publish=True)
    site.nudge()
    return accepted(request, record, new=new)


@router.get(
    "/{autov3}",
    operation_id="getModel",
    summary="What a model was trained on, as its trainers declare",
    response_model=ModelShape,
    responses=problems(404, 422, 503),
)
def get_model(request: Request, site: Here, autov3: ModelPath) -> Response:
    """Who registered a model, the runs that it came out of, their datasets, and the verdicts about those."""
    asked = Digest.parse(autov3)
    if asked.kind not in _NAMED:
        raise Invalid(
            f"{asked.kind} does not name a model.", code="digest-kind", hint=f"Use {' or '.join(_NAMED)}."
        )
    found = known_model(site.public, asked)
    if found is None:
        raise NotFound(
            f"Nothing public is known here about a model {asked}.",
            code="model-unknown",
            hint="autov3 is sha256 of the tensors alone: `rakkan model inspect` computes it.",
        )
    return answer(request, _shown(found, asked), cache=SHORT)


def _shown(found: KnownModel, asked: Digest) -> dict[str, Any]:
    return {
        "schema": "rakkan.known-model/1",
        "model": str(found.autov3),
        "matched": str(asked),
        "records": [_registration(stored, said) for stored, said in found.records],
        "runs": [_run(each) for each in found.runs],
        "more": found.more,
    }


def _registration(stored: StoredRecord, said: Model) -> dict[str, Any]:
    file = stored.record.parsed.subject[0].digest.get("sha256")
    return {
        **names(stored),
        "creator": said.creator,
        "statedAt": said.stated_at,
        "role": said.role,
        "sha256": None if file is None else f"sha256:{file}",
        "bytes": said.bytes,
        "tensors": said.tensors,
        "run": said.run.target if said.run is not None else None,
        "aliases": [{"alg": each.alg, "value": each.value, "basis": each.basis} for each in said.aliases],
    }


def _run(found: KnownRun) -> dict[str, Any]:
    said = found.said
    return {
        **names(found.stored),
        "link": DECLARED,
        "trainer": said.trainer,
        "run": said.run,
        "began": said.began,
        "ended": said.ended,
        "base": said.base.digest if said.base is not None else None,
        "tool": said.tool,
        "dataset": str(found.dataset),
        "consents": [each.target for each in said.consents],
        "verdicts": [_verdict(stored, verdict) for stored, verdict in found.verdicts],
    }


def _verdict(stored: StoredRecord, said: Verdict) -> dict[str, Any]:
    return {
        **names(stored),
        "policy": said.policy.target,
        "outcome": said.outcome,
        "issuedAt": said.issued_at,
        "validUntil": said.valid_until,
    }
