"""``/healthz`` and ``/readyz``: whether this server lives, and whether it can serve.

It decides that what is not ready is a problem with 503, engines named. What is asked of them is
decided in ``rakkan.api.readiness``.
"""

from __future__ import annotations

from typing import Any, Final, Literal

from fastapi import APIRouter, Request
from starlette.responses import Response

from rakkan.api.answers import answer
from rakkan.api.description import OPERATORS, problems
from rakkan.api.problems import Problem
from rakkan.api.shapes import Shape
from rakkan.api.site import Here


class HealthShape(Shape):
    """Alive."""

    status: Literal["alive"]


class ReadyCheck(Shape):
    """One engine."""

    name: str
    outcome: Literal["pass", "fail", "not-applicable"]
    detail: str


class ReadyShape(Shape):
    """Ready to serve."""

    status: Literal["ready"]
    checks: list[ReadyCheck]


router: Final = APIRouter(tags=[OPERATORS])


@router.get(
    "/healthz", operation_id="isAlive", summary="Whether the process lives", response_model=HealthShape
)
async def alive(request: Request) -> Response:
    """Always the same, and asks nobody."""
    return answer(request, {"status": "alive"})


@router.get(
    "/readyz",
    operation_id="isReady",
    summary="Whether it can serve",
    response_model=ReadyShape,
    responses=problems(503),
)
def ready(request: Request, site: Here) -> Response:
    """Database, content store, chain, and the native backends, each by name."""
    checks = site.readiness.checks()
    shown: list[dict[str, Any]] = [
        {"name": each.name, "outcome": each.outcome, "detail": each.detail} for each in checks
    ]
    failing = [each.name for each in checks if each.outcome == "fail"]
    if failing:
        said = f"Not ready: {', '.join(failing)}."
        problem = Problem(
            503,
            "not-ready",
            "This server cannot serve now",
            said,
            extra={"checks": shown},
            headers={"Retry-After": "5"},
        )
        return problem.response()
    return answer(request, {"status": "ready", "checks": shown})
