"""Bringing a database of an earlier version up to this one, in the transaction that opens it.

It decides one step for each earlier version. New tables are there already, empty; a step fills them from
what is stored. What cannot be read is left out, and named by ``fsck``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Connection, Table, select, update

from rakkan.registry.rules.brief import KINDS
from rakkan.registry.rules.telling import WITHDRAWN, News, told_by
from rakkan.registry.store.effects import ChainWithdrawalRow
from rakkan.registry.store.events import note
from rakkan.registry.store.indexing import brief_rows
from rakkan.registry.store.tables import IdentifierRow, LinkRow, RecordRow, SettingRow, table
from rakkan.schemas.errors import DomainError
from rakkan.schemas.record import Record

Insert = Callable[[Connection, Table, Sequence[Mapping[str, Any]]], int]
"""Inserts rows; those whose key is there already are left as they are."""

_record, _setting, _on_chain = table(RecordRow), table(SettingRow), table(ChainWithdrawalRow)
_BATCH: Final = 1000


def migrate(insert: Insert, connection: Connection, found: str) -> str:
    """Take the steps from the version found; the version that is reached."""
    while found in _STEPS:
        _STEPS[found](insert, connection)
        found = str(int(found) + 1)
        connection.execute(update(_setting).where(_setting.c.name == "schema").values(value=found))
    return found


def _brief_everything(insert: Insert, connection: Connection) -> None:
    """1 → 2: briefs of the consents and claims on file, and indexes of what is rare."""
    for index in (*table(IdentifierRow).indexes, *table(LinkRow).indexes):
        index.create(connection, checkfirst=True)
    after = 0
    query = select(_record).where(_record.c.kind.in_(KINDS)).order_by(_record.c.sequence).limit(_BATCH)
    while batch := connection.execute(query.where(_record.c.sequence > after)).all():
        after = batch[-1].sequence
        rows: dict[Table, list[dict[str, object]]] = {}
        for each in batch:
            try:
                record = Record(each.statement, each.envelope_bytes)
                made = brief_rows(record, each.accepted_at, publish=each.publish, log_index=each.log_index)
            except DomainError:
                continue
            for target, more in made.items():
                rows.setdefault(target, []).extend(more)
        for target, all_rows in rows.items():
            insert(connection, target, all_rows)


def _tell_what_was_taken_back(_: Insert, connection: Connection) -> None:
    """2 → 3: what was taken back so far, oldest first, for those who follow it. Consents given are old news."""
    news: list[News] = []
    query = select(_record).where(_record.c.kind == "withdrawal", _record.c.publish)
    for row in connection.execute(query.order_by(_record.c.sequence)):
        with contextlib.suppress(DomainError):
            told = told_by(Record(row.statement, row.envelope_bytes), row.accepted_at)
            news += [] if told is None else [told]
    for row in connection.execute(select(_on_chain).order_by(_on_chain.c.block)):
        pair = {"authority": row.authority, "key": row.key}
        news.append(News(WITHDRAWN, row.key, row.at, block=row.block, **pair))
    note(connection, sorted(news, key=lambda each: each.at), None)


_STEPS: Final = MappingProxyType[str, Callable[[Insert, Connection], None]](
    {"1": _brief_everything, "2": _tell_what_was_taken_back}
)
