"""Fixtures: an anvil of the tests' own on a free loopback port, and our contracts deployed on it."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator

import pytest
from web3 import Web3

from tests.contracts.world import ORIGIN_HASH, PROJECT, STANDING_TIME, World, deploy, engine_missing, key_of


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
        engine_missing("anvil is not installed: run npm ci --ignore-scripts")
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
