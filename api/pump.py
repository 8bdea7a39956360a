"""The worker and the herald beside the server: two threads that advance the registry while requests are answered.

It decides when the worker looks: at once when something came in, else every two seconds. Errors end a pass,
never the thread: what was wanted stays wanted (``rakkan.registry.worker``). No endpoint that the herald tells something
can hold up the worker.
"""

from __future__ import annotations

import threading
from typing import Final

from rakkan.api.problems import LOG
from rakkan.registry.herald import Herald
from rakkan.registry.service import Registry
from rakkan.registry.worker import Worker
from rakkan.schemas.errors import DomainError

PAUSE_SECONDS: Final = 2.0
LANE_SECONDS: Final = 5.0
LEAVE_SECONDS: Final = 30.0


class Pump:
    """A worker and a herald in threads of their own.

    Args:
        registry: What they advance.
    """

    def __init__(self, registry: Registry) -> None:
        self._worker = Worker(registry, watching=True)
        self._herald = Herald(registry, lambda said: LOG.warning("%s", said))
        self._something, self._leaving = threading.Event(), threading.Event()
        self._threads = [
            threading.Thread(target=self._run, name="rakkan-worker", daemon=True),
            threading.Thread(target=self._tell, name="rakkan-herald", daemon=True),
        ]
        self._said = ""

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def nudge(self) -> None:
        """There is something to do."""
        self._something.set()

    def stop(self) -> None:
        """Finish what is under way, and end."""
        self._leaving.set()
        self._something.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(LEAVE_SECONDS)

    def _run(self) -> None:
        while not self._leaving.is_set():
            self._something.clear()
            self._pass()
            self._something.wait(PAUSE_SECONDS)

    def _tell(self) -> None:
        def failed(error: DomainError) -> None:
            LOG.warning("webhooks: %s: %s", error.code, error)

        while not self._leaving.is_set():
            try:
                self._herald.run(self._leaving, failed)
            except Exception:  # the thread must outlive whatever this was
                LOG.exception("webhooks")

    def _pass(self) -> None:
        try:
            advance = self._worker.settle(seconds=LANE_SECONDS)
            if advance.moved:
                LOG.info("worker: %s", advance)
            self._said = ""
        except DomainError as error:
            if error.code != self._said:  # said once, not every two seconds
                LOG.warning("worker: %s: %s", error.code, error)
            self._said = error.code
        except Exception:  # the thread must outlive whatever this was
            LOG.exception("worker")
