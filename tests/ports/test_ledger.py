"""The promises of the ``Ledger`` port, kept by the chain and by the honest absence of one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from rakkan.registry.ledger import calls
from rakkan.registry.ledger.evm import EvmLedger
from rakkan.registry.ledger.loopback import ask, ask_block
from rakkan.registry.ledger.unanchored import UnanchoredLedger
from rakkan.registry.ports import Call, ChainHead, Ledger, Observation, SignedTransaction
from rakkan.schemas.errors import Conflict, Integrity, Refused, Unavailable
from rakkan.schemas.identity import Address, keccak
from tests.ports.anvil import (
    World,
    anchor,
    anvil_program,
    ask_everything,
    chain,
    held_transactions,
    wait_for,
    world,
)

__all__ = ["anvil_program", "chain", "world"]

UNKNOWN = SignedTransaction(keccak(b"\x02\x00"), b"\x02\x00", 0)
ROOT, OTHER = b"\x01" * 32, b"\x02" * 32


@pytest.fixture(params=["unanchored", pytest.param("evm", marks=pytest.mark.chain)])
def ledger(request: pytest.FixtureRequest) -> Iterator[Ledger]:
    """Each adapter in turn."""
    if request.param == "unanchored":
        yield UnanchoredLedger()
    else:
        yield request.getfixturevalue("world").ledger


def test_a_ledger_has_a_chain_or_says_that_it_has_none(ledger: Ledger) -> None:
    if ledger.identity is not None:
        assert isinstance(ledger.head(), ChainHead)
        assert ledger.observe(UNKNOWN.hash) == Observation("absent")
        return
    for question in ask_everything(ledger, Address(b"\1" * 20)):
        with pytest.raises(Unavailable) as caught:
            question()
        assert caught.value.code == "no-chain"
        assert "RAKKAN_RPC_URL" in caught.value.hint
    assert "stand-in" in repr(ledger)


chain_test = pytest.mark.chain


@chain_test
def test_an_anchor_is_mined_then_final(world: World) -> None:
    before = world.ledger.head()
    signed = world.ledger.sign(calls.anchor_call(world.identity, 5, ROOT), before.nonce)
    assert signed.nonce == before.nonce
    assert signed.hash == keccak(signed.raw)
    assert world.ledger.observe(signed.hash).state == "absent", "signing sends nothing"
    world.ledger.broadcast(signed)
    observed = wait_for(world.ledger, signed, "mined")
    assert observed.succeeded
    assert observed.block_number == before.number + 1
    assert observed.block_hash == bytes.fromhex(str(ask_block(world.chain.port, "latest")["hash"])[2:])
    assert 20_000 < observed.gas_used < 80_000
    head = calls.log_head_answer(world.ledger.call(calls.log_head_call(world.identity)))
    assert head == calls.AnchoredHead(5, ROOT, observed.block_time)  # type: ignore[arg-type]
    anchored = calls.anchored_at_answer(world.ledger.call(calls.anchored_at_call(world.identity, ROOT)), ROOT)
    assert anchored is not None
    assert anchored.block_number == observed.block_number

    world.chain.mine(2)
    after = world.ledger.head()
    assert after.final_number == after.number - 2 == observed.block_number
    assert world.ledger.observe(signed.hash).state == "final"
    assert after.nonce == before.nonce + 1


@chain_test
def test_the_same_call_and_nonce_sign_to_the_same_bytes(world: World) -> None:
    call = calls.anchor_call(world.identity, 5, ROOT)
    assert world.ledger.sign(call, 4) == world.ledger.sign(call, 4)


@chain_test
def test_a_read_at_an_old_height_answers_as_then(world: World) -> None:
    anchor(world, 5, ROOT)
    height = world.ledger.head().number
    anchor(world, 6, OTHER)
    question = calls.log_head_call(world.identity)
    then, now = world.ledger.call(question, height), world.ledger.call(question)
    assert [head and head.size for head in map(calls.log_head_answer, (then, now))] == [5, 6]
    with pytest.raises(Unavailable):
        world.ledger.call(question, height + 1000)


@chain_test
def test_a_contracts_refusal_has_its_reason(world: World) -> None:
    anchor(world, 5, ROOT)
    cases = {
        "SizeNotGrowing": (world.ledger, calls.anchor_call(world.identity, 4, OTHER)),
        "ZeroValue": (world.ledger, calls.anchor_call(world.identity, 9, b"\0" * 32)),
        "NotPublisher": (world.community, calls.anchor_call(world.identity, 9, OTHER)),
        "NotExecutor": (world.ledger, calls.approve_call(world.book, ROOT, OTHER)),
        "NotApproved": (world.community, calls.approve_call(world.book, ROOT, OTHER)),
    }
    for reason, (ledger, call) in cases.items():
        with pytest.raises(Refused) as caught:
            ledger.sign(call, ledger.head().nonce)
        assert (caught.value.code, caught.value.fields["reason"]) == ("call-reverted", reason)
    with pytest.raises(Refused) as caught:
        world.ledger.call(calls.approve_call(world.book, ROOT, OTHER))
    assert caught.value.fields["reason"] == "NotExecutor"
    with pytest.raises(Refused) as caught:
        world.ledger.call(Call(world.identity.log, b"\xde\xad\xbe\xef"))
    assert caught.value.fields["reason"] == "unknown"


@chain_test
def test_a_transaction_that_reverts_when_mined_is_seen_to_have_failed(world: World) -> None:
    nonce = world.ledger.head().nonce
    with held_transactions(world.chain):
        first = world.ledger.sign(calls.anchor_call(world.identity, 9, ROOT), nonce)
        second = world.ledger.sign(calls.anchor_call(world.identity, 8, OTHER), nonce + 1)
        world.ledger.broadcast(first)
        world.ledger.broadcast(second)
        assert world.ledger.observe(first.hash).state == "absent", "waiting is not mined"
        assert world.ledger.head().nonce == nonce + 2, "the nonce counts what waits"
        world.chain.mine()
    assert wait_for(world.ledger, first, "mined").succeeded
    assert not wait_for(world.ledger, second, "mined").succeeded


@chain_test
def test_a_reorganisation_undoes_and_the_same_bytes_bring_it_back(world: World) -> None:
    signed = anchor(world, 5, ROOT)
    world.chain.mine(1)
    seen = world.ledger.observe(signed.hash)
    ask(world.chain.port, "anvil_reorg", 2, [])
    assert world.ledger.observe(signed.hash) == Observation("absent")
    assert calls.log_head_answer(world.ledger.call(calls.log_head_call(world.identity))) is None
    assert world.ledger.head().nonce == signed.nonce
    world.ledger.broadcast(signed)
    again = wait_for(world.ledger, signed, "mined")
    assert again.succeeded
    assert again.block_hash != seen.block_hash
    world.chain.mine(2)
    assert world.ledger.observe(signed.hash).state == "final"


@chain_test
def test_a_dropped_transaction_is_absent_and_can_be_sent_again(world: World) -> None:
    with held_transactions(world.chain):
        signed = world.ledger.sign(calls.anchor_call(world.identity, 5, ROOT), world.ledger.head().nonce)
        world.ledger.broadcast(signed)
        ask(world.chain.port, "anvil_dropAllTransactions")
        assert world.ledger.observe(signed.hash).state == "absent"
        world.ledger.broadcast(signed)
        world.chain.mine()
    assert wait_for(world.ledger, signed, "mined").succeeded


@chain_test
def test_twenty_broadcasts_are_one_transaction(world: World) -> None:
    nonce = world.ledger.head().nonce
    signed = world.ledger.sign(calls.anchor_call(world.identity, 5, ROOT), nonce)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: world.ledger.broadcast(signed), range(20)))
    assert wait_for(world.ledger, signed, "mined").succeeded
    world.ledger.broadcast(signed)  # after it was mined: "nonce too low", and no error
    world.chain.mine(3)
    world.ledger.broadcast(signed)
    assert world.ledger.head().nonce == nonce + 1
    with held_transactions(world.chain):
        waiting = world.ledger.sign(calls.anchor_call(world.identity, 6, OTHER), nonce + 1)
        for _ in range(3):
            world.ledger.broadcast(waiting)  # "already imported", and no error
    with held_transactions(world.chain):
        world.chain.mine()
    assert wait_for(world.ledger, waiting, "mined").succeeded


@chain_test
def test_a_nonce_that_another_transaction_took_is_said(world: World) -> None:
    nonce = world.ledger.head().nonce
    late = world.ledger.sign(calls.anchor_call(world.identity, 6, OTHER), nonce)
    anchor(world, 5, ROOT)
    with pytest.raises(Conflict) as caught:
        world.ledger.broadcast(late)
    assert caught.value.code == "nonce-taken"
    assert caught.value.fields["nonce"] == nonce
    world.ledger.broadcast(world.ledger.sign(calls.anchor_call(world.identity, 6, OTHER), nonce + 1))


@chain_test
def test_a_stuck_transaction_is_replaced_by_a_dearer_one_only(world: World) -> None:
    nonce = world.ledger.head().nonce
    with held_transactions(world.chain):
        stuck = world.ledger.sign(calls.anchor_call(world.identity, 5, ROOT), nonce)
        world.ledger.broadcast(stuck)
        rival = world.ledger.sign(calls.anchor_call(world.identity, 6, OTHER), nonce)
        with pytest.raises(Conflict) as caught:
            world.ledger.broadcast(rival)
        assert caught.value.code == "fee-underpriced"
        dearer = world.ledger.sign(calls.anchor_call(world.identity, 6, OTHER), nonce, replacing=stuck)
        world.ledger.broadcast(dearer)
        world.chain.mine()
    assert wait_for(world.ledger, dearer, "mined").succeeded
    assert world.ledger.observe(stuck.hash).state == "absent"
    with pytest.raises(Conflict, match="nonce too low"):
        world.ledger.broadcast(stuck)


@chain_test
def test_an_empty_account_is_told_to_be_funded_and_nothing_is_signed(world: World) -> None:
    pauper = EvmLedger(world.chain.rpc_url, world.identity, b"\x77" * 32)
    with pytest.raises(Unavailable) as caught:
        pauper.sign(calls.withdraw_call(world.identity, ROOT), 0)
    assert caught.value.code == "funds-missing"
    assert str(pauper.account) in caught.value.hint
    signed = world.ledger.sign(calls.anchor_call(world.identity, 5, ROOT), world.ledger.head().nonce)
    assert world.ledger.account
    world.chain.fund(world.ledger.account, 1)
    with pytest.raises(Unavailable) as caught:
        world.ledger.broadcast(signed)
    assert caught.value.code == "funds-missing"


@chain_test
def test_no_fee_is_paid_above_the_cap(world: World) -> None:
    ask(world.chain.port, "anvil_setNextBlockBaseFeePerGas", hex(600 * 10**9))
    world.chain.mine()
    with pytest.raises(Unavailable) as caught:
        world.ledger.sign(calls.anchor_call(world.identity, 5, ROOT), world.ledger.head().nonce)
    assert caught.value.code == "fee-cap"


@chain_test
def test_without_a_key_it_reads_and_does_not_send(world: World) -> None:
    reader = EvmLedger(world.chain.rpc_url, world.identity, None)
    assert reader.account is None
    assert reader.head().nonce == 0
    signed = anchor(world, 5, ROOT)
    assert reader.observe(signed.hash).succeeded
    for send in (
        lambda: reader.sign(calls.withdraw_call(world.identity, ROOT), 0),
        lambda: reader.broadcast(signed),
    ):
        with pytest.raises(Unavailable) as caught:
            send()
        assert caught.value.code == "sender-missing"


@chain_test
def test_damaged_raw_bytes_are_not_sent(world: World) -> None:
    signed = world.ledger.sign(calls.anchor_call(world.identity, 5, ROOT), world.ledger.head().nonce)
    damaged = SignedTransaction(signed.hash, signed.raw[:-1] + bytes([signed.raw[-1] ^ 1]), signed.nonce)
    with pytest.raises(Integrity) as caught:
        world.ledger.broadcast(damaged)
    assert caught.value.code == "transaction-digest"
    with pytest.raises(Unavailable) as refused:
        world.ledger.broadcast(UNKNOWN)
    assert refused.value.code == "transaction-refused"
