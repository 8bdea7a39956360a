"""Webhooks as https://www.standardwebhooks.com has them: types, message ids, bodies, secrets, signatures, pauses between tries.

It decides these from what it is given; nothing is sent or kept here. A message is a hint and never says that a use
is allowed: whoever gets one asks.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from rakkan.registry.rules import telling
from rakkan.schemas.errors import Invalid, Refused

TYPES: Final[Mapping[str, str]] = {
    telling.GRANTED: "consent.granted",
    telling.RESERVED: "consent.reserved",
    telling.WITHDRAWN: "consent.withdrawn",
    telling.UNDONE: "withdrawal.undone",
    telling.DISPUTED: "consent.disputed",
    telling.EXPIRING: "consent.expiring",
}
"""What each kind of news is called."""

TEST: Final = "webhook.test"
PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32
FIRST_PAUSE: Final = 5.0
LONGEST_PAUSE: Final = 4 * 3600.0
FORBEARANCE: Final = 5 * 86_400
"""Seconds for which an endpoint may fail before it is paused."""

_MAX_URL: Final = 2048
_HOST: Final = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\Z"
)
_LETTERS: Final = re.compile(r"[!#-;=?-\[\]_a-z~]+\Z")


@dataclass(frozen=True, slots=True)
class Address:
    """Where messages go.

    Attributes:
        tls: Whether by HTTPS.
        host: Name or IP address, without brackets.
        port: Port.
        authority: As the ``Host`` header has it.
        path: Path and query.
    """

    tls: bool
    host: str
    port: int
    authority: str
    path: str


def parse_address(url: str, *, local: bool) -> Address:
    """Read the URL of an endpoint.

    Args:
        url: HTTPS, without user, password and fragment; in ASCII, a name in its xn-- form.
        local: It is on this machine: HTTP will do.

    Raises:
        Invalid: ``webhook-url``.
    """
    try:
        if len(url) > _MAX_URL or not _LETTERS.match(url):
            raise ValueError("letters")
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
        ok = parts.scheme == "https" or (local and parts.scheme == "http")
        if not ok or "@" in parts.netloc or "#" in url or port == 0 or parts.netloc.endswith(":"):
            raise ValueError("form")
        if "[" in parts.netloc:
            host = str(ipaddress.IPv6Address(host))
            if "%" in host:
                raise ValueError("zone")
        elif not _HOST.match(host):
            raise ValueError("host")
    except ValueError:
        raise Invalid(
            f"{url[:80]!r} is not an address that webhooks can be sent to.",
            code="webhook-url",
            hint="Write it like https://example.org/hooks; --local takes http://127.0.0.1:PORT/… of this machine.",
            pointer="/url",
        ) from None
    tls = parts.scheme == "https"
    shown = f"[{host}]" if ":" in host else host
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Address(
        tls, host, port or (443 if tls else 80), shown if port is None else f"{shown}:{port}", path
    )


def parse_types(names: Sequence[str]) -> tuple[str, ...]:
    """The types that an endpoint wants, in their order; none named means all.

    Raises:
        Invalid: ``webhook-type``.
    """
    known = tuple(TYPES.values())
    for name in names:
        if name not in known:
            raise Invalid(
                f"{name[:40]!r} is not a type of event.", code="webhook-type", hint=f"Use {', '.join(known)}."
            )
    return tuple(each for each in known if each in names or not names)


def message_id(origin: str, check: bytes) -> str:
    """The id of the message about one event: the same however often it is sent.

    Args:
        origin: Of the log.
        check: 32 bytes that stand for the event.
    """
    named = hashlib.sha256(origin.encode() + b"\0" + check).hexdigest()
    return f"msg_{named[:32]}"


def body_of(kind: str, at: str, origin: str, told: Mapping[str, Any]) -> bytes:
    """The exact bytes that are signed and sent.

    Args:
        kind: The type.
        at: When it was noticed.
        origin: Of the log.
        told: What is told of it.
    """
    document = {"type": kind, "timestamp": at, "data": {"origin": origin, **told}}
    return json.dumps(document, separators=(",", ":")).encode()


def new_secret(random: bytes) -> str:
    """A secret as receivers are given it, from 32 random bytes."""
    return PREFIX + base64.b64encode(random).decode()


def signatures(secrets: Sequence[str], message: str, at: int, body: bytes) -> str:
    """The ``webhook-signature``: HMAC-SHA256 over ``id.timestamp.body`` by each secret, while one follows another.

    Raises:
        Refused: ``webhook-secret``, if a secret is none.
    """
    signed = f"{message}.{at}.".encode() + body
    return " ".join(
        f"v1,{base64.b64encode(hmac.digest(_key(each), signed, 'sha256')).decode()}" for each in secrets
    )


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        if not secret.startswith(PREFIX) or not 24 <= len(key) <= 64:
            raise ValueError
    except (ValueError, binascii.Error):
        raise Refused(
            "The secret of a webhook is damaged.",
            code="webhook-secret",
            hint="Give it a new one with `rakkan webhook rotate`.",
        ) from None
    return key


def pause(failures: int, chance: float, retry_after: int | None = None) -> float:
    """Seconds until the next try: three times as long after each failure, up to four hours, and spread.

    Args:
        failures: How many there were in a row, at least one.
        chance: Between 0 and 1, random.
        retry_after: What the endpoint asked for; it is given up to a day.
    """
    backoff = min(LONGEST_PAUSE, FIRST_PAUSE * 3.0 ** min(failures - 1, 12))
    return max(backoff * (0.5 + chance), min(retry_after or 0, 86_400))
