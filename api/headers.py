"""Headers of every answer: what a browser may do with it, who may read it, and ``HEAD``.

It decides security headers (two pages have scripts, and no other), cross-origin reading (every ``GET``
under ``/v1`` is public, so anybody's page may read it; nothing else is), and that ``HEAD`` is ``GET``
without the body. Caching is each route's own say (``rakkan.api.answers``); without one, nothing is kept.
"""

from __future__ import annotations

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY: Final = (
    "default-src 'self'; script-src {scripts}; style-src 'self'; img-src {images}; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
CONTENT_POLICY: Final = _POLICY.format(scripts="'none'", images="'self' data:")
SCRIPTED_POLICY: Final = _POLICY.format(scripts="'self'", images="'self' data: blob:")
"""For the pages that a wallet signs on, and their files: our own scripts alone, none of them inline; pictures that the
visitor chose are shown from where they are (``blob:``)."""

_PERMISSIONS: Final = "camera=({camera}), geolocation=(), microphone=()"
_EVERYWHERE: Final = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": _PERMISSIONS.format(camera=""),
}
_ELSEWHERE: Final = {
    "/consent": {"Content-Security-Policy": SCRIPTED_POLICY},
    "/withdraw": {
        "Content-Security-Policy": SCRIPTED_POLICY,
        "Permissions-Policy": _PERMISSIONS.format(camera="self"),  # a code can be scanned there
    },
}
_PREFLIGHT: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "Accept, If-None-Match",
    "Access-Control-Max-Age": "86400",
    "Vary": "Access-Control-Request-Method",
}


class AnswerHeaders:
    """ASGI middleware that finishes every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Finish the answer to one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method, shared = scope["method"], scope["path"].startswith(("/v1/", "/problems/", "/openapi.json"))
        reads = method in ("GET", "HEAD")
        if method == "HEAD":
            scope = {**scope, "method": "GET"}

        async def finish(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in {**_EVERYWHERE, **_ELSEWHERE.get(scope["path"], {})}.items():
                    headers[name] = value
                headers["Cross-Origin-Resource-Policy"] = "cross-origin" if shared else "same-origin"
                headers.setdefault("Cache-Control", "no-store")
                if shared and reads:
                    headers["Access-Control-Allow-Origin"] = "*"
                    headers["Access-Control-Expose-Headers"] = "ETag, Link, Location, Retry-After"
            elif method == "HEAD" and message["type"] == "http.response.body":
                message = {
                    "type": "http.response.body",
                    "body": b"",
                    "more_body": message.get("more_body", False),
                }
            await send(message)

        if method == "OPTIONS" and shared and _asks_first(scope):
            await finish({"type": "http.response.start", "status": 204, "headers": _raw(_PREFLIGHT)})
            await finish({"type": "http.response.body", "body": b""})
            return
        await self._app(scope, receive, finish)


def _asks_first(scope: Scope) -> bool:
    names = {name for name, _ in scope["headers"]}
    return {b"origin", b"access-control-request-method"} <= names


def _raw(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]
