"""What a site says of itself: one small file, fetched in bounded time and size, from a public address.

It decides where it is fetched and what is refused: redirects, private addresses (but for a loopback name that was
meant), compression, anything too large or too slow. How it is asked is ``exchange``'s. It leaves out what the file says.
"""

from __future__ import annotations

import http.client
import io
import re
import ssl
import time
from dataclasses import dataclass
from typing import Final

from rakkan.registry.outside.exchange import LIMIT as LIMIT
from rakkan.registry.outside.exchange import HiddenAddress, exchange
from rakkan.schemas.errors import Invalid, Refused, Unavailable

PATH: Final = "/.well-known/rakkan.json"
SECONDS: Final = 10.0
"""Time for all of it, however slowly it drips."""

_NAME: Final = re.compile(
    r"(?=.{1,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\Z"
)
_LOOPBACK: Final = ("localhost", "127.0.0.1")


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that a site serves.

    Attributes:
        url: Where it was found.
        content: At most :data:`LIMIT` bytes.
    """

    url: str
    content: bytes


def fetch(name: str, *, seconds: float = SECONDS) -> Fetched:
    """Fetch the file at ``PATH`` from a site, over HTTPS; over HTTP from this machine alone.

    Args:
        name: Host, and ``:port`` if it is another than usual; in ASCII and lower case.
        seconds: Time for all of it.

    Raises:
        Invalid: ``site-name``. Refused: ``site-address``, if it is not on the public internet.
        Unavailable: ``site-silent``, ``site-answer``.
    """
    host, port = _split(name)
    local = host in _LOOPBACK
    url = f"{'http' if local else 'https'}://{name}{PATH}"
    request = f"GET {PATH} HTTP/1.1\r\nHost: {name}\r\nUser-Agent: rakkan\r\nAccept: application/json\r\n"
    try:
        answer = exchange(
            host,
            port or (80 if local else 443),
            (request + "Accept-Encoding: identity\r\nConnection: close\r\n\r\n").encode(),
            deadline=time.monotonic() + seconds,
            tls=not local,
            local=local,
        )
    except HiddenAddress as error:
        raise Refused(
            f"The name {host} stands for an address that is not on the public internet.",
            code="site-address",
            hint="Sites that identify somebody can be seen by everybody.",
        ) from error
    except OSError as error:  # timeouts and certificates that do not hold are among these
        said = "its certificate does not hold" if isinstance(error, ssl.SSLError) else type(error).__name__
        raise Unavailable(
            f"{url} does not answer: {said}.", code="site-silent", hint="Check the name, or try again later."
        ) from error
    return Fetched(url, _content(answer, url))


def _split(name: str) -> tuple[str, int | None]:
    host, colon, port = name.partition(":")
    fits = _NAME.match(host) and (not colon or (port.isascii() and port.isdigit() and 0 < int(port) < 65536))
    if not fits:
        raise Invalid(
            f"{name[:80]!r} is not the name of a site.",
            code="site-name",
            hint="Write it like example.org, in lower case; other letters in their xn-- form.",
        )
    return host, int(port) if colon else None


class _Answer:
    """What was received, as the standard library's parser wants it."""

    def __init__(self, received: bytes) -> None:
        self._received = received

    def makefile(self, _mode: str) -> io.BytesIO:
        """The bytes as a file."""
        return io.BytesIO(self._received)


def _content(received: bytes, url: str) -> bytes:
    """The body of an answer that is whole, small, plain and not somewhere else."""
    wrong = Unavailable(
        f"{url} does not answer with a small file.",
        code="site-answer",
        hint="Serve it as it is: status 200, no redirect, no compression.",
    )
    if len(received) > LIMIT:
        raise wrong
    try:
        response = http.client.HTTPResponse(_Answer(received))  # type: ignore[arg-type]  # all it asks for
        response.begin()
        if response.status != 200 or response.getheader("Content-Encoding", "identity") != "identity":
            raise wrong
        return response.read()
    except (http.client.HTTPException, ValueError, OSError) as error:
        raise wrong from error
