"""What the chain tells without a contract of ours: blocks, and what code returns that is run and thrown away."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rakkan.registry.ledger.unanchored import UnanchoredLedger
from rakkan.registry.ports import ChainBlock
from rakkan.schemas.errors import Refused, Unavailable
from tests.ports.anvil import World, anvil_program, chain, world

__all__ = ["anvil_program", "chain", "world"]


@pytest.mark.parametrize(
    "look", [lambda: UnanchoredLedger().block(0), lambda: UnanchoredLedger().run(b"", 0)]
)
def test_where_there_is_no_chain_there_is_no_answer(look: Callable[[], object]) -> None:
    with pytest.raises(Unavailable) as caught:
        look()
    assert caught.value.code == "no-chain"


@pytest.mark.chain
def test_code_is_run_after_any_block_and_thrown_away(world: World) -> None:
    """NUMBER PUSH0 MSTORE CALLER PUSH1 32 MSTORE, and 64 bytes are returned."""
    code = bytes.fromhex("435f523360205260405ff3")
    newest = world.ledger.head()
    for height in (newest.number, newest.number - 1):
        answer = world.ledger.run(code, height)
        assert int.from_bytes(answer[:32]) in (height, height + 1)
        assert answer[44:] not in (bytes(20), world.ledger.account and world.ledger.account.raw)
    assert world.ledger.head() == newest
    with pytest.raises(Refused) as caught:
        world.ledger.run(bytes.fromhex("5f5ffd"), newest.number)
    assert caught.value.code == "call-reverted"
    for broken, height in ((b"\xfe", newest.number), (code, newest.number + 1000)):
        with pytest.raises(Unavailable):
            world.ledger.run(broken, height)


@pytest.mark.chain
def test_a_block_is_told_with_its_hash_and_time(world: World) -> None:
    head = world.ledger.head()
    assert world.ledger.block(head.number) == ChainBlock(head.number, head.hash, head.time)
    assert world.ledger.block(head.number + 1) is None
    genesis = world.ledger.block(0)
    assert genesis is not None
    assert genesis.hash == world.identity.genesis
