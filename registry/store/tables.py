"""The rows. SQLModel says what they are; hot paths read and write them as plain SQL.

It decides columns, keys and indexes, the same on SQLite and PostgreSQL. Digests are 32 raw bytes,
times are Unix seconds, signed bytes are kept as signed. Rows never leave ``store/``. Those about a chain are
in ``effects``.
"""

# pyright: reportAssignmentType=false, reportIncompatibleVariableOverride=false
# SQLModel declares its class attributes wider than any table can fill them.
from __future__ import annotations

from typing import Final

from sqlalchemy import Index, text
from sqlmodel import Field

from rakkan.registry.store.columns import COMPACT, blob, count
from rakkan.registry.store.columns import Row as Row
from rakkan.registry.store.columns import table as table

SCHEMA_VERSION: Final = "3"

RARE: Final = "record_kind IN ('dispute', 'ruling', 'identity', 'key')"
TAKEN_BACK: Final = "kind IN ('withdrawn', 'undone')"
LATER: Final = "relation IN ('supersedes', 'joins')"


def _among(name: str, column: str, where: str) -> Index:
    """An index of the few rows that are asked for beside the many: it stays small."""
    return Index(name, column, sqlite_where=text(where), postgresql_where=text(where))


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
    id: bytes = blob(unique=True)
    envelope: bytes = blob(unique=True)
    kind: str
    statement: bytes = blob()
    envelope_bytes: bytes = blob()
    accepted_at: int = count()
    publish: bool
    pinned_at: int | None = count()
    log_index: int | None = count(unique=True)


class IdentifierRow(Row, table=True):
    """Under which digests a record can be found, as subject or as alias."""

    __tablename__ = "identifier"
    __table_args__ = (_among("identifier_rare", "digest", RARE), COMPACT)
    digest: bytes = blob(key=True)
    kind: str = Field(primary_key=True)
    record_kind: str = Field(primary_key=True)
    record_id: bytes = blob(key=True)
    alias: bool


class BriefRow(Row, table=True):
    """What of a consent or claim decides when nothing else bears on it (``rakkan.registry.rules.brief``).

    The four after the key repeat the record's own row, so that it need not be read.
    """

    __tablename__ = "brief"
    __table_args__ = COMPACT
    record_id: bytes = blob(key=True)
    envelope: bytes = blob()
    accepted_at: int = count()
    publish: bool
    log_index: int | None = count()
    actor: str
    terms: bytes | None = blob()
    authority: bytes | None = blob()
    valid_from: str | None = None
    valid_until: str | None = Field(default=None, index=True)
    names: bytes = blob()


class TermsRow(Row, table=True):
    """What many consents say alike, under its sha256."""

    __tablename__ = "terms"
    __table_args__ = COMPACT
    id: bytes = blob(key=True)
    content: bytes = blob()


class LinkRow(Row, table=True):
    """That a record names another one's envelope, and as what."""

    __tablename__ = "link"
    __table_args__ = (_among("link_rare", "target", LATER), COMPACT)
    target: bytes = blob(key=True)
    relation: str = Field(primary_key=True)
    record_id: bytes = blob(key=True)


class MemberRow(Row, table=True):
    """A raw block that lists members of a collection, kept until and after it is pinned."""

    __tablename__ = "member_block"
    __table_args__ = COMPACT
    digest: bytes = blob(key=True)
    content: bytes = blob()


class EdgeRow(Row, table=True):
    """One step of lineage, from a work to what it was made from."""

    __tablename__ = "edge"
    __table_args__ = COMPACT
    child: bytes = blob(key=True)
    position: int = Field(primary_key=True)
    kind: str
    digest: bytes = blob(index=True)
    relation: str


class FingerprintRow(Row, table=True):
    """A perceptual fingerprint of a work."""

    __tablename__ = "fingerprint"
    __table_args__ = COMPACT
    record_id: bytes = blob(key=True)
    alg: str = Field(primary_key=True)
    pipeline: str
    bits: bytes = blob()
    quality: int


