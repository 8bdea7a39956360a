"""``POST /v1/consents/query``: whether thousands of works may be used, in one request.

It decides what is taken (JSON, digests in bytes, or URLs a line) and the form of the answers. What is known
means is decided in ``rakkan.registry``; answers are in the order asked, and none is left out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from rakkan.api.answers import NEVER
from rakkan.api.bodies import media_type
from rakkan.api.consents import SCOPES
from rakkan.api.description import CRAWLERS, problems
from rakkan.api.questions import BYTES, JSON, TEXT, Digests, Question, bodies, parsed, unpacked
from rakkan.api.reasons import NUMBERS
from rakkan.api.shapes import ConsentsShape
from rakkan.api.site import Here, Site
from rakkan.api.urls import digest_of_url, read_urls
from rakkan.registry.clock import past_instant
from rakkan.registry.flows.consent.asking import Held, Inquiry, ask
from rakkan.schemas.canonical import parse_strict
from rakkan.schemas.errors import Invalid
from rakkan.schemas.instant import format_instant
from rakkan.schemas.statement import parse_model
from rakkan.schemas.values import DAG_JSON, Cid, Digest
from rakkan.schemas.verdict import Answer

router: Final = APIRouter(prefix="/v1")
_OUTCOMES: Final = {Answer.ALLOWED: 1, Answer.DENIED: 2, Answer.UNDETERMINED: 3}
_UNCONSULTED: Final = Held(Answer.UNDETERMINED, "withdrawal-not-consulted", 0)
_NOTHING: Final = bytes(32)


@router.post(
    "/consents/query",
    operation_id="askConsents",
    tags=[CRAWLERS],
    summary="Whether up to 10,000 works may be used",
    response_model=ConsentsShape,
    responses={
        200: {
            "description": "One answer for each work, in the order asked: JSON, or 36 bytes each.",
            "content": {BYTES: {"schema": {"type": "string", "contentMediaType": BYTES}}},
        },
        **problems(400, 408, 413, 415, 422, 503),
    },
    openapi_extra=bodies(),
)
async def query_consents(request: Request, site: Here, asked: Annotated[Question, Query()]) -> Response:
    """What holds for each work; only `allowed` grants, and nothing known is no yes.

    Bytes bring sha256 digests, 32 bytes each, and lines bring URLs; for both the question stands in the
    address.
    """
    kind = media_type(request)
    if kind not in (JSON, BYTES, TEXT):
        raise Invalid(
            "Send digests as application/json or application/octet-stream, or URLs as text/plain.",
            code="media-type",
            hint=f"Set Content-Type: {JSON}.",
        )
    site.asking.check_room()
    body = await request.body()
    if kind == JSON and request.url.query:
        raise Invalid("The question stands in the body.", code="parameter", hint="Leave the address alone.")
    wants = request.headers.get("accept", "")
    binary = BYTES in wants or (kind == BYTES and JSON not in wants)
    return await site.asking.run(lambda: _answered(site, kind, body, asked, binary=binary))


def _answered(site: Site, kind: str, body: bytes, asked: Question, *, binary: bool) -> Response:
    if kind == TEXT:
        return _json(_urls(site, body, asked))
    if kind == BYTES:
        digests = unpacked(body, site.limits.query_digests)
    else:
        asked = parse_model(Digests, parse_strict(body, limit=site.limits.query_bytes))
        digests = parsed(asked.digests, site.limits.query_digests)
    used_at, inquiry = _inquiry(site, asked)
    answers = _asked(site, digests, inquiry)
    if binary:
        return Response(b"".join(map(_row, answers)), media_type=BYTES, headers={"Cache-Control": NEVER})
    return _json(
        {
            "schema": "rakkan.consents/1",
            "scope": asked.scope,
            "grantee": asked.grantee,
            "policy": asked.policy,
            "at": format_instant(used_at),
            "items": [
                {"digest": str(digest), **_document(held)}
                for digest, held in zip(digests, answers, strict=True)
            ],
        }
    )


def _inquiry(site: Site, asked: Question) -> tuple[datetime, Inquiry]:
    if asked.scope not in SCOPES:
        raise Invalid(
            f"{asked.scope!r} is not a scope.",
            code="scope-unknown",
            hint=f"Use one of {', '.join(SCOPES)}.",
            pointer="/scope",
        )
    try:
        policy = None if asked.policy is None else Cid.parse(asked.policy)
    except Invalid as error:
        raise Invalid(error.message, code=error.code, hint=error.hint, pointer="/policy") from error
    clock = site.public.clock
    used_at = clock.now() if asked.as_of is None else past_instant(asked.as_of, clock, "asOf")
    known_at = (None,) if asked.as_of is None else (None, used_at)
    return used_at, Inquiry(asked.scope, asked.grantee, used_at, policy, known_at)


def _asked(site: Site, digests: Sequence[Digest], inquiry: Inquiry) -> list[tuple[Held, ...]]:
    """The answers, no "allowed" among them that the chain was not asked about."""
    consulted = site.withdrawals.consulted()
    answers = ask(site.public, digests, inquiry)
    if consulted:
        return answers
    return [
        tuple(_UNCONSULTED if each.answer is Answer.ALLOWED else each for each in held) for held in answers
    ]


def _urls(site: Site, body: bytes, asked: Question) -> dict[str, Any]:
    """Answers to URLs in the form that clients of Spawning's registry read, and ours beside it."""
    urls = read_urls(body, site.limits.query_digests)
    _, inquiry = _inquiry(site, asked)
    named = {url: digest_of_url(url) for url in dict.fromkeys(urls)}
    digests = list(dict.fromkeys(digest for digest in named.values() if digest))
    held = dict(zip(digests, _asked(site, digests, inquiry), strict=True))
    answers: dict[str, dict[str, Any]] = {}
    for url, digest in named.items():
        if digest is None:
            said: dict[str, Any] = {"outcome": Answer.UNDETERMINED.value, "reason": "url-unknown"}
        else:
            said = {"digest": str(digest), **_document(held[digest])}
        answers[url] = {"url": url, "optOut": said["outcome"] != Answer.ALLOWED.value, **said}
    return {"urls": [answers[url] for url in urls]}


def _document(held: tuple[Held, ...]) -> dict[str, Any]:
    said = _said(held[0])
    if len(held) > 1:
        said["then"] = _said(held[1])
    return said


def _said(held: Held) -> dict[str, Any]:
    record = None
    if held.record_id is not None and held.envelope is not None:
        record = {
            "recordId": str(Cid(DAG_JSON, held.record_id)),
            "envelope": str(Cid(DAG_JSON, held.envelope)),
        }
    return {
        "outcome": held.answer.value,
        "reason": held.code,
        "assurance": held.assurance,
        "record": record,
    }


def _row(held: tuple[Held, ...]) -> bytes:
    """36 bytes: outcome, assurance, reason, outcome then, and the recordId's digest."""
    now = held[0]
    then = _OUTCOMES[held[1].answer] if len(held) > 1 else 0
    numbers = bytes((_OUTCOMES[now.answer], now.assurance, NUMBERS.get(now.code, 0), then))
    return numbers + (now.record_id or _NOTHING)


def _json(value: dict[str, Any]) -> Response:
    content = json.dumps(value, separators=(",", ":")).encode()
    return Response(content, media_type=JSON, headers={"Cache-Control": NEVER})
