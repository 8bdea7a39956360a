"""Handing a message to somebody's endpoint: one POST, of whose answer only the head is read.

It decides what is sent along and what counts as taken: a status of 2xx. A redirect is not followed. How it is bounded
is decided in ``exchange``; what is sent, in ``rakkan.registry.rules.webhook``.
"""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from rakkan.registry.outside.exchange import HiddenAddress, exchange
from rakkan.registry.rules.webhook import Address

SECONDS: Final = 10.0
"""Time for all of it, however slowly it drips."""

_STATUS: Final = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: [^\r\n]*)?\r\n")
_RETRY_AFTER: Final = re.compile(rb"\r\nretry-after:[ \t]*([0-9]{1,9})[ \t]*\r\n", re.IGNORECASE)
_END: Final = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one message.

    Attributes:
        status: HTTP status; 0 if there was no answer of HTTP.
        said: Why it was not taken, in a few words of ours; empty if it was.
        retry_after: For how many seconds the endpoint asked to be left alone.
    """

    status: int
    said: str
    retry_after: int | None = None

    @property
    def ok(self) -> bool:
        """Whether the endpoint took it."""
        return not self.said

    @property
    def gone(self) -> bool:
        """Whether the endpoint wants no more."""
        return self.status == 410


def post(
    address: Address, headers: Mapping[str, str], body: bytes, *, local: bool, seconds: float = SECONDS
) -> Taken:
    """Send one message; whatever happens is told, nothing is raised.

    Args:
        address: Where.
        headers: Beside those of every request.
        body: JSON.
        local: To this machine, and to no other.
        seconds: Time for all of it, finding its address included.
    """
    fixed = {
        "Host": address.authority,
        "User-Agent": "rakkan",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in {**fixed, **headers}.items())
    try:
        answer = exchange(
            address.host,
            address.port,
            f"POST {address.path} HTTP/1.1\r\n{head}\r\n".encode("ascii") + body,
            deadline=time.monotonic() + seconds,
            tls=address.tls,
            local=local,
            enough=lambda answer: _END in _final(answer),
        )
    except HiddenAddress:
        where = "not on this machine" if local else "not on the public internet"
        return Taken(0, f"its name stands for an address that is {where}")
    except ssl.SSLError:
        return Taken(0, "its certificate does not hold")
    except TimeoutError:
        return Taken(0, "it does not answer in time")
    except OSError as error:
        return Taken(0, f"it cannot be reached ({type(error).__name__})")
    return _read(_final(answer))


def _read(answer: bytes) -> Taken:
    head, end, _ = answer.partition(_END)
    found = _STATUS.match(head + b"\r\n")
    if not end or found is None:
        return Taken(0, "it does not answer as HTTP does")
    status = int(found[1])
    if 200 <= status < 300:
        return Taken(status, "")
    asked = _RETRY_AFTER.search(head + b"\r\n")
    more = ", and redirects are not followed" if 300 <= status < 400 else ""
    return Taken(status, f"it answers {status}{more}", int(asked[1]) if asked else None)


def _final(answer: bytes) -> bytes:
    """Without the interim answers before the one that counts."""
    while answer.startswith((b"HTTP/1.1 1", b"HTTP/1.0 1")) and _END in answer:
        answer = answer.partition(_END)[2]
    return answer
