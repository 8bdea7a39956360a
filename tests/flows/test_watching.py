"""Withdrawals sent past us: noticed within one block, through reorganisations, and by few questions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rakkan.registry.chain import local_chain
from rakkan.registry.flows.withdraw import watching
from rakkan.registry.flows.withdraw.watching import keep_current, watch
from rakkan.registry.flows.withdraw.withdrawn import look_up
from rakkan.registry.keys import AUTHORITY
from rakkan.registry.ledger import calls
from rakkan.registry.ledger.anvil import LocalChain
from rakkan.registry.ledger.loopback import ask
from rakkan.registry.rules.eip712 import sign, withdrawal_digest
from rakkan.registry.service import Registry, open_registry
from rakkan.registry.settings import load_settings
from rakkan.registry.worker import Worker
from rakkan.schemas.errors import Integrity, Unavailable
from tests.homes import new_home
from tests.ports.anvil import Lie, lying_node, send

pytestmark = pytest.mark.chain

FIRST, SECOND, THIRD = (bytes([n]) * 32 for n in (1, 2, 3))


@dataclass
class World:
    """A home with a chain that anybody can write on."""

    registry: Registry
    chain: LocalChain

    @property
    def authority(self) -> bytes:
        return self.registry.home.keys.address(AUTHORITY).raw

    def withdraw(self, key: bytes) -> None:
        """By the authority's slip, sent without a word to the registry."""
        registry = self.registry
        assert registry.identity is not None
        assert registry.domain is not None
        keys = registry.home.keys
        slip = sign(withdrawal_digest(registry.domain, keys.address(AUTHORITY), key), keys.wallet(AUTHORITY))
        call = calls.withdraw_by_sig_call(registry.identity, self.authority, key, slip)
        send(registry.ledger, call)

    def known(self, *keys: bytes) -> set[bytes]:
        """Which of these keys are on chain, as far as is known here."""
        return {key for _, key in self.registry.store.withdrawals.get(keys)}

    @contextmanager
    def through(self, lie: Lie) -> Iterator[Registry]:
        """The same home, whose node lies."""
        with (
            lying_node(self.chain.port, lie) as url,
            open_registry(load_settings(home=self.registry.home.folder, rpc_url=url)) as registry,
        ):
            yield registry


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with (
        open_registry(new_home(tmp_path / "home", chain="local")) as registry,
        local_chain(registry.home) as chain,
    ):
        yield World(registry, chain)


def test_what_anybody_sends_is_noticed_with_the_next_block(world: World) -> None:
    worker = Worker(world.registry, watching=True)
    assert worker.settle().noticed == 0
    world.withdraw(FIRST)
    height = world.registry.ledger.head().number
    assert worker.settle().noticed == 1
    assert world.known(FIRST, SECOND) == {FIRST}
    seen = world.registry.store.withdrawals.get([FIRST])[world.authority, FIRST]
    assert seen.chain_at == world.registry.ledger.head().time
    cursor = watch(world.registry)
    assert cursor is not None
    assert cursor.cursor.number == height
    assert worker.settle().noticed == 0, "once"


def test_what_blocks_took_with_them_is_read_again(world: World) -> None:
    world.withdraw(FIRST)
    world.chain.mine(3)  # final
    keep_current(world.registry)
    before = ask(world.chain.port, "evm_snapshot")
    world.withdraw(SECOND)
    keep_current(world.registry)
    assert world.known(FIRST, SECOND) == {FIRST, SECOND}

    assert ask(world.chain.port, "evm_revert", before) is True
    keep_current(world.registry)
    assert world.known(FIRST, SECOND) == {FIRST}, "the chain is shorter, and the block is gone"

    before = ask(world.chain.port, "evm_snapshot")
    world.withdraw(SECOND)
    keep_current(world.registry)
    assert ask(world.chain.port, "evm_revert", before) is True
    ask(world.chain.port, "evm_increaseTime", 100)
    world.withdraw(THIRD)
    world.chain.mine()
    keep_current(world.registry)
    assert world.known(FIRST, SECOND, THIRD) == {FIRST, THIRD}, "another block took its place"


