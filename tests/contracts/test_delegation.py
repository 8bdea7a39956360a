"""Accounts that delegate to code (EIP-7702), with real delegations on a real chain."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account import Account

from tests.contracts import reference
from tests.contracts.reference import sha256
from tests.contracts.world import World, key_of

pytestmark = pytest.mark.chain

DESIGNATOR = bytes.fromhex("ef0100")


def delegate(world: World, account: Any, target: str) -> None:
    """Let an account's key hand the account to code."""
    nonce = world.w3.eth.get_transaction_count(account.address)
    authorization = account.sign_authorization(
        {"chainId": world.w3.eth.chain_id, "address": target, "nonce": nonce}
    )
    transaction = {
        "chainId": world.w3.eth.chain_id,
        "nonce": 0,
        "gas": 200_000,
        "maxFeePerGas": 10**11,
        "maxPriorityFeePerGas": 10**9,
        "to": account.address,
        "value": 0,
        "data": b"",
        "authorizationList": [authorization],
    }
    payer = Account.create()
    world.w3.provider.make_request("anvil_setBalance", [payer.address, hex(10**20)])  # type: ignore[arg-type]
    raw = payer.sign_transaction(transaction).raw_transaction
    world.w3.eth.wait_for_transaction_receipt(world.w3.eth.send_raw_transaction(raw), poll_latency=0.005)
    code = bytes(world.w3.eth.get_code(account.address))
    assert code == DESIGNATOR + bytes.fromhex(target[2:])


def slip(world: World, authority: str, key: bytes, signer: Any) -> bytes:
    """What a slip carries."""
    signable = reference.withdrawal(authority, key, world.consents.address, world.w3.eth.chain_id)
    return reference.sign(signable, signer)


def test_the_key_holds_a_delegated_account_for_ever(world: World) -> None:
    """A slip of before the delegation works after it, whatever the code says, and a stranger's does not."""
    artist, stranger = key_of("artist who delegates"), key_of("stranger")
    key = sha256(b"consent")
    good, bad = slip(world, artist.address, key, artist), slip(world, artist.address, key, stranger)
    delegate(world, artist, world.log.address)  # it knows no isValidSignature: it reverts
    withdraw = world.consents.functions.withdrawBySig
    assert world.refusal(withdraw(artist.address, key, bad)) == "InvalidSignature"
    world.send(withdraw(artist.address, key, good))
    assert world.consents.functions.withdrawnAt(artist.address, key).call() == world.now


def test_code_that_an_account_delegates_to_is_asked_last(world: World) -> None:
    """Code that calls anything but the exact magic word an answer is no signer."""
    artist, stranger = key_of("another who delegates"), key_of("stranger")
    key = sha256(b"consent")
    wallet = deploy_code(world, ANSWER_MAGIC)
    delegate(world, artist, wallet)
    withdraw = world.consents.functions.withdrawBySig
    world.send(withdraw(artist.address, key, slip(world, artist.address, key, stranger)))  # its code says yes
    assert world.consents.functions.withdrawnAt(artist.address, key).call() == world.now
    delegate(world, artist, deploy_code(world, ANSWER_ONE))
    other = sha256(b"other")
    bad = withdraw(artist.address, other, slip(world, artist.address, other, stranger))
    assert world.refusal(bad) == "InvalidSignature"


ANSWER_MAGIC = bytes.fromhex("631626ba7e60e01b5f5260205ff3")
"""PUSH4 the magic value, shift it to the left, return the word: a wallet that says yes to everybody."""

ANSWER_ONE = bytes.fromhex("60015f5260205ff3")
"""Returns the word 1: true, and no magic value."""


def deploy_code(world: World, code: bytes) -> str:
    """Put runtime code on the chain; its address."""
    start = bytes.fromhex(
        f"60{len(code):02x}600a5f3960{len(code):02x}5ff3"
    )  # 10 bytes: copy the rest, return it
    sent = world.w3.eth.send_transaction({"data": start + code})
    address = world.w3.eth.wait_for_transaction_receipt(sent, poll_latency=0.005)["contractAddress"]
    assert address is not None
    assert bytes(world.w3.eth.get_code(address)) == code
    return str(address)
