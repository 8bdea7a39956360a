"""One effect, one transaction: through pauses, lost leases, nodes that lag, and holes in the line of nonces."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from rakkan.registry.chain import local_chain
from rakkan.registry.flows.founding import found
from rakkan.registry.home import Home
from rakkan.registry.keys import ACCOUNT
from rakkan.registry.ledger import calls
from rakkan.registry.ledger.loopback import ask, choose_port
from rakkan.registry.ports import Call
from rakkan.registry.service import Registry, open_registry
from rakkan.registry.settings import load_settings
from rakkan.registry.store import leases
from rakkan.registry.store.leases import LANE
from rakkan.registry.worker import Worker
from rakkan.schemas.errors import Conflict, Unavailable
from tests.homes import new_home
from tests.ports.anvil import Lie, anvil_program, bare_anvil, lying_node, send

__all__ = ["anvil_program"]

pytestmark = pytest.mark.chain

KEYS = [bytes([number]) * 32 for number in range(1, 5)]


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    with open_registry(new_home(tmp_path / "home", chain="local")) as opened, local_chain(opened.home):
        yield opened


@pytest.fixture
def elsewhere(tmp_path: Path, anvil_program: Path) -> Iterator[Registry]:
    """A home on a chain that is not the local one: its blocks may be undone, its node may lag."""
    port = choose_port()
    with bare_anvil(anvil_program, port, tmp_path, 7):
        settings = load_settings(home=tmp_path / "home")
        with pytest.raises(Unavailable, match="cannot pay"):
            found(settings, chain=f"http://127.0.0.1:{port}")
        ask(port, "anvil_setBalance", str(Home(settings.folder).keys.address(ACCOUNT)), hex(10**20))
        found(settings, chain=f"http://127.0.0.1:{port}")
        with open_registry(settings) as opened:
            yield opened


@contextmanager
def through(registry: Registry, lie: Lie) -> Iterator[Registry]:
    """The same home, whose node lies."""
    with (
        lying_node(port_of(registry), lie) as url,
        open_registry(load_settings(home=registry.home.folder, rpc_url=url)) as lied_to,
    ):
        yield lied_to


def port_of(registry: Registry) -> int:
    chain = registry.config.chain
    assert chain is not None
    return (
        int(chain.rpc_url.rpartition(":")[2]) if chain.rpc_url else local_chain(registry.home).ensure().port
    )


def withdrawal(registry: Registry, key: bytes) -> Call:
    """Something that the account itself may do any number of times: the contract takes every repetition."""
    assert registry.identity is not None
    return calls.withdraw_call(registry.identity, key)


def state_of(registry: Registry, name: str) -> str:
    return registry.store.outbox.get([name])[name].state


def test_a_worker_that_slept_through_its_lease_signs_nothing_any_more(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is paused between choosing a nonce and storing what it signed; another one does the work."""
    nonce = registry.ledger.head().nonce
    registry.store.outbox.plan("one", withdrawal(registry, KEYS[0]))
    overtaken: list[str] = []

    def lie(method: str, _: list[Any], truth: dict[str, Any]) -> Any:
        if method == "eth_estimateGas" and not overtaken:
            overtaken.append(method)
            Worker(registry).settle()
        return truth

    with monkeypatch.context() as patch, through(registry, lie) as paused:
        patch.setattr(leases, "SECONDS", 0)  # it has run out when the other one looks
        with pytest.raises(Conflict) as lost:
            Worker(paused).settle()
    assert overtaken
    assert lost.value.code == "lease-lost"
    Worker(registry).settle()
    assert state_of(registry, "one") == "mined"
    assert registry.ledger.head().nonce == nonce + 1


