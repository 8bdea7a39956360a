"""The guard: stands before every route, and lets neither too much in nor a traceback out.

It decides on sizes, time and memory of bodies before anything parses them, that no parameter is given
twice, and that whatever goes wrong inside ends as a problem. How a problem is shown is the caller's;
headers of answers are in ``rakkan.api.headers``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rakkan.api.limits import Limits
from rakkan.api.problems import LOG, Problem, crash, problem_of
from rakkan.schemas.errors import DomainError, Invalid, Unavailable

MAX_ADDRESS: Final = 4096
"""Bytes of path and query that are looked at."""


class Guard:
    """ASGI middleware around the whole application.

    Args:
        app: What is guarded.
        limits: What a request may cost.
        shown: Makes an answer of a problem, for whoever is asking.
    """

    def __init__(self, app: ASGIApp, limits: Limits, shown: Callable[[Request, Problem], Response]) -> None:
        self._app, self._limits, self._shown = app, limits, shown
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Guard one request."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(self, self._limits, scope, receive)
        started = False

        async def answer(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            self._check(scope)
            body.check_announced()
            await self._app(scope, body.receive, answer)
        except ClientDisconnect:
            return  # nobody is there to be answered
        except DomainError as error:
            await self._end(problem_of(error), started, scope, receive, answer)
        except Exception:
            LOG.exception("unexpected error at %s %.200r", scope["method"], scope["path"])
            await self._end(crash(), started, scope, receive, answer)
        finally:
            self._held -= body.size

    def hold(self, size: int) -> None:
        """Count bytes of a body that is kept in memory.

        Raises:
            Unavailable: ``busy``.
        """
        if self._held + size > self._limits.memory_bytes:
            raise Unavailable(
                "Too many uploads are under way right now.", code="busy", hint="Try again in a moment."
            )
        self._held += size

    def _check(self, scope: Scope) -> None:
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > MAX_ADDRESS:
            raise Invalid(f"An address has at most {MAX_ADDRESS} bytes.", code="address-too-long")
        if sum(len(name) + len(value) for name, value in scope["headers"]) > self._limits.header_bytes:
            raise Invalid(
                f"Headers have at most {self._limits.header_bytes} bytes.", code="headers-too-large"
            )
        names = [
            name for name, _ in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        ]
        if len(names) != len(set(names)):  # whoever reads the first and whoever reads the last would differ
            raise Invalid("A query parameter is given twice.", code="parameter", hint="Give each once.")

    async def _end(self, problem: Problem, started: bool, scope: Scope, receive: Receive, send: Send) -> None:
        if started:  # the status is out already: break off, so that half an answer does not pass for one
            raise RuntimeError("the answer broke off")
        await self._shown(Request(scope), problem)(scope, receive, send)


class _Body:
    """The body of one request, counted and timed while it comes in."""

    def __init__(self, guard: Guard, limits: Limits, scope: Scope, receive: Receive) -> None:
        self._guard, self._receive = guard, receive
        self._limit = limits.body_bytes(scope["path"])
        self._deadline = time.monotonic() + limits.body_seconds
        self._announced = dict(scope["headers"]).get(b"content-length", b"")
        self._whole = False
        self.size = 0

    def check_announced(self) -> None:
        """Refuse by ``Content-Length``, before anything is read.

        Raises:
            Invalid: ``body-too-large``, ``request-broken``.
        """
        if not self._announced:
            return
        if not self._announced.isdigit() or len(self._announced) > 18:
            raise Invalid("Content-Length is not a number.", code="request-broken")
        if int(self._announced) > self._limit:
            raise self._too_large()

    async def receive(self) -> Message:
        """The next piece."""
        if self._whole:
            return await self._receive()  # only a disconnect can follow
        try:
            left = max(0.001, self._deadline - time.monotonic())
            message = await asyncio.wait_for(self._receive(), left)
        except TimeoutError:
            raise Invalid(
                "The body came too slowly.", code="body-slow", hint="Try again on a better line."
            ) from None
        if message["type"] == "http.request":
            arrived = len(message.get("body", b""))
            if self.size + arrived > self._limit:
                raise self._too_large()
            self._guard.hold(arrived)
            self.size += arrived
            self._whole = not message.get("more_body", False)
        return message

    def _too_large(self) -> Invalid:
        return Invalid(
            f"This address takes at most {self._limit} bytes.",
            code="body-too-large",
            hint="Send less at once.",
        )
