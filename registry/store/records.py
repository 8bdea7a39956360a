"""Records and the ways to find them.

It decides how records are kept, found and put in order for the log. Proofs were checked before
(``rakkan.registry.flows.accept``); what records mean is for the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Table, bindparam, func, select, true, update

from rakkan.registry.store.database import Database
from rakkan.registry.store.events import note_records
from rakkan.registry.store.indexing import index_rows
from rakkan.registry.store.publishing import make_public
from rakkan.registry.store.tables import (
    EdgeRow,
    FingerprintRow,
    IdentifierRow,
    LinkRow,
    RecordRow,
    WithdrawalRow,
    table,
)
from rakkan.schemas.instant import from_unix, to_unix
from rakkan.schemas.record import Record
from rakkan.schemas.values import Digest

_record, _identifier, _edge = table(RecordRow), table(IdentifierRow), table(EdgeRow)
_link, _fingerprint, _withdrawal = table(LinkRow), table(FingerprintRow), table(WithdrawalRow)
_CHUNK = 500
_KNOWN = select(_record.c.id).where(_record.c.id.in_(bindparam("ids", expanding=True)))


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record and where it stands.

    Attributes:
        record: The two blocks.
        kind: Its kind, known without parsing it.
        sequence: Order of acceptance.
        accepted_at: When this registry accepted it; if it was published later, when that was.
        publish: Whether it is meant for the public.
        pinned: Whether its blocks are in the content store.
        log_index: Its place in the log, None until it has one.
    """

    record: Record
    kind: str
    sequence: int
    accepted_at: datetime
    publish: bool
    pinned: bool
    log_index: int | None


@dataclass(frozen=True, slots=True)
class Match:
    """A record found under a digest, and which identifier matched."""

    digest: Digest
    record_id: bytes
    record_kind: str
    alias: bool


