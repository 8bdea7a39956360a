"""The state that is saved of a running chain: never one that a block fell into."""

from __future__ import annotations

import contextlib
import json
import threading
from pathlib import Path

import pytest

from rakkan.registry.ledger.anvil import LocalChain, find_anvil
from rakkan.registry.ledger.chainfiles import STATE
from rakkan.registry.ledger.loopback import ask
from rakkan.schemas.errors import Unavailable
from rakkan.schemas.identity import Address
from tests.homes import require_anvil

SENDER, TAKER = "0x" + "a1" * 20, "0x" + "b2" * 20


def save(chain: LocalChain) -> None:
    """Save the state, unless the chain is too busy for that."""
    with contextlib.suppress(Unavailable):
        chain.fund(Address.parse(TAKER))


@pytest.mark.chain
def test_a_saved_state_knows_every_transaction_that_moved_an_account(tmp_path: Path) -> None:
    """Else a crash would bring back a chain on which something was done by nobody, and it is done again."""
    require_anvil()
    binary = find_anvil()
    assert binary
    with LocalChain(tmp_path, binary) as chain:
        chain.fund(Address.parse(SENDER))
        ask(chain.port, "anvil_impersonateAccount", SENDER)

        def send() -> None:
            for _ in range(150):
                ask(chain.port, "eth_sendTransaction", {"from": SENDER, "to": TAKER, "value": "0x1"})

        sending = threading.Thread(target=send)
        sending.start()
        while sending.is_alive():
            save(chain)
            state = json.loads((tmp_path / STATE).read_bytes())
            sent = [each for each in state["transactions"] if each["info"]["from"].lower() == SENDER]
            assert state["accounts"].get(SENDER, {"nonce": 0})["nonce"] == len(sent)
        sending.join()
        chain.fund(Address.parse(TAKER))
        state = json.loads((tmp_path / STATE).read_bytes())
        assert state["accounts"][SENDER]["nonce"] == 150


@pytest.mark.chain
def test_a_nonce_that_somebody_set_is_no_sign_of_a_torn_state(tmp_path: Path) -> None:
    require_anvil()
    binary = find_anvil()
    assert binary
    with LocalChain(tmp_path, binary) as chain:
        ask(chain.port, "anvil_setNonce", SENDER, "0x9")
        chain.fund(Address.parse(SENDER))
        chain.mine(3)
    with LocalChain(tmp_path, binary) as chain:
        assert ask(chain.port, "eth_getTransactionCount", SENDER, "latest") == "0x9"
        assert ask(chain.port, "eth_blockNumber") == "0x3", "the state of the orderly end, not the one before"
