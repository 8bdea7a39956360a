"""Which ledger a home gets, and that its embedded chain comes and goes with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rakkan.registry.chain import open_ledger
from rakkan.registry.home import ChainConfig, Home, HomeConfig
from rakkan.registry.ledger.anvil import LocalChain
from rakkan.registry.ledger.deploy import deploy
from rakkan.registry.ledger.unanchored import UnanchoredLedger
from rakkan.schemas.errors import Integrity, Unavailable
from tests.ports.anvil import ORIGIN, anvil_program

__all__ = ["anvil_program"]


def config_of(chain: ChainConfig | None) -> HomeConfig:
    return HomeConfig(origin=ORIGIN, log_keys=(), created_at="2026-11-22T09:30:00Z", chain=chain)


def test_a_home_without_a_chain_is_unanchored(tmp_path: Path) -> None:
    with open_ledger(Home(tmp_path), config_of(None)) as ledger:
        assert isinstance(ledger, UnanchoredLedger)


@pytest.mark.chain
def test_a_home_with_a_chain_starts_it_and_ends_it(
    tmp_path: Path, anvil_program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path)
    home.keys.create()
    account = home.keys.address("account")
    with LocalChain(home.chain_folder, anvil_program) as local:
        local.fund(account)
        identity = deploy(
            local.rpc_url,
            home.keys.wallet("account"),
            origin=ORIGIN,
            community=account,
            attester=account,
            standing_time=0,
        ).identity
        assert identity.gate
        assert identity.book
        chain = ChainConfig(
            kind="local",
            chain_id=identity.chain_id,
            genesis=identity.genesis.hex(),
            log=str(identity.log),
            consents=str(identity.consents),
            gate=str(identity.gate),
            book=str(identity.book),
        )
        url = local.rpc_url
    with open_ledger(home, config_of(chain)) as ledger:
        assert ledger.identity == identity
        assert ledger.head().nonce == 4
        with open_ledger(home, config_of(chain), url) as second:  # a second process, or a URL that is told
            assert second.head() == ledger.head()
    with pytest.raises(Unavailable):
        ledger_without_revival(home, chain, url)
    monkeypatch.setenv("RAKKAN_ANVIL", "none")
    with pytest.raises(Unavailable) as caught, open_ledger(home, config_of(chain)):
        pass
    assert caught.value.code == "no-anvil"
    (home.chain_folder / "state.json").unlink()
    (home.chain_folder / "parting.json").unlink()
    monkeypatch.delenv("RAKKAN_ANVIL")
    with pytest.raises(Integrity, match="is missing"), open_ledger(home, config_of(chain)):
        pass


def ledger_without_revival(home: Home, chain: ChainConfig, url: str) -> None:
    with open_ledger(home, config_of(chain), url) as ledger:
        ledger.head()
