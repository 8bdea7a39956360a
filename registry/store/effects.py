"""The rows about a chain: what is wanted on it, what became of it, and what was read from it.

It decides columns and keys, the same on SQLite and PostgreSQL.
"""

# pyright: reportAssignmentType=false, reportIncompatibleVariableOverride=false
# SQLModel declares its class attributes wider than any table can fill them.
from __future__ import annotations

from sqlalchemy import BigInteger
from sqlmodel import Field

from rakkan.registry.store.columns import COMPACT, Row, blob, count


class ChainWithdrawalRow(Row, table=True):
    """A withdrawal as the contract told it, in the block that has it now."""

    __tablename__ = "chain_withdrawal"
    __table_args__ = COMPACT
    key: bytes = blob(key=True)
    authority: bytes = blob(key=True)
    at: int = count()
    block: int = Field(sa_type=BigInteger, index=True)


class JointWithdrawalRow(Row, table=True):
    """One of many keys that their authority signed together; ``joint`` is sha256(authority ‖ all keys in order)."""

    __tablename__ = "joint_withdrawal"
    __table_args__ = COMPACT
    joint: bytes = blob(key=True)
    place: int = count(key=True)
    authority: bytes = blob()
    key: bytes = blob()
    signature: bytes = blob()


class ChainCursorRow(Row, table=True):
    """How far the events of a contract have been read, and how far they cannot be undone."""

    __tablename__ = "chain_cursor"
    contract: bytes = blob(key=True)
    number: int = count()
    hash: bytes = blob()
    final_number: int = count()
    final_hash: bytes = blob()


class HeadRow(Row, table=True):
    """A signed log head, and the leaf hashes it covers are those of ``record.log_index < size``."""

    __tablename__ = "head"
    size: int = count(key=True)
    root: bytes = blob()
    note: bytes = blob()
    signed_at: int = count()


class TransactionRow(Row, table=True):
    """One effect on the chain under a natural key; raw bytes are stored before they are sent."""

    __tablename__ = "chain_transaction"
    sequence: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    target: bytes = blob()
    calldata: bytes = blob()
    state: str = Field(index=True)
    nonce: int | None = count()
    raw: bytes | None = blob()
    hash: bytes | None = blob()
    block_number: int | None = count()
    block_hash: bytes | None = blob()
    block_time: int | None = count()
    gas_used: int | None = count()
    reason: str | None = None


class AnchorRow(Row, table=True):
    """A log head that was put on chain by the transaction of that name."""

    __tablename__ = "anchor"
    size: int = count(key=True)
    root: bytes = blob()
    transaction: str = Field(unique=True)


class CommitmentRow(Row, table=True):
    """The commitment that a claim reveals; ``committed_at`` once a block that stays has it."""

    __tablename__ = "commitment"
    __table_args__ = COMPACT
    record_id: bytes = blob(key=True)
    commitment: bytes = blob()
    committed_at: int | None = count()
    asked_at: int | None = count()
