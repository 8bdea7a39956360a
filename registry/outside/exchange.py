"""One request to a machine outside and what it answers: bounded in time and size, at an address that was looked at.

It decides which addresses are public, that a name is resolved once and that very address connected to, that TLS is
checked by the system's trust, and when to stop reading. How long a name may take is ``resolving``'s. It leaves out what
is sent and what an answer means. Nothing is ever followed. Standard library alone.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable
from typing import Final

from rakkan.registry.outside.resolving import addresses

LIMIT: Final = 64 * 1024
"""Bytes that an answer may have, headers included."""

_TRANSLATED: Final = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
_COMPATIBLE: Final = ipaddress.ip_network("::/96")


class HiddenAddress(Exception):
    """The name stands for an address that may not be asked."""


def is_public(address: str) -> bool:
    """Whether an IP address is on the public internet, whatever it is wrapped into.

    Loopback, private, link-local (where clouds keep their metadata services), shared, multicast, reserved and
    documentation addresses are not; an IPv4 address inside an IPv6 one is judged as what it is.
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if any(found in each for each in _TRANSLATED):
            return found in _TRANSLATED[0] and is_public(str(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)))
        if found in _COMPATIBLE or found.is_site_local:
            return False
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo and found.teredo[1])
        if inner:
            return is_public(str(inner))
    return found.is_global and not (found.is_multicast or found.is_reserved or found.is_link_local)


def exchange(
    host: str,
    port: int,
    request: bytes,
    *,
    deadline: float,
    tls: bool,
    local: bool,
    enough: Callable[[bytes], bool] = lambda _: False,
) -> bytes:
    """Send a request and read the answer, up to :data:`LIMIT` bytes (one piece more tells that there was more).

    Args:
        host: Name or IP address.
        port: Port.
        request: All of it.
        deadline: By ``time.monotonic()``, for everything, the resolver included.
        tls: Whether to speak TLS, with a certificate that holds for the host.
        local: Ask loopback addresses alone, and no others; else public ones alone.
        enough: Whether what was read suffices; else reading goes on until the other side closes.

    Raises:
        HiddenAddress: If any address of the name may not be asked.
        OSError: What goes wrong on the way; timeouts and certificates that do not hold are among these.
    """
    with contextlib.ExitStack() as closing:
        line = closing.enter_context(_connect(host, port, deadline, local=local))
        if tls:
            line.settimeout(_left(deadline))
            line = closing.enter_context(ssl.create_default_context().wrap_socket(line, server_hostname=host))
        _send(line, request, deadline)
        answer = b""
        while len(answer) <= LIMIT and not enough(answer):
            line.settimeout(_left(deadline))
            part = line.recv(LIMIT)
            if not part:
                break
            answer += part
        return answer


def _connect(host: str, port: int, deadline: float, *, local: bool) -> socket.socket:
    """A connection to the first address of a name that answers; each was looked at, and none is what it means next."""
    found = addresses(host, port, deadline)
    for _, _, _, _, where in found:
        address = str(where[0])
        meant = ipaddress.ip_address(address.partition("%")[0]).is_loopback if local else is_public(address)
        if not meant:
            raise HiddenAddress(host)
    failed: OSError = OSError(f"{host} has no address")
    for family, kind, protocol, _, where in found:
        with contextlib.ExitStack() as closing:
            try:
                line = closing.enter_context(socket.socket(family, kind, protocol))
                line.settimeout(_left(deadline))
                line.connect(where)
            except OSError as error:
                failed = error
                continue
            closing.pop_all()
            return line
    raise failed


def _send(line: socket.socket, request: bytes, deadline: float) -> None:
    sent = 0
    while sent < len(request):
        line.settimeout(_left(deadline))
        sent += line.send(request[sent : sent + 16_384])


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
