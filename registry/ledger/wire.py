"""The connection to a node: HTTP, bounded in time and size, going nowhere but where it was sent.

It decides what web3 may do: no proxy to our own machine, no redirect, no silent repeat, no fetching of
URLs that a contract names, nothing to the interpreter. Everything of web3 and of its relatives is
imported after ``connect``, which is the reason for their place inside of functions. What is asked is decided in ``rakkan.registry.ledger.node``.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from rakkan.registry.deadline import bind_adapter
from rakkan.schemas.errors import Invalid, Unavailable

if TYPE_CHECKING:
    import requests
    from web3 import Web3

ANSWER_LIMIT: Final = 1 << 25
"""Bytes that an answer may have."""

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


def place_of(url: str) -> str:
    """Host and port of a node's URL: what may be shown. What comes after them is often a key.

    Raises:
        Invalid: ``rpc-url``, if it is not one of HTTP.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
        if parts.hostname:
            return f"{parts.hostname}:{port}"
    except (ValueError, KeyError):
        pass
    raise Invalid(
        "The URL of the chain's node is not one of HTTP.",
        code="rpc-url",
        hint="Write it like http://127.0.0.1:8545.",
    )


def connect(url: str, seconds: float) -> Web3:
    """A web3 that asks this URL, each time for at most so many seconds; nothing is sent yet."""
    try:
        with _kept_recursion_limit():
            from web3 import HTTPProvider, Web3
    except ImportError as error:
        raise Unavailable(
            "The chain's client is not installed.", code="extra-missing", hint="Install rakkan[chain]."
        ) from error

    session = _bounded_session(seconds)
    session.trust_env = urlsplit(url).hostname not in _LOOPBACK
    provider = HTTPProvider(
        url,
        request_kwargs={"timeout": seconds, "allow_redirects": False},
        session=session,
        exception_retry_configuration=None,  # the worker tries again; nothing here waits in secret
    )
    provider.global_ccip_read_enabled = False  # EIP-3668
    return Web3(provider, middleware=[])


@contextlib.contextmanager
def _kept_recursion_limit() -> Iterator[None]:
    """Import web3 without what it does to the whole process.

    A library under it (py_ecc) raises the recursion limit to 100,000. From then on a deeply nested JSON
    text of anybody's ends the process (SIGSEGV) where it would have raised ``RecursionError``.
    """
    limit = sys.getrecursionlimit()
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def _bounded_session(seconds: float) -> requests.Session:
    """A session whose answers end in time and size, however slowly the other side drips."""
    import requests

    class Bounded(requests.Session):
        def send(self, request: requests.PreparedRequest, **kwargs: object) -> requests.Response:
            response = super().send(request, **{**kwargs, "stream": True})
            content = bytearray()
            while chunk := response.raw.read1(1 << 16):
                content += chunk
                if len(content) > ANSWER_LIMIT:
                    response.close()
                    raise requests.Timeout
            response.raw.release_conn()
            response._content = bytes(content)  # noqa: SLF001 - what reading `content` would set
            return response

    session = Bounded()
    for adapter in session.adapters.values():
        bind_adapter(adapter, seconds)
    session.headers["Accept-Encoding"] = "identity"
    return session
