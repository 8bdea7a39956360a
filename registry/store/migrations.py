"""Bringing a database of an earlier version up to this one, in the transaction that opens it.

It decides one step for each earlier version. New tables are there already, empty; a step fills them from
what is stored. What cannot be read is left out, and named by ``fsck``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Connection, Table, select, update

from rakkan.registry.rules.brief import KINDS
from rakkan.registry.store.indexing import brief_rows
from rakkan.registry.store.tables import IdentifierRow, LinkRow, RecordRow, SettingRow, table
from rakkan.schemas.errors import DomainError
from rakkan.schemas.record import Record

Insert = Callable[[Connection, Table, Sequence[Mapping[str, Any]]], int]
"""Inserts rows; those whose key is there already are left as they are."""

_record, _setting = table(RecordRow), table(SettingRow)
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


_STEPS: Final = MappingProxyType[str, Callable[[Insert, Connection], None]]({"1": _brief_everything})
