"""Which consents were taken back, as recorded here and as the contract told it.

It decides nothing about what a withdrawal means (``rakkan.registry.rules.consent``), nor how the
contract is read (``rakkan.registry.flows.withdraw.watching``): what was read, and how far, is kept in one commit.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, exists, func, select, update

from rakkan.registry.ledger.consent_calls import ChainWithdrawal
from rakkan.registry.rules.telling import UNDONE, WITHDRAWN, News
from rakkan.registry.store.database import Database
from rakkan.registry.store.effects import ChainCursorRow, ChainWithdrawalRow, JointWithdrawalRow
from rakkan.registry.store.events import note
from rakkan.registry.store.indexing import joint_rows
from rakkan.registry.store.tables import WithdrawalRow, table
from rakkan.schemas.instant import from_unix, to_unix

_withdrawal, _on_chain = table(WithdrawalRow), table(ChainWithdrawalRow)
_cursor, _joint = table(ChainCursorRow), table(JointWithdrawalRow)
_MOMENTS = (
    "SELECT authority, key, recorded_at FROM withdrawal",
    "SELECT authority, key, at FROM chain_withdrawal",
)
_CHUNK = 500

Pair = tuple[bytes, bytes]
"""Withdrawal authority (20 bytes) and key (32 bytes)."""


@dataclass(frozen=True, slots=True)
class SeenWithdrawal:
    """A withdrawn key.

    Attributes:
        key: recordId, or sha256(recordId ‖ item).
        authority: 20 bytes.
        recorded_at: When a withdrawal record was accepted here.
        chain_at: Time of the block that has it.
        signature: The authority's EIP-712 signature, if one is known here.
        block: Height of the block that has it.
    """

    key: bytes
    authority: bytes
    recorded_at: datetime | None
    chain_at: datetime | None
    signature: bytes | None
    block: int | None = None

    @property
    def at(self) -> datetime | None:
        """The earliest moment at which it was known."""
        return min((moment for moment in (self.recorded_at, self.chain_at) if moment), default=None)


@dataclass(frozen=True, slots=True)
class SignedTogether:
    """Withdrawals under one signature of their authority.

    Attributes:
        joint: sha256(authority ‖ keys).
        authority: 20 bytes.
        keys: In the order that was signed.
        signature: Over all of them.
    """

    joint: bytes
    authority: bytes
    keys: tuple[bytes, ...]
    signature: bytes


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far the contract's events have been read.

    Attributes:
        number: Height of the newest block that was read.
        hash: Its hash then: another one now says that blocks were undone.
        final_number: Height of the newest block that was final then.
        final_hash: Its hash.
    """

    number: int
    hash: bytes
    final_number: int
    final_hash: bytes


