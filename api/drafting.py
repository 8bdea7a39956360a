"""``/v1/consents/draft`` and ``/v1/consents/{cid}/withdrawal``: what a wallet signs, before it does.

It decides that anybody may ask, and that nothing is kept: what is drafted here becomes something only when
it comes back signed (``consents``, ``slips``).
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi import Path as PathParameter
from starlette.responses import Response

from rakkan.api.answers import answer
from rakkan.api.bodies import JsonBody
from rakkan.api.consent_words import outlook_words, sentences
from rakkan.api.description import ARTISTS, CID, json_body, problems
from rakkan.api.draft_shapes import DraftQuery, DraftShape, WayBackShape
from rakkan.api.examples import draft_example
from rakkan.api.site import Here, Site
from rakkan.registry.flows.consent.drafts import WayBack, draft_consent, way_back
from rakkan.registry.ledger.calls import withdraw_call
from rakkan.schemas.consent import Consent
from rakkan.schemas.identity import Address
from rakkan.schemas.instant import format_instant
from rakkan.schemas.statement import Subject, parse_model
from rakkan.schemas.values import Cid, Digest

router: Final = APIRouter(prefix="/v1/consents")


@router.post(
    "/draft",
    operation_id="draftConsent",
    tags=[ARTISTS],
    summary="What a wallet would sign to grant or reserve",
    response_model=DraftShape,
    responses=problems(400, 403, 413, 415, 422, 503),
    openapi_extra=json_body({"draft": DraftQuery}, {"a grant of one use": draft_example()}),
)
def draft(request: Request, site: Here, body: JsonBody) -> Response:
    """The exact statement of a consent, its words, what a wallet signs, and what would come of it; nothing is kept.

    Signed, it is handed in as ``{"statement", "proofs"}`` at ``/v1/consents``.
    """
    asked = parse_model(DraftQuery, body)
    works = [Subject(name="work", digest=each.digest()) for each in asked.works]
    made = draft_consent(site.public, works, asked.terms.stated(), Address.parse(asked.wallet))
    notice = made.consent.notice
    value = {
        "recordId": str(made.record_id),
        "statement": urlsafe_b64encode(made.statement).decode().rstrip("="),
        "notice": {"lang": notice.lang, "text": made.notice, "sha256": notice.sha256},
        "sentences": sentences(made.consent, len(works)),
        "outlook": [
            {
                "scope": scope,
                "answer": each.answer.value,
                "code": each.code,
                "words": outlook_words(scope, each),
            }
            for scope, each in made.outlook.items()
        ],
        "typedData": made.typed_data,
        "withoutToken": site.strangers.welcome and made.alone,
    }
    return answer(request, value)


@router.get(
    "/{cid}/withdrawal",
    operation_id="draftWithdrawal",
    tags=[ARTISTS],
    summary="What a wallet signs or sends to take a consent back",
    response_model=WayBackShape,
    responses=problems(403, 404, 422, 503),
)
def withdrawal(
    request: Request,
    site: Here,
    cid: Annotated[str, PathParameter(max_length=128, examples=[CID])],
    item: Annotated[
        str | None,
        Query(max_length=128, description="One work out of it, `sha256:…`; all of it unless named."),
    ] = None,
) -> Response:
    """For the consent's withdrawal authority, where that is a wallet: the slip but for its signature, and the transaction."""
    work = Digest.parse(item) if item is not None else None
    return answer(request, shown(site, way_back(site.public, Cid.parse(cid), item=work)))


def shown(site: Site, found: WayBack) -> dict[str, Any]:
    """A way back as the page and the route tell it."""
    granted, chain = found.consent.predicate, site.public.identity
    assert isinstance(granted, Consent)
    assert chain is not None, "without a chain there is no way back for wallets"
    call = withdraw_call(chain, found.key)
    authority = Address.parse(granted.withdrawal.authority)
    known = site.public.store.withdrawals.get([found.key]).get((authority.raw, found.key))
    return {
        "recordId": str(found.consent.record_id),
        "envelope": str(found.consent.envelope_cid),
        "authority": str(authority),
        "mode": granted.withdrawal.mode.value,
        "withdrawnAt": format_instant(known.at) if known is not None and known.at is not None else None,
        "slip": found.slip,
        "typedData": found.typed_data,
        "transaction": {
            "chainId": chain.chain_id,
            "to": str(call.to),
            "data": f"0x{call.calldata.hex()}",
        },
    }
