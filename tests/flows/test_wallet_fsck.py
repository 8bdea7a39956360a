"""``fsck`` asks wallets held by code again, and never takes silence for an answer."""

from __future__ import annotations

from typing import Any

import pytest

from rakkan.registry.flows.accept import accept_one
from rakkan.registry.flows.verify.fsck import inspect
from rakkan.registry.ledger.evm import EvmLedger
from rakkan.registry.worker import Worker
from rakkan.schemas.identity import Address
from rakkan.schemas.record import Record
from tests.flows.walletry import ANN, BEN, Town, a_work, silence, town
from tests.ports.anvil import lying_node
from tests.ports.wallets import wallet_code

__all__ = ["town", "wallet_code"]

pytestmark = pytest.mark.chain


@pytest.fixture
def accepted(town: Town) -> tuple[Town, Record, Address]:
    """A town in which a wallet gave something."""
    wallet = town.wallets.deploy("CodeWallet", ANN[1])
    given = town.grant(wallet, a_work())
    accept_one(town.registry, given, publish=True)
    Worker(town.registry).settle()
    return town, given, wallet


def test_fsck_asks_again_at_the_named_block(accepted: tuple[Town, Record, Address]) -> None:
    town, _, wallet = accepted
    town.wallets.rotate(wallet, BEN[1])
    town.pass_time(7200)
    found = inspect(town.registry)
    assert (found.problems, found.unknown) == ((), ())


@pytest.mark.parametrize("how", ["silent", "forgetful", "undone", "starved"])
def test_fsck_cannot_tell_what_the_node_does_not_know(
    accepted: tuple[Town, Record, Address], how: str
) -> None:
    """Neither whole nor broken: who forgot is no witness."""
    town, given, _ = accepted
    identity, block = town.registry.identity, given.parsed_envelope.proofs[0].block
    assert identity is not None
    assert block is not None

    def lie(method: str, parameters: list[Any], truth: dict[str, Any]) -> Any:
        if how == "forgetful" and method == "eth_call" and "to" not in parameters[0]:
            return {
                "jsonrpc": "2.0",
                "id": truth["id"],
                "error": {"code": -32000, "message": "missing trie node"},
            }
        if how == "undone" and method == "eth_getBlockByNumber" and parameters[0] == hex(block.number):
            truth["result"]["hash"] = "0x" + "cd" * 32
        if how == "starved" and method == "eth_call" and "to" not in parameters[0]:
            truth["result"] = "0x" + "00" * 31 + "02"
        return truth

    with lying_node(town.wallets.port, lie) as url:
        if how == "silent":
            silence(town)
        else:
            town.registry.ledger = EvmLedger(url, identity, None)
        found = inspect(town.registry)
        named = block if how == "undone" else None
        late = town.refusal(town.grant(town.wallets.deploy("CodeWallet", ANN[1]), a_work(), at=named))
    assert found.problems == ()
    assert any(str(given.record_id) in each for each in found.unknown), found.unknown
    assert (
        late
        == {
            "silent": ("chain-unavailable", "/proofs/0"),
            "forgetful": ("wallet-unasked", "/proofs/0"),
            "starved": ("wallet-unasked", "/proofs/0"),
            "undone": ("block-unknown", "/proofs/0/block"),
        }[how]
    )


def test_a_chain_that_forgot_its_old_states(accepted: tuple[Town, Record, Address]) -> None:
    """The embedded chain keeps the states of its last blocks alone."""
    town, given, _ = accepted
    town.pass_time(60, blocks=200)
    found = inspect(town.registry)
    assert found.problems == ()
    assert [str(given.record_id) in each for each in found.unknown] == [True]


def test_fsck_sees_a_proof_that_its_wallet_denies(accepted: tuple[Town, Record, Address]) -> None:
    town, given, _ = accepted
    identity = town.registry.identity
    assert identity is not None

    def lie(method: str, parameters: list[Any], truth: dict[str, Any]) -> Any:
        if method == "eth_call" and "to" not in parameters[0]:
            truth["result"] = "0x" + "00" * 32
        return truth

    with lying_node(town.wallets.port, lie) as url:
        town.registry.ledger = EvmLedger(url, identity, None)
        found = inspect(town.registry)
    assert [each.code for each in found.problems] == ["proof-invalid"]
    assert given.parsed_envelope.proofs[0].suite == "erc1271"
