"""Clocks: the system's, and one that stands still for rehearsals on the local chain."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from rakkan.registry.ports import ChainIdentity, Clock
from rakkan.schemas.errors import Refused
from rakkan.schemas.instant import parse_instant

LOCAL_CHAIN: Final = 31337
"""The chain id of the embedded chain; public test keys and moved clocks are for it alone."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Aware UTC, cut to whole seconds as everywhere in records."""
        return datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True, slots=True)
class FixedClock:
    """A clock that shows one instant."""

    moment: datetime

    def now(self) -> datetime:
        """The instant."""
        return self.moment


def choose_clock(setting: str, identity: ChainIdentity | None) -> Clock:
    """The clock that ``RAKKAN_CLOCK`` asks for.

    Raises:
        Invalid: ``instant-form``.
        Refused: ``clock-moved``, off the local chain.
    """
    if not setting:
        return SystemClock()
    if identity is None or identity.chain_id != LOCAL_CHAIN:
        raise Refused(
            "RAKKAN_CLOCK moves time only on the local chain 31337.",
            code="clock-moved",
            hint="Unset RAKKAN_CLOCK.",
        )
    return FixedClock(parse_instant(setting))
