"""Leases with fencing: one worker a lane, and a paused one finds out when it wakes.

It decides who may advance a lane. Times are those of our clock; a lease is short.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Connection, select, update

from rakkan.registry.store.database import Database
from rakkan.registry.store.tables import LeaseRow, table
from rakkan.schemas.errors import Conflict

_lease = table(LeaseRow)
SECONDS: Final = 30
LANE: Final = "worker"
"""The lane of whoever advances a registry, or changes what is advanced."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to advance a lane, while it lasts."""

    name: str
    owner: str
    fence: int


class Leases:
    """Leases kept in the database, so that they hold between processes and machines."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextlib.contextmanager
    def hold(self, name: str, *, wait: float = 0) -> Iterator[Lease]:
        """Take a lane, waiting up to ``wait`` seconds, and let it go at the end.

        Raises:
            Conflict: ``lane-busy``.
        """
        deadline = time.monotonic() + wait
        while (lease := self._take(name)) is None:
            if time.monotonic() >= deadline:
                raise Conflict(
                    f"Another process is at work on the {name} lane of this home.",
                    code="lane-busy",
                    hint=f"Wait for it, or {SECONDS} seconds if it died.",
                )
            time.sleep(0.05)
        try:
            yield lease
        finally:
            with self._database.write() as connection:
                connection.execute(update(_lease).where(_mine(lease)).values(expires_at=0))

    def _take(self, name: str) -> Lease | None:
        now, owner = int(time.time()), f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(8)}"
        with self._database.write() as connection:
            self._database.insert(
                connection, _lease, [{"name": name, "owner": "", "fence": 0, "expires_at": 0}]
            )
            row = connection.execute(select(_lease).where(_lease.c.name == name)).one()
            if row.expires_at > now and not _died_here(row.owner):
                return None
            values = {"owner": owner, "fence": row.fence + 1, "expires_at": now + SECONDS}
            connection.execute(update(_lease).where(_lease.c.name == name).values(**values))
        return Lease(name, owner, row.fence + 1)

    def renew(self, lease: Lease) -> None:
        """Keep the lane for another term.

        Raises:
            Conflict: ``lease-lost``, if somebody else has taken it: stop at once.
        """
        with self._database.write() as connection:
            keep(connection, lease)


def keep(connection: Connection, lease: Lease) -> None:
    """Renew a lease within a commit: what else is in it is written by the holder of the lane, or not at all.

    Raises:
        Conflict: ``lease-lost``.
    """
    kept = connection.execute(
        update(_lease).where(_mine(lease)).values(expires_at=int(time.time()) + SECONDS)
    )
    if kept.rowcount != 1:
        raise Conflict(f"The {lease.name} lane was taken over by another process.", code="lease-lost")


def _died_here(owner: str) -> bool:
    """Whether the holder was a process of this machine that is no more; else only time can tell."""
    host, _, rest = owner.partition("/")
    pid = rest.partition("/")[0]
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _mine(lease: Lease) -> ColumnElement[bool]:
    return (_lease.c.name == lease.name) & (_lease.c.owner == lease.owner) & (_lease.c.fence == lease.fence)
