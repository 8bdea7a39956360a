"""Which consents were taken back, as recorded here and as seen on chain.

It decides nothing about what a withdrawal means (``rakkan.registry.rules.consent``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from rakkan.registry.store.database import Database
from rakkan.registry.store.tables import WithdrawalRow, table
from rakkan.schemas.instant import from_unix, to_unix

_withdrawal = table(WithdrawalRow)


@dataclass(frozen=True, slots=True)
class SeenWithdrawal:
    """A withdrawn key.

    Attributes:
        key: recordId, or sha256(recordId ‖ item).
        authority: 20 bytes.
        recorded_at: When a withdrawal record was accepted here.
        chain_at: Time of the block that has it.
        signature: The authority's EIP-712 signature, if the record carries one.
    """

    key: bytes
    authority: bytes
    recorded_at: datetime | None
    chain_at: datetime | None
    signature: bytes | None

    @property
    def at(self) -> datetime | None:
        """The earliest moment at which it was known."""
        return min((moment for moment in (self.recorded_at, self.chain_at) if moment), default=None)


class Withdrawals:
    """Withdrawn keys."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, keys: Sequence[bytes]) -> dict[tuple[bytes, bytes], SeenWithdrawal]:
        """Withdrawals by (authority, key)."""
        found: dict[tuple[bytes, bytes], SeenWithdrawal] = {}
        with self._database.read() as connection:
            for start in range(0, len(keys), 500):
                chunk = list(keys[start : start + 500])
                for row in connection.execute(select(_withdrawal).where(_withdrawal.c.key.in_(chunk))):
                    found[row.authority, row.key] = SeenWithdrawal(
                        row.key,
                        row.authority,
                        None if row.recorded_at is None else from_unix(row.recorded_at),
                        None if row.chain_at is None else from_unix(row.chain_at),
                        row.signature,
                    )
        return found

    def seen_on_chain(self, authority: bytes, key: bytes, at: datetime) -> None:
        """Note what the contract says."""
        row = {
            "key": key,
            "authority": authority,
            "recorded_at": None,
            "chain_at": to_unix(at),
            "signature": None,
        }
        with self._database.write() as connection:
            if not self._database.insert(connection, _withdrawal, [row]):
                where = (_withdrawal.c.key == key) & (_withdrawal.c.authority == authority)
                connection.execute(update(_withdrawal).where(where).values(chain_at=to_unix(at)))

    def relayable(self) -> list[SeenWithdrawal]:
        """Withdrawals that carry a signature and are not on chain yet."""
        query = select(_withdrawal).where(
            _withdrawal.c.chain_at.is_(None), _withdrawal.c.signature.is_not(None)
        )
        with self._database.read() as connection:
            keys = [row.key for row in connection.execute(query)]
        return [each for each in self.get(keys).values() if each.chain_at is None and each.signature]
