"""News in the one order in which it was noticed here, and how far each reader has read.

It decides that rows are only ever added, in the transaction that notices what they tell; that nothing is told
before it is public, no standing withdrawal twice, and the coming end of a consent once. All writing is in one lane,
so that numbers become visible in their order: who has read up to one has read everything before it. What is news
is decided in ``rakkan.registry.rules.telling``.

A **cursor** is a row's number and a check of what it says: one from before the database was replaced by an
older copy is refused, instead of passing over what came since.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Row, select, text, update

from rakkan.registry.rules.telling import (
    EXPIRING,
    RECORD_KINDS,
    TAKEN,
    UNDONE,
    WITHDRAWN,
    News,
    ends_before,
    told_by,
)
from rakkan.registry.store.tables import TAKEN_BACK, BriefRow, EventRow, RecordRow, SettingRow, table
from rakkan.schemas.errors import DomainError, Invalid
from rakkan.schemas.instant import format_instant, from_unix, parse_instant, to_unix
from rakkan.schemas.record import Record

if TYPE_CHECKING:
    from rakkan.registry.store.database import Database

_event, _brief, _record, _setting = table(EventRow), table(BriefRow), table(RecordRow), table(SettingRow)
_CHUNK: Final = 500
_BATCH: Final = 1000
_FIELDS: Final = News.__slots__
_MARK: Final = "told-endings-until"
_CURSOR: Final = re.compile(r"(0|[1-9][0-9]{0,17}-[0-9a-f]{8})\Z")
START: Final = "0"
"""The cursor of who has read nothing."""


@dataclass(frozen=True, slots=True)
class Event:
    """News with its place.

    Attributes:
        number: Grows with every event, not without gaps.
        news: What is told.
        noticed_at: When it was noticed here.
    """

    number: int
    news: News
    noticed_at: datetime

    @property
    def check(self) -> bytes:
        """32 bytes that stand for what is told, and its place."""
        news = self.news
        parts = (
            str(self.number).encode(),
            news.kind.encode(),
            str(news.at).encode(),
            news.about,
            news.key or b"",
        )
        return hashlib.sha256(b"".join(len(part).to_bytes(2, "big") + part for part in parts)).digest()

    @property
    def cursor(self) -> str:
        """How far who has read this one has read."""
        return f"{self.number}-{self.check[:4].hex()}"


@dataclass(frozen=True, slots=True)
class Named:
    """A public record that news is about.

    Attributes:
        record_id: sha256 of the statement.
        envelope: sha256 of the envelope.
        kind: Its kind.
        authority: Of a consent, who can take it back, 20 bytes.
    """

    record_id: bytes
    envelope: bytes
    kind: str
    authority: bytes | None


class Events:
    """The news of one registry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def after(self, cursor: str, limit: int, *, taken_back: bool = False) -> list[Event]:
        """What comes after a cursor, in order.

        Args:
            cursor: Of the last event that was read, or :data:`START`.
            limit: How many at most.
            taken_back: Withdrawals alone, and those that were undone.

        Raises:
            Invalid: ``cursor-unknown``.
        """
        number = _number(cursor)  # malformed: below all, so that it is not found
        query = select(_event).where(_event.c.sequence > number).order_by(_event.c.sequence).limit(limit)
        if taken_back:
            query = query.where(text(TAKEN_BACK))  # as the index says it
        with self._database.read() as connection:
            last = connection.execute(select(_event).where(_event.c.sequence == number)).first()
            if number and (last is None or _read(last).cursor != cursor):
                raise Invalid(
                    "This cursor is none that this registry gave.",
                    code="cursor-unknown",
                    hint="It may have been restored from an older copy: begin anew, without a cursor.",
                    pointer="/after",
                )
            return [_read(row) for row in connection.execute(query)]

    def newest(self) -> str:
        """The cursor of who has read everything."""
        query = select(_event).order_by(_event.c.sequence.desc()).limit(1)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return START if row is None else _read(row).cursor

    def named(self, digests: Collection[bytes]) -> dict[bytes, Named]:
        """The public records that have these digests as their statement's or their envelope's, by that digest."""
        found: dict[bytes, Named] = {}
        with self._database.read() as connection:
            for chunk in _chunks(sorted(digests)):
                query = (
                    select(_record.c.id, _record.c.envelope, _record.c.kind, _brief.c.authority)
                    .join(_brief, _brief.c.record_id == _record.c.id, isouter=True)
                    .where(
                        _record.c.id.in_(chunk) | _record.c.envelope.in_(chunk),
                        _record.c.publish.is_not(False),
                    )
                )
                for row in connection.execute(query):
                    found[row.id] = found[row.envelope] = Named(*row)
        return {digest: found[digest] for digest in digests if digest in found}

    def undone(self, keys: Collection[bytes]) -> list[Event]:
        """What was told of withdrawals under these keys whose block is no more, oldest first."""
        found: list[Event] = []
        with self._database.read() as connection:
            for chunk in _chunks(sorted(keys)):
                query = select(_event).where(_event.c.key.in_(chunk), _event.c.kind == UNDONE)
                found += [_read(row) for row in connection.execute(query)]
        return sorted(found, key=lambda event: event.number)

    def untold(self, pairs: Collection[tuple[bytes, bytes]]) -> set[tuple[bytes, bytes]]:
        """Those of these authorities and keys of which the newest news is not that they were taken back."""
        with self._database.read() as connection:
            standing = _standing(connection, {key for _, key in pairs})
        return {pair for pair in pairs if not standing.get(pair, False)}

    def note_endings(self, now: datetime, until: datetime) -> int:
        """Tell which public consents end until then and were not told of; how many."""
        upto = format_instant(until)
        with self._database.read() as connection:
            if upto <= (_mark(connection) or ""):
                return 0
        with self._database.write() as connection:
            mark = _mark(connection)
            start = max(format_instant(now), mark or "")
            if upto <= start:
                return 0
            ending = (
                select(_brief.c.record_id, _brief.c.valid_until)
                .where(_brief.c.valid_until > start, _brief.c.valid_until <= upto, _brief.c.publish)
                .order_by(_brief.c.valid_until, _brief.c.record_id)
            )
            total = 0
            for batch in connection.execute(ending).partitions(_BATCH):
                news = [News(EXPIRING, each[0], to_unix(parse_instant(each[1])), each[0]) for each in batch]
                _insert(connection, news, now)
                total += len(news)
            if mark is None:
                self._database.insert(connection, _setting, [{"name": _MARK, "value": upto}])
            else:
                connection.execute(update(_setting).where(_setting.c.name == _MARK).values(value=upto))
        return total


