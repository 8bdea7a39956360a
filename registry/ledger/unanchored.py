"""The honest absence of a chain: a stand-in that keeps no anchor and says so.

It decides what is answered where no chain is configured: nothing, under one error code. It leaves
out whether work goes on without a chain; records are kept and pinned all the same.
"""

from __future__ import annotations

from typing import NoReturn

from rakkan.registry.ports import Call, ChainBlock, ChainHead, Event, Observation, SignedTransaction
from rakkan.schemas.errors import Unavailable
from rakkan.schemas.identity import Address


class UnanchoredLedger:
    """Stands in for a chain where there is none: it never claims that anything was anchored."""

    stand_in = True

    @property
    def identity(self) -> None:
        """None: nothing can be anchored here."""
        return

    def head(self) -> ChainHead:
        """Refuses.

        Raises:
            Unavailable: ``no-chain``.
        """
        _refuse("There is no newest block")

    def call(self, call: Call, block: int | None = None) -> bytes:  # noqa: ARG002 - the port's names
        """Refuses.

        Raises:
            Unavailable: ``no-chain``.
        """
        _refuse(f"Nothing can be asked of {call.to}")

    def sign(self, call: Call, nonce: int) -> SignedTransaction:  # noqa: ARG002 - the port's names
        """Refuses.

        Raises:
            Unavailable: ``no-chain``.
        """
        _refuse(f"No transaction for {call.to} can be made")

    def broadcast(self, transaction: SignedTransaction) -> None:
        """Refuses.

        Raises:
            Unavailable: ``no-chain``.
        """
        _refuse(f"Transaction 0x{transaction.hash.hex()} cannot be sent")

    def observe(self, transaction_hash: bytes) -> Observation:
        """Refuses: absent would say that a chain had been asked.

        Raises:
            Unavailable: ``no-chain``.
        """
        _refuse(f"Nothing is known of transaction 0x{transaction_hash.hex()}")

    def block(self, number: int) -> ChainBlock | None:
        """Refuses.

        Raises:
            Unavailable: ``no-chain``.
        """
        _refuse(f"There is no block {number}")

    def run(self, code: bytes, block: int) -> bytes:  # noqa: ARG002 - the port's names
        """Refuses.

        Raises:
            Unavailable: ``no-chain``.
        """
        _refuse(f"Nothing can be run after block {block}")

    def events(self, emitter: Address, topic: bytes, first: int, last: int) -> tuple[Event, ...] | None:  # noqa: ARG002 - the port's names
        """Refuses: none would say that a chain had been read.

        Raises:
            Unavailable: ``no-chain``.
        """
        _refuse(f"Nothing is known of what {emitter} said")

    def __repr__(self) -> str:
        return "UnanchoredLedger(a stand-in: no chain is configured)"


def _refuse(what: str) -> NoReturn:
    raise Unavailable(
        f"{what}: no chain is configured, and records stay unanchored.",
        code="no-chain",
        hint="Install the local chain (npm install), or name a node with RAKKAN_RPC_URL and start again.",
    )
