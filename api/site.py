"""What every route needs: the registry for writing, the public part of it for reading, and the limits.

It decides that reading routes never see what is not published: they are given
:attr:`Site.public`, whose store leaves out everything else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from rakkan.api.lane import Lane
from rakkan.api.limits import Limits
from rakkan.api.readiness import Readiness
from rakkan.api.strangers import Strangers
from rakkan.api.withdrawn import ChainWithdrawals
from rakkan.registry.service import Registry


@dataclass(frozen=True, slots=True)
class Site:
    """One registry, served.

    Attributes:
        registry: All of it, for writing and for the state of the engines.
        public: The published part, for every answer.
        limits: What a request may cost.
        verifying: Where pictures are verified.
        judging: Where datasets are judged.
        strangers: Takes consents of wallets without a token.
        asking: Where thousands of works are asked about.
        withdrawals: Asks the chain before "allowed" is said.
        readiness: Asks the engines how they are.
        nudge: Tells the worker, if one runs here, that there is something to do.
    """

    registry: Registry
    public: Registry
    limits: Limits
    verifying: Lane
    judging: Lane
    strangers: Strangers
    asking: Lane
    withdrawals: ChainWithdrawals
    readiness: Readiness
    nudge: Callable[[], None]


def _site(request: Request) -> Site:
    site = request.app.state.site
    assert isinstance(site, Site)
    return site


Here = Annotated[Site, Depends(_site)]
"""A route's parameter that is given the site."""
