"""One account, one lane of nonces: what takes a nonce, or leaves a hole, stops nothing for good."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rakkan.registry.chain import local_chain
from rakkan.registry.ledger import calls
from rakkan.registry.ports import Call
from rakkan.registry.service import Registry, open_registry
from rakkan.registry.store.leases import LANE
from rakkan.registry.worker import Worker
from tests.homes import new_home
from tests.ports.anvil import send

pytestmark = pytest.mark.chain

KEYS = [bytes([number]) * 32 for number in range(1, 5)]


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    with open_registry(new_home(tmp_path / "home", chain="local")) as opened, local_chain(opened.home):
        yield opened


def withdrawal(registry: Registry, key: bytes) -> Call:
    """Something that the account itself may do any number of times."""
    assert registry.identity is not None
    return calls.withdraw_call(registry.identity, key)


def sign_ahead(registry: Registry, name: str, key: bytes, nonce: int) -> None:
    """As a worker leaves it that was killed before it sent."""
    registry.store.outbox.plan(name, withdrawal(registry, key))
    with registry.store.leases.hold(LANE) as lease:
        registry.store.outbox.sign(name, registry.ledger.sign(withdrawal(registry, key), nonce), lease)


def assert_all_mined(registry: Registry, *names: str) -> None:
    Worker(registry).settle()
    found = registry.store.outbox.get(names)
    assert [found[name].state in ("mined", "final") for name in names] == [True] * len(names)
    nonces = [each.signed.nonce for each in found.values() if each.signed]
    assert len(set(nonces)) == len(names)


def test_a_nonce_that_somebody_else_took(registry: Registry) -> None:
    """The account was used elsewhere, between signing and sending."""
    nonce = registry.ledger.head().nonce
    sign_ahead(registry, "one", KEYS[0], nonce)
    send(registry.ledger, withdrawal(registry, KEYS[1]))
    assert_all_mined(registry, "one")


def test_a_lower_nonce_is_sent_first(registry: Registry) -> None:
    """What failed and is wanted again keeps its old place in line, under a newer nonce."""
    nonce = registry.ledger.head().nonce
    sign_ahead(registry, "older", KEYS[0], nonce + 1)
    sign_ahead(registry, "newer", KEYS[1], nonce)
    signed = [each.signed.nonce for each in registry.store.outbox.all() if each.signed]
    assert signed[-2:] == [nonce + 1, nonce]
    with registry.store.leases.hold(LANE) as lease:
        assert Worker(registry).step(lease).mined == 2, "one look is enough, in the right order"


def test_a_transaction_that_moved_to_another_block(registry: Registry) -> None:
    """A reorg between two looks: the block on record is the one that has it now."""
    from rakkan.registry.ledger.loopback import ask

    registry.store.outbox.plan("one", withdrawal(registry, KEYS[0]))
    Worker(registry).settle()
    before = registry.store.outbox.get(["one"])["one"]
    assert before.state == "mined"
    assert before.signed is not None
    with local_chain(registry.home) as chain:
        ask(chain.port, "anvil_reorg", 1, [["0x" + before.signed.raw.hex(), 0]])
    Worker(registry).settle()
    after = registry.store.outbox.get(["one"])["one"]
    now = registry.ledger.observe(before.signed.hash)
    assert after.block_hash == now.block_hash != before.block_hash
