"""The endpoints of a home: adding, removing, resuming, their secrets, and a message to try them with.

It decides that a secret is shown once, when it is made, and lies in a file of mode 0600 in the home; never in the
database, never in what is said. What is sent of its own accord is ``rakkan.registry.herald``'s.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydantic import Field

from rakkan.registry.keys import write_private
from rakkan.registry.outside.hooks import Taken, post
from rakkan.registry.rules.webhook import (
    SECRET_BYTES,
    TEST,
    body_of,
    message_id,
    new_secret,
    parse_address,
    parse_types,
    signatures,
)
from rakkan.registry.store.webhooks import Endpoint
from rakkan.schemas.canonical import canonical, parse_strict
from rakkan.schemas.errors import DomainError, Invalid, NotFound, Refused
from rakkan.schemas.instant import format_instant
from rakkan.schemas.statement import Value, parse_model

if TYPE_CHECKING:
    from rakkan.registry.service import Registry

OVERLAP: Final = 86_400
"""Seconds for which an old secret still signs beside its successor."""


class _Secret(Value):
    """One secret; ``until`` (Unix seconds) is absent of the newest."""

    secret: str = Field(max_length=128)
    until: int | None = None


class _Secrets(Value):
    """What the file of an endpoint says, the newest first."""

    secrets: tuple[_Secret, ...] = Field(min_length=1, max_length=8, strict=False)


@dataclass(frozen=True, slots=True)
class Added:
    """A new endpoint, and its secret, which is shown once."""

    endpoint: Endpoint
    secret: str


def add(registry: Registry, url: str, types: Sequence[str], *, local: bool) -> Added:
    """Have news sent somewhere from now on.

    Args:
        registry: Whose news.
        url: Where.
        types: Which types of events; none means all.
        local: The endpoint is on this machine: HTTP and loopback addresses, and no others.

    Raises:
        Invalid: ``webhook-url``, ``webhook-type``.
        Unavailable: ``home-unwritable``.
    """
    parse_address(url, local=local)
    endpoint = Endpoint(
        id=f"wh_{secrets.token_hex(8)}",
        url=url,
        types=parse_types(types),
        local=local,
        created_at=int(time.time()),
        cursor=registry.store.events.newest(),
    )
    secret = new_secret(secrets.token_bytes(SECRET_BYTES))
    _keep(registry, endpoint.id, (_Secret(secret=secret),))
    registry.store.webhooks.add(endpoint)
    return Added(endpoint, secret)


def find(registry: Registry, name: str) -> Endpoint:
    """The endpoint of that id.

    Raises:
        NotFound: ``webhook-unknown``.
    """
    found = registry.store.webhooks.get(name)
    if found is None:
        raise NotFound(
            f"No webhook {name[:40]} is known here.",
            code="webhook-unknown",
            hint="`rakkan webhook list` names them.",
        )
    return found


def remove(registry: Registry, name: str) -> Endpoint:
    """Send nothing more there, and forget its secret.

    Raises:
        NotFound: ``webhook-unknown``.
    """
    endpoint = find(registry, name)
    registry.store.webhooks.remove(endpoint.id)
    (registry.home.webhooks / endpoint.id).unlink(missing_ok=True)
    return endpoint


def rotate(registry: Registry, name: str) -> Added:
    """Give an endpoint a new secret; the old one signs beside it for a day.

    Raises:
        NotFound: ``webhook-unknown``. Unavailable: ``home-unwritable``.
    """
    endpoint = find(registry, name)
    secret, now = new_secret(secrets.token_bytes(SECRET_BYTES)), int(time.time())
    try:
        old = _kept(registry, endpoint.id)
    except Refused:
        old = ()
    before = [
        each.model_copy(update={"until": now + OVERLAP if each.until is None else each.until})
        for each in old
        if each.until is None or each.until > now
    ]
    _keep(registry, endpoint.id, (_Secret(secret=secret), *before[:7]))
    return Added(endpoint, secret)


def resume(registry: Registry, name: str) -> tuple[Endpoint, bool]:
    """Try again at once; False if its place in the news is lost, so that it goes on with what comes next.

    Raises:
        NotFound: ``webhook-unknown``.
    """
    endpoint = find(registry, name)
    cursor, whole = endpoint.cursor, True
    try:
        registry.store.events.after(cursor, 1)
    except Invalid:
        cursor, whole = registry.store.events.newest(), False
    registry.store.webhooks.resume(endpoint.id, cursor)
    return find(registry, name), whole


def probe(registry: Registry, name: str) -> Taken:
    """Send a message that says nothing, signed as every other; its place in the news stays.

    Raises:
        NotFound: ``webhook-unknown``. Refused: ``webhook-secret``.
    """
    endpoint = find(registry, name)
    at = format_instant(registry.clock.now())
    message = message_id(registry.origin, secrets.token_bytes(32))
    return hand_over(
        registry, endpoint, message, body_of(TEST, at, registry.origin, {"webhook": endpoint.id})
    )


def hand_over(registry: Registry, endpoint: Endpoint, message: str, body: bytes) -> Taken:
    """Sign a message and send it once.

    The time that is signed is the machine's, whatever clock the home shows: receivers hold it against theirs.

    Raises:
        Refused: ``webhook-secret``. Invalid: ``webhook-url``.
    """
    now = int(time.time())
    valid = [each.secret for each in _kept(registry, endpoint.id) if each.until is None or each.until > now]
    headers = {
        "webhook-id": message,
        "webhook-timestamp": str(now),
        "webhook-signature": signatures(valid, message, now, body),
    }
    return post(parse_address(endpoint.url, local=endpoint.local), headers, body, local=endpoint.local)


def _keep(registry: Registry, name: str, kept: tuple[_Secret, ...]) -> None:
    write_private(registry.home.webhooks, name, canonical(_Secrets(secrets=kept).to_json()) + b"\n")


def _kept(registry: Registry, name: str) -> tuple[_Secret, ...]:
    try:
        return parse_model(_Secrets, parse_strict((registry.home.webhooks / name).read_bytes())).secrets
    except (OSError, DomainError) as error:
        raise Refused(
            f"The secret of the webhook {name} cannot be read.",
            code="webhook-secret",
            hint="Give it a new one with `rakkan webhook rotate`.",
        ) from error
