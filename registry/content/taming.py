"""The IPFS client kept in hand: one node, no detours, bodies in pieces.

It decides what the client's HTTP session may do. It leaves out what is asked (``kubo``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

_PIECE: Final = 1 << 14


def tame(client: Any) -> None:  # noqa: ANN401 - untyped library
    """Keep the client to this one node: no proxy or netrc from the environment, no redirects.

    Bodies are read in pieces. It also drops a parameter that urllib3 2 warns about on every request and urllib3 3 refuses.
    """
    session = client._client._session  # noqa: SLF001 - the pinned release offers no other way
    session.trust_env = False
    session.max_redirects = 0
    session.hooks["response"].append(_in_pieces)
    for adapter in session.adapters.values():
        adapter.poolmanager.connection_pool_kw.pop("strict", None)


def _in_pieces(response: Any, **_: object) -> None:  # noqa: ANN401 - untyped library
    """Hand bodies on as they come: the client asks for all of one at once, and a body need not end."""
    from urllib3.exceptions import HTTPError  # with the extra, as the client

    def pieces(*_: object, **__: object) -> Iterator[bytes]:
        try:
            while piece := response.raw.read1(_PIECE, decode_content=True):
                yield piece
        except HTTPError as error:
            raise ConnectionError(str(error)) from error

    response.iter_content = pieces
