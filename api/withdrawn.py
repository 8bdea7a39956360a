"""Whether the chain knows of a withdrawal that this registry was not told of.

It decides that "allowed" is said over HTTP only after the contract's events were read up to a block of
at most a few seconds ago: an authority may withdraw on chain without telling us, and nobody can stop
that. When the chain does not answer, or there is more to read than one look does, the answer is
undetermined. Other answers need no chain: it can only take back.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from rakkan.api.problems import LOG
from rakkan.registry.flows.withdraw.watching import keep_current
from rakkan.registry.flows.withdraw.withdrawn import Effectives, confirmed
from rakkan.registry.service import Registry
from rakkan.schemas.errors import DomainError

FRESH_SECONDS: Final = 5.0


class ChainWithdrawals:
    """Has the contract read before consents are relied on, once for all questions of some seconds.

    Args:
        registry: Whose chain; without one, what is recorded here is all there is.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._fresh_until = 0.0
        self._lock = threading.Lock()

    def confirmed(self, look: Callable[[], Effectives]) -> Effectives:
        """The answers, each "allowed" among them confirmed by the chain.

        Args:
            look: Reads the answers from what is on file; called again after the chain was read.
        """
        return confirmed(
            self._registry,
            look,
            self.keep_fresh,
            lambda error: LOG.warning("the chain was not asked about withdrawals: %s", error),
        )

    def consulted(self) -> bool:
        """Whether all that was withdrawn on chain up to a few seconds ago is on file now."""
        try:
            self.keep_fresh()
        except DomainError as error:
            LOG.warning("the chain was not asked about withdrawals: %s", error)
            return False
        return True

    def keep_fresh(self, _: object = None) -> None:
        """Have everything read up to a block of a few seconds ago.

        Raises:
            Unavailable, Integrity: As :func:`rakkan.registry.flows.withdraw.watching.keep_current`.
        """
        with self._lock:  # who waits here finds it done
            if time.monotonic() >= self._fresh_until:
                began = time.monotonic()
                keep_current(self._registry)
                self._fresh_until = began + FRESH_SECONDS
