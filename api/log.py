"""``/v1/log``: the newest signed head, and that the log only grew.

It decides how heads are served: as JSON, or as the C2SP note itself to whoever asks for plain text.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from rakkan.api.answers import FOR_EVER, answer, exact
from rakkan.api.description import EVERYBODY, problems
from rakkan.api.shapes import ConsistencyShape, HeadShape
from rakkan.api.site import Here
from rakkan.schemas.canonical import MAX_INTEGER
from rakkan.schemas.errors import NotFound

router: Final = APIRouter(prefix="/v1/log", tags=[EVERYBODY])
FRESH: Final = "public, max-age=5, must-revalidate"


class ConsistencyQuery(BaseModel):
    """Two sizes of the log."""

    model_config = ConfigDict(extra="forbid")
    first: int = Field(ge=0, le=MAX_INTEGER, description="The smaller size.")
    second: int = Field(ge=0, le=MAX_INTEGER, description="The larger size.")


@router.get(
    "/head",
    operation_id="getLogHead",
    summary="The newest signed log head",
    response_model=HeadShape,
    responses={
        200: {
            "model": HeadShape,
            "description": "The head; the bare note for `Accept: text/plain`.",
            "content": {"text/plain": {}},
        },
        **problems(404, 503),
    },
)
def head(request: Request, site: Here) -> Response:
    """A C2SP signed note: origin, size, root, signature. Keep it: the next one must be consistent with it."""
    newest = site.public.store.log.head()
    if newest is None:
        raise NotFound("Nothing is in the log yet.", code="log-empty")
    accept = request.headers.get("accept", "")
    if "text/plain" in accept and "application/json" not in accept:
        return exact(
            request, newest.note, "text/plain; charset=utf-8", cache=FRESH, headers={"Vary": "Accept"}
        )
    value = {
        "origin": newest.origin,
        "size": newest.size,
        "root": newest.root.hex(),
        "note": newest.note.decode(),
        "keys": [verifier.vkey for verifier in site.public.verifiers],
    }
    return answer(request, value, cache=FRESH, headers={"Vary": "Accept"})


@router.get(
    "/proof/consistency",
    operation_id="proveConsistency",
    summary="Proof that the log only grew",
    response_model=ConsistencyShape,
    responses=problems(422, 503),
)
def consistency(request: Request, site: Here, query: Annotated[ConsistencyQuery, Query()]) -> Response:
    """RFC 9162 consistency proof from one size to a larger one."""
    log = site.public.store.log
    proof = log.consistency(query.first, query.second)
    value = {
        "first": query.first,
        "second": query.second,
        "firstRoot": log.root(query.first).hex(),
        "secondRoot": log.root(query.second).hex(),
        "proof": [step.hex() for step in proof],
    }
    return answer(request, value, cache=FOR_EVER)
