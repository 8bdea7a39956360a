"""Problems: every error as ``application/problem+json`` (RFC 9457), the framework's own included.

It decides which error becomes which HTTP status, here and nowhere else, and how much of it is said:
what a caller did wrong is told in full, what is wrong behind the server only by its code (the log
has the rest). Codes come from where errors are raised; their explanations stand in
``explanations.toml`` and are served under ``/problems/<code>``.
"""

from __future__ import annotations

import json
import logging
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from rakkan.manifests.errors import SigningFailed, UnreadableImage, UnreadableManifest, UnreadableModel
from rakkan.schemas.errors import Conflict, DomainError, Integrity, Invalid, NotFound, Refused, Unavailable

MEDIA_TYPE: Final = "application/problem+json"
RETRY_SECONDS: Final = 5
LOG: Final = logging.getLogger("rakkan.api")

TABLE: Final[Mapping[type[DomainError], tuple[int, str]]] = MappingProxyType(
    {
        Invalid: (422, "Something in the request is malformed"),
        UnreadableImage: (422, "This is not a picture that can be read"),
        UnreadableModel: (422, "This is not a model file that can be read"),
        UnreadableManifest: (422, "The picture's C2PA manifest cannot be read"),
        NotFound: (404, "Nothing is known here under that name"),
        Conflict: (409, "That contradicts what is already recorded"),
        Refused: (403, "A key, token or right is missing"),
        Unavailable: (503, "Something behind this server does not answer"),
        Integrity: (500, "What is stored here is damaged"),
        SigningFailed: (500, "Signing failed"),
    }
)
"""Error class to status and title; a subclass without a row has its parent's."""

STATUS_OF_CODE: Final[Mapping[str, int]] = MappingProxyType(
    {
        # Not even readable, so there is no field to point at.
        "not-json": 400,
        "form-unreadable": 400,
        "request-broken": 400,
        "token-missing": 401,
        "token-unknown": 401,
        "body-slow": 408,
        "body-too-large": 413,
        "record-too-large": 413,
        "image-too-large": 413,
        "address-too-long": 414,
        "media-type": 415,
        "quota-spent": 429,
        "headers-too-large": 431,
        # A received document that contradicts itself is the sender's, not our store's.
        "lock-root": 422,
        # A home that lacks its own keys cannot serve; that is not the caller's doing.
        **dict.fromkeys(
            ("key-missing", "key-locked", "key-unreadable", "key-form", "home-missing", "home-unreadable"),
            503,
        ),
    }
)
"""Where the code says more than the class."""

_MOVED: Final[Mapping[int, str]] = MappingProxyType(
    {**dict((TABLE[Invalid], TABLE[Unavailable])), 429: "More was asked than is given in a while"}
)
"""Titles where the class's own would name the wrong one to blame."""

_OPEN: Final = frozenset({"busy", "too-slow", "not-ready"})
# Raised in this package about itself: the only sentences of 5xx errors that are said aloud.

_FRAMEWORK: Final[Mapping[int, tuple[str, str]]] = MappingProxyType(
    {
        400: ("request-broken", "The request cannot be read."),
        404: ("route-missing", "There is nothing at this address."),
        405: ("method-not-allowed", "This address does not take that method."),
        413: ("body-too-large", "The body is larger than this address takes."),
    }
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One RFC 9457 problem.

    Attributes:
        status: HTTP status.
        code: Stable code.
        title: The same sentence for every problem of its kind.
        detail: What happened this time.
        hint: What the caller can do.
        errors: JSON pointers to what is at fault, each with a sentence.
        extra: Further members.
        headers: Headers that belong to the status.
    """

    status: int
    code: str
    title: str
    detail: str
    hint: str = ""
    errors: tuple[Mapping[str, str], ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        value: dict[str, Any] = {
            "type": f"/problems/{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
        }
        if self.hint:
            value["hint"] = self.hint
        if self.errors:
            value["errors"] = [dict(each) for each in self.errors]
        return {**self.extra, **value}

    def response(self) -> Response:
        """The answer for programs."""
        content = json.dumps(self.document(), ensure_ascii=True, separators=(",", ":"))
        headers = {"Cache-Control": "no-store", **self.headers}
        return Response(content, self.status, headers, media_type=MEDIA_TYPE)


def row_of(kind: type[DomainError]) -> tuple[int, str]:
    """Status and title of an error class, by its nearest ancestor in :data:`TABLE`."""
    for each in kind.__mro__:
        if each in TABLE:
            return TABLE[each]
    return 500, "Something went wrong here"


def problem_of(error: DomainError) -> Problem:
    """What is said of one of our errors."""
    usual, title = row_of(type(error))
    status = STATUS_OF_CODE.get(error.code, usual)
    if status != usual:
        title = _MOVED.get(status, title)
    if status >= 500 and error.code not in _OPEN:
        LOG.error("%s: %s", error.code, error)
        return Problem(status, error.code, title, f"{title}.", headers=_headers(status, error))
    errors = ({"pointer": error.pointer, "detail": error.message},) if error.pointer else ()
    extra = {"fields": dict(error.fields)} if error.fields else {}
    return Problem(
        status, error.code, title, error.message, error.hint, errors, extra, _headers(status, error)
    )


def problem_of_validation(error: RequestValidationError) -> Problem:
    """What is said when a path or query parameter does not have its form."""
    errors = []
    for each in error.errors()[:20]:
        place, *path = [str(part) for part in each["loc"]]
        pointer = "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in path)
        errors.append({"in": place, "pointer": pointer, "detail": str(each["msg"])})
    named = ", ".join(f"{each['in']} {each['pointer'][1:]}: {each['detail']}" for each in errors)
    title = TABLE[Invalid][1]
    return Problem(422, "parameter", title, f"{named}." if named else f"{title}.", errors=tuple(errors))


def problem_of_http(error: HTTPException) -> Problem:
    """What is said for the framework's own errors."""
    code, detail = _FRAMEWORK.get(error.status_code, (f"http-{error.status_code}", f"{error.detail}."))
    return Problem(error.status_code, code, detail.rstrip("."), detail, headers=dict(error.headers or {}))


def crash() -> Problem:
    """What is said when we do not know what happened: nothing."""
    return Problem(500, "internal", "Something went wrong here", "The server's log says more.")


@cache
def explanations() -> Mapping[str, str]:
    """What each documented code means and what to do, by code."""
    return MappingProxyType(tomllib.loads((Path(__file__).parent / "explanations.toml").read_text("utf-8")))


def _headers(status: int, error: DomainError) -> dict[str, str]:
    if status == 401:
        wrong = ', error="invalid_token"' if error.code == "token-unknown" else ""
        return {"WWW-Authenticate": f'Bearer realm="rakkan"{wrong}'}
    if status in (429, 503):
        return {"Retry-After": str(error.fields.get("retry", RETRY_SECONDS))}
    return {"Connection": "close"} if status in (408, 413) else {}
