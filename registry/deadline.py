"""HTTP connections whose every exchange ends: one deadline for a request and all of its answer.

It decides what no timeout of a client library does: those are for the next bytes, and who sends one byte
a second, a header without end, or "100 Continue" for ever, never lets one pass. Here each use of the
socket has what is left of the exchange's time, and no more. Looking up a name and connecting are apart:
they are bounded by the library's timeouts. How long is right is decided where connections are made.
"""

from __future__ import annotations

import io
import math
import socket
import time
from typing import Any, Final


class Deadline:
    """How long an exchange may go on.

    Args:
        seconds: From the start of its request.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds: Final = seconds
        self._until = math.inf

    def start(self) -> None:
        """A new exchange begins."""
        self._until = time.monotonic() + self._seconds

    def left(self) -> float:
        """Seconds until it is over.

        Raises:
            TimeoutError: If it is.
        """
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer does not end")
        return left


class _BoundSocket:
    """A connected socket, plain or TLS, each use of which ends with a deadline."""

    def __init__(self, bare: Any, deadline: Deadline) -> None:  # noqa: ANN401 - a socket, or what stands for one
        self._bare = bare
        self._deadline = deadline
        self._step: float | None = bare.gettimeout()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the socket has
        return getattr(self._bare, name)

    def settimeout(self, seconds: float | None) -> None:
        """Bound each use, as for a bare socket."""
        self._step = seconds
        self._bare.settimeout(seconds)

    def recv_into(self, *arguments: Any) -> int:  # noqa: ANN401 - as a bare socket takes them
        """Read what has come."""
        self._limit()
        read: int = self._bare.recv_into(*arguments)
        return read

    def sendall(self, content: Any, *flags: int) -> None:  # noqa: ANN401 - anything with bytes in it
        """Send piece by piece: a TLS socket's own way begins its time anew with each."""
        with memoryview(content) as view, view.cast("B") as octets:
            sent = 0
            while sent < len(octets):
                self._limit()
                sent += self._bare.send(octets[sent:], *flags)

    def makefile(self, mode: str, *_: object) -> io.BufferedReader:
        """Where ``http.client`` reads an answer from; it may outlive the connection."""
        if mode != "rb":
            raise ValueError("answers are read only")
        self._bare._io_refs += 1  # noqa: SLF001 - as socket.makefile does: the last reader closes
        return io.BufferedReader(socket.SocketIO(self, "r"))  # type: ignore[arg-type]  # it reads through us

    def _limit(self) -> None:
        left = self._deadline.left()
        if left < math.inf:
            self._bare.settimeout(left if self._step is None else min(left, self._step))


class Bound:
    """Goes before a connection class of ``http.client``, or of urllib3, which is built on that."""

    deadline_seconds: float
    """For one request and its answer."""

    sock: Any

    def connect(self) -> None:
        """Connect; from then on the deadline counts, once a request has begun."""
        super().connect()  # type: ignore[misc]  # the class that it goes before
        self.sock = _BoundSocket(self.sock, self._deadline)

    def putrequest(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - as the class takes them
        """Begin a request."""
        self._deadline.start()
        super().putrequest(*arguments, **options)  # type: ignore[misc]

    @property
    def _deadline(self) -> Deadline:
        found: Deadline | None = vars(self).get("_kept_deadline")
        if found is None:
            found = Deadline(self.deadline_seconds)
            vars(self)["_kept_deadline"] = found
        return found


def bind_adapter(adapter: Any, seconds: float) -> None:  # noqa: ANN401 - an HTTPAdapter of requests
    """Have each exchange through an adapter end in so many seconds, those through its proxies too."""
    _bind(adapter.poolmanager, seconds)
    through_proxy = adapter.proxy_manager_for

    def bound(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - as the method takes them
        return _bind(through_proxy(*arguments, **options), seconds)

    adapter.proxy_manager_for = bound


def _bind(manager: Any, seconds: float) -> Any:  # noqa: ANN401 - a PoolManager of urllib3
    manager.pool_classes_by_scheme = {
        scheme: pool if issubclass(pool.ConnectionCls, Bound) else _bound_pool(pool, seconds)
        for scheme, pool in manager.pool_classes_by_scheme.items()
    }
    return manager


def _bound_pool(pool: Any, seconds: float) -> Any:  # noqa: ANN401 - a class of urllib3
    connection = type("BoundConnection", (Bound, pool.ConnectionCls), {"deadline_seconds": seconds})
    return type("BoundPool", (pool,), {"ConnectionCls": connection})
