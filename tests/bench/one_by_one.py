"""Asking for one work as somebody would write it with an SQLModel session: row by row, and then the same rules."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from rakkan.registry.rules.casebook import Casebook, Entry, Pair
from rakkan.registry.rules.consent import Effective, effective
from rakkan.registry.rules.duties import actor_digest
from rakkan.registry.store.effects import ChainWithdrawalRow
from rakkan.registry.store.tables import IdentifierRow, LinkRow, RecordRow, WithdrawalRow
from rakkan.schemas.instant import from_unix
from rakkan.schemas.record import Record
from rakkan.schemas.values import Digest
from tests.support import NOW

TRAIN = "cawg.ai_generative_training"
_ON_WORKS = ("work", "consent", "authorship")


def one_by_one(engine: Engine, digest: Digest) -> Effective:
    """What holds of one work."""
    with Session(engine) as session:
        found = _Found(session)
        found.find(digest, _ON_WORKS)
        for record in found.of("work"):
            for subject in record.parsed.subject:
                for name in subject.digests:
                    found.find(name, _ON_WORKS)
        dids = {_said_by(record) for record in found.of(*_ON_WORKS)}
        for record in found.of(*_ON_WORKS):
            assert not session.exec(select(LinkRow).where(LinkRow.target == record.envelope_cid.digest)).all()
            found.find(Digest("record", record.record_id.digest), ("dispute", "ruling"))
        for did in dids:
            found.find(actor_digest(did), ("identity", "key"))
        book = Casebook(found.entries.values())
        withdrawn = {
            pair: moment
            for pair in book.pairs([digest])
            if (moment := _taken_back(session, pair)) is not None
        }
    facts, case = book.about([digest], withdrawn)
    return effective(facts, scope=TRAIN, grantee="public", used_at=NOW, case=case)


class _Found:
    def __init__(self, session: Session) -> None:
        self._session = session
        self.entries: dict[bytes, Entry] = {}

    def of(self, *kinds: str) -> list[Record]:
        return [each.record for each in self.entries.values() if each.record.kind in kinds]

    def find(self, name: Digest, kinds: Collection[str]) -> None:
        query = select(IdentifierRow).where(IdentifierRow.digest == name.raw, IdentifierRow.kind == name.kind)
        for named in self._session.exec(query.where(col(IdentifierRow.record_kind).in_(kinds))).all():
            if named.record_id in self.entries:
                continue
            row = self._session.exec(select(RecordRow).where(RecordRow.id == named.record_id)).one()
            if row.publish:
                record = Record.parse(row.statement, row.envelope_bytes)
                self.entries[named.record_id] = Entry(record, row.log_index, from_unix(row.accepted_at))


def _said_by(record: Record) -> str:
    said: Any = record.predicate
    return str(said.grantor.id if record.kind == "consent" else said.creator)


def _taken_back(session: Session, pair: Pair) -> datetime | None:
    authority, key = pair
    recorded = session.get(WithdrawalRow, (key, authority))
    on_chain = session.get(ChainWithdrawalRow, (key, authority))
    moments = [recorded.recorded_at if recorded else None, on_chain.at if on_chain else None]
    return min((from_unix(each) for each in moments if each is not None), default=None)