class Records:
    """The accepted records of one registry.

    Args:
        database: Where they are kept.
        published: Whether only published ones are found.
    """

    def __init__(self, database: Database, *, published: bool = False) -> None:
        self._database = database
        self._published = published
        # said so that SQLite does not look for records by it: nearly all are published
        self._seen = _record.c.publish.is_not(False) if published else true()

    def add(
        self,
        records: Sequence[Record],
        *,
        accepted_at: datetime,
        publish: bool,
        members: Mapping[bytes, Sequence[Digest]] | None = None,
        along: Callable[[Connection], None] = lambda _: None,
    ) -> list[bool]:
        """Keep records whose proofs were checked; one commit for all. True where it was new.

        A record known already stays as it is, but is published if asked now. Collections are found under
        each of their ``members``, by record id. What is written ``along`` is in the same commit.
        """
        now = to_unix(accepted_at)
        with self._database.write() as connection:
            known = self._known(connection, [record.record_id.digest for record in records])
            fresh: dict[bytes, Record] = {}
            for record in records:
                if record.record_id.digest not in known:
                    fresh.setdefault(record.record_id.digest, record)
            self._database.insert(
                connection, _record, [_row(record, now, publish=publish) for record in fresh.values()]
            )
            self._index(connection, fresh.values(), now, members or {}, publish=publish)
            if publish:
                note_records(connection, fresh.values(), accepted_at)
                self._publish(connection, list(known), accepted_at)
            along(connection)
        return [fresh.pop(record.record_id.digest, None) is not None for record in records]

    def _known(self, connection: Connection, ids: Sequence[bytes]) -> set[bytes]:
        found: set[bytes] = set()
        for chunk in _chunks(ids):
            found.update(connection.execute(_KNOWN, {"ids": chunk}).scalars())
        return found

    def _index(
        self,
        connection: Connection,
        records: Iterable[Record],
        now: int,
        members: Mapping[bytes, Sequence[Digest]],
        *,
        publish: bool,
    ) -> None:
        rows: dict[Table, list[dict[str, Any]]] = {}
        for record in records:
            listed = members.get(record.record_id.digest, ())
            for target, more in index_rows(record, now, listed, publish=publish).items():
                rows.setdefault(target, []).extend(more)
        withdrawals = rows.pop(_withdrawal, [])
        for target, all_rows in rows.items():
            self._database.insert(connection, target, all_rows)
        for row in withdrawals:
            if not self._database.insert(connection, _withdrawal, [row]):
                same = (_withdrawal.c.key == row["key"]) & (_withdrawal.c.authority == row["authority"])
                unrecorded = same & _withdrawal.c.recorded_at.is_(None)
                values = {"recorded_at": now, "signature": row["signature"]}
                connection.execute(update(_withdrawal).where(unrecorded).values(**values))

    def publish(self, ids: Sequence[bytes], at: datetime) -> None:
        """Mark records as meant for the public; it cannot be taken back. What they are news of is told now."""
        with self._database.write() as connection:
            self._publish(connection, ids, at)

    def _publish(self, connection: Connection, ids: Sequence[bytes], at: datetime) -> None:
        for chunk in _chunks(ids):
            make_public(connection, chunk, at)

    def get(self, digests: Sequence[bytes]) -> dict[bytes, StoredRecord]:
        """Records by the sha256 of their statement or of their envelope, under the digest asked."""
        found: dict[bytes, StoredRecord] = {}
        if not digests:
            return found
        with self._database.read() as connection:
            for chunk in _chunks(digests):
                named = _record.c.id.in_(chunk) | _record.c.envelope.in_(chunk)
                query = select(_record).where(named, self._seen)
                asked = set(chunk)
                for row in connection.execute(query):
                    stored = _stored(row)
                    found.update((name, stored) for name in (row.id, row.envelope) if name in asked)
        return found

    def find(self, digests: Sequence[Digest], record_kind: str | None = None) -> list[Match]:
        """All records that name any of these digests, in order of acceptance."""
        if not digests:
            return []
        wanted = {(digest.kind, digest.raw) for digest in digests}
        rows: list[Any] = []
        with self._database.read() as connection:
            for chunk in _chunks(sorted({digest.raw for digest in digests})):
                query = (
                    select(_identifier, _record.c.sequence)
                    .join(_record, _record.c.id == _identifier.c.record_id)
                    .where(_identifier.c.digest.in_(chunk), self._seen)
                )
                if record_kind:
                    query = query.where(_identifier.c.record_kind == record_kind)
                rows.extend(connection.execute(query))
        rows.sort(key=lambda row: row.sequence)
        return [
            Match(Digest(row.kind, row.digest), row.record_id, row.record_kind, row.alias)
            for row in rows
            if (row.kind, row.digest) in wanted
        ]

    def naming(self, envelopes: Sequence[bytes], relation: str) -> dict[bytes, list[bytes]]:
        """The ids of records that name these envelopes in this way, in order of acceptance."""
        found: dict[bytes, list[bytes]] = {}
        with self._database.read() as connection:
            for chunk in _chunks(envelopes):
                query = (
                    select(_link.c.target, _link.c.record_id)
                    .join(_record, _record.c.id == _link.c.record_id)
                    .where(_link.c.target.in_(chunk), _link.c.relation == relation, self._seen)
                    .order_by(_record.c.sequence)
                )
                for target, record_id in connection.execute(query):
                    found.setdefault(target, []).append(record_id)
        return found

    def pending(self) -> list[StoredRecord]:
        """Records that are not published, in order of acceptance."""
        return self._select(~_record.c.publish)

    def unpinned(self, limit: int = 1000) -> list[StoredRecord]:
        """Published records whose blocks are not in the content store yet."""
        return self._select(_record.c.publish & _record.c.pinned_at.is_(None), limit)

    def unlogged(self, limit: int = 10_000, *, upto: int | None = None) -> list[StoredRecord]:
        """Published and pinned records, up to that sequence number, that have no place in the log yet."""
        waiting = _record.c.publish & _record.c.pinned_at.is_not(None) & _record.c.log_index.is_(None)
        return self._select(waiting if upto is None else waiting & (_record.c.sequence <= upto), limit)

    def all(self, after: int = 0, limit: int = 1000) -> list[StoredRecord]:
        """Every record after a sequence number, for checks that read everything."""
        return self._select(_record.c.sequence > after, limit)

    def of_kind(self, kind: str, *, after: int = 0, limit: int = 1000) -> list[StoredRecord]:
        """Records of one kind after a sequence number, in order of acceptance."""
        return self._select((_record.c.sequence > after) & (_record.c.kind == kind), limit)

    def _select(self, where: Any, limit: int | None = None) -> list[StoredRecord]:  # noqa: ANN401 - an SQL clause
        query = select(_record).where(where).order_by(_record.c.sequence).limit(limit)
        with self._database.read() as connection:
            return [_stored(row) for row in connection.execute(query)]

    def mark_pinned(self, ids: Sequence[bytes], at: datetime) -> None:
        """Note that blocks are in the content store."""
        with self._database.write() as connection:
            for chunk in _chunks(ids):
                connection.execute(
                    update(_record).where(_record.c.id.in_(chunk)).values(pinned_at=to_unix(at))
                )

    def children(self, digests: Sequence[Digest]) -> list[tuple[bytes, Digest, str]]:
        """Works made from these digests: (child record id, parent digest, relation)."""
        with self._database.read() as connection:
            rows = [
                row
                for chunk in _chunks(sorted({digest.raw for digest in digests}))
                for row in connection.execute(select(_edge).where(_edge.c.digest.in_(chunk)))
            ]
        return [(row.child, Digest(row.kind, row.digest), row.relation) for row in rows]

    def fingerprints(self) -> list[tuple[bytes, str, str, bytes, int]]:
        """All fingerprints: (record id, alg, pipeline, bits, quality)."""
        query = select(_fingerprint)
        if self._published:
            query = query.join(_record, _record.c.id == _fingerprint.c.record_id).where(_record.c.publish)
        with self._database.read() as connection:
            return [tuple(row) for row in connection.execute(query)]

    def count(self) -> dict[str, int]:
        """How many records of each kind."""
        with self._database.read() as connection:
            return {
                row[0]: row[1]
                for row in connection.execute(select(_record.c.kind, func.count()).group_by(_record.c.kind))
            }


def _row(record: Record, now: int, *, publish: bool) -> Mapping[str, Any]:
    return {
        "id": record.record_id.digest,
        "envelope": record.envelope_cid.digest,
        "kind": record.kind,
        "statement": record.statement,
        "envelope_bytes": record.envelope,
        "accepted_at": now,
        "publish": publish,
        "pinned_at": None,
        "log_index": None,
    }


def _stored(row: Row[Any]) -> StoredRecord:
    return StoredRecord(
        Record(row.statement, row.envelope_bytes),
        row.kind,
        row.sequence,
        from_unix(row.accepted_at),
        row.publish,
        row.pinned_at is not None,
        row.log_index,
    )


def _chunks(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))
