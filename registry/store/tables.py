"""The rows. SQLModel says what they are; hot paths read and write them as plain SQL.

It decides columns, keys and indexes, the same on SQLite and PostgreSQL. Digests are 32 raw bytes,
times are Unix seconds, signed bytes are kept as signed. Rows never leave ``store/``.
"""

# pyright: reportAssignmentType=false, reportIncompatibleVariableOverride=false
# SQLModel declares its class attributes wider than any table can fill them.
from __future__ import annotations

from typing import Any, ClassVar, Final

from sqlalchemy import BigInteger, Index, LargeBinary, MetaData, Table
from sqlalchemy.orm import registry as orm_registry
from sqlmodel import Field, SQLModel

SCHEMA_VERSION: Final = "1"

_rows = orm_registry(metadata=MetaData())
_COMPACT: Final[dict[str, Any]] = {"sqlite_with_rowid": False}


class Row(SQLModel, registry=_rows):
    """Base of all rows, with metadata of our own."""

    metadata: ClassVar[MetaData] = _rows.metadata


def _bytes(*, key: bool = False, unique: bool = False, index: bool = False) -> Any:  # noqa: ANN401 - sqlmodel's own
    return Field(sa_type=LargeBinary, primary_key=key, unique=unique, index=index)


def _number(*, key: bool = False, unique: bool = False) -> Any:  # noqa: ANN401
    return Field(sa_type=BigInteger, primary_key=key, unique=unique)


class SettingRow(Row, table=True):
    """A fact about the database itself: schema version, origin."""

    __tablename__ = "setting"
    name: str = Field(primary_key=True)
    value: str


class RecordRow(Row, table=True):
    """An accepted record. ``publish`` is desired; ``pinned_at`` and ``log_index`` are observed."""

    __tablename__ = "record"
    __table_args__ = (Index("record_todo", "publish", "log_index"),)
    sequence: int | None = Field(default=None, primary_key=True)
    id: bytes = _bytes(unique=True)
    envelope: bytes = _bytes(unique=True)
    kind: str
    statement: bytes = _bytes()
    envelope_bytes: bytes = _bytes()
    accepted_at: int = _number()
    publish: bool
    pinned_at: int | None = _number()
    log_index: int | None = _number(unique=True)


class IdentifierRow(Row, table=True):
    """Under which digests a record can be found, as subject or as alias."""

    __tablename__ = "identifier"
    __table_args__ = _COMPACT
    digest: bytes = _bytes(key=True)
    kind: str = Field(primary_key=True)
    record_kind: str = Field(primary_key=True)
    record_id: bytes = _bytes(key=True)
    alias: bool


class LinkRow(Row, table=True):
    """That a record names another one's envelope, and as what."""

    __tablename__ = "link"
    __table_args__ = _COMPACT
    target: bytes = _bytes(key=True)
    relation: str = Field(primary_key=True)
    record_id: bytes = _bytes(key=True)


class MemberRow(Row, table=True):
    """A raw block that lists members of a collection, kept until and after it is pinned."""

    __tablename__ = "member_block"
    __table_args__ = _COMPACT
    digest: bytes = _bytes(key=True)
    content: bytes = _bytes()


class EdgeRow(Row, table=True):
    """One step of lineage, from a work to what it was made from."""

    __tablename__ = "edge"
    __table_args__ = _COMPACT
    child: bytes = _bytes(key=True)
    position: int = Field(primary_key=True)
    kind: str
    digest: bytes = _bytes(index=True)
    relation: str


class FingerprintRow(Row, table=True):
    """A perceptual fingerprint of a work."""

    __tablename__ = "fingerprint"
    __table_args__ = _COMPACT
    record_id: bytes = _bytes(key=True)
    alg: str = Field(primary_key=True)
    pipeline: str
    bits: bytes = _bytes()
    quality: int


class LikenessRow(Row, table=True):
    """Two works that look alike; each pair stands here both ways."""

    __tablename__ = "likeness"
    __table_args__ = _COMPACT
    record_id: bytes = _bytes(key=True)
    other: bytes = _bytes(key=True)


class WithdrawalRow(Row, table=True):
    """A withdrawn key as a record here; what the chain says of it is in ``chain_withdrawal``."""

    __tablename__ = "withdrawal"
    __table_args__ = _COMPACT
    key: bytes = _bytes(key=True)
    authority: bytes = _bytes(key=True)
    recorded_at: int | None = _number()
    signature: bytes | None = _bytes()


