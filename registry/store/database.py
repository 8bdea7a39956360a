"""One database, SQLite or PostgreSQL: opening, transactions, and its errors turned into ours.

It decides durability (WAL with synchronous=FULL, one writer lane) and what a failure is called. It
leaves out what is written.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, CursorResult, Insert, Table, create_engine, event, inspect, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError, OperationalError, SQLAlchemyError

from rakkan.registry.store.migrations import migrate
from rakkan.registry.store.tables import SCHEMA_VERSION, Row, SettingRow, table
from rakkan.schemas.errors import Conflict, DomainError, Integrity, Invalid, Unavailable

# Values in one list: more than so many make PostgreSQL read whole tables, and SQLite takes no more than 32,766.
_AMONG: Final = {"sqlite": 10_000, "postgresql": 1_000}
# The pool tells whom it has no other way to tell, with a traceback, of a Ctrl-C while a connection closes.
logging.getLogger("sqlalchemy.pool").addHandler(logging.NullHandler())
_WRITER_LANE: Final = 0x52616B6B616E  # "Rakkan": the advisory lock that makes PostgreSQL write in one lane


class Database:
    """An open database.

    Args:
        url: ``sqlite:////path/to/file`` or ``postgresql+psycopg://…``.
        make: Make what is not there; else it has to be there.

    Raises:
        Invalid: ``database-url``.
        Conflict: ``store-version``, if another version of Rakkan made it.
        Integrity: ``store-damaged``.
        Unavailable: ``store-unavailable``, ``store-missing``.
    """

    def __init__(self, url: str, *, make: bool = True) -> None:
        try:
            self.dialect = make_url(url).get_backend_name()
            if self.dialect not in ("sqlite", "postgresql"):
                raise ArgumentError(url)
            self._engine = create_engine(url, pool_pre_ping=self.dialect == "postgresql")
        except ImportError as error:
            raise Unavailable(
                "The driver of this database is not installed.",
                code="extra-missing",
                hint="Install rakkan[postgres].",
            ) from error
        except (ArgumentError, NoSuchModuleError) as error:
            raise Invalid(
                "The database URL is not one we can use.",
                code="database-url",
                hint="Use sqlite:////path or postgresql+psycopg://… (with the extra rakkan[postgres]).",
            ) from error
        if self.dialect == "sqlite":
            event.listen(self._engine, "connect", _prepare_sqlite)
            event.listen(self._engine, "begin", _begin_sqlite)
        if not make:
            self._be_there()
        self._create()

    def _be_there(self) -> None:
        """Only look: what was lost is not to be there again, empty, after it was missed once."""
        file = self._engine.url.database if self.dialect == "sqlite" else None
        if file is None or Path(file).is_file():
            with self.read() as connection:
                if inspect(connection).has_table(table(SettingRow).name):
                    return
        self.close()
        raise Unavailable(
            f"The database of this home is not there{f': {file}' if file else ''}.",
            code="store-missing",
            hint="Restore it from a backup; an empty one would begin another log under the same name.",
        )

    def _create(self) -> None:
        settings = table(SettingRow)
        with self.write() as connection:
            Row.metadata.create_all(connection)
            self.insert(connection, settings, [{"name": "schema", "value": SCHEMA_VERSION}])
            found = connection.execute(settings.select().where(settings.c.name == "schema")).one().value
            found = migrate(self.insert, connection, found)
        if found != SCHEMA_VERSION:
            self.close()
            raise Conflict(
                f"The database has schema {found}, this version of Rakkan reads {SCHEMA_VERSION}.",
                code="store-version",
                hint="Use the version of Rakkan that made it, or another --home.",
            )

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one state."""
        with _translated(), self._engine.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction in the writer lane: committed and durable on leaving, undone on an error."""
        with (
            _translated(),
            self._engine.connect().execution_options(rakkan_write=True) as connection,
            connection.begin(),
        ):
            if self.dialect == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lane)"), {"lane": _WRITER_LANE})
            yield connection

    def insert(self, connection: Connection, into: Table, rows: Sequence[Mapping[str, Any]]) -> int:
        """Insert rows; those whose key exists already are left as they are. Returns how many were new."""
        if not rows:
            return 0
        return connection.execute(
            _keeping(self.dialect, into), rows[0] if len(rows) == 1 else list(rows)
        ).rowcount

    def replace(self, connection: Connection, into: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows; each takes the place of one that has its key already."""
        if rows:
            connection.execute(_replacing(self.dialect, into), rows[0] if len(rows) == 1 else list(rows))

    def among(self, connection: Connection, query: str, values: Collection[bytes]) -> list[tuple[Any, ...]]:
        """Rows of a query in which ``{}`` stands for "is one of these values", as the driver gives them.

        Sorted values lie beside one another in an index, so each of its pages is read once.
        """
        found: list[tuple[Any, ...]] = []
        ordered, size = sorted(values), _AMONG[self.dialect]
        for start in range(0, len(ordered), size):
            chunk = ordered[start : start + size]
            if self.dialect == "sqlite":
                listed = query.format(f"IN ({','.join('?' * len(chunk))})")
                result = connection.exec_driver_sql(listed, tuple(chunk))
            else:
                result = connection.exec_driver_sql(query.format("= ANY(%b)"), (chunk,))
            found += self.bare(result)
        return found

    def bare(self, result: CursorResult[Any]) -> list[tuple[Any, ...]]:
        """All rows of a result without SQLAlchemy's own around them: for tens of thousands."""
        try:
            cursor: Any = result.cursor
            return list(cursor.fetchall())
        except self._engine.dialect.loaded_dbapi.Error as error:
            raise DatabaseError(None, None, error) from error
        finally:
            result.close()

    def scrub(self, tables: Sequence[Table]) -> None:
        """Get what was deleted from these tables out of the database's own files, as far as it can.

        SQLite overwrites what it deletes; its journal is emptied here. PostgreSQL's dead rows are
        vacuumed. Backups, replicas and PostgreSQL's archived logs are beyond it.
        """
        with _translated(), self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as bare:
            if self.dialect == "sqlite":
                bare.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").close()
            else:
                for each in tables:
                    bare.exec_driver_sql(f'VACUUM "{each.name}"')

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()


