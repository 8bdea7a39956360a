"""One JSON-RPC question to a node on this machine, on the standard library alone.

It decides how the embedded chain is asked before and beside web3: bounded, loopback only, without
proxies. Everything that a ledger asks of a configured chain goes through
``rakkan.registry.ledger.node``.
"""

from __future__ import annotations

import http.client
import json
import secrets
import socket
from typing import Final

from rakkan.registry.deadline import Bound
from rakkan.schemas.errors import Unavailable

HOST: Final = "127.0.0.1"
_LIMIT: Final = 1 << 28  # bytes; a state dump of thousands of blocks stays below


class _Connection(Bound, http.client.HTTPConnection):
    """One that ends, whoever has the port."""


def ask(port: int, method: str, *params: object, timeout: float = 5.0) -> object:
    """Ask the node behind a loopback port and return the ``result`` of its answer.

    Args:
        port: TCP port on 127.0.0.1.
        method: JSON-RPC method.
        params: Its positional parameters.
        timeout: Seconds for the whole exchange.

    Raises:
        Unavailable: ``local-chain-silent`` if nothing sensible answers, ``local-chain-refused`` if
            the node answers with an error.
    """
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    connection = _Connection(HOST, port, timeout=timeout)
    connection.deadline_seconds = timeout
    try:
        connection.request("POST", "/", body, {"Content-Type": "application/json"})
        with connection.getresponse() as response:
            answer = json.loads(response.read(_LIMIT))
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unavailable(
            f"No local chain answers on port {port}.",
            code="local-chain-silent",
            hint="Start again; the chain is started when it is not running.",
            cause=type(error).__name__,
        ) from error
    finally:
        connection.close()
    if not isinstance(answer, dict) or "result" not in answer:
        reason = answer.get("error") if isinstance(answer, dict) else answer
        raise Unavailable(
            f"The local chain refused {method}: {str(reason)[:200]}.",
            code="local-chain-refused",
            method=method,
        )
    result: object = answer["result"]
    return result


def ask_block(port: int, tag: str, *, timeout: float = 5.0) -> dict[str, object]:
    """The header of one block: ``latest``, or a height as a hexadecimal quantity.

    Raises:
        Unavailable: ``local-chain-silent``, ``local-chain-refused``.
    """
    block = ask(port, "eth_getBlockByNumber", tag, False, timeout=timeout)
    if not isinstance(block, dict):
        raise Unavailable(
            f"The local chain has no block {tag}.", code="local-chain-refused", method="eth_getBlockByNumber"
        )
    return block


def is_free(port: int) -> bool:
    """Whether nobody listens on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what only lingers does not count
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def choose_port() -> int:
    """A free loopback port below those that outgoing connections are given, so that it stays free.

    Raises:
        Unavailable: ``local-chain-start``, if none is found.
    """
    for _ in range(200):
        port = 20_000 + secrets.randbelow(12_000)
        if is_free(port):
            return port
    raise Unavailable("No TCP port is free for the local chain.", code="local-chain-start")
