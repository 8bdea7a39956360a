"""``/v1/withdrawals`` and ``/withdraw``: a consent taken back, by slip or by wallet.

It decides that neither asks for a token or an account: the slip is the right. The page first says what
would be taken back, and does it when that is confirmed; with a slip it works without scripts. What a slip is
worth is decided in ``rakkan.registry.rules.slips`` and ``joint_slips``, what a wallet signs or sends in ``drafting``.
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
from rakkan.api.examples import joint_slip_example, slip_example
from rakkan.api.pages import page
from rakkan.api.shapes import Withdrawn, WithdrawnTogether
from rakkan.api.site import Here
from rakkan.api.standing import Standing, about, standing_of, taken_back
from rakkan.registry.flows.withdraw.joint import check_any_here, hand_in_any
from rakkan.registry.flows.withdraw.slips import HandedIn
from rakkan.registry.rules.joint_slips import AnySlip, any_bytes, joint_words, parse_any, read_any
from rakkan.registry.rules.slips import slip_words
from rakkan.schemas.consent import Withdrawal
from rakkan.schemas.errors import DomainError
from rakkan.schemas.slip import JointSlip, Slip
from rakkan.schemas.values import DAG_JSON, Cid, Digest

router: Final = APIRouter()


@router.post(
    "/v1/withdrawals",
    operation_id="useSlip",
    tags=[ARTISTS],
    summary="Take a consent back with a withdrawal slip",
    status_code=201,
    response_model=Withdrawn | WithdrawnTogether,
    responses={
        200: {"model": Withdrawn | WithdrawnTogether, "description": "It was taken back before."},
        **problems(400, 403, 404, 413, 415, 422, 503),
    },
    openapi_extra=json_body(
        {"slip": Slip, "many": JointSlip},
        {"a slip": slip_example(), "a slip over many": joint_slip_example()},
    ),
)
def use_slip(request: Request, site: Here, body: JsonBody) -> Response:
    """Whoever has the slip may use it: no token is asked for, and again changes nothing.

    A slip over many consents takes all of them back, or none.
    """
    slip = parse_any(body)
    done = hand_in_any(site.registry, slip)
    site.nudge()
    new = any(each.new for each in done)
    told = [_told(slip, each) for each in done]
    headers = {"Location": f"/v1/records/{done[0].record.envelope_cid}"}
    if isinstance(slip, Slip):
        return answer(request, told[0], status=201 if new else 200, headers=headers)
    return answer(request, {"withdrawals": told, "new": new}, status=201 if new else 200)


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
    slip = read_any(content)

    def work() -> tuple[list[HandedIn], list[Standing]]:
        check_any_here(site.registry, slip)
        done = hand_in_any(site.registry, slip) if sure else []
        # what is not public is not shown to whoever has a slip
        whole = [slip.record_id] if isinstance(slip, Slip) and slip.item is None else []
        if isinstance(slip, JointSlip):
            whole = [each.record_id for each in slip.withdrawals if each.items is None]
        return done, standing_of(site.public, whole)

    done, consents = await run_in_threadpool(work)
    words = slip_words(slip) if isinstance(slip, Slip) else joint_words(slip)
    shown: dict[str, Any] = {
        "words": words,
        "many": isinstance(slip, JointSlip),
        "chain_id": slip.chain_id,
        "text": any_bytes(slip).decode(),
        "consents": consents,
    }
    if not done:
        return page("withdraw.html", site.public.origin, step="sure", **shown)
    site.nudge()
    envelopes = [str(each.record.envelope_cid) for each in done]
    new = any(each.new for each in done)
    return page("withdraw.html", site.public.origin, step="done", new=new, envelopes=envelopes, **shown)


def _told(slip: AnySlip, done: HandedIn) -> dict[str, Any]:
    said = done.record.predicate
    assert isinstance(said, Withdrawal)
    return {
        "recordId": str(done.record.record_id),
        "envelope": str(done.record.envelope_cid),
        "kind": done.record.kind,
        "new": done.new,
        "consent": str(Cid(DAG_JSON, bytes.fromhex(said.consent_id))),
        "item": said.item,
        "authority": slip.authority,
        "onChain": slip.chain_id is not None,
    }