class Withdrawals:
    """Withdrawn keys."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, keys: Sequence[bytes]) -> dict[Pair, SeenWithdrawal]:
        """Withdrawals by (authority, key)."""
        found: dict[Pair, SeenWithdrawal] = {}
        with self._database.read() as connection:
            for start in range(0, len(keys), _CHUNK):
                chunk = list(keys[start : start + _CHUNK])
                for row in connection.execute(select(_on_chain).where(_on_chain.c.key.in_(chunk))):
                    found[row.authority, row.key] = SeenWithdrawal(
                        row.key, row.authority, None, from_unix(row.at), None, row.block
                    )
                for row in connection.execute(select(_withdrawal).where(_withdrawal.c.key.in_(chunk))):
                    pair = row.authority, row.key
                    recorded = None if row.recorded_at is None else from_unix(row.recorded_at)
                    there = found.get(pair, SeenWithdrawal(row.key, row.authority, None, None, None))
                    found[pair] = replace(there, recorded_at=recorded, signature=row.signature)
        return found

    def moments(
        self, connection: Connection, few: int, keys: Callable[[], Collection[bytes]]
    ) -> dict[Pair, int]:
        """By (authority, key), at which Unix second it was taken back first.

        Args:
            connection: An open one.
            few: So many rows are read whole, for that costs less than looking for some of them.
            keys: Of what is asked for, if there are more. The answer may hold others.
        """
        recorded, on_chain = (self._rows(connection, each, few, keys) for each in _MOMENTS)
        found: dict[Pair, int] = {(row[0], row[1]): row[2] for row in recorded if row[2] is not None}
        for authority, key, at in on_chain:
            found[authority, key] = min(at, found.get((authority, key), at))
        return found

    def _rows(
        self, connection: Connection, query: str, few: int, keys: Callable[[], Collection[bytes]]
    ) -> list[tuple[Any, ...]]:
        rows = self._database.bare(connection.exec_driver_sql(f"{query} LIMIT {few + 1:d}"))
        if len(rows) <= few:
            return rows
        return self._database.among(connection, f"{query} WHERE key {{}}", keys())

    def pairs(self, *, recorded: bool = True, on_chain: bool = True) -> set[Pair]:
        """All that was ever withdrawn, in records or on chain."""
        tables = [each for each, wanted in ((_withdrawal, recorded), (_on_chain, on_chain)) if wanted]
        with self._database.read() as connection:
            return {
                (row.authority, row.key)
                for each in tables
                for row in connection.execute(select(each.c.authority, each.c.key))
            }

    def count(self) -> int:
        """How many rows there are of either sort: it grows with each that comes in."""
        with self._database.read() as connection:
            return sum(
                connection.execute(select(func.count()).select_from(each)).scalar_one()
                for each in (_withdrawal, _on_chain)
            )

    def sign(self, authority: bytes, key: bytes, signature: bytes) -> None:
        """Keep the authority's signature with a recorded withdrawal that came without one."""
        bare = (
            (_withdrawal.c.key == key)
            & (_withdrawal.c.authority == authority)
            & _withdrawal.c.signature.is_(None)
        )
        with self._database.write() as connection:
            connection.execute(update(_withdrawal).where(bare).values(signature=signature))

    def sign_together(self, authority: bytes, keys: Sequence[bytes], signature: bytes) -> None:
        """Keep one signature of the authority over many withdrawals that are recorded here."""
        with self._database.write() as connection:
            self._database.insert(connection, _joint, joint_rows(authority, keys, signature))

    def relayable_together(self) -> list[SignedTogether]:
        """Signatures over many of which any is not on chain, as far as it was read."""
        there = exists().where(
            (_on_chain.c.key == _joint.c.key) & (_on_chain.c.authority == _joint.c.authority)
        )
        missing = select(_joint.c.joint).where(~there).distinct()
        rows = select(_joint).where(_joint.c.joint.in_(missing)).order_by(_joint.c.joint, _joint.c.place)
        found: dict[bytes, SignedTogether] = {}
        with self._database.read() as connection:
            for row in connection.execute(rows):
                before = found.get(row.joint)
                keys = (*before.keys, row.key) if before else (row.key,)
                found[row.joint] = SignedTogether(row.joint, row.authority, keys, row.signature)
        return list(found.values())

    def relayable(self) -> list[SeenWithdrawal]:
        """Withdrawals that carry a signature and are not on chain, as far as it was read."""
        there = exists().where(
            (_on_chain.c.key == _withdrawal.c.key) & (_on_chain.c.authority == _withdrawal.c.authority)
        )
        query = select(_withdrawal).where(_withdrawal.c.signature.is_not(None), ~there)
        with self._database.read() as connection:
            keys = [row.key for row in connection.execute(query)]
        return [each for each in self.get(keys).values() if each.chain_at is None and each.signature]

    def cursor(self, contract: bytes) -> Cursor | None:
        """How far the events of this contract were read; None if never."""
        with self._database.read() as connection:
            return self._cursor(connection, contract)

    def advance(
        self,
        contract: bytes,
        before: Cursor | None,
        after: Cursor,
        *,
        first: int,
        found: Iterable[ChainWithdrawal],
        now: datetime,
    ) -> bool:
        """Take what was read from block ``first`` on in place of what was known of those blocks, and tell of it.

        False, and nothing is changed, if somebody else moved the cursor since ``before`` was read.
        """
        rows: list[dict[str, Any]] = [
            {"authority": each.authority, "key": each.key, "at": to_unix(each.at), "block": each.block}
            for each in found
        ]
        values = {name: getattr(after, name) for name in Cursor.__slots__}
        with self._database.write() as connection:
            if self._cursor(connection, contract) != before:
                return False
            undone = _undone(connection, first, {(row["authority"], row["key"]) for row in rows})
            connection.execute(delete(_on_chain).where(_on_chain.c.block >= first))
            self._database.insert(connection, _on_chain, rows)
            note(connection, [*undone, *(News(WITHDRAWN, row["key"], **row) for row in rows)], now)
            if before is None:
                self._database.insert(connection, _cursor, [{"contract": contract, **values}])
            else:
                connection.execute(update(_cursor).where(_cursor.c.contract == contract).values(**values))
        return True

    @staticmethod
    def _cursor(connection: Connection, contract: bytes) -> Cursor | None:
        row = connection.execute(select(_cursor).where(_cursor.c.contract == contract)).first()
        return None if row is None else Cursor(row.number, row.hash, row.final_number, row.final_hash)


def _undone(connection: Connection, first: int, found: set[Pair]) -> list[News]:
    """What blocks said that are no more, and nothing else says."""
    recorded = exists().where(
        (_withdrawal.c.key == _on_chain.c.key)
        & (_withdrawal.c.authority == _on_chain.c.authority)
        & _withdrawal.c.recorded_at.is_not(None)
    )
    query = select(_on_chain).where(_on_chain.c.block >= first, ~recorded).order_by(_on_chain.c.block)
    return [
        News(UNDONE, row.key, row.at, authority=row.authority, key=row.key, block=row.block)
        for row in connection.execute(query)
        if (row.authority, row.key) not in found
    ]
