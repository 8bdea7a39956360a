"""Wallets held by code, on the test's own chain: compiled from the Solidity tests, driven by plain JSON-RPC."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import decode, encode

from rakkan.registry.ledger.loopback import ask, ask_block
from rakkan.registry.rules.eip712 import Domain, address_of, record_digest, sign
from rakkan.registry.rules.wallet_questions import WRAPPED
from rakkan.schemas.identity import Address, DidPkh, keccak
from rakkan.schemas.statement import BlockName, Proof

PROJECT = Path(__file__).parents[2]
PAYER = Address(keccak(b"who pays for wallets")[12:])


@pytest.fixture(scope="session")
def wallet_code() -> dict[str, str]:
    """Creation code of each contract of contracts/test/Wallets.sol, in hex."""
    node = shutil.which("node")
    if node is None or not (PROJECT / "node_modules/solc").is_dir():
        pytest.skip("node or solc is not installed: run npm ci --ignore-scripts")
    names = ["utils/cryptography/ECDSA.sol", "interfaces/IERC1271.sol"]
    sources = {
        f"@openzeppelin/contracts/{name}": PROJECT / "node_modules/@openzeppelin/contracts" / name
        for name in names
    }
    sources["Wallets.sol"] = PROJECT / "contracts/test/Wallets.sol"
    question = {
        "language": "Solidity",
        "sources": {name: {"content": path.read_text()} for name, path in sources.items()},
        "settings": {
            "evmVersion": "cancun",
            "outputSelection": {"Wallets.sol": {"*": ["evm.bytecode.object"]}},
        },
    }
    done = subprocess.run(
        [node, PROJECT / "scripts/solc-wrap.mjs", "--standard-json"],
        input=json.dumps(question),
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    )
    made = json.loads(done.stdout)
    assert "contracts" in made, made["errors"][0]["formattedMessage"]
    return {
        name: each["evm"]["bytecode"]["object"] for name, each in made["contracts"]["Wallets.sol"].items()
    }


@dataclass
class Wallets:
    """Puts wallets on a chain and calls them; anybody may, for they are for tests.

    Attributes:
        port: Of the anvil.
        code: By name, see :func:`wallet_code`.
    """

    port: int
    code: dict[str, str]

    def deploy(self, name: str, *owner: Address) -> Address:
        arguments = encode(["address"] * len(owner), [each.raw for each in owner])
        receipt = self._send({"data": f"0x{self.code[name]}{arguments.hex()}"})
        return Address.parse(str(receipt["contractAddress"]))

    def rotate(self, wallet: Address, owner: Address) -> None:
        self.call(wallet, "rotate(address)", owner)

    def call(self, contract: Address, signature: str, *accounts: Address) -> None:
        self._send({"to": str(contract), "data": f"0x{calldata(signature, *accounts).hex()}"})

    def place_of(self, factory: Address, owner: Address) -> Address:
        """Where the factory makes this owner's wallet."""
        question = {"to": str(factory), "data": f"0x{calldata('placeOf(address)', owner).hex()}"}
        answer = str(ask(self.port, "eth_call", question, "latest"))
        return Address.parse(str(decode(["address"], bytes.fromhex(answer[2:]))[0]))

    def newest(self) -> BlockName:
        return self.block("latest")

    def block(self, tag: str) -> BlockName:
        found = ask_block(self.port, tag)
        return BlockName(number=int(str(found["number"]), 16), hash=str(found["hash"])[2:])

    def _send(self, transaction: dict[str, str]) -> dict[str, Any]:
        ask(self.port, "anvil_setBalance", str(PAYER), hex(10**20))
        ask(self.port, "anvil_impersonateAccount", str(PAYER))
        sent = ask(
            self.port, "eth_sendTransaction", {"from": str(PAYER), "gas": hex(5_000_000), **transaction}
        )
        deadline = time.monotonic() + 10
        while not isinstance(receipt := ask(self.port, "eth_getTransactionReceipt", sent), dict):
            assert time.monotonic() < deadline, "not mined"
            time.sleep(0.01)
        assert receipt["status"] == "0x1"
        return receipt


def calldata(signature: str, *accounts: Address) -> bytes:
    selector = keccak(signature.encode())[:4]
    return selector + encode(["address"] * len(accounts), [each.raw for each in accounts])


def wrap(factory: Address, preparation: bytes, signature: bytes) -> bytes:
    """A signature that says how to deploy its wallet (ERC-6492)."""
    return encode(["address", "bytes", "bytes"], [factory.raw, preparation, signature]) + WRAPPED


def did(wallet: Address, domain: Domain) -> str:
    return str(DidPkh(domain.chain_id, wallet))


def owner_signature(statement: bytes, domain: Domain, wallet: Address, owner: bytes) -> bytes:
    """What an owner signs for a wallet."""
    return sign(record_digest(domain, statement, wallet), owner)


def proof(signature: bytes, domain: Domain, wallet: Address, block: BlockName) -> Proof:
    return Proof(
        suite="erc1271",
        signer=did(wallet, domain),
        signature=signature.hex(),
        verifying_contract=str(domain.contract),
        block=block,
    )


def owner(name: str) -> tuple[bytes, Address]:
    """Key and account of somebody who owns wallets."""
    key = keccak(name.encode())
    return key, address_of(key)
