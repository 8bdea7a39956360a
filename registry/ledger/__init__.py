"""The chain that roots are anchored on, or the honest absence of one.

It decides which ledger a home gets. web3 is imported with the first question to a chain, never here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rakkan.registry.ledger.unanchored import UnanchoredLedger
from rakkan.schemas.errors import Refused, Unavailable

if TYPE_CHECKING:
    from rakkan.registry.home import Home, HomeConfig
    from rakkan.registry.ports import Ledger


@contextlib.contextmanager
def open_ledger(home: Home, config: HomeConfig, rpc_url: str = "") -> Iterator[Ledger]:
    """The ledger of a home; an embedded chain is started, and ended again by the process that did.

    Whoever only reads needs no key: without one, or without its passphrase, nothing can be sent.

    Args:
        home: For the chain's folder and the account's key.
        config: What the home pinned.
        rpc_url: A node to ask instead of the configured one; the chain must be the same.

    Raises:
        Unavailable: ``no-chain``, if the home has an embedded chain and anvil is gone;
            ``local-chain-start``, ``local-chain-silent``.
        Integrity: ``local-chain-lost``.
        Refused: ``dev-key``.
    """
    if config.chain is None:
        yield UnanchoredLedger()
        return
    from rakkan.registry.ledger.evm import EvmLedger

    key = _key_of(home)
    if rpc_url or config.chain.kind != "local":
        yield EvmLedger(rpc_url or config.chain.rpc_url, config.chain.identity, key)
        return
    from rakkan.registry.ledger.anvil import LocalChain, find_anvil

    program = find_anvil()
    if program is None:
        raise Unavailable(
            "This home anchors on its own local chain, and anvil is not installed.",
            code="no-chain",
            hint="Install it with `npm install`, or name it with RAKKAN_ANVIL.",
        )
    with LocalChain(home.chain_folder, program) as local:
        yield EvmLedger(local.rpc_url, config.chain.identity, key, revive=local.ensure)


def _key_of(home: Home) -> bytes | None:
    try:
        return home.keys.wallet("account") if home.keys.has("account") else None
    except Refused as error:
        if error.code != "key-locked":
            raise
        return None
