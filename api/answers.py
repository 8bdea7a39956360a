"""Answers: JSON with an ``ETag``, ``304`` for who has it already, and how long it may be kept.

It decides the bytes of JSON answers and their caching. Content is each route's own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from fastapi import Request
from starlette.responses import Response

NEVER: Final = "no-store"
SHORT: Final = "public, max-age=15, must-revalidate"
FOR_EVER: Final = "public, max-age=31536000, immutable"


def answer(
    request: Request,
    value: Mapping[str, Any],
    *,
    status: int = 200,
    cache: str = NEVER,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A JSON answer; a reader who has these bytes is told so."""
    content = json.dumps(value, separators=(",", ":")).encode()
    return exact(request, content, "application/json", status=status, cache=cache, headers=headers)


def exact(
    request: Request,
    content: bytes,
    media_type: str,
    *,
    status: int = 200,
    cache: str = NEVER,
    tag: str = "",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Bytes as they are.

    Args:
        request: For its ``If-None-Match``.
        content: The body.
        media_type: Its type.
        status: HTTP status.
        cache: ``Cache-Control``.
        tag: What names these bytes; by default their digest.
        headers: Further headers.
    """
    sent = {"Cache-Control": cache, **(headers or {})}
    if cache != NEVER:
        sent["ETag"] = f'"{tag or hashlib.sha256(content).hexdigest()[:32]}"'
        known = [
            each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")
        ]
        if status == 200 and ("*" in known or sent["ETag"] in known):
            return Response(status_code=304, headers=sent)
    sent["Content-Type"] = media_type
    return Response(content, status, sent)
