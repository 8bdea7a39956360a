"""The ledger on an EVM chain: pinned to one chain and its contracts, believing no single answer.

It decides when a node is the right one and when a transaction counts as mined or final. It leaves out
which transactions there should be (``rakkan.registry.worker``). Chain id and genesis hash are compared
with every head; the contracts' code when a connection is new or was lost, and whenever asked.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Final

from rakkan.contracts import artifact
from rakkan.registry.ledger.events import read_events
from rakkan.registry.ledger.node import Node
from rakkan.registry.ledger.sender import Sender
from rakkan.registry.ports import (
    Call,
    ChainBlock,
    ChainHead,
    ChainIdentity,
    Event,
    Observation,
    SignedTransaction,
)
from rakkan.schemas.errors import Integrity, Unavailable
from rakkan.schemas.identity import Address, keccak

NOBODY: Final = Address(keccak(b"nobody sends from here")[12:])
"""In whose name code is run. Not the zero address, which nodes take untold: some contracts let it do more."""


class EvmLedger:
    """A chain behind one JSON-RPC node.

    Args:
        rpc_url: URL of the node; what comes after its host is never shown.
        identity: The chain and contracts that were pinned.
        private_key: 32 bytes of the sending account; None to read only.
        timeout: Seconds that one question to the node may take.
        revive: What brings the node back, before it is asked anew after it was silent; it may raise.

    Raises:
        Invalid: ``rpc-url``, ``key-form``.
        Refused: ``dev-key``.
        Unavailable: ``chain-extra``, if web3 is not installed.
    """

    stand_in = False

    def __init__(
        self,
        rpc_url: str,
        identity: ChainIdentity,
        private_key: bytes | None,
        *,
        timeout: float = 15.0,
        revive: Callable[[], object] | None = None,
    ) -> None:
        self._identity = identity
        self._node = Node(rpc_url, timeout=timeout)
        self._sender = Sender(self._node, identity.chain_id, private_key) if private_key is not None else None
        self._revive = revive
        self._checked = False
        self._pinned: dict[Address, bytes] = {}

    def __repr__(self) -> str:
        return f"EvmLedger(chain {self._identity.chain_id} at {self._node.place})"

    @property
    def identity(self) -> ChainIdentity:
        """The pinned chain."""
        return self._identity

    @property
    def account(self) -> Address | None:
        """The sending account; None if there is no key."""
        return self._sender.address if self._sender else None

    def check_identity(self) -> None:
        """Compare chain id, genesis and the code of every contract with what was pinned.

        Raises:
            Integrity: ``chain-identity``.
            Unavailable: ``chain-unavailable``.
        """
        self._checked = False
        self._check_chain()
        for name, address in contracts_of(self._identity):
            code = self._node.code(address)
            pinned = self._pinned.setdefault(address, keccak(code))
            if not artifact(name).is_code(code) or keccak(code) != pinned:
                del self._pinned[address]
                raise self._foreign("contract", f"{address} does not hold the code of {name}")
        self._checked = True

    def head(self) -> ChainHead:
        """The newest block, the newest final one, and the account's next nonce (0 without a key).

        A chain that tells no final block is taken as final at its genesis alone.
        """
        with self._connected() as node:
            self._check_chain()
            final = node.block("finalized")
            newest = node.block("latest")
            if newest is None:
                raise Unavailable("The node has no newest block.", code="chain-unavailable")
            nonce = node.next_nonce(self._sender.address) if self._sender else 0
            return ChainHead(newest.number, newest.hash, newest.time, final.number if final else 0, nonce)

    def call(self, call: Call, block: int | None = None) -> bytes:
        """The answer of a read; heights more than some blocks back need a node that keeps old states.

        Raises:
            Refused: ``call-reverted``, with the contract's error in ``reason``.
        """
        with self._connected() as node:
            return node.call(call.to, call.calldata, block)

    def sign(
        self, call: Call, nonce: int, *, replacing: SignedTransaction | None = None
    ) -> SignedTransaction:
        """Estimate, fill in and sign; ``replacing`` tops the fees of a stuck one with the same nonce.

        Raises:
            Refused: ``call-reverted``, if the call would fail.
            Unavailable: ``sender-missing``, ``funds-missing``, ``fee-cap``.
        """
        with self._connected():
            return self._account().sign(call.to, call.calldata, nonce, replacing=replacing)

    def broadcast(self, transaction: SignedTransaction) -> None:
        """Send; sending again, or after it was mined, is no error.

        Raises:
            Conflict: ``nonce-taken``, in a final block; ``nonce-gap``, ``fee-underpriced``.
            Integrity: ``transaction-digest``.
            Unavailable: ``sender-missing``, ``funds-missing``, ``transaction-refused``.
        """
        with self._connected():
            self._account().broadcast(transaction)

    def observe(self, transaction_hash: bytes) -> Observation:
        """What became of a transaction, by the block that has it now.

        Raises:
            Integrity: ``receipt-foreign``, if the node answers with another transaction's receipt.
        """
        with self._connected() as node:
            # the final height first: what is under it when its block is read stays as it is
            final = node.block("finalized")
            receipt = node.receipt(transaction_hash)
            if receipt is None:
                return Observation("absent")
            if receipt.transaction != transaction_hash:
                raise Integrity(
                    f"The node answers with another receipt than that of 0x{transaction_hash.hex()}.",
                    code="receipt-foreign",
                    hint="Use a node that you trust.",
                )
            block = node.block(receipt.block_number)
            place = slice(receipt.index, receipt.index + 1)
            if block is None or block.hash != receipt.block_hash:
                return Observation("absent")  # that block was undone
            if block.transactions[place] != (transaction_hash,):
                return Observation("absent")  # a receipt that its own block does not bear out
            return Observation(
                state="final" if final is not None and block.number <= final.number else "mined",
                succeeded=receipt.succeeded,
                block_number=block.number,
                block_hash=block.hash,
                block_time=block.time,
                gas_used=receipt.gas_used,
            )

    def block(self, number: int) -> ChainBlock | None:
        """The block at that height now; None above the newest."""
        with self._connected() as node:
            block = node.block(number)
            return ChainBlock(block.number, block.hash, block.time) if block is not None else None

    def run(self, code: bytes, block: int) -> bytes:
        """What creation code returns when it is run after that block, and thrown away.

        Raises:
            Refused: ``call-reverted``.
        """
        with self._connected() as node:
            return node.call(None, code, block, sender=NOBODY)

    def events(self, emitter: Address, topic: bytes, first: int, last: int) -> tuple[Event, ...] | None:
        """All events of one kind by one contract in these blocks; None if those are too many for the node.

        Raises:
            Integrity: ``event-form``, if the node answers with others.
        """
        with self._connected() as node:
            return read_events(node, emitter, topic, first, last)

    @contextlib.contextmanager
    def _connected(self) -> Iterator[Node]:
        """The node, once it is known to be the right one; who was away is checked again."""
        if not self._checked:
            if self._revive is not None:
                self._revive()
            self.check_identity()
        try:
            yield self._node
        except Unavailable:
            self._checked = False
            raise

    def _check_chain(self) -> None:
        if (chain_id := self._node.chain_id()) != self._identity.chain_id:
            raise self._foreign("chainId", f"its chain id is {chain_id}, not {self._identity.chain_id}")
        genesis = self._node.block(0)
        if genesis is None or genesis.hash != self._identity.genesis:
            raise self._foreign("genesis", "it begins with another block")

    def _account(self) -> Sender:
        if self._sender is None:
            raise Unavailable(
                "There is no account to send from.",
                code="sender-missing",
                hint="Open the home that has the chain account's key, and set RAKKAN_PASSPHRASE if it is encrypted.",
            )
        return self._sender

    def _foreign(self, what: str, why: str) -> Integrity:
        self._checked = False
        return Integrity(
            f"The node at {self._node.place} is not on the chain that was configured: {why}.",
            code="chain-identity",
            hint="Correct the URL of the node, or, for a chain of the home's own, bring its folder chain/ back from a backup.",
            what=what,
        )


def contracts_of(identity: ChainIdentity) -> list[tuple[str, Address]]:
    """The contracts of a chain that are configured, by the names of their artifacts."""
    named = (
        ("ProvenanceLog", identity.log),
        ("ConsentRegistry", identity.consents),
        ("ConsentGate", identity.gate),
        ("ApprovalBook", identity.book),
    )
    return [(name, address) for name, address in named if address is not None]
