"""``/v1/records`` and ``/v1/evidence``: exact bytes, proofs, lineage, bundles.

It decides under which names they are served and how long they may be kept: a CID names its bytes for
ever, everything else grows with the log.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from rakkan.api.answers import FOR_EVER, SHORT, answer, exact
from rakkan.api.description import CID, COLLECTORS, EVERYBODY, problems, raw_answer
from rakkan.api.places import names, place_of, public_record
from rakkan.api.shapes import Lineage, ProofShape
from rakkan.api.site import Here
from rakkan.registry.flows.verify.dossier import gather_work
from rakkan.registry.flows.verify.evidence import pack
from rakkan.registry.flows.verify.tracing import trace
from rakkan.registry.rules.tree import leaf_hash
from rakkan.registry.store.records import StoredRecord
from rakkan.schemas.canonical import MAX_INTEGER
from rakkan.schemas.errors import NotFound
from rakkan.schemas.values import Cid as ContentId

router: Final = APIRouter(prefix="/v1")
DAG_JSON_TYPE: Final = "application/vnd.ipld.dag-json"
CAR_TYPE: Final = "application/vnd.ipld.car; version=1"

CidPath = Annotated[
    str, Path(max_length=128, description="CID of a statement or of an envelope.", examples=[CID])
]


class ProofQuery(BaseModel):
    """Which tree to prove for."""

    model_config = ConfigDict(extra="forbid")
    size: int | None = Field(
        default=None,
        ge=1,
        le=MAX_INTEGER,
        description="Size of the tree; the newest anchored one unless named.",
    )


@router.get(
    "/records/{cid}",
    operation_id="getRecord",
    tags=[EVERYBODY],
    summary="A record's exact bytes",
    response_class=Response,
    responses={**raw_answer(DAG_JSON_TYPE, "The bytes that the CID names."), **problems(404, 422, 503)},
)
def get_record(request: Request, site: Here, cid: CidPath) -> Response:
    """The statement (as signed) or the envelope, byte for byte; hash them and compare."""
    asked = ContentId.parse(cid)
    stored, block = public_record(site.public, asked)
    other = f'</v1/records/{stored.record.envelope_cid}>; rel="describedby"'
    return exact(request, block, DAG_JSON_TYPE, cache=FOR_EVER, tag=str(asked), headers={"Link": other})


@router.get(
    "/records/{cid}/proof",
    operation_id="proveRecord",
    tags=[EVERYBODY],
    summary="Proof that a record is in the log",
    response_model=ProofShape,
    responses=problems(404, 422, 503),
)
def prove(request: Request, site: Here, cid: CidPath, query: Annotated[ProofQuery, Query()]) -> Response:
    """RFC 9162 inclusion proof, the signed head it leads to, and where that head is on chain."""
    stored, _ = public_record(site.public, ContentId.parse(cid))
    if stored.log_index is None:
        raise NotFound(
            "The record is accepted, but has no place in the log yet.",
            code="log-pending",
            hint="Ask again in a moment.",
        )
    place = place_of(site.public, stored, query.size)
    head = site.public.store.log.head(place.size)
    value = {
        **names(stored),
        "leaf": leaf_hash(stored.record.leaf_data).hex(),
        "index": stored.log_index,
        "size": place.size,
        "root": place.root.hex(),
        "proof": [step.hex() for step in place.proof],
        "note": head.note.decode() if head else "",
        "anchor": place_of(site.public, stored).anchor(),
    }
    return answer(request, value, cache=SHORT)


@router.get(
    "/records/{cid}/lineage",
    operation_id="traceRecord",
    tags=[COLLECTORS],
    summary="What a work was made from, and what was made from it",
    response_model=Lineage,
    responses=problems(404, 422, 503),
)
def lineage(request: Request, site: Here, cid: CidPath) -> Response:
    """Ancestors and descendants that are public; an edge goes from a work to what it was made from."""
    stored = _work(site, cid)
    return answer(request, trace(site.public, stored.record.record_id.digest), cache=SHORT)


@router.get(
    "/evidence/{cid}",
    operation_id="packEvidence",
    tags=[COLLECTORS],
    summary="Evidence bundle of a work",
    response_class=Response,
    responses={
        **raw_answer("application/vnd.ipld.car", "A CAR (version 1) whose root block lists its parts."),
        **problems(404, 422, 503),
    },
)
def evidence(request: Request, site: Here, cid: CidPath) -> Response:
    """Everything on file about a work, to check alone and offline: `rakkan evidence check FILE`."""
    stored = _work(site, cid)
    digests = [digest for subject in stored.record.parsed.subject for digest in subject.digests]
    root, content = pack(gather_work(site.public, stored, digests[0], alias=False, portable=True))
    headers = {
        "Content-Disposition": f'attachment; filename="rakkan-{str(stored.record.record_id)[-12:]}.car"'
    }
    return exact(request, content, CAR_TYPE, cache=SHORT, tag=str(root), headers=headers)


def _work(site: Here, cid: str) -> StoredRecord:
    stored, _ = public_record(site.public, ContentId.parse(cid))
    if stored.record.kind != "work":
        raise NotFound(f"{cid} is a {stored.record.kind} record, not a work.", code="work-unknown")
    return stored
