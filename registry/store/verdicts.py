"""Verdicts with the bytes they were found from.

It decides how a verdict is kept and found again; whether it is right is re-derived by ``fsck``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, func, select, update

from rakkan.registry.store.database import Database
from rakkan.registry.store.tables import RecordRow, SettingRow, StaleVerdictRow, VerdictRow, table
from rakkan.schemas.instant import from_unix, to_unix

_verdict, _stale, _setting = table(VerdictRow), table(StaleVerdictRow), table(SettingRow)
_record = table(RecordRow)
_EXAMINED: Final = "withdrawals-examined"


@dataclass(frozen=True, slots=True)
class StoredVerdict:
    """A verdict and its evidence.

    Attributes:
        record_id: sha256 of the statement.
        subject: What the gate knows it by, 32 bytes.
        root: The dataset's root.
        policy: sha256 of the policy document.
        policy_bytes: The policy document.
        issued_at: Unix seconds.
        attester: Address whose signature the gate takes, 20 bytes.
        signature: EIP-712 for the gate, 65 bytes.
        findings: Leaf data of the findings, 97 bytes each, in dataset order.
        documents: The finding documents, canonical JSON, one a line.
        reliance: Leaf data of the reliance, 93 bytes each, sorted.
    """

    record_id: bytes
    subject: bytes
    root: bytes
    policy: bytes
    policy_bytes: bytes
    issued_at: int
    attester: bytes | None
    signature: bytes | None
    findings: bytes
    documents: bytes
    reliance: bytes


class Verdicts:
    """The verdicts of one registry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, verdict: StoredVerdict) -> None:
        """Keep a verdict; the same one again changes nothing."""
        with self._database.write() as connection:
            row = {name: getattr(verdict, name) for name in StoredVerdict.__slots__}
            self._database.insert(connection, _verdict, [row])

    def sign(self, verdict: StoredVerdict) -> None:
        """Let this attester's signature stand with a verdict that is kept, in place of another's."""
        values = {"attester": verdict.attester, "signature": verdict.signature}
        with self._database.write() as connection:
            connection.execute(
                update(_verdict).where(_verdict.c.record_id == verdict.record_id).values(**values)
            )

    def get(self, record_id: bytes) -> StoredVerdict | None:
        """A verdict by the sha256 of its statement."""
        with self._database.read() as connection:
            row = connection.execute(select(_verdict).where(_verdict.c.record_id == record_id)).first()
        return None if row is None else StoredVerdict(**row._mapping)  # noqa: SLF001

    def latest(self, subject_or_root: bytes, policy: bytes | None = None) -> StoredVerdict | None:
        """The newest verdict about a dataset, under one policy or under any.

        Of several as of one instant, the one made last: a log never shrinks, so that one knew most of it.
        """
        query = select(_verdict).join(_record, _record.c.id == _verdict.c.record_id)
        query = query.where(_about(subject_or_root))
        if policy is not None:
            query = query.where(_verdict.c.policy == policy)
        query = query.order_by(_verdict.c.issued_at.desc(), _record.c.sequence.desc()).limit(1)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else StoredVerdict(**row._mapping)  # noqa: SLF001

    def policies(self, subject_or_root: bytes) -> list[bytes]:
        """The documents of all policies under which a dataset was judged, those with the newest verdicts first."""
        query = (
            select(_verdict.c.policy_bytes)
            .where(_about(subject_or_root))
            .group_by(_verdict.c.policy, _verdict.c.policy_bytes)
            .order_by(func.max(_verdict.c.issued_at).desc(), _verdict.c.policy)
        )
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def unmarked(self) -> list[bytes]:
        """Record ids of the verdicts that were not noticed to be stale."""
        query = select(_verdict.c.record_id).where(_verdict.c.record_id.not_in(select(_stale.c.record_id)))
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def mark_stale(self, record_id: bytes, at: datetime) -> None:
        """Note that a verdict relies on something withdrawn; the first time stays."""
        with self._database.write() as connection:
            self._database.insert(connection, _stale, [{"record_id": record_id, "noted_at": to_unix(at)}])

    def stale_since(self, record_id: bytes) -> datetime | None:
        """When it was noticed; None if it was not."""
        query = select(_stale.c.noted_at).where(_stale.c.record_id == record_id)
        with self._database.read() as connection:
            noted = connection.execute(query).scalar_one_or_none()
        return None if noted is None else from_unix(noted)

    def examined(self) -> int:
        """How many withdrawals there were when all verdicts were last looked through."""
        with self._database.read() as connection:
            found = connection.execute(
                select(_setting.c.value).where(_setting.c.name == _EXAMINED)
            ).scalar_one_or_none()
        return int(found or 0)

    def note_examined(self, count: int) -> None:
        """All verdicts were looked through, with so many withdrawals."""
        with self._database.write() as connection:
            self._database.insert(connection, _setting, [{"name": _EXAMINED, "value": "0"}])
            connection.execute(update(_setting).where(_setting.c.name == _EXAMINED).values(value=str(count)))

    def all(self) -> list[StoredVerdict]:
        """Every verdict, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(select(_verdict).order_by(_verdict.c.issued_at)).all()
        return [StoredVerdict(**row._mapping) for row in rows]  # noqa: SLF001


def _about(subject_or_root: bytes) -> ColumnElement[bool]:
    return (_verdict.c.subject == subject_or_root) | (_verdict.c.root == subject_or_root)
