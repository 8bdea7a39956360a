"""Our contracts on a chain, driven by plain web3: the second opinion on what the registry encodes itself."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

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


def engine_missing(sentence: str) -> NoReturn:
    """Fail where all engines must be there (``make test``); elsewhere skip, and say why."""
    if os.environ.get("RAKKAN_REQUIRE_ENGINES"):
        pytest.fail(sentence)
    pytest.skip(sentence)


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