def test_a_late_refusal_does_not_undo_what_another_worker_did(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The paused one is told that the contract refuses, which it does because it is done."""
    nonce = registry.ledger.head().nonce
    registry.store.outbox.plan("one", withdrawal(registry, KEYS[0]))
    overtaken: list[str] = []

    def lie(method: str, _: list[Any], truth: dict[str, Any]) -> Any:
        if method != "eth_estimateGas" or overtaken:
            return truth
        overtaken.append(method)
        Worker(registry).settle()
        return {
            "jsonrpc": "2.0",
            "id": truth["id"],
            "error": {"code": 3, "message": "execution reverted", "data": "0x"},
        }

    with monkeypatch.context() as patch, through(registry, lie) as paused:
        patch.setattr(leases, "SECONDS", 0)
        with pytest.raises(Conflict) as lost:
            Worker(paused).settle()
    assert lost.value.code == "lease-lost"
    assert state_of(registry, "one") == "mined"
    assert registry.ledger.head().nonce == nonce + 1


def test_a_receipt_that_the_node_does_not_show_yet(elsewhere: Registry) -> None:
    """One of several nodes behind one address has the block, the other not."""
    nonce = elsewhere.ledger.head().nonce
    elsewhere.store.outbox.plan("one", withdrawal(elsewhere, KEYS[0]))
    behind = ("eth_getTransactionReceipt", "eth_getTransactionByHash")

    def lie(method: str, _: list[Any], truth: dict[str, Any]) -> Any:
        return {**truth, "result": None} if method in behind else truth

    with through(elsewhere, lie) as registry:
        Worker(registry).settle()
        assert state_of(registry, "one") == "signed"
        assert Worker(registry).settle().waiting == 1, "looked at again, and left alone"
    Worker(elsewhere).settle()
    assert state_of(elsewhere, "one") == "mined"
    assert elsewhere.ledger.head().nonce == nonce + 1


def test_a_nonce_is_taken_when_its_block_is_final(elsewhere: Registry) -> None:
    """Before that the other transaction may be undone, and ours is mined in its place."""
    nonce = elsewhere.ledger.head().nonce
    with elsewhere.store.leases.hold(LANE) as lease:
        elsewhere.store.outbox.plan("one", withdrawal(elsewhere, KEYS[0]))
        signed = elsewhere.ledger.sign(withdrawal(elsewhere, KEYS[0]), nonce)
        elsewhere.store.outbox.sign("one", signed, lease)
    send(elsewhere.ledger, withdrawal(elsewhere, KEYS[1]))
    assert Worker(elsewhere).settle().waiting == 1
    assert elsewhere.store.outbox.get(["one"])["one"].signed == signed
    ask(port_of(elsewhere), "anvil_mine", "0x80")
    Worker(elsewhere).settle()
    assert state_of(elsewhere, "one") == "mined"
    assert elsewhere.ledger.head().nonce == nonce + 2


def test_a_hole_is_filled_with_nothing_and_no_effect_moves(registry: Registry) -> None:
    """What had the nonce failed, and was undone: nobody will use it any more."""
    nonce = registry.ledger.head().nonce
    with registry.store.leases.hold(LANE) as lease:
        for ahead, name in ((2, "one"), (3, "two")):
            call = withdrawal(registry, KEYS[ahead])
            registry.store.outbox.plan(name, call)
            registry.store.outbox.sign(name, registry.ledger.sign(call, nonce + ahead), lease)
    queued = []

    def lie(method: str, _: list[Any], truth: dict[str, Any]) -> Any:
        if method == "eth_sendRawTransaction":
            queued.append(ask(port_of(registry), "txpool_status")["queued"])  # type: ignore[index]
        return truth

    with through(registry, lie) as watched:
        Worker(watched).settle()
    done = registry.store.outbox.get(["one", "two"])
    assert [each.state for each in done.values()] == ["mined", "mined"]
    assert {each.signed.nonce for each in done.values() if each.signed} == {nonce + 2, nonce + 3}
    assert registry.ledger.head().nonce == nonce + 4, "two effects, and two that fill the holes"
    assert set(queued) == {"0x0"}, "some nodes take nothing that has to wait for another"


def test_a_settling_sees_what_it_sent_into_its_block(registry: Registry) -> None:
    """A node answers before the block is made; what comes next relies on the block."""
    registry.store.outbox.plan("one", withdrawal(registry, KEYS[0]))
    ask(port_of(registry), "evm_setAutomine", False)
    ask(port_of(registry), "evm_setIntervalMining", 2)
    Worker(registry, patience=60).settle()
    assert state_of(registry, "one") == "mined"