def test_a_chain_that_went_back_behind_what_was_final(world: World) -> None:
    """No chain does that, but a local one whose machine died without a word."""
    keep_current(world.registry)
    before = ask(world.chain.port, "evm_snapshot")
    world.withdraw(FIRST)
    world.chain.mine(5)
    keep_current(world.registry)
    assert ask(world.chain.port, "evm_revert", before) is True
    ask(world.chain.port, "evm_increaseTime", 100)
    world.withdraw(SECOND)
    keep_current(world.registry)
    assert world.known(FIRST, SECOND) == {SECOND}


def test_no_reading_mixes_two_branches(world: World) -> None:
    """Blocks are exchanged in the middle of a reading."""
    keep_current(world.registry)
    before = ask(world.chain.port, "evm_snapshot")
    world.withdraw(FIRST)
    exchanged: list[Any] = []

    def lie(method: str, _: list[Any], truth: dict[str, Any]) -> Any:
        if method == "eth_getLogs" and not exchanged:
            exchanged.append(ask(world.chain.port, "evm_revert", before))
            ask(world.chain.port, "evm_increaseTime", 100)
            world.withdraw(SECOND)
        return truth  # of the old branch, once

    with world.through(lie) as registry:
        keep_current(registry)
    assert exchanged == [True]
    assert world.known(FIRST, SECOND) == {SECOND}


def test_any_number_of_consents_is_one_question(world: World) -> None:
    for key in (FIRST, SECOND):
        world.withdraw(key)
    asked: Counter[str] = Counter()

    def count(method: str, _: list[Any], truth: dict[str, Any]) -> Any:
        asked[method] += 1
        return truth

    pairs = [(world.authority, bytes([n]) * 32) for n in range(200)]
    with world.through(count) as registry:
        assert {key for _, key in look_up(registry, pairs)} == {FIRST, SECOND}
        assert (asked["eth_getLogs"], asked["eth_call"]) == (1, 0)
        look_up(registry, pairs)
        assert asked["eth_getLogs"] == 1, "no block came, so nothing is read"
        assert look_up(registry, []) == {}


def test_a_node_that_takes_few_blocks_at_once(world: World) -> None:
    world.withdraw(FIRST)
    world.chain.mine(20)
    world.withdraw(SECOND)
    widths = []

    def narrow(method: str, parameters: list[Any], truth: dict[str, Any]) -> Any:
        if method != "eth_getLogs":
            return truth
        width = int(parameters[0]["toBlock"], 16) - int(parameters[0]["fromBlock"], 16) + 1
        widths.append(width)
        error = {"code": -32005, "message": "query exceeds max block range"}
        return truth if width <= 3 else {"jsonrpc": "2.0", "id": truth["id"], "error": error}

    with world.through(narrow) as registry:
        keep_current(registry)
    assert world.known(FIRST, SECOND) == {FIRST, SECOND}
    assert max(widths) > 3 >= widths[-1]


def test_a_home_that_is_far_behind_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.withdraw(FIRST)
    world.chain.mine(8)
    monkeypatch.setattr(watching, "BLOCKS", 3)
    monkeypatch.setattr(watching, "QUESTIONS", 2)
    with pytest.raises(Unavailable) as behind:
        look_up(world.registry, [(world.authority, SECOND)])
    assert behind.value.code == "chain-behind"
    for _ in range(4):  # each look goes further
        watch(world.registry)
    assert set(look_up(world.registry, [(world.authority, FIRST)])) == {(world.authority, FIRST)}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("address", "0x" + "42" * 20),
        ("topics", ["0x" + "42" * 32]),
        ("blockNumber", "0xffff"),
        ("data", "0x"),
        ("data", "0x" + "ff" * 32),
        ("blockHash", "0x1234"),
        ("removed", True),
        ("topics", "all"),
    ],
)
def test_what_is_not_the_events_asked_for_is_not_believed(world: World, field: str, value: object) -> None:
    world.withdraw(FIRST)

    def lie(method: str, _: list[Any], truth: dict[str, Any]) -> Any:
        if method == "eth_getLogs":
            truth["result"][0][field] = value
        return truth

    with world.through(lie) as registry:
        with pytest.raises((Integrity, Unavailable)) as refused:
            keep_current(registry)
        assert refused.value.code in ("event-form", "answer-form", "chain-unavailable")
    assert world.known(FIRST) == set()
    assert world.registry.store.withdrawals.cursor(world.registry.identity.consents.raw) is None  # type: ignore[union-attr]  # it has a chain
