"""Works that look alike, and up to which record that was looked for.

It decides how pairs are kept, and that a pair and the mark of having looked are one commit. What a match
is decides ``rakkan.registry.rules.likeness``; the search is in ``rakkan.registry.flows.comparing``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from rakkan.registry.rules.likeness import BYTES, MIN_QUALITY
from rakkan.registry.store.database import Database
from rakkan.registry.store.tables import FingerprintRow, LikenessRow, RecordRow, SettingRow, table

_likeness, _fingerprint, _record = table(LikenessRow), table(FingerprintRow), table(RecordRow)
_setting = table(SettingRow)
_COMPARED = "compared"
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Print:
    """A fingerprint that decides.

    Attributes:
        record_id: Of the work.
        sequence: Its place in the order of acceptance.
        kind: Algorithm and pipeline: only within one are distances told.
        bits: 32 bytes.
    """

    record_id: bytes
    sequence: int
    kind: tuple[str, str]
    bits: bytes


class Likenesses:
    """Pairs of works that look alike."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def compared(self) -> int:
        """The sequence number up to which every work was compared with all before it."""
        query = select(_setting.c.value).where(_setting.c.name == _COMPARED)
        with self._database.read() as connection:
            return int(connection.execute(query).scalar() or 0)

    def last(self) -> int:
        """The newest sequence number."""
        query = select(_record.c.sequence).order_by(_record.c.sequence.desc()).limit(1)
        with self._database.read() as connection:
            return int(connection.execute(query).scalar() or 0)

    def prints(self, after: int, last: int) -> list[Print]:
        """The deciding fingerprints of works in this stretch of the file (``after`` excluded), in order."""
        query = (
            select(
                _fingerprint.c.record_id,
                _record.c.sequence,
                _fingerprint.c.alg,
                _fingerprint.c.pipeline,
                _fingerprint.c.bits,
            )
            .join(_record, _record.c.id == _fingerprint.c.record_id)
            .where(_record.c.sequence > after, _record.c.sequence <= last)
            .where(_fingerprint.c.alg.startswith("pdq"), _fingerprint.c.quality >= MIN_QUALITY)
            .order_by(_record.c.sequence)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return [Print(row[0], row[1], (row[2], row[3]), row[4]) for row in rows if len(row[4]) == BYTES]

    def note(self, pairs: Iterable[tuple[bytes, bytes]], compared: int) -> None:
        """Keep pairs, by record id, and that all up to that sequence number were compared."""
        rows = [{"record_id": one, "other": other} for pair in pairs for one, other in (pair, pair[::-1])]
        with self._database.write() as connection:
            self._database.insert(connection, _likeness, rows)
            self._database.replace(connection, _setting, [{"name": _COMPARED, "value": str(compared)}])

    def of(self, record_ids: Sequence[bytes]) -> dict[bytes, set[bytes]]:
        """The works that these look like, by record id; those without any are left out."""
        found: dict[bytes, set[bytes]] = {}
        with self._database.read() as connection:
            for start in range(0, len(record_ids), _CHUNK):
                chunk = record_ids[start : start + _CHUNK]
                query = select(_likeness).where(_likeness.c.record_id.in_(chunk))
                for row in connection.execute(query):
                    found.setdefault(row.record_id, set()).add(row.other)
        return found
