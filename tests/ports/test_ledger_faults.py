"""What goes wrong with a node, and what a ledger makes of it: never a wrong answer, never a secret."""

from __future__ import annotations

import http.server
import logging
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from rakkan.registry.ledger import calls
from rakkan.registry.ledger.anvil import LocalChain
from rakkan.registry.ledger.evm import EvmLedger
from rakkan.registry.ledger.keeper import STATE
from rakkan.registry.ledger.loopback import ask, ask_block
from rakkan.registry.ports import ChainIdentity, Observation
from rakkan.registry.rules.eip712 import address_of
from rakkan.schemas.errors import DomainError, Integrity, Invalid, Refused, Unavailable
from rakkan.schemas.identity import Address
from tests.ports.anvil import (
    PUBLISHER_KEY,
    World,
    anchor,
    anvil_program,
    ask_everything,
    chain,
    lying_node,
    serving,
    wait_for,
    world,
)

__all__ = ["anvil_program", "chain", "world"]

pytestmark = pytest.mark.chain

ROOT, OTHER = b"\x01" * 32, b"\x02" * 32
SECRET = "token-4f1c"
NOWHERE = ChainIdentity(1, b"\0" * 32, Address(b"\1" * 20), Address(b"\2" * 20), None, None)


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


def test_a_node_that_is_down_is_unavailable_in_every_question(world: World) -> None:
    ledger = EvmLedger(f"{world.chain.rpc_url}?key={SECRET}", world.identity, PUBLISHER_KEY)
    assert ledger.head().number == 4
    world.chain.close()
    for question in ask_everything(ledger, world.identity.log):
        assert outcome_of(question) == "chain-unavailable"
    world.chain.ensure()
    assert ledger.head().number == 4, "it works again when the node does"


def test_a_chain_of_our_own_is_brought_back(world: World) -> None:
    signed = anchor(world, 5, ROOT)
    wait_until_saved(world.chain)
    ledger = EvmLedger(world.chain.rpc_url, world.identity, PUBLISHER_KEY, revive=world.chain.ensure)
    assert ledger.head().number == 5
    kill(world.chain)
    assert outcome_of(ledger.head) == "chain-unavailable"
    assert ledger.head().number == 5
    assert ledger.observe(signed.hash).succeeded


def test_an_anchor_that_a_kill_took_back_is_sent_again(world: World) -> None:
    wait_until_saved(world.chain)
    signed = anchor(world, 5, ROOT)
    kill(world.chain)  # mostly within the two seconds that are not saved yet
    world.chain.ensure()
    world.ledger.broadcast(signed)
    assert wait_for(world.ledger, signed, "mined").succeeded


def kill(local: LocalChain) -> None:
    """End anvil without mercy and wait until it is seen to be gone."""
    record = (local.folder / "anvil.json").read_text()
    os.kill(int(record.partition('"pid": ')[2].partition(",")[0]), signal.SIGKILL)
    deadline = time.monotonic() + 10
    while local.ours:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def wait_until_saved(local: LocalChain) -> None:
    newest = str(ask_block(local.port, "latest")["hash"])
    deadline = time.monotonic() + 15
    while newest not in (local.folder / STATE).read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@contextmanager
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


def test_another_chain_under_the_same_url_is_recognised(
    world: World, tmp_path: Path, anvil_program: Path
) -> None:
    signed = world.ledger.sign(calls.anchor_call(world.identity, 5, ROOT), world.ledger.head().nonce)
    port = world.chain.port
    world.chain.close()
    time.sleep(1.1)  # a genesis of another second
    for chain_id, what in ((31337, "genesis"), (5, "chainId")):
        with bare_anvil(anvil_program, port, tmp_path, chain_id):
            with pytest.raises(Integrity) as caught:
                world.ledger.head()
            assert caught.value.fields["what"] == what
            for question in ask_everything(world.ledger, world.identity.log):
                assert outcome_of(question) == "chain-identity"
            with pytest.raises(Integrity):
                world.ledger.broadcast(signed)
            assert ask(port, "eth_blockNumber") == "0x0", "nothing was sent"
    world.chain.ensure()
    world.ledger.broadcast(signed)


