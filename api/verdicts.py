"""``/v1/verdicts``: judging a locked dataset under a policy, and reading what was judged.

It decides how a policy is named and how long an answer may be kept. "Undetermined" is an answer like
the others, with 200: never a 5xx that somebody might take for "go on".
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from rakkan.api.access import TOKEN
from rakkan.api.answers import SHORT, answer
from rakkan.api.bodies import JsonBody
from rakkan.api.description import COMMUNITIES, ROOT, json_body, problems
from rakkan.api.shapes import VerdictShape
from rakkan.api.site import Here
from rakkan.registry.flows.judge.staleness import FRESHLY_MADE, standing
from rakkan.registry.flows.judge.verdicts import MadeVerdict, make, newest
from rakkan.registry.rules.dataset import Lock, parse_lock
from rakkan.registry.rules.policy.document import Policy, parse_policy, shipped_policies
from rakkan.schemas.canonical import parse_canonical
from rakkan.schemas.errors import DomainError, Invalid, NotFound
from rakkan.schemas.statement import parse_model
from rakkan.schemas.values import Cid, Digest

router: Final = APIRouter(prefix="/v1/verdicts", tags=[COMMUNITIES])
_SUBJECT: Final = re.compile(r"[0-9a-f]{64}")
_LOCK_EXAMPLE: Final = {
    "schema": "rakkan.dataset-lock/1",
    "root": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",  # of no leaf at all
    "size": 0,
    "items": [],
}


class Judging(BaseModel):
    """What is to be judged."""

    model_config = ConfigDict(extra="forbid", strict=True)
    lock: dict[str, Any] = Field(description="A `rakkan.dataset-lock/1` document.")
    policy: str | dict[str, Any] = Field(
        description="A `rakkan-policy/1` document, or the name of a policy that comes with Rakkan."
    )


class VerdictQuery(BaseModel):
    """Under which policy; a misspelt parameter is refused, so that it cannot widen the question unseen."""

    model_config = ConfigDict(extra="forbid")
    policy: str | None = Field(
        default=None,
        max_length=128,
        description="CID of the policy, its 32 bytes as 64 hex digits, or the name of one that comes with Rakkan;"
        " needed where the dataset was judged under several.",
    )


@router.post(
    "",
    operation_id="makeVerdict",
    summary="Judge a dataset under a policy",
    status_code=201,
    response_model=VerdictShape,
    responses=problems(400, 401, 403, 404, 413, 415, 422, 503),
    openapi_extra=json_body(
        {"judging": Judging}, {"a policy by name": {"lock": _LOCK_EXAMPLE, "policy": "community-lora"}}
    ),
    dependencies=[TOKEN],
)
async def make_verdict(request: Request, site: Here, body: JsonBody) -> Response:
    """Judge every item as of the newest anchored log head; the same inputs give the same bytes."""

    def work() -> MadeVerdict:
        lock, policy = _read(body)
        return make(site.registry, lock, policy)

    made = await site.judging.run(work)
    site.nudge()
    document = {**_document(made), **FRESHLY_MADE.to_json()}
    return answer(request, document, status=201, headers={"Location": f"/v1/verdicts/{made.verdict.subject}"})


@router.get(
    "/{subject}",
    operation_id="getVerdict",
    summary="The newest verdict about a dataset",
    response_model=VerdictShape,
    responses=problems(404, 409, 422, 503),
)
async def get_verdict(
    request: Request,
    site: Here,
    subject: Annotated[
        str,
        Path(
            max_length=128,
            description="`datasetRoot:hex`, or what the gate knows it by: 64 hex digits.",
            examples=[ROOT],
        ),
    ],
    query: Annotated[VerdictQuery, Query()],
) -> Response:
    """What was judged last, and whether it lost a consent since; whether an approval stands is the gate's to say."""

    def find() -> dict[str, Any]:
        made = find_verdict(site, subject, query.policy)
        found = standing(site.public, made.stored, look=site.withdrawals.keep_fresh)
        return {**_document(made), **found.to_json()}

    return answer(request, await run_in_threadpool(find), cache=SHORT)


def find_verdict(site: Here, subject: str, policy: str | None) -> MadeVerdict:
    """The newest verdict about a dataset, by its root or by what the gate knows it by; errors as ``newest``."""
    asked = _subject(subject)
    return newest(site.public, asked, None if policy is None else _policy_id(policy))


def _subject(text: str) -> bytes:
    if _SUBJECT.fullmatch(text):
        return bytes.fromhex(text)
    digest = Digest.parse(text)
    if digest.kind != "datasetRoot":
        raise Invalid(
            f"A {digest.kind} does not name a dataset.",
            code="digest-kind",
            hint="Use datasetRoot:<hex>.",
            pointer="/subject",
        )
    return digest.raw


def _policy_id(text: str) -> bytes:
    shipped = shipped_policies()
    if text in shipped:
        return shipped[text].cid.digest
    if _SUBJECT.fullmatch(text):
        return bytes.fromhex(text)
    try:
        return Cid.parse(text).digest
    except DomainError as error:
        hint = (
            f"Name it by its CID, its 64 hex digits, or as one that comes with Rakkan: {', '.join(shipped)}."
        )
        raise Invalid(
            f"{text[:64]!r} names no policy.", code=error.code, hint=hint, pointer="/policy"
        ) from error


def _read(body: object) -> tuple[Lock, Policy]:
    judging = parse_model(Judging, body)
    if isinstance(judging.policy, str):
        shipped = shipped_policies()
        if judging.policy not in shipped:
            raise NotFound(
                f"{judging.policy[:64]!r} is not a policy that comes with Rakkan.",
                code="policy-missing",
                hint=f"Those are {', '.join(shipped)}; or send the document.",
                pointer="/policy",
            )
        policy = shipped[judging.policy]
    else:
        policy = parse_policy(json.dumps(judging.policy).encode())
    return parse_lock(json.dumps(judging.lock).encode()), policy


def _document(made: MadeVerdict) -> dict[str, Any]:
    stored = made.stored
    return {
        "schema": "rakkan.verdict/1",
        "recordId": str(made.record.record_id),
        "envelope": str(made.record.envelope_cid),
        "verdict": parse_canonical(made.record.statement),
        "signature": f"0x{stored.signature.hex()}" if stored.signature else None,
        "attester": f"0x{stored.attester.hex()}" if stored.attester else None,
    }
