"""What every row is made of: columns of raw digests and times, and the base that SQLModel builds tables from.

It decides how a digest and an instant are stored. Which tables there are is in ``tables`` and ``effects``.
"""

# pyright: reportAssignmentType=false, reportIncompatibleVariableOverride=false
# SQLModel declares its class attributes wider than any table can fill them.
from __future__ import annotations

from typing import Any, ClassVar, Final

from sqlalchemy import BigInteger, LargeBinary, MetaData, Table
from sqlalchemy.orm import registry as orm_registry
from sqlmodel import Field, SQLModel

_rows = orm_registry(metadata=MetaData())
COMPACT: Final[dict[str, Any]] = {"sqlite_with_rowid": False}
"""For tables that are found by their key alone."""


class Row(SQLModel, registry=_rows):
    """Base of all rows, with metadata of our own."""

    metadata: ClassVar[MetaData] = _rows.metadata


def blob(*, key: bool = False, unique: bool = False, index: bool = False) -> Any:  # noqa: ANN401 - sqlmodel's own
    """Raw bytes."""
    return Field(sa_type=LargeBinary, primary_key=key, unique=unique, index=index)


def count(*, key: bool = False, unique: bool = False) -> Any:  # noqa: ANN401
    """A large integer: Unix seconds, heights, places in the log."""
    return Field(sa_type=BigInteger, primary_key=key, unique=unique)


def table(row: type[Row]) -> Table:
    """The SQL table of a row class."""
    name = row.__tablename__
    return Row.metadata.tables[str(name)]