class LikenessRow(Row, table=True):
    """Two works that look alike; each pair stands here both ways."""

    __tablename__ = "likeness"
    __table_args__ = COMPACT
    record_id: bytes = blob(key=True)
    other: bytes = blob(key=True)


class WithdrawalRow(Row, table=True):
    """A withdrawn key as a record here; what the chain says of it is in ``chain_withdrawal``."""

    __tablename__ = "withdrawal"
    __table_args__ = COMPACT
    key: bytes = blob(key=True)
    authority: bytes = blob(key=True)
    recorded_at: int | None = count()
    signature: bytes | None = blob()


class EventRow(Row, table=True):
    """News that is public, in the order in which it was noticed (``rakkan.registry.rules.telling``)."""

    __tablename__ = "event"
    __table_args__ = (
        _among("event_taken_back", "sequence", TAKEN_BACK),
        _among("event_key", "key", "key IS NOT NULL"),
    )
    sequence: int | None = Field(default=None, primary_key=True)
    kind: str
    about: bytes = blob()
    at: int = count()
    noticed_at: int = count()
    record_id: bytes | None = blob()
    authority: bytes | None = blob()
    key: bytes | None = blob()
    item: bytes | None = blob()
    block: int | None = count()


class WebhookRow(Row, table=True):
    """An endpoint that news is sent to, how far it has got, and how it fares. Its secret is not here."""

    __tablename__ = "webhook"
    id: str = Field(primary_key=True)
    url: str
    types: str
    local: bool
    created_at: int = count()
    cursor: str
    paused: bool
    failures: int
    failing_since: int | None = count()
    next_at: int = count()
    said: str
    taken_at: int | None = count()


class StampRow(Row, table=True):
    """What was stamped already: the same input and claim definition give the same output."""

    __tablename__ = "stamp"
    __table_args__ = COMPACT
    source: bytes = blob(key=True)
    definition: bytes = blob(key=True)
    output: bytes = blob()
    path: str
    record_id: bytes = blob(index=True)
    manifest: bytes = blob()


class PrivateRow(Row, table=True):
    """A private field and the salt of its public commitment; erasing the row erases both."""

    __tablename__ = "private_field"
    __table_args__ = COMPACT
    record_id: bytes = blob(key=True)
    name: str = Field(primary_key=True)
    salt: bytes = blob()
    text: str


class SealedRow(Row, table=True):
    """Key and envelope of a consent's private fields; both are null once erased."""

    __tablename__ = "sealed_field"
    __table_args__ = COMPACT
    record_id: bytes = blob(key=True)
    key: bytes | None = blob()
    block: bytes | None = blob()
    pin: bool
    erased_at: int | None = count()


class VerdictRow(Row, table=True):
    """A verdict with what it was found from: policy, findings, reliance."""

    __tablename__ = "verdict"
    record_id: bytes = blob(key=True)
    subject: bytes = blob(index=True)
    root: bytes = blob(index=True)
    policy: bytes = blob()
    policy_bytes: bytes = blob()
    issued_at: int = count()
    attester: bytes | None = blob()
    signature: bytes | None = blob()
    findings: bytes = blob()
    documents: bytes = blob()
    reliance: bytes = blob()


class StaleVerdictRow(Row, table=True):
    """A verdict that was noticed to rely on something withdrawn."""

    __tablename__ = "stale_verdict"
    __table_args__ = COMPACT
    record_id: bytes = blob(key=True)
    noted_at: int = count()


class LeaseRow(Row, table=True):
    """Who may advance a lane until when; ``fence`` grows with every owner."""

    __tablename__ = "lease"
    name: str = Field(primary_key=True)
    owner: str
    fence: int = count()
    expires_at: int = count()


class TokenRow(Row, table=True):
    """A bearer token, as its sha256."""

    __tablename__ = "token"
    digest: bytes = blob(key=True)
    name: str
    created_at: int = count()
