"""The IPFS client kept in hand: one node, no detours, and each answer with an end.

It decides what the client's HTTP session may do. It leaves out what is asked (``kubo``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from rakkan.registry.deadline import bind_adapter

MAX_ANSWER: Final = 1 << 22
"""Bytes of one answer; more than any block, or any list that is asked for."""

_PIECE: Final = 1 << 16


def tame(client: Any, seconds: float) -> None:  # noqa: ANN401 - untyped library
    """Keep the client to this one node: no proxy or netrc from the environment, no redirects.

    A request and its answer take at most ``seconds``; bodies are read in pieces, at most
    :data:`MAX_ANSWER` bytes of them. It also drops a parameter that urllib3 2 warns about on every
    request and urllib3 3 refuses.
    """
    session = client._client._session  # noqa: SLF001 - the pinned release offers no other way
    session.trust_env = False
    session.max_redirects = 0
    session.hooks["response"].append(_in_pieces)
    for adapter in session.adapters.values():
        adapter.poolmanager.connection_pool_kw.pop("strict", None)
        bind_adapter(adapter, seconds)


def _in_pieces(response: Any, **_: object) -> None:  # noqa: ANN401 - untyped library
    """Hand bodies on as they come: the client asks for all of one at once, and a body need not end."""
    from urllib3.exceptions import HTTPError  # with the extra, as the client

    def pieces(*_: object, **__: object) -> Iterator[bytes]:
        taken = 0
        try:
            while piece := response.raw.read1(_PIECE, decode_content=True):
                taken += len(piece)
                if taken > MAX_ANSWER:
                    raise TimeoutError("the answer does not end")
                yield piece
        except HTTPError as error:
            raise ConnectionError(type(error).__name__) from error
        response._content_consumed = True  # noqa: SLF001 - so that the connection is used again

    response.iter_content = pieces