class ChainWithdrawalRow(Row, table=True):
    """A withdrawal as the contract told it, in the block that has it now."""

    __tablename__ = "chain_withdrawal"
    __table_args__ = _COMPACT
    key: bytes = _bytes(key=True)
    authority: bytes = _bytes(key=True)
    at: int = _number()
    block: int = Field(sa_type=BigInteger, index=True)


class RevealRow(Row, table=True):
    """A claim that opens a commitment; when the chain had it for good: null while unknown, 0 for never."""

    __tablename__ = "reveal"
    __table_args__ = _COMPACT
    record_id: bytes = _bytes(key=True)
    commitment: bytes = _bytes()
    committed_at: int | None = _number()


class ChainCursorRow(Row, table=True):
    """How far the events of a contract have been read, and how far they cannot be undone."""

    __tablename__ = "chain_cursor"
    contract: bytes = _bytes(key=True)
    number: int = _number()
    hash: bytes = _bytes()
    final_number: int = _number()
    final_hash: bytes = _bytes()


class HeadRow(Row, table=True):
    """A signed log head, and the leaf hashes it covers are those of ``record.log_index < size``."""

    __tablename__ = "head"
    size: int = _number(key=True)
    root: bytes = _bytes()
    note: bytes = _bytes()
    signed_at: int = _number()


class TransactionRow(Row, table=True):
    """One effect on the chain under a natural key; raw bytes are stored before they are sent."""

    __tablename__ = "chain_transaction"
    sequence: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    target: bytes = _bytes()
    calldata: bytes = _bytes()
    state: str = Field(index=True)
    nonce: int | None = _number()
    raw: bytes | None = _bytes()
    hash: bytes | None = _bytes()
    block_number: int | None = _number()
    block_hash: bytes | None = _bytes()
    block_time: int | None = _number()
    gas_used: int | None = _number()
    reason: str | None = None


class AnchorRow(Row, table=True):
    """A log head that was put on chain by the transaction of that name."""

    __tablename__ = "anchor"
    size: int = _number(key=True)
    root: bytes = _bytes()
    transaction: str = Field(unique=True)


class StampRow(Row, table=True):
    """What was stamped already: the same input and claim definition give the same output."""

    __tablename__ = "stamp"
    __table_args__ = _COMPACT
    source: bytes = _bytes(key=True)
    definition: bytes = _bytes(key=True)
    output: bytes = _bytes()
    path: str
    record_id: bytes = _bytes(index=True)
    manifest: bytes = _bytes()


class PrivateRow(Row, table=True):
    """A private field and the salt of its public commitment; erasing the row erases both."""

    __tablename__ = "private_field"
    __table_args__ = _COMPACT
    record_id: bytes = _bytes(key=True)
    name: str = Field(primary_key=True)
    salt: bytes = _bytes()
    text: str


class SealedRow(Row, table=True):
    """Key and envelope of a consent's private fields; both are null once erased."""

    __tablename__ = "sealed_field"
    __table_args__ = _COMPACT
    record_id: bytes = _bytes(key=True)
    key: bytes | None = _bytes()
    block: bytes | None = _bytes()
    pin: bool
    erased_at: int | None = _number()


class VerdictRow(Row, table=True):
    """A verdict with what it was found from: policy, findings, reliance."""

    __tablename__ = "verdict"
    record_id: bytes = _bytes(key=True)
    subject: bytes = _bytes(index=True)
    root: bytes = _bytes(index=True)
    policy: bytes = _bytes()
    policy_bytes: bytes = _bytes()
    issued_at: int = _number()
    attester: bytes | None = _bytes()
    signature: bytes | None = _bytes()
    findings: bytes = _bytes()
    documents: bytes = _bytes()
    reliance: bytes = _bytes()


class StaleVerdictRow(Row, table=True):
    """A verdict that was noticed to rely on something withdrawn."""

    __tablename__ = "stale_verdict"
    __table_args__ = _COMPACT
    record_id: bytes = _bytes(key=True)
    noted_at: int = _number()


class LeaseRow(Row, table=True):
    """Who may advance a lane until when; ``fence`` grows with every owner."""

    __tablename__ = "lease"
    name: str = Field(primary_key=True)
    owner: str
    fence: int = _number()
    expires_at: int = _number()


class TokenRow(Row, table=True):
    """A bearer token, as its sha256."""

    __tablename__ = "token"
    digest: bytes = _bytes(key=True)
    name: str
    created_at: int = _number()


def table(row: type[Row]) -> Table:
    """The SQL table of a row class."""
    name = row.__tablename__
    return Row.metadata.tables[str(name)]
