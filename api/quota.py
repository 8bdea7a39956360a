"""Quotas: how often something may be done within an hour, counted for each of several names at once.

It decides what counts: only what succeeded, so that whoever fails takes nothing from others. Counts live
in this process: a restart forgets them, and processes beside it count on their own. Who is counted under
which name is the caller's.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from rakkan.schemas.errors import Refused

WINDOW: Final = 3600.0
"""Seconds."""


class Quota:
    """Counts of the last hour.

    Args:
        now: A clock in seconds that never goes back.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now, self._lock = now, threading.Lock()
        self._spent: dict[str, deque[float]] = {}

    @contextmanager
    def spend(self, names: Sequence[tuple[str, int]]) -> Iterator[None]:
        """Count once under each name while the block runs, and for an hour if it ends well.

        Args:
            names: Each with the most that it may have in an hour.

        Raises:
            Refused: ``quota-spent``, with ``retry`` seconds; whatever the block raises.
        """
        with self._lock:
            moment = self._now()
            self._forget(moment - WINDOW)
            for name, most in names:
                spent = self._spent.get(name, deque())
                if len(spent) >= most:
                    wait = int(spent[-most] + WINDOW - moment) + 1 if most else int(WINDOW)
                    raise Refused(
                        "More came within the last hour than is taken without a token.",
                        code="quota-spent",
                        hint="Try again later, or send it with a token of this registry.",
                        retry=wait,
                    )
            for name, _ in names:
                self._spent.setdefault(name, deque()).append(moment)
        try:
            yield
        except BaseException:
            with self._lock:
                for name, _ in names:
                    if moment in self._spent.get(name, ()):
                        self._spent[name].remove(moment)
            raise

    def _forget(self, before: float) -> None:
        for name, spent in list(self._spent.items()):
            while spent and spent[0] <= before:
                spent.popleft()
            if not spent:
                del self._spent[name]
