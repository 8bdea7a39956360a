"""The log: places for pinned records, signed heads, proofs.

It decides that places are given in order of acceptance, that a head is signed in the same
transaction, and that a store which lags behind its own head is refused. Tree rules are in
``rakkan.registry.rules.tree``; anchoring is the worker's.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select, update

from rakkan.registry.rules.note import LogHead
from rakkan.registry.rules.tree import Tree, leaf_hash, root_of
from rakkan.registry.store.database import Database
from rakkan.registry.store.effects import AnchorRow, HeadRow
from rakkan.registry.store.tables import BriefRow, RecordRow, table
from rakkan.schemas.errors import Integrity, Invalid, NotFound
from rakkan.schemas.instant import from_unix, to_unix

_record, _head, _anchor = table(RecordRow), table(HeadRow), table(AnchorRow)
_brief = table(BriefRow)
_PLACED: dict[str, object] = {"log_index": bindparam("b_index")}
_GIVE_PLACE = (
    update(_record).where(_record.c.id == bindparam("b_id")).values(_PLACED),
    update(_brief).where(_brief.c.record_id == bindparam("b_id")).values(_PLACED),
)


class Log:
    """The append-only RFC 9162 log of one registry.

    Args:
        database: Where records and heads are kept.
        origin: The log's name in heads.
    """

    def __init__(self, database: Database, origin: str) -> None:
        self._database = database
        self._origin = origin
        self._tree = Tree()
        self._lock = threading.Lock()

    def append(
        self, ids: Sequence[bytes], sign: Callable[[int, bytes], LogHead], at: datetime
    ) -> LogHead | None:
        """Give places to records in the order named, and sign the new head; one commit.

        Records that have a place already, or are not pinned, are passed over.

        Args:
            ids: sha256 of each statement.
            sign: Signs (size, root).
            at: When.

        Raises:
            Integrity: ``log-damaged``, if what is stored does not fit the last signed head.
        """
        with self._lock, self._database.write() as connection:
            self._catch_up(connection)
            places: list[tuple[bytes, int]] = []
            leaves = bytearray()
            for start in range(0, len(ids), 500):
                chunk = list(ids[start : start + 500])
                query = (
                    select(_record.c.id, _record.c.envelope)
                    .where(
                        _record.c.id.in_(chunk),
                        _record.c.log_index.is_(None),
                        _record.c.pinned_at.is_not(None),
                    )
                    .order_by(_record.c.sequence)
                )
                for record_id, envelope in connection.execute(query):
                    places.append((record_id, self._tree.size + len(places)))
                    leaves += leaf_hash(record_id + envelope)
            if not places:
                return None
            self._tree.extend(bytes(leaves))
            try:
                rows = [{"b_id": record_id, "b_index": index} for record_id, index in places]
                for statement in _GIVE_PLACE:
                    connection.execute(statement, rows)
                head = sign(self._tree.size, self._tree.root())
                row = {"size": head.size, "root": head.root, "note": head.note, "signed_at": to_unix(at)}
                connection.execute(_head.insert(), [row])
            except BaseException:
                self._tree = Tree()  # undone: the next caller reads what is really stored
                raise
            return head

    def _catch_up(self, connection: Connection) -> None:
        query = (
            select(_record.c.log_index, _record.c.id, _record.c.envelope)
            .where(_record.c.log_index >= self._tree.size)
            .order_by(_record.c.log_index)
        )
        leaves = bytearray()
        expected = self._tree.size
        for index, record_id, envelope in connection.execute(query):
            if index != expected:
                raise Integrity(
                    f"The log has a gap at {expected}.",
                    code="log-damaged",
                    hint="Restore the database; do not write to this copy.",
                )
            leaves += leaf_hash(record_id + envelope)
            expected += 1
        if leaves:
            self._tree.extend(bytes(leaves))
        head = connection.execute(select(_head).order_by(_head.c.size.desc()).limit(1)).first()
        if head is not None and (head.size != self._tree.size or head.root != self._tree.root()):
            self._tree = Tree()
            raise Integrity(
                "The stored records do not fit the last signed log head.",
                code="log-damaged",
                hint="Restore the database; do not write to this copy. `rakkan fsck` names what is broken.",
            )

    def _fresh_tree(self) -> Tree:
        with self._lock, self._database.read() as connection:
            self._catch_up(connection)
            return self._tree

    def head(self, size: int | None = None) -> LogHead | None:
        """The newest signed head, or the one of exactly that size."""
        query = select(_head).order_by(_head.c.size.desc()).limit(1)
        if size is not None:
            query = query.where(_head.c.size == size)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else LogHead(self._origin, row.size, row.root, row.note)

    def signed_at(self, index: int) -> datetime | None:
        """When the first head that covers a place was signed; None while there is none."""
        query = select(_head.c.signed_at).where(_head.c.size > index).order_by(_head.c.size).limit(1)
        with self._database.read() as connection:
            found = connection.execute(query).scalar_one_or_none()
        return None if found is None else from_unix(found)

    def heads(self) -> list[LogHead]:
        """Every head that was signed, smallest first."""
        with self._database.read() as connection:
            rows = connection.execute(select(_head).order_by(_head.c.size)).all()
        return [LogHead(self._origin, row.size, row.root, row.note) for row in rows]

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The inclusion proof of one leaf in the tree of that size.

        Raises:
            Invalid: ``log-range``.
        """
        return self.inclusions([index], size)[0]

    def inclusions(self, indexes: Sequence[int], size: int) -> list[list[bytes]]:
        """Inclusion proofs of many leaves in the tree of one size."""
        tree = self._fresh_tree()
        if not 0 < size <= tree.size or any(not 0 <= index < size for index in indexes):
            raise Invalid(f"The log has {tree.size} leaves; asked beyond that.", code="log-range")
        return [tree.inclusion(index, size) for index in indexes]

    def consistency(self, first: int, second: int) -> list[bytes]:
        """The proof that the tree of the first size is a prefix of the second.

        Raises:
            Invalid: ``log-range``.
        """
        tree = self._fresh_tree()
        if not 0 <= first <= second <= tree.size:
            raise Invalid(
                f"The log has {tree.size} leaves; asked for {first} and {second}.", code="log-range"
            )
        return tree.consistency(first, second)

    def root(self, size: int) -> bytes:
        """The root at a size."""
        return self._fresh_tree().root(size)

    def derived_root(self, size: int) -> bytes:
        """The root at a size by a second path: every stored block hashed again, nothing cached.

        Raises:
            Integrity: ``log-damaged``, if a stored record does not hash to its ids.
        """
        leaves = bytearray()
        query = select(_record).where(_record.c.log_index < size).order_by(_record.c.log_index)
        with self._database.read() as connection:
            for position, row in enumerate(connection.execute(query)):
                data = hashlib.sha256(row.statement).digest() + hashlib.sha256(row.envelope_bytes).digest()
                if row.log_index != position or data != row.id + row.envelope:
                    raise Integrity(f"The record at log index {position} is damaged.", code="log-damaged")
                leaves += hashlib.sha256(b"\0" + data).digest()
        if len(leaves) != size * 32:
            raise Integrity(f"The log has fewer than {size} records.", code="log-damaged")
        return root_of(bytes(leaves))

    def at(self, index: int) -> bytes:
        """The id of the record at a place in the log.

        Raises:
            NotFound: ``log-index``.
        """
        with self._database.read() as connection:
            found = connection.execute(select(_record.c.id).where(_record.c.log_index == index)).scalar()
        if found is None:
            raise NotFound(f"The log has no record {index}.", code="log-index")
        return bytes(found)

    def note_anchor(self, size: int, root: bytes, transaction: str) -> None:
        """Remember which transaction anchors a head."""
        with self._database.write() as connection:
            self._database.insert(
                connection, _anchor, [{"size": size, "root": root, "transaction": transaction}]
            )

    def anchors(self, from_size: int = 0) -> list[tuple[int, bytes, str]]:
        """Heads that are, or are to be, on chain: (size, root, transaction name), smallest first."""
        query = select(_anchor.c.size, _anchor.c.root, _anchor.c.transaction).where(
            _anchor.c.size >= from_size
        )
        with self._database.read() as connection:
            return [(row[0], row[1], row[2]) for row in connection.execute(query.order_by(_anchor.c.size))]

    @property
    def size(self) -> int:
        """How many records have a place."""
        with self._database.read() as connection:
            found = connection.execute(select(func.max(_record.c.log_index))).scalar()
        return 0 if found is None else int(found) + 1
