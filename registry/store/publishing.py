"""Publishing: records that were kept in private become public, in one commit with the news that they are.

It decides from when such a record is known: from when it is published, not from when it was accepted. Else somebody
could keep a grant for themselves, and decide later what was allowed before (docs/proof-of-consent.md 1.4 and 4.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, case, update

from rakkan.registry.store.events import note_published
from rakkan.registry.store.tables import BriefRow, RecordRow, table
from rakkan.schemas.instant import to_unix

_record, _brief = table(RecordRow), table(BriefRow)


def make_public(connection: Connection, ids: Sequence[bytes], at: datetime) -> None:
    """Mark records, by id, as meant for the public, in a transaction of the writer lane; those that are stay as they are.

    Args:
        connection: Of the writer lane.
        ids: As many as one statement takes.
        at: When that is; no record is known before it was accepted, should clocks differ.
    """
    note_published(connection, ids, at)
    now = to_unix(at)
    for kept, name in ((_record, _record.c.id), (_brief, _brief.c.record_id)):
        since = case((kept.c.accepted_at > now, kept.c.accepted_at), else_=now)
        private = update(kept).where(name.in_(ids), kept.c.publish.is_(False))
        connection.execute(private.values(publish=True, accepted_at=since))
