"""``/problems/{code}``: what a problem code means, as a page for people and as JSON for programs.

It decides the form; the words are in ``explanations.toml``.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from rakkan.api import pages
from rakkan.api.answers import answer
from rakkan.api.description import EVERYBODY, problems
from rakkan.api.problems import STATUS_OF_CODE, explanations
from rakkan.api.shapes import ExplanationShape
from rakkan.schemas.errors import NotFound

router: Final = APIRouter(tags=[EVERYBODY])
KEPT: Final = "public, max-age=3600"


@router.get(
    "/problems/{code}",
    operation_id="explainProblem",
    summary="What a problem code means",
    response_model=ExplanationShape,
    responses=problems(404, 422),
)
def explain(
    request: Request, code: Annotated[str, Path(max_length=64, examples=["digest-form"])]
) -> Response:
    """The `type` of every problem leads here."""
    said = explanations().get(code)
    if said is None:
        raise NotFound(
            "No problem has this code.",
            code="code-unknown",
            hint="Codes stand in the member `code` of a problem.",
        )
    if pages.wants_page(request):
        return pages.explanation_page(code, said)
    value = {"code": code, "status": STATUS_OF_CODE.get(code), "explanation": said}
    return answer(request, value, cache=KEPT, headers={"Vary": "Accept"})
