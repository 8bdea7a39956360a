"""``/v1/consents`` and ``/v1/consent``: giving, taking back, and asking.

It decides that a withdrawal needs no token: its proof is its right, and nobody can stop it. Which consents
need none is decided in ``strangers``. What consents mean together is decided in ``rakkan.registry.rules.consent``.
"""

from __future__ import annotations

from contextlib import nullcontext
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from rakkan.api.access import Presented, check_token
from rakkan.api.answers import SHORT, answer
from rakkan.api.assets import DigestPath, accepted
from rakkan.api.bodies import JsonBody
from rakkan.api.description import ARTISTS, CRAWLERS, json_body, problems
from rakkan.api.examples import record_examples
from rakkan.api.handed import ExactConsent, PlainConsent, read_blocks, read_record
from rakkan.api.shapes import Accepted, ConsentShape
from rakkan.api.site import Here
from rakkan.registry.clock import past_instant
from rakkan.registry.flows.accept import accept_one
from rakkan.registry.flows.consent.consents import show
from rakkan.registry.rules.consent import ConsentFact, Effective
from rakkan.schemas.consent import CAWG_SCOPES, OWN_SCOPES, PUBLIC, Grantee
from rakkan.schemas.errors import Invalid
from rakkan.schemas.instant import InstantText, format_instant
from rakkan.schemas.values import DAG_JSON, Cid, Digest

router: Final = APIRouter(prefix="/v1")
KINDS: Final = ("consent", "withdrawal", "authorship", "identity", "key", "dispute", "ruling")
SCOPES: Final = (*CAWG_SCOPES, *OWN_SCOPES)


class ConsentQuery(BaseModel):
    """What is asked; a misspelt parameter is refused, so that it cannot change the question unseen."""

    model_config = ConfigDict(extra="forbid")
    scope: str | None = Field(
        default=None,
        max_length=96,
        description="One scope; all of them unless named.",
        examples=["cawg.ai_generative_training"],
    )
    grantee: Grantee = Field(default=PUBLIC, description="Who wants to use it.", examples=[PUBLIC])
    as_of: InstantText | None = Field(
        default=None,
        alias="asOf",
        description="When it is used; now unless named, and not later. `answers` say what holds of that use by all that is"
        " known today, `then` what was known at that instant.",
        examples=["2026-11-22T12:00:00Z"],
    )


@router.post(
    "/consents",
    operation_id="recordConsent",
    tags=[ARTISTS],
    summary="Grant, reserve, withdraw, claim, object",
    status_code=201,
    response_model=Accepted,
    responses={
        200: {"model": Accepted, "description": "It was known already."},
        **problems(400, 401, 403, 413, 415, 422, 429, 503),
    },
    openapi_extra=json_body(
        {"exact": ExactConsent, "plain": PlainConsent},
        record_examples("consent"),
    ),
)
def record_consent(request: Request, site: Here, presented: Presented, body: JsonBody) -> Response:
    """Take a signed record of Proof-of-Consent; a withdrawal needs no token: nobody can stop that.

    Consents of any kind, authorship claims, identities, changes of keys, disputes and rulings. What a
    record links must be known here before it. A grant or a reservation that a wallet signed needs no token
    either, while it is about works that nobody else has spoken of here, and as long as not too many come.
    """
    body, blocks = read_blocks(body)
    record = read_record(body, KINDS)
    free = record.kind == "withdrawal"
    stranger = not free and presented is None and site.strangers.may_bring(record, blocks)
    if not free and not stranger:
        check_token(site, presented)
    with site.strangers.bringing(request, record) if stranger else nullcontext():
        new = accept_one(site.registry, record, publish=True, blocks=blocks)
    site.nudge()
    return accepted(request, record, new=new)


@router.get(
    "/consent/{digest}",
    operation_id="askConsent",
    tags=[CRAWLERS],
    summary="Whether a use is allowed, now or at an instant",
    response_model=ConsentShape,
    responses=problems(422, 503),
)
def ask(
    request: Request, site: Here, digest: DigestPath, query: Annotated[ConsentQuery, Query()]
) -> Response:
    """What holds for a work; only `allowed` grants, and nothing known is no yes."""
    asked = Digest.parse(digest)
    if query.scope is not None and query.scope not in SCOPES:
        raise Invalid(
            f"{query.scope!r} is not a scope.",
            code="scope-unknown",
            hint=f"Use one of {', '.join(SCOPES)}.",
            pointer="/scope",
        )
    scopes = SCOPES if query.scope is None else (query.scope,)
    clock = site.public.clock
    used_at = clock.now() if query.as_of is None else past_instant(query.as_of, clock, "asOf")

    def answers(known_at: datetime | None = None) -> list[dict[str, Any]]:
        effective = site.withdrawals.confirmed(
            lambda: show(
                site.public,
                [asked],
                scopes=scopes,
                grantee=query.grantee,
                used_at=used_at,
                known_at=known_at,
            )
        )
        return [_answer(scope, effective[scope]) for scope in scopes]

    value = {
        "digest": str(asked),
        "grantee": query.grantee,
        "at": format_instant(used_at),
        "answers": answers(),
    }
    if query.as_of is not None:
        value["then"] = answers(used_at)
    return answer(request, value, cache=SHORT)


def _answer(scope: str, effective: Effective) -> dict[str, Any]:
    return {
        "scope": scope,
        "answer": effective.answer.value,
        "code": effective.code,
        "assurance": effective.assurance,
        "relied": [_names(fact) for fact in effective.relied],
    }


def _names(fact: ConsentFact) -> dict[str, str]:
    return {"recordId": str(Cid(DAG_JSON, fact.record_id)), "envelope": str(Cid(DAG_JSON, fact.envelope))}
