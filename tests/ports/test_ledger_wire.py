"""Where a ledger goes on the network and what it shows: nowhere unasked, and no secret."""

from __future__ import annotations

import contextlib
import http.server
import logging
import subprocess
import sys
from typing import Any

import pytest

from rakkan.registry.ledger import calls
from rakkan.registry.ledger.evm import EvmLedger
from rakkan.registry.ports import ChainIdentity
from rakkan.registry.rules.eip712 import address_of
from rakkan.schemas.errors import Invalid, Refused, Unavailable
from rakkan.schemas.identity import Address
from tests.ports.anvil import (
    PUBLISHER_KEY,
    SECRET,
    World,
    anchor,
    anvil_program,
    chain,
    lying_node,
    outcome_of,
    serving,
    world,
)

__all__ = ["anvil_program", "chain", "world"]

ROOT, OTHER = b"\x01" * 32, b"\x02" * 32
NOWHERE = ChainIdentity(1, b"\0" * 32, Address(b"\1" * 20), Address(b"\2" * 20), None, None)


@pytest.mark.parametrize("status", [301, 400, 401, 429, 500, 503])
def test_http_errors_are_unavailable(status: int) -> None:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(status)
            self.send_header("Location", f"http://127.0.0.1:1/{SECRET}")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            pass

    with serving(Handler) as url, pytest.raises(Unavailable) as caught:
        EvmLedger(f"{url}/{SECRET}", NOWHERE, None).head()
    assert caught.value.code == "chain-unavailable"
    assert (f"HTTP {status}" in str(caught.value)) == (status >= 400)
    assert SECRET not in str(caught.value)


def test_an_answer_without_end_is_left_off() -> None:
    class Flood(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.end_headers()
            with contextlib.suppress(OSError):
                while True:
                    self.wfile.write(b" " * (1 << 20))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            pass

    with serving(Flood) as url:
        assert outcome_of(EvmLedger(url, NOWHERE, None, timeout=60).head) == "chain-unavailable"


@pytest.mark.chain
def test_no_proxy_stands_between_us_and_our_own_machine(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert EvmLedger(world.chain.rpc_url, world.identity, None).head().number == 4


@pytest.mark.chain
def test_a_contract_cannot_make_us_fetch_a_url(world: World) -> None:
    """EIP-3668: web3 would follow `OffchainLookup` to wherever a contract points."""
    from eth_abi.abi import encode

    visited = []

    class Trap(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            visited.append(self.path)
            self.send_response(200)
            self.end_headers()

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            pass

    with serving(Trap) as trap:
        types = ["address", "string[]", "bytes", "bytes4", "bytes"]
        lookup = encode(types, [world.identity.log.raw, [trap + "/{sender}/{data}"], b"", b"\0" * 4, b""])
        error = {"code": 3, "message": "execution reverted", "data": "0x556f1830" + lookup.hex()}

        def lie(method: str, parameters: list[Any], truth: dict[str, Any]) -> Any:
            return {"jsonrpc": "2.0", "id": truth["id"], "error": error} if method == "eth_call" else truth

        with lying_node(world.chain.port, lie) as url, pytest.raises(Refused):
            EvmLedger(url, world.identity, None).call(calls.log_head_call(world.identity))
    assert visited == []


@pytest.mark.chain
def test_public_keys_are_refused_off_the_local_chain(world: World) -> None:
    public = bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
    assert str(address_of(public)).lower().startswith("0xf39fd6e51aad")
    with pytest.raises(Refused) as caught:
        EvmLedger("http://127.0.0.1:1", NOWHERE, public)
    assert caught.value.code == "dev-key"
    assert EvmLedger(world.chain.rpc_url, world.identity, public).head().nonce == 0


@pytest.mark.parametrize(
    "url", ["", "ftp://x", "http://", "127.0.0.1:8545", "http://[::1", "ws://h", "http://h:99999"]
)
def test_urls_that_are_none_are_refused(url: str) -> None:
    with pytest.raises(Invalid) as caught:
        EvmLedger(url, NOWHERE, None)
    assert caught.value.code == "rpc-url"


@pytest.mark.parametrize("key", [b"", b"\0" * 32, b"\xff" * 32, b"\1" * 31, b"\1" * 33])
def test_keys_that_are_none_are_refused_and_not_shown(key: bytes) -> None:
    with pytest.raises(Invalid) as caught:
        EvmLedger("http://127.0.0.1:1", NOWHERE, key)
    assert key.hex() not in str(caught.value) or not key


@pytest.mark.chain
def test_the_key_is_in_no_repr_log_or_attribute(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    anchor(world, 5, ROOT)
    sender = vars(world.ledger)["_sender"]
    shown = caplog.text + repr(world.ledger) + repr(vars(world.ledger)) + repr(sender) + repr(vars(sender))
    number = int.from_bytes(PUBLISHER_KEY)
    for form in (PUBLISHER_KEY.hex(), repr(PUBLISHER_KEY), str(PUBLISHER_KEY), str(number), hex(number)):
        assert form not in shown


def test_web3_is_imported_with_the_first_question_only() -> None:
    code = """
import sys
import rakkan.registry.ledger.anvil, rakkan.registry.ledger.calls, rakkan.registry.ledger.deploy
import rakkan.registry.ledger.evm, rakkan.registry.ledger.reverts, rakkan.registry.ledger.unanchored
from rakkan.registry.ports import ChainIdentity
from rakkan.schemas.identity import Address
a = Address(bytes(20))
ledger = rakkan.registry.ledger.evm.EvmLedger("http://127.0.0.1:1", ChainIdentity(1, bytes(32), a, a, a, a), b"\\7" * 32)
limit = sys.getrecursionlimit()
heavy = {"web3", "eth_account", "eth_abi", "eth_utils", "requests", "aiohttp", "urllib3"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
try:
    ledger.head()
except Exception as error:
    assert error.code == "chain-unavailable", error
assert "web3" in sys.modules
assert sys.getrecursionlimit() == limit
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
