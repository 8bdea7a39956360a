"""What was stamped here, and the private fields that stay here.

It decides that one input under one claim definition is stamped once. Nothing of it leaves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from rakkan.registry.store.database import Database
from rakkan.registry.store.tables import PrivateRow, StampRow, table

_stamp, _private = table(StampRow), table(PrivateRow)
_DONE = select(_stamp).where(
    _stamp.c.source == bindparam("input"), _stamp.c.definition == bindparam("asked")
)  # built once: this is asked of every picture


@dataclass(frozen=True, slots=True)
class Stamp:
    """One finished stamping.

    Attributes:
        source: sha256 of the input file.
        definition: Digest of the claim definition.
        output: sha256 of the stamped file.
        path: Where the output was written.
        record_id: sha256 of the work's statement.
        manifest: The manifest store, as a block of its own.
    """

    source: bytes
    definition: bytes
    output: bytes
    path: str
    record_id: bytes
    manifest: bytes


@dataclass(frozen=True, slots=True)
class PrivateField:
    """A private text, with the salt of its commitment."""

    name: str
    salt: bytes
    text: str


class Stamps:
    """Finished stampings and their private fields."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, source: bytes, definition: bytes) -> Stamp | None:
        """What came of this input under this definition, if it was done."""
        with self._database.read() as connection:
            row = connection.execute(_DONE, {"input": source, "asked": definition}).first()
        return None if row is None else Stamp(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it

    def by_record(self, record_ids: Sequence[bytes]) -> dict[bytes, Stamp]:
        """Stampings by the work that they made."""
        with self._database.read() as connection:
            rows = connection.execute(select(_stamp).where(_stamp.c.record_id.in_(list(record_ids)))).all()
        return {row.record_id: Stamp(**row._mapping) for row in rows}  # noqa: SLF001

    def write(self, connection: Connection, finished: Sequence[tuple[Stamp, Sequence[PrivateField]]]) -> None:
        """Note finished stampings in a transaction; one done again takes the place of the old."""
        rows = [{name: getattr(stamp, name) for name in Stamp.__slots__} for stamp, _ in finished]
        private = [
            {"record_id": stamp.record_id, "name": each.name, "salt": each.salt, "text": each.text}
            for stamp, fields in finished
            for each in fields
        ]
        self._database.replace(connection, _stamp, rows)
        self._database.insert(connection, _private, private)

    def keep(self, record_id: bytes, fields: Sequence[PrivateField]) -> None:
        """Keep the private fields of a record that was not stamped, such as a model; those kept already stay."""
        with self._database.write() as connection:
            rows = [
                {"record_id": record_id, "name": each.name, "salt": each.salt, "text": each.text}
                for each in fields
            ]
            self._database.insert(connection, _private, rows)

    def fields(self, record_id: bytes) -> Mapping[str, PrivateField]:
        """The private fields of a work or a model."""
        with self._database.read() as connection:
            rows = connection.execute(select(_private).where(_private.c.record_id == record_id)).all()
        return {row.name: PrivateField(row.name, row.salt, row.text) for row in rows}
