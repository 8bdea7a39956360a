"""``GET /v1/withdrawals`` and ``/v1/consents/{cid}/history``: what was taken back, and what became of a consent.

It decides the form of pages. Whoever asks again after the cursor that they were given misses nothing and is told
nothing twice. What a withdrawal means is for ``rakkan.registry.rules.consent``.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from rakkan.api.answers import SHORT, answer, exact
from rakkan.api.description import ARTISTS, CRAWLERS, problems
from rakkan.api.feed_shapes import HistoryShape, WithdrawalsShape
from rakkan.api.places import names, public_record
from rakkan.api.records import CidPath
from rakkan.api.site import Here
from rakkan.registry.flows.consent.history import Moment, history
from rakkan.registry.flows.consent.telling import documents
from rakkan.registry.store.events import START
from rakkan.schemas.consent import Consent
from rakkan.schemas.errors import NotFound
from rakkan.schemas.instant import format_instant
from rakkan.schemas.values import Cid

router: Final = APIRouter(prefix="/v1")
LINES: Final = "application/x-ndjson"


class Page(BaseModel):
    """Which part of the feed."""

    model_config = ConfigDict(extra="forbid")
    after: str = Field(
        default=START,
        pattern=r"^(0|[1-9][0-9]{0,17}-[0-9a-f]{8})$",
        description="How far was read: the `cursor` of the last answer; from the beginning unless named.",
    )
    limit: int = Field(default=100, ge=1, le=1000, description="Entries at most.")


@router.get(
    "/withdrawals",
    operation_id="followWithdrawals",
    tags=[CRAWLERS],
    summary="What was taken back, as it is noticed",
    response_model=WithdrawalsShape,
    responses={
        200: {
            "description": "A page of the feed, as JSON, or each entry a line.",
            "content": {LINES: {"schema": {"type": "string", "contentMediaType": LINES}}},
        },
        **problems(422, 503),
    },
)
def follow_withdrawals(request: Request, site: Here, page: Annotated[Page, Query()]) -> Response:
    """Withdrawals by record or on chain, oldest first; ask again after `cursor` for what came since.

    `undone` says that the block of a withdrawal on chain is no more, and nothing else tells of it.
    """
    consulted = site.withdrawals.consulted()
    store = site.public.store
    events = store.events.after(page.after, page.limit + 1, taken_back=True)
    items = documents(store.events, events[: page.limit])
    cursor, more = items[-1]["cursor"] if items else page.after, len(events) > page.limit
    headers = {"Vary": "Accept"}
    if more:
        headers["Link"] = f'</v1/withdrawals?after={cursor}&limit={page.limit}>; rel="next"'
    if LINES in request.headers.get("accept", ""):
        content = b"".join(json.dumps(each, separators=(",", ":")).encode() + b"\n" for each in items)
        return exact(request, content, LINES, cache=SHORT, headers=headers)
    value = {
        "schema": "rakkan.withdrawals/1",
        "items": items,
        "cursor": cursor,
        "more": more,
        "consulted": consulted,
    }
    return answer(request, value, cache=SHORT, headers=headers)


@router.get(
    "/consents/{cid}/history",
    operation_id="readHistory",
    tags=[ARTISTS],
    summary="What became of a consent",
    response_model=HistoryShape,
    responses=problems(404, 422, 503),
)
def read_history(request: Request, site: Here, cid: CidPath) -> Response:
    """Given, logged, anchored, disputed, ruled, withdrawn, expired: each with its instant and its record.

    It tells what happened, and never that a use is allowed; `/v1/consent/{digest}` answers that.
    """
    stored, _ = public_record(site.public, Cid.parse(cid))
    said = stored.record.predicate
    if not isinstance(said, Consent):
        raise NotFound(f"{cid} is a {stored.record.kind} record, not a consent.", code="consent-unknown")
    consulted = site.withdrawals.consulted()
    found = history(site.public, stored)
    value = {
        **names(stored),
        "kind": said.kind,
        "validFrom": said.valid_from,
        "validUntil": said.valid_until,
        "moments": [_moment(each) for each in found.moments],
        "more": found.more,
        "block": found.block,
        "consulted": consulted,
    }
    return answer(request, value, cache=SHORT)


def _moment(moment: Moment) -> dict[str, Any]:
    fields = {
        name: format_instant(value) if isinstance(value, datetime) else value
        for name, value in moment.fields.items()
        if value is not None
    }
    record = None if moment.record is None else names(moment.record)
    return {"state": moment.state, "at": format_instant(moment.at), "record": record, **fields}