def test_an_exchange_without_a_break_is_noticed_by_the_next_head(world: World) -> None:
    exchanged = False

    def lie(method: str, parameters: list[Any], truth: dict[str, Any]) -> Any:
        if exchanged and method == "eth_getBlockByNumber" and parameters[0] == "0x0":
            truth["result"]["hash"] = "0x" + "ab" * 32
        return truth

    with lying_node(world.chain.port, lie) as url:
        ledger = EvmLedger(url, world.identity, PUBLISHER_KEY)
        ledger.head()
        exchanged = True
        assert outcome_of(ledger.head) == "chain-identity"
        assert outcome_of(lambda: ledger.call(calls.log_head_call(world.identity))) == "chain-identity"


def test_other_code_under_our_addresses_is_recognised(world: World) -> None:
    code = str(ask(world.chain.port, "eth_getCode", str(world.gate), "latest"))
    flipped = code[:-2] + f"{int(code[-2:], 16) ^ 1:02x}"
    for other in ("0x", flipped, code + "00"):

        def lie(method: str, parameters: list[Any], truth: dict[str, Any], other: str = other) -> Any:
            if method == "eth_getCode" and parameters[0].lower() == str(world.gate).lower():
                truth["result"] = other
            return truth

        with (
            lying_node(world.chain.port, lie) as url,
            pytest.raises(Integrity, match="ConsentGate") as caught,
        ):
            EvmLedger(url, world.identity, None).head()
        assert caught.value.fields["what"] == "contract"
    world.ledger.check_identity()


def test_the_same_contract_with_other_values_in_it_is_recognised_on_request(world: World) -> None:
    """Immutables are holes in the comparison with the artifact, but not between two looks."""
    code = str(ask(world.chain.port, "eth_getCode", str(world.gate), "latest"))
    other = code.replace(world.identity.log.raw.hex(), "42" * 20)
    assert other != code
    lying = False

    def lie(method: str, parameters: list[Any], truth: dict[str, Any]) -> Any:
        if lying and method == "eth_getCode" and truth["result"] == code:
            truth["result"] = other
        return truth

    with lying_node(world.chain.port, lie) as url:
        ledger = EvmLedger(url, world.identity, None)
        ledger.check_identity()
        lying = True
        assert outcome_of(ledger.check_identity) == "chain-identity"


def test_a_receipt_is_believed_only_with_its_block(world: World) -> None:
    signed = anchor(world, 5, ROOT)
    seen = world.ledger.observe(signed.hash)
    forgeries = {
        "blockHash": "0x" + "ab" * 32,
        "transactionIndex": "0x3",
        "blockNumber": hex(seen.block_number - 1),
        "transactionHash": "0x" + "ab" * 32,
    }
    for field, value in forgeries.items():

        def lie(
            method: str, _: list[Any], truth: dict[str, Any], field: str = field, value: str = value
        ) -> Any:
            if method == "eth_getTransactionReceipt":
                truth["result"][field] = value
            return truth

        with lying_node(world.chain.port, lie) as url:
            ledger = EvmLedger(url, world.identity, None)
            if field == "transactionHash":
                assert outcome_of(lambda: ledger.observe(signed.hash)) == "receipt-foreign"  # noqa: B023
            else:
                assert ledger.observe(signed.hash) == Observation("absent"), field


@pytest.mark.parametrize(
    "answer",
    [
        {"result": None},
        {"error": {"code": -32602, "message": "unknown tag"}},
        {"error": {"code": -39001, "message": "finalized block not found"}},
    ],
)
def test_a_chain_that_tells_no_final_block_has_none(world: World, answer: dict[str, Any]) -> None:
    signed = anchor(world, 5, ROOT)
    world.chain.mine(5)

    def lie(method: str, parameters: list[Any], truth: dict[str, Any]) -> Any:
        if method == "eth_getBlockByNumber" and parameters[0] == "finalized":
            return {"jsonrpc": "2.0", "id": truth["id"], **answer}
        return truth

    with lying_node(world.chain.port, lie) as url:
        ledger = EvmLedger(url, world.identity, None)
        assert ledger.head().final_number == 0
        assert ledger.observe(signed.hash).state == "mined"


def failure(message: str, data: object = None, code: int = -32000) -> Callable[[dict[str, Any]], Any]:
    """A node's error in proper form."""
    return lambda truth: {
        "jsonrpc": "2.0",
        "id": truth["id"],
        "error": {"code": code, "message": message, "data": data},
    }


