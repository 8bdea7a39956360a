"""Nodes that die, come back, or are exchanged: nothing is lost that was kept, nothing sent elsewhere."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from rakkan.registry.ledger import calls
from rakkan.registry.ledger.anvil import LocalChain
from rakkan.registry.ledger.chainfiles import STATE
from rakkan.registry.ledger.evm import EvmLedger
from rakkan.registry.ledger.loopback import ask, ask_block
from rakkan.registry.ports import ChainIdentity
from rakkan.schemas.errors import Integrity
from rakkan.schemas.identity import Address
from tests.ports.anvil import (
    PUBLISHER_KEY,
    SECRET,
    World,
    anchor,
    anvil_program,
    ask_everything,
    bare_anvil,
    chain,
    outcome_of,
    wait_for,
    world,
)

__all__ = ["anvil_program", "chain", "world"]

pytestmark = pytest.mark.chain

ROOT, OTHER = b"\x01" * 32, b"\x02" * 32
NOWHERE = ChainIdentity(1, b"\0" * 32, Address(b"\1" * 20), Address(b"\2" * 20), None, None)


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
