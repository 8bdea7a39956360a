"""Whoever answers for ever is left: each question to a node ends in our error, by one deadline for all of it."""

from __future__ import annotations

import contextlib
import http.client
import ssl
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from rakkan.registry.content.kubo import KuboStore
from rakkan.registry.deadline import Bound
from rakkan.registry.ledger.evm import EvmLedger
from rakkan.registry.ledger.loopback import ask
from rakkan.registry.ports import Block, ChainIdentity
from rakkan.schemas.errors import Unavailable
from rakkan.schemas.identity import Address
from rakkan.schemas.values import RAW
from tests.ports.dripping import DRIPS, dripping, own_certificate

NOWHERE = ChainIdentity(1, b"\0" * 32, Address(b"\1" * 20), Address(b"\2" * 20), None, None)
BLOCK = Block.of(b"two", RAW)


class Connection(Bound, http.client.HTTPSConnection):
    deadline_seconds = 1


def refused(question: Callable[[], object]) -> str:
    """The code of the error that it ends in."""
    with pytest.raises(Unavailable) as caught:
        question()
    assert caught.value.hint
    return caught.value.code


@pytest.mark.parametrize("drip", DRIPS)
def test_a_node_of_the_chain(drip: str) -> None:
    with dripping(DRIPS[drip]) as server:
        assert refused(EvmLedger(server.url, NOWHERE, None, timeout=1).head) == "chain-unavailable"
        assert server.left.wait(60), "the connection is given up"


@pytest.mark.parametrize("drip", DRIPS)
def test_a_node_of_ipfs(drip: str) -> None:
    with dripping(DRIPS[drip]) as server:
        store = KuboStore(server.url, deadline=1)
        assert refused(lambda: store.get(BLOCK.cid)) == "content-unavailable"
        assert server.left.wait(60), "the connection is given up"
        store.close()


@pytest.mark.parametrize("drip", DRIPS)
def test_a_stranger_on_the_local_chains_port(drip: str) -> None:
    with dripping(DRIPS[drip]) as server:
        assert refused(lambda: ask(server.port, "eth_chainId", timeout=1)).startswith("local-chain-")
        assert server.left.wait(60), "the connection is given up"


@pytest.mark.parametrize("drip", ["a header", "trailers"])
def test_a_proxy_on_the_way_to_a_node(drip: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with dripping(DRIPS[drip]) as server:
        for name in ("HTTP_PROXY", "http_proxy"):
            monkeypatch.setenv(name, server.url)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        assert refused(EvmLedger("http://node.invalid", NOWHERE, None, timeout=1).head) == "chain-unavailable"
        assert server.left.wait(60), "the connection is given up"


def exchange(connection: http.client.HTTPConnection, body: bytes) -> None:
    with contextlib.closing(connection):
        connection.request("POST", "/", body)
        with connection.getresponse() as response:
            response.read()


@pytest.mark.parametrize("drip", [*DRIPS, "a request that is not read"])
def test_a_node_behind_tls(drip: str, tmp_path: Path) -> None:
    with dripping(DRIPS.get(drip), own_certificate(tmp_path)) as server:
        connection = Connection("127.0.0.1", server.port, context=ssl._create_unverified_context())
        with pytest.raises(TimeoutError):
            exchange(connection, b"{}" if drip in DRIPS else bytes(1 << 24))
        server.heard.set()
        assert server.left.wait(60), "the connection is given up"


def test_a_node_that_does_not_read_what_it_is_given() -> None:
    blocks = [Block.of(bytes([number]) * (1 << 20), RAW) for number in range(16)]
    with dripping(None) as server:
        store = KuboStore(server.url, deadline=1)
        assert refused(lambda: store.put(blocks)) == "content-unavailable"
        server.heard.set()
        assert server.left.wait(60), "the connection is given up"
        store.close()


def test_each_question_has_a_deadline_of_its_own() -> None:
    """A connection that is used again starts anew, in whichever thread."""
    from tests.unit.registry.content.standin import StandIn

    server = StandIn()
    server.answers = {"block/get": lambda query: (200, BLOCK.content)}
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}).start()
    try:
        store, pause = KuboStore(server.url, deadline=2), threading.Event()
        for _ in range(4):
            assert store.get(BLOCK.cid) == BLOCK.content
            pause.wait(0.7)
        store.close()
    finally:
        server.shutdown()
        server.server_close()