NONSENSE: dict[str, Callable[[dict[str, Any]], Any]] = {
    "nothing": lambda truth: b"",
    "no JSON": lambda truth: b"<html>502 Bad Gateway</html>",
    "half": lambda truth: b'{"jsonrpc": "2.0", "id": 1, "res',
    "a list": lambda truth: [],
    "a number": lambda truth: 7,
    "null": lambda truth: None,
    "deep": lambda truth: b"[" * 100_000,
    "not UTF-8": lambda truth: b'{"jsonrpc": "2.0", "id": 1, "result": "\xff\xfe"}',
    "neither result nor error": lambda truth: {"jsonrpc": "2.0", "id": truth["id"]},
    "error as text": lambda truth: {"jsonrpc": "2.0", "id": truth["id"], "error": "busy"},
    "error without data": failure("\x1b[2Jtimeout"),
    "error with strange data": failure("limit exceeded", "try again later"),
    "error with an object": failure("limit exceeded", {"reason": "quota"}),
    "wrong type": lambda truth: {**truth, "result": {"surprise": [1, 2, 3]}},
    "text": lambda truth: {**truth, "result": "0xzz"},
}


def test_a_node_that_talks_nonsense_is_unavailable_and_speaks_for_no_contract(world: World) -> None:
    talk: Callable[[dict[str, Any]], Any] | None = None

    def lie(method: str, parameters: list[Any], truth: dict[str, Any]) -> Any:
        return talk(truth) if talk else truth

    with lying_node(world.chain.port, lie) as url:
        ledger = EvmLedger(url, world.identity, PUBLISHER_KEY)
        signed = ledger.sign(calls.anchor_call(world.identity, 5, ROOT), 4)
        questions: dict[str, Callable[[], object]] = {
            "head": ledger.head,
            "check_identity": ledger.check_identity,
            "call": lambda: ledger.call(calls.log_head_call(world.identity)),
            "sign": lambda: ledger.sign(calls.anchor_call(world.identity, 5, ROOT), 4),
            "observe": lambda: ledger.observe(signed.hash),
        }
        for name, nonsense in NONSENSE.items():
            for what, question in questions.items():
                talk = None
                ledger.head()
                talk = nonsense
                assert (name, what, outcome_of(question)) == (name, what, "chain-unavailable")


@pytest.mark.parametrize("status", [301, 400, 401, 429, 500, 503])
def test_http_errors_are_unavailable(status: int) -> None:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(status)
            self.send_header("Location", f"http://127.0.0.1:1/{SECRET}")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with serving(Handler) as url, pytest.raises(Unavailable) as caught:
        EvmLedger(f"{url}/{SECRET}", NOWHERE, None).head()
    assert caught.value.code == "chain-unavailable"
    assert (f"HTTP {status}" in str(caught.value)) == (status >= 400)
    assert SECRET not in str(caught.value)


def test_a_dripping_node_and_an_endless_one_end_in_time() -> None:
    class Drip(http.server.BaseHTTPRequestHandler):
        piece, pause = b" ", 0.1

        def do_POST(self) -> None:
            self.send_response(200)
            self.end_headers()
            try:
                for _ in range(10_000):
                    self.wfile.write(self.piece)
                    self.wfile.flush()
                    time.sleep(self.pause)
            except OSError:
                pass

        def log_message(self, *_: object) -> None:
            pass

    class Flood(Drip):
        piece, pause = b" " * (1 << 20), 0

    for handler in (Drip, Flood):
        with serving(handler) as url:
            begun = time.monotonic()
            ledger = EvmLedger(url, NOWHERE, None, timeout=1)
            assert outcome_of(ledger.head) == "chain-unavailable"
            assert time.monotonic() - begun < 4


def test_no_proxy_stands_between_us_and_our_own_machine(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert EvmLedger(world.chain.rpc_url, world.identity, None).head().number == 4


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

        def log_message(self, *_: object) -> None:
            pass

    with serving(Trap) as trap:
        types = ["address", "string[]", "bytes", "bytes4", "bytes"]
        lookup = encode(types, [world.identity.log.raw, [trap + "/{sender}/{data}"], b"", b"\0" * 4, b""])
        revert = failure("execution reverted", "0x556f1830" + lookup.hex(), 3)

        def lie(method: str, parameters: list[Any], truth: dict[str, Any]) -> Any:
            return revert(truth) if method == "eth_call" else truth

        with lying_node(world.chain.port, lie) as url, pytest.raises(Refused):
            EvmLedger(url, world.identity, None).call(calls.log_head_call(world.identity))
    assert visited == []


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
