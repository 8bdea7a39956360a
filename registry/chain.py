"""Which ledger a home has: the embedded chain, one behind an RPC URL, or honestly none.

It decides the choice and who ends what was started. Ledgers themselves are in ``ledger/``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from rakkan.registry.home import Home, HomeConfig
from rakkan.registry.keys import ACCOUNT
from rakkan.registry.ledger.anvil import LocalChain, find_anvil
from rakkan.registry.ports import Chain
from rakkan.schemas.errors import Unavailable


@contextlib.contextmanager
def open_ledger(home: Home, config: HomeConfig, rpc_url: str = "") -> Iterator[Chain]:
    """The ledger of a home; the embedded chain is started if nobody runs it, and ended by who started it.

    Args:
        home: Whose account signs, and where the embedded chain keeps its state.
        config: Names the chain.
        rpc_url: Where to reach it, instead of where the home says.

    Raises:
        Unavailable: ``no-anvil``, ``chain-unavailable``.
    """
    if config.chain is None:
        from rakkan.registry.ledger.unanchored import UnanchoredLedger

        yield UnanchoredLedger()
        return
    from rakkan.registry.ledger.evm import EvmLedger

    with contextlib.ExitStack() as closing:
        url = rpc_url or config.chain.rpc_url
        if config.chain.kind == "local" and not rpc_url:
            url = closing.enter_context(local_chain(home)).rpc_url
        key = home.keys.wallet(ACCOUNT) if home.keys.has(ACCOUNT) else None
        yield EvmLedger(url, config.chain.identity, key)


def local_chain(home: Home) -> LocalChain:
    """The embedded chain of a home, not started yet.

    Raises:
        Unavailable: ``no-anvil``.
    """
    binary = find_anvil()
    if binary is None:
        raise Unavailable(
            "anvil, the local chain's engine, is not here.",
            code="no-anvil",
            hint="Run `make setup` (npm), set RAKKAN_ANVIL, or use `rakkan init --chain none`.",
        )
    return LocalChain(home.chain_folder, binary)
