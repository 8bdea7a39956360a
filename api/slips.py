"""``/v1/withdrawals`` and ``/withdraw``: a withdrawal slip handed in, by anybody.

It decides that neither asks for a token or an account: the slip is the right. The page first says what
would be taken back, and does it when that is confirmed; it works without scripts. What a slip is worth
is decided in ``rakkan.registry.rules.slips``.
"""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from rakkan.api.answers import answer
from rakkan.api.bodies import JsonBody, read_paper
from rakkan.api.description import ARTISTS, json_body, problems
from rakkan.api.examples import slip_example
from rakkan.api.pages import page
from rakkan.api.shapes import Withdrawn
from rakkan.api.site import Here
from rakkan.registry.flows.slips import HandedIn, check_here, hand_in
from rakkan.registry.rules.slips import parse_slip, read_slip, slip_bytes, slip_words
from rakkan.schemas.slip import Slip

router: Final = APIRouter()


@router.post(
    "/v1/withdrawals",
    operation_id="useSlip",
    tags=[ARTISTS],
    summary="Take a consent back with a withdrawal slip",
    status_code=201,
    response_model=Withdrawn,
    responses={
        200: {"model": Withdrawn, "description": "It was taken back before."},
        **problems(400, 403, 404, 413, 415, 422, 503),
    },
    openapi_extra=json_body({"slip": Slip}, {"a slip": slip_example()}),
)
def use_slip(request: Request, site: Here, body: JsonBody) -> Response:
    """Whoever has the slip may use it: no token is asked for, and again changes nothing."""
    slip = parse_slip(body)
    done = hand_in(site.registry, slip)
    site.nudge()
    headers = {"Location": f"/v1/records/{done.record.envelope_cid}"}
    return answer(request, _told(slip, done), status=201 if done.new else 200, headers=headers)


@router.get("/withdraw", include_in_schema=False)
async def form(site: Here) -> Response:
    """Where a slip is dropped or pasted."""
    return page("withdraw.html", site.public.origin, step="form")


@router.post("/withdraw", include_in_schema=False)
async def use_on_page(request: Request, site: Here) -> Response:
    """Say what a slip would take back; with the confirmation, take it back."""
    content, sure = await read_paper(request)
    slip = read_slip(content)

    def work() -> HandedIn | None:
        check_here(site.registry, slip)
        return hand_in(site.registry, slip) if sure else None

    done = await run_in_threadpool(work)
    shown: dict[str, Any] = {"words": slip_words(slip), "slip": slip, "text": slip_bytes(slip).decode()}
    if done is None:
        return page("withdraw.html", site.public.origin, step="sure", **shown)
    site.nudge()
    envelope = str(done.record.envelope_cid)
    return page("withdraw.html", site.public.origin, step="done", new=done.new, envelope=envelope, **shown)


def _told(slip: Slip, done: HandedIn) -> dict[str, Any]:
    return {
        "recordId": str(done.record.record_id),
        "envelope": str(done.record.envelope_cid),
        "kind": done.record.kind,
        "new": done.new,
        "consent": slip.record_id,
        "item": slip.item,
        "authority": slip.authority,
        "onChain": slip.chain_id is not None,
    }
