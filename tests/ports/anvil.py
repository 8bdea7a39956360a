"""Fixtures: a real anvil of the test's own with our contracts on it, ended with the test.

Also a node that lies: it stands between a ledger and anvil and changes answers on their way.
"""

from __future__ import annotations

import contextlib
import http.server
import json
import subprocess
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from rakkan.registry.ledger import calls
from rakkan.registry.ledger.anvil import LocalChain, find_anvil
from rakkan.registry.ledger.deploy import deploy
from rakkan.registry.ledger.evm import EvmLedger
from rakkan.registry.ledger.loopback import ask
from rakkan.registry.ports import Call, ChainIdentity, Ledger, Observation, SignedTransaction
from rakkan.registry.rules.eip712 import address_of
from rakkan.schemas.errors import DomainError
from rakkan.schemas.identity import Address, keccak

ORIGIN = "rakkan/0123456789abcdef"
STANDING = 3600

PUBLISHER_KEY = b"\x11" * 32
COMMUNITY_KEY = b"\x12" * 32
ATTESTER_KEY = b"\x13" * 32
AUTHORITY_KEY = b"\x14" * 32

SECRET = "token-4f1c"
"""What a URL may carry, and no error may show."""


@dataclass
class World:
    """A chain with our contracts, and a ledger whose account may publish.

    Attributes:
        chain: The anvil.
        identity: Where the contracts are.
        ledger: Sends as the publisher.
        community: Sends as the community.
    """

    chain: LocalChain
    identity: ChainIdentity
    ledger: EvmLedger
    community: EvmLedger

    @property
    def gate(self) -> Address:
        """The community's gate."""
        assert self.identity.gate
        return self.identity.gate

    @property
    def book(self) -> Address:
        """The community's book."""
        assert self.identity.book
        return self.identity.book


@pytest.fixture(scope="session")
def anvil_program() -> Path:
    """The anvil program; without it, what needs a chain is skipped and says so."""
    program = find_anvil()
    if program is None:
        pytest.skip("anvil is not installed: run `npm ci --ignore-scripts`")
    return program


@pytest.fixture
def chain(tmp_path: Path, anvil_program: Path) -> Iterator[LocalChain]:
    """A fresh chain without contracts."""
    with LocalChain(tmp_path / "chain", anvil_program) as local:
        yield local


@pytest.fixture
def world(chain: LocalChain) -> World:
    """A fresh chain with our contracts."""
    community = address_of(COMMUNITY_KEY)
    chain.fund(address_of(PUBLISHER_KEY))
    chain.fund(community)
    identity = deploy(
        chain.rpc_url,
        PUBLISHER_KEY,
        origin=ORIGIN,
        community=community,
        attester=address_of(ATTESTER_KEY),
        standing_time=STANDING,
    ).identity
    return World(
        chain,
        identity,
        EvmLedger(chain.rpc_url, identity, PUBLISHER_KEY),
        EvmLedger(chain.rpc_url, identity, COMMUNITY_KEY),
    )


@contextlib.contextmanager
def bare_anvil(program: Path, port: int, folder: Path, chain_id: int) -> Iterator[None]:
    """An anvil with nothing on it, on a port that is told."""
    process = subprocess.Popen(
        [str(program), "--port", str(port), "--silent", "--chain-id", str(chain_id)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"HOME": str(folder)},
    )
    try:
        deadline = time.monotonic() + 20
        while outcome_of(lambda: ask(port, "eth_chainId")) != "believed":
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield
    finally:
        process.kill()
        process.wait(10)


@contextlib.contextmanager
def held_transactions(chain: LocalChain) -> Iterator[None]:
    """Transactions wait in the pool for the time of the block."""
    ask(chain.port, "evm_setAutomine", False)
    try:
        yield
    finally:
        ask(chain.port, "evm_setAutomine", True)


def anchor(world: World, size: int, root: bytes) -> SignedTransaction:
    """Anchor a head and return its transaction, mined."""
    return send(world.ledger, calls.anchor_call(world.identity, size, root))


def send(ledger: Ledger, call: Call) -> SignedTransaction:
    """Send a call and wait for its block: a node answers as soon as it has the transaction, not the block."""
    signed = ledger.sign(call, ledger.head().nonce)
    ledger.broadcast(signed)
    wait_for(ledger, signed, "mined")
    return signed


def wait_for(ledger: Ledger, signed: SignedTransaction, state: str, seconds: float = 60) -> Observation:
    deadline = time.monotonic() + seconds
    while (observed := ledger.observe(signed.hash)).state != state:
        assert time.monotonic() < deadline, f"{observed.state} instead of {state}"
        time.sleep(0.01)
    return observed


def ask_everything(ledger: Ledger, to: Address) -> list[Callable[[], object]]:
    """Every question that the port has, about nothing in particular."""
    stranger = SignedTransaction(keccak(b"\x02\x00"), b"\x02\x00", 0)
    return [
        ledger.head,
        lambda: ledger.call(Call(to, b"\0" * 4)),
        lambda: ledger.call(Call(to, b"\0" * 4), 0),
        lambda: ledger.sign(Call(to, b"\0" * 4), 0),
        lambda: ledger.broadcast(stranger),
        lambda: ledger.observe(stranger.hash),
    ]


def outcome_of(question: Callable[[], object]) -> str:
    """The code of the error that a question raises; ``believed`` if it raises none."""
    raised: DomainError | None = None
    try:
        question()
    except DomainError as error:
        raised = error
    if raised is None:
        return "believed"
    shown = "".join(traceback.format_exception(raised)) + str(raised.fields)
    assert SECRET not in shown
    assert PUBLISHER_KEY.hex() not in shown
    assert str(raised).isprintable()
    return raised.code


Lie = Callable[[str, list[Any], dict[str, Any]], Any]
"""(method, parameters, true answer) -> what is answered: JSON, or bytes as they are."""


@contextlib.contextmanager
def lying_node(port: int, lie: Lie, *, status: int = 200) -> Iterator[str]:
    """A node that asks the one on ``port`` and answers what ``lie`` makes of it; its URL."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            question = json.loads(body)
            request = Request(f"http://127.0.0.1:{port}", body, {"Content-Type": "application/json"})
            with urlopen(request, timeout=10) as response:
                truth = json.load(response)
            answer = lie(question["method"], question.get("params", []), truth)
            content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            pass

    with serving(Handler) as url:
        yield url


@contextlib.contextmanager
def serving(handler: type[http.server.BaseHTTPRequestHandler]) -> Iterator[str]:
    """A loopback HTTP server for the time of the block; its URL."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
