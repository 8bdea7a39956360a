"""The HTTP application: routes put together around one open registry.

It decides what is mounted, and that every error leaves as a problem: as a page for a person before a
browser (never under ``/v1``), as ``application/problem+json`` for everybody else.
"""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from rakkan.api import (
    assets,
    consent_page,
    consents,
    drafting,
    explain,
    feed,
    health,
    log,
    models,
    pages,
    query,
    records,
    slips,
    verdict_page,
    verdicts,
    verify,
)
from rakkan.api.description import ABOUT, SUMMARY, TAGS, TITLE, tidy
from rakkan.api.guard import Guard
from rakkan.api.headers import AnswerHeaders
from rakkan.api.lane import Lane
from rakkan.api.limits import Limits, load_limits
from rakkan.api.problems import Problem, problem_of, problem_of_http, problem_of_validation
from rakkan.api.public import PublicRegistry
from rakkan.api.pump import Pump
from rakkan.api.readiness import Readiness
from rakkan.api.site import Site
from rakkan.api.strangers import Strangers
from rakkan.api.withdrawn import ChainWithdrawals
from rakkan.registry.service import Registry, open_registry
from rakkan.registry.settings import load_settings
from rakkan.schemas.errors import DomainError

WORKER: Final = "RAKKAN_WORKER"
VERSION: Final = "1"


class _Application(FastAPI):
    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = tidy(super().openapi())
        return self.openapi_schema


def create_app(
    registry: Registry,
    *,
    run_worker: bool = False,
    limits: Limits | None = None,
    closing: Callable[[], None] = lambda: None,
) -> FastAPI:
    """The application around an open registry, which stays the caller's to close.

    Args:
        registry: What is served.
        run_worker: Whether a thread here also pins, logs and anchors what comes in.
        limits: What a request may cost; by default what the environment says.
        closing: Called when the application ends.

    Raises:
        Invalid: ``settings``.
    """
    limits = limits or load_limits()
    pump = Pump(registry) if run_worker else None
    public = PublicRegistry(registry)
    site = Site(
        registry=registry,
        public=public,
        limits=limits,
        verifying=Lane(
            "verifying", slots=limits.verifying, waiting=limits.waiting, seconds=limits.verify_seconds
        ),
        judging=Lane("judging", slots=1, waiting=limits.waiting, seconds=limits.judge_seconds),
        strangers=Strangers(public, limits),
        asking=Lane("asking", slots=2, waiting=limits.waiting, seconds=limits.query_seconds),
        withdrawals=ChainWithdrawals(registry),
        readiness=Readiness(registry),
        nudge=pump.nudge if pump else lambda: None,
    )

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if pump:
            pump.start()
        try:
            yield
        finally:
            site.verifying.close()
            site.judging.close()
            site.asking.close()
            if pump:
                pump.stop()
            closing()

    app = _Application(
        title=TITLE,
        summary=SUMMARY,
        description=ABOUT,
        version=VERSION,
        openapi_tags=TAGS,
        docs_url=None,  # the framework's pages load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,  # would lead to whatever the Host header says, without TLS behind a proxy
        lifespan=lifespan,
    )
    app.state.site = site
    for module in (
        assets,
        verify,
        records,
        consents,
        drafting,
        query,
        feed,
        slips,
        verdicts,
        models,
        log,
        health,
        explain,
        consent_page,
        verdict_page,
        pages,
    ):
        app.include_router(module.router)
    _answer_errors(app)
    app.add_middleware(Guard, limits=limits, shown=_shown)
    app.add_middleware(AnswerHeaders)
    return app


def from_environment() -> FastAPI:
    """The application as ``RAKKAN_*`` says, for ``uvicorn --factory rakkan.api.app:from_environment``.

    Raises:
        NotFound: ``home-missing``. Invalid: ``settings``; and as :func:`open_registry` does.
    """
    stack = contextlib.ExitStack()
    registry = stack.enter_context(open_registry(load_settings()))
    gc.freeze()  # what is loaded by now stays; the collector need not walk it with every large answer
    return create_app(registry, run_worker=os.environ.get(WORKER, "") == "1", closing=stack.close)


def _answer_errors(app: FastAPI) -> None:
    async def ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, DomainError)
        return _shown(request, problem_of(error))

    async def malformed(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return _shown(request, problem_of_validation(error))

    async def framework(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return _shown(request, problem_of_http(error))

    app.add_exception_handler(DomainError, ours)
    app.add_exception_handler(RequestValidationError, malformed)
    app.add_exception_handler(HTTPException, framework)


def _shown(request: Request, problem: Problem) -> Response:
    return pages.problem_page(problem) if pages.wants_page(request) else problem.response()