# Building a statement costs as much as running it: one of each is kept for every table.


@cache
def _keeping(dialect: str, into: Table) -> Insert:
    # without the option SQLAlchemy throws PostgreSQL's count away
    return _insert(dialect, into).on_conflict_do_nothing().execution_options(preserve_rowcount=True)


@cache
def _replacing(dialect: str, into: Table) -> Insert:
    insert = _insert(dialect, into)
    given = {each.name: insert.excluded[each.name] for each in into.columns if not each.primary_key}
    return insert.on_conflict_do_update(index_elements=list(into.primary_key), set_=given)


def _insert(dialect: str, into: Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(into) if dialect == "sqlite" else postgresql.insert(into)


def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - a DB-API connection
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "busy_timeout=15000",
        "foreign_keys=ON",
        "secure_delete=ON",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("rakkan_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except DomainError:
        raise
    except DatabaseError as error:
        said = str(error.orig)
        if "malformed" in said or "not a database" in said:
            raise Integrity(
                f"The database is damaged: {said}.",
                code="store-damaged",
                hint="Restore a backup; `rakkan fsck` says what is whole.",
            ) from error
        if isinstance(error, OperationalError):
            disk = "full" in said or "disk I/O" in said
            hint = "Free disk space." if disk else "Is it running, reachable and writable?"
            raise Unavailable(
                f"The database cannot be used: {said}.", code="store-unavailable", hint=hint
            ) from error
        raise
    except SQLAlchemyError as error:
        raise Unavailable(f"The database cannot be used: {error}.", code="store-unavailable") from error
