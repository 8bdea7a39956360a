"""A local chain that was ended in the middle of a block: what its last state tells is done once all the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rakkan.registry.chain import local_chain
from rakkan.registry.flows.accept import accept_one
from rakkan.registry.home import Home
from rakkan.registry.ledger.chainfiles import PARTING, STATE
from rakkan.registry.service import open_registry
from rakkan.registry.settings import Settings
from rakkan.registry.worker import Worker
from tests.homes import new_home
from tests.support import work_record

pytestmark = pytest.mark.chain

KEY = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)


def end_in_a_block(settings: Settings, before: bytes) -> None:
    """Leave what anvil writes when SIGTERM reaches it while a block is made.

    It notes blocks and transactions first and waits for the accounts, which the block then has moved.
    """
    folder = Home(settings.folder).chain_folder
    after = json.loads((folder / PARTING).read_bytes())
    torn = {**json.loads(before), "accounts": after["accounts"]}
    (folder / STATE).write_bytes(before)
    (folder / PARTING).write_text(json.dumps(torn))


def test_an_anchor_in_the_block_that_tore_is_sent_once(tmp_path: Path) -> None:
    settings = new_home(tmp_path / "home", chain="local")
    with open_registry(settings) as registry, local_chain(registry.home):
        before = (registry.home.chain_folder / STATE).read_bytes()
        nonce = registry.ledger.head().nonce
        accept_one(registry, work_record(KEY, origin=registry.origin), publish=True)
        Worker(registry).settle()
        (anchor,) = registry.store.outbox.all()
        assert anchor.state == "mined"
    end_in_a_block(settings, before)

    with open_registry(settings) as registry, local_chain(registry.home) as chain:
        Worker(registry).settle()
        chain.mine(2)
        Worker(registry).settle(until_final=True)
        (again,) = registry.store.outbox.all()
        assert again.state == "final"
        assert again.signed == anchor.signed, "what was signed is sent again, nothing else"
        assert registry.ledger.head().nonce == nonce + 1
