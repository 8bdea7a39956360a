"""Clocks: the system's, and one that stands still for rehearsals on the local chain; and what is not yet past."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from rakkan.registry.ports import ChainIdentity, Clock
from rakkan.schemas.errors import Invalid, Refused
from rakkan.schemas.instant import format_instant, parse_instant

LOCAL_CHAIN: Final = 31337
"""The chain id of the embedded chain; public test keys and moved clocks are for it alone."""


SKEW: Final = timedelta(minutes=10)
"""How far the clock of whoever asks may be ahead of ours."""


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


def past_instant(text: str, clock: Clock, field: str) -> datetime:
    """An instant that has come: of what is to come nobody knows what will be known then.

    Args:
        text: As it was asked for.
        clock: Ours; the other one may be :data:`SKEW` ahead.
        field: What it was asked with, such as ``asOf``.

    Raises:
        Invalid: ``instant-form``, ``instant-future``, with the pointer of the field.
    """
    try:
        moment = parse_instant(text)
    except Invalid as error:
        raise Invalid(error.message, code=error.code, hint=error.hint, pointer=f"/{field}") from error
    now = clock.now()
    if moment > now + SKEW:
        raise Invalid(
            f"{text} has not come yet: what holds of it, and what will be known then, nobody can say.",
            code="instant-future",
            hint=f"Leave it out to be told of now, or name an instant up to {format_instant(now)}.",
            pointer=f"/{field}",
        )
    return moment
