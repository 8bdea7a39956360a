"""Fixtures: an anvil of the tests' own on a free loopback port, and our contracts deployed on it.

Everything here is plain web3 on purpose: it is the second opinion on what the registry encodes itself.
"""

from __future__ import annotations

import hashlib
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3 import Web3
from web3.contract import Contract
from web3.exceptions import ContractCustomError
from web3.types import TxReceipt

from rakkan.contracts import NAMES, artifact

PROJECT = Path(__file__).parents[2]
STANDING_TIME = 3600
ORIGIN_HASH = hashlib.sha256(b"rakkan/0123456789abcdef").digest()


def key_of(name: str) -> LocalAccount:
    """The same account for the same name in every test."""
    account: LocalAccount = Account.from_key(hashlib.sha256(name.encode()).digest())
    return account


@dataclass(frozen=True)
class World:
    """Our four contracts on a running chain; the sender is publisher, community and executor."""

    w3: Web3
    log: Contract
    consents: Contract
    gate: Contract
    book: Contract
    attester: LocalAccount
    artist: LocalAccount

    def deploy(self, name: str, *arguments: Any) -> Contract:
        """Put one more contract on the chain."""
        return deploy(self.w3, name, *arguments)

    def send(self, call: Any) -> TxReceipt:
        """Send a call from the default account and wait for it to be mined."""
        receipt = self.w3.eth.wait_for_transaction_receipt(call.transact(), timeout=20, poll_latency=0.005)
        assert receipt["status"] == 1
        return receipt

    def refusal(self, call: Any) -> str:
        """The name of the custom error that a call reverts with."""
        with pytest.raises(ContractCustomError) as caught:
            call.call()
        selector = str(caught.value.data)[:10]
        return _ERRORS[selector]

    @property
    def now(self) -> int:
        """Time of the newest block."""
        newest = self.w3.eth.get_block("latest")
        assert "timestamp" in newest
        return newest["timestamp"]

    def wait(self, seconds: int) -> None:
        """Move the chain's clock."""
        self.w3.provider.make_request("evm_setNextBlockTimestamp", [self.now + seconds])  # type: ignore[arg-type]
        self.w3.provider.make_request("evm_mine", [])  # type: ignore[arg-type]


def _error_selectors() -> dict[str, str]:
    found: dict[str, str] = {}
    for name in NAMES:
        for entry in artifact(name).abi:
            if entry["type"] == "error":
                types = ",".join(each["type"] for each in entry["inputs"])
                found[Web3.to_hex(Web3.keccak(text=f"{entry['name']}({types})")[:4])] = entry["name"]
    return found


_ERRORS = _error_selectors()


def deploy(w3: Web3, name: str, *arguments: Any) -> Contract:
    """Deploy the committed artifact and check that its code arrived."""
    compiled = artifact(name)
    factory = w3.eth.contract(abi=[dict(entry) for entry in compiled.abi], bytecode=compiled.bytecode)
    receipt = w3.eth.wait_for_transaction_receipt(
        factory.constructor(*arguments).transact(), poll_latency=0.005
    )
    address = receipt["contractAddress"]
    assert address is not None
    assert compiled.is_code(bytes(w3.eth.get_code(address)))
    return w3.eth.contract(address=address, abi=factory.abi)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


@pytest.fixture(scope="session")
def w3() -> Iterator[Web3]:
    """A fresh anvil, ended by its process id when the tests are over."""
    program = next(iter(sorted(PROJECT.glob("node_modules/@foundry-rs/anvil-*/bin/anvil"))), None)
    if program is None:
        pytest.skip("anvil is not installed: run npm ci --ignore-scripts")
    port = _free_port()
    # `timeout` bounds its life even if this process is killed.
    command = ["timeout", "900", str(program), "--host", "127.0.0.1", "--port", str(port), "--silent"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        try:
            chain = Web3(Web3.HTTPProvider(f"http://127.0.0.1:{port}", request_kwargs={"timeout": 20}))
            deadline = time.monotonic() + 20
            while not chain.is_connected():
                assert process.poll() is None, process.stderr and process.stderr.read()
                assert time.monotonic() < deadline, "anvil did not answer within 20 s"
                time.sleep(0.02)
            chain.eth.default_account = chain.eth.accounts[0]
            yield chain
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture
def world(w3: Web3) -> World:
    """Fresh contracts for one test."""
    sender = w3.eth.default_account
    attester = key_of("attester")
    log = deploy(w3, "ProvenanceLog", ORIGIN_HASH, sender)
    consents = deploy(w3, "ConsentRegistry")
    gate = deploy(w3, "ConsentGate", log.address, consents.address, sender, attester.address, STANDING_TIME)
    book = deploy(w3, "ApprovalBook", gate.address, sender)
    return World(w3, log, consents, gate, book, attester, key_of("artist"))
