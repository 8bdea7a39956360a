"""``/v1/withdrawals`` and ``/withdraw``: a consent taken back, by slip or by wallet.

It decides that neither asks for a token or an account: the slip is the right. The page first says what
would be taken back, and does it when that is confirmed; with a slip it works without scripts. What a slip is
worth is decided in ``rakkan.registry.rules.slips``, what a wallet signs or sends in ``drafting``.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from rakkan.api.answers import answer
from rakkan.api.bodies import JsonBody, read_paper
from rakkan.api.description import ARTISTS, json_body, problems
from rakkan.api.examples import slip_example
from rakkan.api.pages import page
from rakkan.api.shapes import Withdrawn
from rakkan.api.site import Here
from rakkan.api.standing import Standing, about, taken_back
from rakkan.registry.flows.withdraw.slips import HandedIn, check_here, hand_in
from rakkan.registry.rules.slips import parse_slip, read_slip, slip_bytes, slip_words
from rakkan.schemas.errors import DomainError
from rakkan.schemas.slip import Slip
from rakkan.schemas.values import Cid, Digest

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
def form(
    site: Here,
    consent: Annotated[str, Query(max_length=128)] = "",
    digest: Annotated[str, Query(max_length=128)] = "",
) -> Response:
    """Where a slip is dropped, pasted or scanned; or one consent, or those about a picture, for a wallet."""
    origin = site.public.origin
    if consent or digest:
        with suppress(DomainError):  # what the chain took without telling us is shown if it answers now
            site.withdrawals.keep_fresh()
    if consent:
        found = taken_back(site.public, Cid.parse(consent.strip()))
        return page("withdraw.html", origin, step="wallet", found=found, chain=site.public.domain)
    if digest:
        text = digest.strip()
        asked = Digest.parse(text if ":" in text else f"sha256:{text.lower()}")
        return page("withdraw.html", origin, step="list", digest=asked, found=about(site.public, asked))
    return page("withdraw.html", origin, step="form")


@router.post("/withdraw", include_in_schema=False)
async def use_on_page(request: Request, site: Here) -> Response:
    """Say what a slip would take back; with the confirmation, take it back."""
    content, sure = await read_paper(request)
    slip = read_slip(content)

    def work() -> tuple[HandedIn | None, Standing | None]:
        check_here(site.registry, slip)
        done = hand_in(site.registry, slip) if sure else None
        name = Cid.parse(slip.record_id)
        known = site.public.store.records.get(
            [name.digest]
        )  # what is not public is not shown to whoever has a slip
        return done, taken_back(site.public, name) if known and slip.item is None else None

    done, consent = await run_in_threadpool(work)
    text = slip_bytes(slip).decode()
    shown: dict[str, Any] = {"words": slip_words(slip), "slip": slip, "text": text, "consent": consent}
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
