"""The addresses that a name stands for, found by the system's resolver, in bounded time.

It decides when a lookup is given up, and how many may be under way: the system's resolver cannot be stopped, only left
behind in a thread of its own, and no name is worth more than a few of those. It leaves out which addresses may be
asked. Standard library alone.
"""

from __future__ import annotations

import socket
import threading
import time
from typing import Any, Final

AT_ONCE: Final = 32
"""Lookups under way, those that were given up and have not ended included."""

Found = tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[Any, ...]]
"""As ``socket.getaddrinfo`` gives it."""

_places: Final = threading.BoundedSemaphore(AT_ONCE)


class _Lookup(threading.Thread):
    def __init__(self, host: str, port: int) -> None:
        super().__init__(name=f"lookup of {host[:60]}", daemon=True)  # none of them keeps the process alive
        self._host, self._port = host, port
        self.found: list[Found] = []
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            self.found = list(socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM))
        except Exception as error:  # told to whoever waits; nobody else would hear of it
            self.error = error
        finally:
            _places.release()


def addresses(host: str, port: int, deadline: float) -> list[Found]:
    """Where a name leads, in the resolver's order.

    Args:
        host: Name or IP address.
        port: Port.
        deadline: By ``time.monotonic()``.

    Raises:
        TimeoutError: If it is not told in time, or too many lookups hang already.
        OSError: If there is none, or no resolver takes the name.
    """
    if not _places.acquire(timeout=_left(deadline)):
        raise TimeoutError("too many lookups hang")
    lookup = _Lookup(host, port)
    try:
        lookup.start()
    except RuntimeError as error:  # no more threads on this machine
        _places.release()
        raise OSError(str(error)) from error
    lookup.join(_left(deadline))
    if lookup.is_alive():
        raise TimeoutError("the resolver does not answer")
    if isinstance(lookup.error, UnicodeError):  # a label that no resolver takes
        raise OSError(str(lookup.error)) from lookup.error
    if lookup.error is not None:
        raise lookup.error
    return lookup.found


def _left(deadline: float) -> float:
    return max(0.0, deadline - time.monotonic())