def note_records(connection: Connection, records: Iterable[Record], now: datetime) -> None:
    """Tell what records that became public just now are news of, in a transaction of the writer lane."""
    mark, text_now = _mark(connection), format_instant(now)
    news: list[News] = []
    for record in records:
        told = told_by(record, to_unix(now))
        if told is not None:
            news.append(told)
        if mark is not None and (end := ends_before(record, mark, text_now)) is not None:
            news.append(News(EXPIRING, record.record_id.digest, to_unix(end), record.record_id.digest))
    note(connection, news, now)


def note_published(connection: Connection, ids: Sequence[bytes], now: datetime) -> None:
    """The same for those of these records that are on file and not public yet, but will be with this transaction.

    What cannot be read is left out, and named by ``fsck``.
    """
    query = select(_record.c.statement, _record.c.envelope_bytes).where(
        _record.c.id.in_(ids), _record.c.publish.is_(False), _record.c.kind.in_(RECORD_KINDS)
    )
    records: list[Record] = []
    for statement, envelope in connection.execute(query.order_by(_record.c.sequence)):
        with contextlib.suppress(DomainError):
            record = Record(statement, envelope)
            told_by(record, 0)
            records.append(record)
    note_records(connection, records, now)


def note(connection: Connection, news: Sequence[News], now: datetime | None) -> None:
    """Tell what is new, in a transaction of the writer lane; a withdrawal that stands already is not.

    Args:
        connection: Of the writer lane.
        news: In order.
        now: When it was noticed; None takes each at its own instant.
    """
    standing = _standing(connection, {each.key for each in news if each.key is not None})
    fresh: list[News] = []
    for each in news:
        if each.kind in TAKEN:
            pair, stands = (each.authority, each.key), each.kind == WITHDRAWN
            if standing.get(pair, False) is stands:
                continue
            standing[pair] = stands
        fresh.append(each)
    _insert(connection, fresh, now)


def _standing(
    connection: Connection, keys: Collection[bytes]
) -> dict[tuple[bytes | None, bytes | None], bool]:
    """By authority and key, whether the newest event says that it is withdrawn."""
    found: dict[tuple[bytes | None, bytes | None], bool] = {}
    for chunk in _chunks(sorted(keys)):
        query = select(_event.c.authority, _event.c.key, _event.c.kind)
        query = query.where(_event.c.key.in_(chunk)).order_by(_event.c.sequence)
        for authority, key, kind in connection.execute(query):
            found[authority, key] = kind == WITHDRAWN
    return found


def _insert(connection: Connection, news: Sequence[News], now: datetime | None) -> None:
    if news:
        rows: list[dict[str, Any]] = [
            {name: getattr(each, name) for name in _FIELDS}
            | {"noticed_at": each.at if now is None else to_unix(now)}
            for each in news
        ]
        connection.execute(_event.insert(), rows)


def _mark(connection: Connection) -> str | None:
    """Every public consent that ends until then, and had not ended, was told of."""
    query = select(_setting.c.value).where(_setting.c.name == _MARK)
    found: str | None = connection.execute(query).scalar_one_or_none()
    return found


def _number(cursor: str) -> int:
    return int(cursor.partition("-")[0]) if _CURSOR.match(cursor) else -1


def _read(row: Row[Any]) -> Event:
    return Event(row.sequence, News(*(getattr(row, name) for name in _FIELDS)), from_unix(row.noticed_at))


def _chunks(values: Sequence[bytes]) -> Iterator[list[bytes]]:
    return (list(values[start : start + _CHUNK]) for start in range(0, len(values), _CHUNK))
