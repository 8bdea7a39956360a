"""``/v1/verify``: one picture, or up to a thousand digests.

It decides what is taken and the shape of a batch: one entry for each digest asked, in that order, its
own error included. Judgement is in ``rakkan.registry.flows``. The picture is not kept.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from rakkan.api.answers import answer
from rakkan.api.bodies import FIELD, is_form, is_json, read_upload
from rakkan.api.caution import cautious
from rakkan.api.description import COLLECTORS, SHA256, problems
from rakkan.api.shapes import Batch, VerificationShape
from rakkan.api.site import Here, Site
from rakkan.registry.flows.verify.opening import verify_digest, verify_image
from rakkan.registry.flows.verify.verify import Verification
from rakkan.schemas.canonical import parse_strict
from rakkan.schemas.consent import PUBLIC, Grantee
from rakkan.schemas.errors import DomainError, Invalid
from rakkan.schemas.statement import parse_model
from rakkan.schemas.values import Digest

router: Final = APIRouter(prefix="/v1")
_BODIES: Final = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": [FIELD],
                    "properties": {FIELD: {"type": "string", "contentMediaType": "application/octet-stream"}},
                }
            },
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["digests"],
                    "properties": {"digests": {"type": "array", "items": {"type": "string"}, "minItems": 1}},
                },
                "examples": {
                    "two digests": {"value": {"digests": [SHA256, SHA256.replace("sha256", "c2paClaim")]}}
                },
            },
        },
    }
}


class Asked(BaseModel):
    """A batch."""

    model_config = ConfigDict(extra="forbid", strict=True)
    digests: list[str] = Field(min_length=1)


class VerifyQuery(BaseModel):
    """For whom consent is asked."""

    model_config = ConfigDict(extra="forbid")
    grantee: Grantee = PUBLIC


@router.post(
    "/verify",
    operation_id="verify",
    tags=[COLLECTORS],
    summary="Verify a picture, or many digests",
    response_model=VerificationShape | Batch,
    responses=problems(400, 408, 413, 415, 422, 503),
    openapi_extra=_BODIES,
)
async def verify(request: Request, site: Here, query: Annotated[VerifyQuery, Query()]) -> Response:
    """Fifteen named checks and one state. A form's `file` is one picture; JSON `digests` is a batch."""
    if is_form(request):
        site.verifying.check_room()
        upload = await read_upload(request)
        found = await site.verifying.run(
            lambda: cautious(
                verify_image(site.public, upload.content, upload.name, grantee=query.grantee), upload.content
            )
        )
        return answer(request, document(found))
    if not is_json(request):
        raise Invalid(
            "Send a picture as multipart/form-data, or digests as application/json.",
            code="media-type",
            hint=f"Name the form's field {FIELD!r}, or the JSON member 'digests'.",
        )
    asked = parse_model(Asked, parse_strict(await request.body(), limit=site.limits.json_bytes)).digests
    if len(asked) > site.limits.digests:
        raise Invalid(
            f"At most {site.limits.digests} digests are looked up at once, not {len(asked)}.",
            code="batch-too-large",
            hint="Send them in several requests.",
            pointer="/digests",
        )
    items = await site.verifying.run(lambda: _batch(site, asked, query.grantee))
    return answer(request, {"schema": "rakkan.verifications/1", "items": items})


def document(found: Verification) -> dict[str, Any]:
    """A verification as ``rakkan.verification/1``."""
    record = found.record
    return {
        "schema": "rakkan.verification/1",
        "state": found.state,
        "checks": [
            {"name": each.name, "outcome": each.outcome.value, "code": each.code, "detail": each.detail}
            for each in found.checks
        ],
        "record": {"recordId": str(record.record_id), "envelope": str(record.envelope_cid)}
        if record
        else None,
        "anchor": dict(found.anchor),
        "consent": dict(found.consent),
        "lineage": dict(found.lineage),
        "matched": found.matched or None,
        "identities": [each.to_json() for each in found.identities],
    }


def _batch(site: Site, asked: list[str], grantee: str) -> list[dict[str, Any]]:
    """One query says which digests are known at all; only those cost more."""
    read: dict[str, Digest | DomainError] = {}
    for text in asked:
        if text not in read:
            read[text] = _parsed(text)
    digests = [each for each in read.values() if isinstance(each, Digest)]
    known = {match.digest for match in site.public.store.records.find(digests, "work")}
    found: dict[str, dict[str, Any]] = {}
    unknown: dict[str, Any] | None = None
    for text, digest in read.items():
        if isinstance(digest, DomainError):
            error = {"code": digest.code, "message": digest.message}
            found[text] = {"digest": text[:128], "verification": None, "error": error}
            continue
        if digest in known:
            said = document(cautious(verify_digest(site.public, digest, grantee=grantee)))
        else:
            unknown = unknown or document(cautious(verify_digest(site.public, digest, grantee=grantee)))
            said = unknown
        found[text] = {"digest": text, "verification": said, "error": None}
    return [found[text] for text in asked]


def _parsed(text: str) -> Digest | DomainError:
    try:
        return Digest.parse(text)
    except DomainError as error:
        return error
