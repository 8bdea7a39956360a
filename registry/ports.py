"""The outside systems as Rakkan needs them: content, chain, time. Each port has two adapters.

It decides the promises; adapters live in ``content/`` and ``ledger/``. Records have no port: SQL is
one language on SQLite and PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, Self

from rakkan.schemas.identity import Address
from rakkan.schemas.values import DAG_JSON, Cid


@dataclass(frozen=True, slots=True)
class Block:
    """Content under its own CID.

    Attributes:
        cid: CIDv1 over sha2-256.
        content: At most 1 MiB, so that every IPFS node accepts it.
    """

    cid: Cid
    content: bytes

    @classmethod
    def of(cls, content: bytes, codec: int = DAG_JSON) -> Self:
        """Address these bytes."""
        return cls(Cid.of(content, codec), content)


class ContentStore(Protocol):
    """Keeps blocks for good (pinned) and gives them back verified."""

    def put(self, blocks: Sequence[Block]) -> None:
        """Store and pin all blocks, durable on return; storing again changes nothing.

        Raises:
            Integrity: ``block-digest``, if a block does not hash to its CID; then none is stored.
            Unavailable: ``content-unavailable``.
        """
        ...

    def get(self, cid: Cid) -> bytes:
        """The block's bytes, hashed again on the way.

        Raises:
            NotFound: ``content-missing``.
            Integrity: ``block-digest``, if what is stored is not what the CID names.
            Unavailable: ``content-unavailable``.
        """
        ...

    def missing(self, cids: Sequence[Cid]) -> list[Cid]:
        """Which of these are not stored and pinned here, in the order asked."""
        ...

    def remove(self, cids: Sequence[Cid]) -> None:
        """Unpin and delete blocks, for erasure alone; durable on return, and they are missing from then on.

        A block that is not here is no error, and one that is removed may be put again. What other nodes
        copied meanwhile, and pins that somebody else set on the same node, are out of reach.

        Raises:
            Unavailable: ``content-unavailable``.
        """
        ...


@dataclass(frozen=True, slots=True)
class ChainIdentity:
    """Which chain, and which contracts on it; pinned at ``init`` and checked before each batch."""

    chain_id: int
    genesis: bytes
    log: Address
    consents: Address
    gate: Address | None
    book: Address | None


@dataclass(frozen=True, slots=True)
class ChainHead:
    """The newest block, and our account's next nonce.

    Attributes:
        number: Height of the newest block.
        hash: Its hash, 32 bytes.
        time: Its time.
        final_number: Height of the newest block that cannot be undone.
        nonce: Next unused nonce of the sending account.
    """

    number: int
    hash: bytes
    time: datetime
    final_number: int
    nonce: int


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked of a contract."""

    to: Address
    calldata: bytes


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """A transaction as it will be sent, stored before it is."""

    hash: bytes
    raw: bytes
    nonce: int


@dataclass(frozen=True, slots=True)
class Observation:
    """What the chain says of a transaction now; ``absent`` covers unknown, pending and undone."""

    state: Literal["absent", "mined", "final"]
    succeeded: bool = False
    block_number: int = 0
    block_hash: bytes = b""
    block_time: datetime | None = None
    gas_used: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """What a contract said while a block was made.

    Attributes:
        emitter: The contract.
        topics: 32 bytes each; the first names the kind of event.
        content: The rest of it, ABI-encoded.
        block_number: Height of the block.
        block_hash: Its hash.
    """

    emitter: Address
    topics: tuple[bytes, ...]
    content: bytes
    block_number: int
    block_hash: bytes


@dataclass(frozen=True, slots=True)
class ChainBlock:
    """A block that is on the chain now.

    Attributes:
        number: Its height.
        hash: 32 bytes.
        time: Its time.
    """

    number: int
    hash: bytes
    time: datetime


class Ledger(Protocol):
    """A chain that roots are anchored on, or the honest absence of one.

    Every method raises ``Unavailable`` (``chain-unavailable``) when the node does not answer, and
    ``Integrity`` (``chain-identity``) when it is not the chain that was configured. The
    ``unanchored`` ledger has no identity, and its methods raise ``Unavailable`` (``no-chain``).
    """

    @property
    def identity(self) -> ChainIdentity | None:
        """The configured chain; None says that nothing can be anchored."""
        ...

    def head(self) -> ChainHead:
        """The newest block and the next nonce."""
        ...

    def call(self, call: Call, block: int | None = None) -> bytes:
        """The answer of a read, at the newest block or the one given.

        Raises:
            Refused: ``call-reverted``, with the contract's error in ``reason``.
        """
        ...

    def sign(self, call: Call, nonce: int) -> SignedTransaction:
        """Estimate, fill in and sign; nothing is sent.

        Raises:
            Refused: ``call-reverted``, if the call would fail.
        """
        ...

    def broadcast(self, transaction: SignedTransaction) -> None:
        """Send; sending again, or after it was mined, is no error."""
        ...

    def observe(self, transaction_hash: bytes) -> Observation:
        """What became of a transaction."""
        ...


class Chronicle(Protocol):
    """What contracts said, block by block, on the same chain and with the same errors as a ``Ledger``."""

    def block(self, number: int) -> ChainBlock | None:
        """The block at that height now; None above the newest."""
        ...

    def run(self, code: bytes, block: int) -> bytes:
        """What creation code returns when it is run after that block, and thrown away: no account is behind it.

        Raises:
            Refused: ``call-reverted``.
        """
        ...

    def events(self, emitter: Address, topic: bytes, first: int, last: int) -> tuple[Event, ...] | None:
        """All events of one kind by one contract in these blocks, ``last`` included, in order.

        None if the node takes no question about so many blocks at once: ask about fewer.

        Raises:
            Integrity: ``event-form``, if an answer is about something else.
        """
        ...


class Chain(Ledger, Chronicle, Protocol):
    """A chain to write on and to read."""


class Clock(Protocol):
    """One reading of time per flow."""

    def now(self) -> datetime:
        """Aware UTC."""
        ...
