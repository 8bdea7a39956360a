"""``/v1/assets``: registering works, and finding them by digest.

It decides what registering over HTTP means: publishing. Who wants to keep a record private does not
send it to a registry (DESIGN §2 "Private until published").
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from rakkan.api.access import TOKEN
from rakkan.api.answers import SHORT, answer
from rakkan.api.bodies import JsonBody
from rakkan.api.description import ARTISTS, COLLECTORS, SHA256, json_body, problems
from rakkan.api.examples import record_examples
from rakkan.api.handed import ExactRecord, PlainRecord, read_record
from rakkan.api.places import names, place_of
from rakkan.api.shapes import Accepted, AssetShape
from rakkan.api.site import Here
from rakkan.registry.flows.accept import accept_one
from rakkan.schemas.errors import NotFound
from rakkan.schemas.instant import format_instant
from rakkan.schemas.record import Record
from rakkan.schemas.values import Digest

router: Final = APIRouter(prefix="/v1/assets")
MAX_OTHERS: Final = 20

DigestPath = Annotated[str, Path(max_length=128, description="`kind:hex`", examples=[SHA256])]


@router.post(
    "",
    operation_id="registerAsset",
    tags=[ARTISTS],
    summary="Register a work",
    status_code=201,
    response_model=Accepted,
    responses={
        200: {"model": Accepted, "description": "It was known already."},
        **problems(400, 401, 403, 413, 415, 422, 503),
    },
    openapi_extra=json_body({"exact": ExactRecord, "plain": PlainRecord}, record_examples("work")),
    dependencies=[TOKEN],
)
def register(request: Request, site: Here, body: JsonBody) -> Response:
    """Take a signed `work` record and make it public for ever: pinned, logged, and anchored where there is a chain."""
    record = read_record(body, ("work",))
    new = accept_one(site.registry, record, publish=True)
    site.nudge()
    return accepted(request, record, new=new)


@router.get(
    "/{digest}",
    operation_id="findAsset",
    tags=[COLLECTORS],
    summary="What is registered under a digest",
    response_model=AssetShape,
    responses=problems(404, 422, 503),
)
def find(request: Request, site: Here, digest: DigestPath) -> Response:
    """Find a work by any of its identifiers, and be told which one matched."""
    asked, public = Digest.parse(digest), site.public
    matches = sorted(public.store.records.find([asked], "work"), key=lambda match: match.alias)
    stored = public.store.records.get([match.record_id for match in matches[: MAX_OTHERS + 1]])
    found = [(match, stored[match.record_id]) for match in matches if match.record_id in stored]
    if not found:
        raise NotFound(f"Nothing public is registered here under {asked}.", code="record-unknown")
    (match, first), *others = found
    value = {
        "digest": str(asked),
        "matched": str(match.digest),
        "alias": match.alias,
        "record": names(first),
        "digests": dict(first.record.parsed.subject[0].digest),
        "acceptedAt": format_instant(first.accepted_at),
        "anchor": place_of(public, first).anchor(),
        "others": [names(each) for _, each in others],
    }
    return answer(request, value, cache=SHORT)


def accepted(request: Request, record: Record, *, new: bool) -> Response:
    """What is said when a record was taken."""
    value = {
        "recordId": str(record.record_id),
        "envelope": str(record.envelope_cid),
        "kind": record.kind,
        "new": new,
    }
    headers = {"Location": f"/v1/records/{record.envelope_cid}"}
    return answer(request, value, status=201 if new else 200, headers=headers)
