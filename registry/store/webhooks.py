"""Endpoints of webhooks: how far each has got in the news, and how it fares.

It decides that a position moves only for whoever holds the lane, one message at a time. Secrets are files
(``rakkan.registry.webhooks``). What is sent and when it is tried again is decided in ``rakkan.registry.herald``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, delete, select, update

from rakkan.registry.store.leases import Lease, keep
from rakkan.registry.store.tables import WebhookRow, table

if TYPE_CHECKING:
    from rakkan.registry.store.database import Database

_webhook = table(WebhookRow)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where news is sent.

    Attributes:
        id: ``wh_`` and 16 hex digits.
        url: Where; it may hold a secret of its own, and is shown to who runs the home alone.
        types: Which types of events it wants.
        local: It is on this machine.
        created_at: Unix seconds.
        cursor: How far it has got.
        paused: Nothing is sent before somebody resumes it.
        failures: How many tries in a row failed.
        failing_since: Unix seconds of the first of them.
        next_at: Unix seconds before which nothing is tried.
        said: Why the last try failed; empty if it did not.
        taken_at: Unix seconds at which it last took a message.
    """

    id: str
    url: str
    types: tuple[str, ...]
    local: bool
    created_at: int
    cursor: str
    paused: bool = False
    failures: int = 0
    failing_since: int | None = None
    next_at: int = 0
    said: str = ""
    taken_at: int | None = None


class Webhooks:
    """The endpoints of one registry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, endpoint: Endpoint) -> None:
        """Keep a new one."""
        row = {name: getattr(endpoint, name) for name in Endpoint.__slots__}
        with self._database.write() as connection:
            self._database.insert(connection, _webhook, [row | {"types": ",".join(endpoint.types)}])

    def all(self) -> list[Endpoint]:
        """Every one, oldest first."""
        with self._database.read() as connection:
            query = select(_webhook).order_by(_webhook.c.created_at, _webhook.c.id)
            return [_read(row) for row in connection.execute(query)]

    def get(self, name: str) -> Endpoint | None:
        """One by its id."""
        with self._database.read() as connection:
            row = connection.execute(select(_webhook).where(_webhook.c.id == name)).first()
        return None if row is None else _read(row)

    def due(self, now: int) -> list[Endpoint]:
        """Those that may be tried now."""
        return [each for each in self.all() if not each.paused and each.next_at <= now]

    def remove(self, name: str) -> None:
        """Forget one."""
        with self._database.write() as connection:
            connection.execute(delete(_webhook).where(_webhook.c.id == name))

    def move(self, name: str, cursor: str, lease: Lease, *, taken_at: int | None = None) -> None:
        """It has got so far: by a message that it took then, or past news that it does not want.

        Raises:
            Conflict: ``lease-lost``.
        """
        values: dict[str, Any] = {"cursor": cursor}
        if taken_at is not None:
            values |= {"taken_at": taken_at, "failures": 0, "failing_since": None, "next_at": 0, "said": ""}
        self._set(name, values, lease)

    def failed(
        self, endpoint: Endpoint, said: str, lease: Lease, *, now: int, next_at: int, paused: bool
    ) -> None:
        """A try failed.

        Raises:
            Conflict: ``lease-lost``.
        """
        since = now if endpoint.failing_since is None else endpoint.failing_since
        values = {"failures": endpoint.failures + 1, "failing_since": since}
        self._set(endpoint.id, {**values, "said": said[:200], "next_at": next_at, "paused": paused}, lease)

    def resume(self, name: str, cursor: str) -> None:
        """Try again at once, from there on."""
        values = {"paused": False, "failures": 0, "failing_since": None, "next_at": 0, "cursor": cursor}
        with self._database.write() as connection:
            connection.execute(update(_webhook).where(_webhook.c.id == name).values(**values))

    def _set(self, name: str, values: dict[str, Any], lease: Lease) -> None:
        with self._database.write() as connection:
            keep(connection, lease)
            connection.execute(update(_webhook).where(_webhook.c.id == name).values(**values))


def _read(row: Row[Any]) -> Endpoint:
    values: dict[str, Any] = dict(row._mapping)  # noqa: SLF001
    types: Sequence[str] = values["types"].split(",")
    return Endpoint(**{**values, "types": tuple(types)})
