"""The address of an IPFS node's RPC API, as people write it: multiaddr or URL.

It decides what the IPFS client is given. It leaves out whether anything listens there.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import unquote, urlsplit

from rakkan.schemas.errors import Invalid


def parse_address(address: str) -> tuple[str, tuple[str, str] | None]:
    """Read ``/ip4/127.0.0.1/tcp/5001`` or ``http://user:password@host:5001``.

    Returns:
        Multiaddr, and user and password if the URL has them.

    Raises:
        Invalid: ``ipfs-address``.
    """
    if address.startswith("/"):
        return address, None
    try:
        url = urlsplit(address)
        port = url.port or {"http": 80, "https": 443}[url.scheme]
        host = url.hostname or ""
        if not host or url.query or url.fragment or url.path.rstrip("/") not in ("", "/api/v0"):
            raise ValueError(address)
    except (KeyError, ValueError) as error:
        raise bad_address(address) from error
    try:
        kind = f"ip{ipaddress.ip_address(host).version}"
    except ValueError:
        kind = "dns"
    credentials = (unquote(url.username), unquote(url.password or "")) if url.username else None
    return f"/{kind}/{host}/tcp/{port}/{url.scheme}", credentials


def bad_address(address: str) -> Invalid:
    """The refusal; it never repeats a password."""
    return Invalid(
        f"{address.rpartition('@')[2][:100]!r} is not the address of an IPFS node.",
        code="ipfs-address",
        hint="Write it like /ip4/127.0.0.1/tcp/5001 or http://127.0.0.1:5001.",
    )
