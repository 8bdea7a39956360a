"""Instants: RFC 3339, UTC, whole seconds, written with ``Z``; always aware inside.

It decides the one text form of time. It leaves out whose clock was read.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AfterValidator

from rakkan.schemas.errors import Invalid

_FORM: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


def parse_instant(text: str) -> datetime:
    """Read ``2026-11-22T09:30:00Z``.

    Raises:
        Invalid: ``instant-form``.
    """
    try:
        if not _FORM.fullmatch(text):
            raise ValueError(text)
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise Invalid(
            f"{text[:40]!r} is not an instant.",
            code="instant-form",
            hint="Write it like 2026-11-22T09:30:00Z (UTC).",
        ) from None


def format_instant(moment: datetime) -> str:
    """Write an aware instant, cut to whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def from_unix(seconds: int) -> datetime:
    """The instant of a block time."""
    return datetime.fromtimestamp(seconds, UTC)


def to_unix(moment: datetime) -> int:
    """Whole seconds since 1970, as contracts count them."""
    return int(moment.timestamp())


def _check(text: str) -> str:
    try:
        parse_instant(text)
    except Invalid as error:
        raise ValueError(error.message) from error
    return text


InstantText = Annotated[str, AfterValidator(_check)]
"""A field that holds an instant exactly as signed; read it with :func:`parse_instant`."""
