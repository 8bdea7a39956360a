"""The outbox of the chain: effects under natural keys, raw transactions stored before they are sent.

It decides that one effect has one row, one nonce and one signed form, and that only the holder of the
worker's lane changes them: one that slept through its lease must not write over what another signed and
sent. When to sign, send and look again is the carrier's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, func, select, update

from rakkan.registry.ports import Call, Observation, SignedTransaction
from rakkan.registry.store.database import Database
from rakkan.registry.store.effects import TransactionRow
from rakkan.registry.store.leases import Lease, keep
from rakkan.registry.store.tables import table
from rakkan.schemas.identity import Address
from rakkan.schemas.instant import from_unix, to_unix

_transaction = table(TransactionRow)
OPEN: Final = ("planned", "signed", "mined")
"""States that are not where they should end: ``final`` and ``failed`` are."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """One effect on the chain and how far it is.

    Attributes:
        name: Natural key, such as ``anchor:<root hex>``.
        call: What is asked of which contract.
        state: ``planned | signed | mined | final | failed``.
        signed: Its signed form, from ``signed`` on.
        block_number: Where it was mined.
        block_hash: Of that block.
        block_time: Of that block.
        gas_used: By it.
        reason: Why it failed.
    """

    name: str
    call: Call
    state: str
    signed: SignedTransaction | None
    block_number: int | None
    block_hash: bytes | None
    block_time: datetime | None
    gas_used: int | None
    reason: str | None


class Outbox:
    """Effects that this registry has, or wants to have, on the chain."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def plan(self, name: str, call: Call) -> None:
        """Want an effect; wanting it again changes nothing, unless it failed: then it is tried anew."""
        row = {"name": name, "target": call.to.raw, "calldata": call.calldata, "state": "planned"}
        with self._database.write() as connection:
            self._database.insert(connection, _transaction, [row])
            failed = (_transaction.c.name == name) & (_transaction.c.state == "failed")
            connection.execute(
                update(_transaction)
                .where(failed)
                .values(state="planned", reason=None, calldata=call.calldata)
            )

    def sign(self, name: str, signed: SignedTransaction, lease: Lease) -> None:
        """Store the signed form, before anything is sent.

        Raises:
            Conflict: ``lease-lost``; nothing is stored then, and nothing may be sent.
        """
        values = {"state": "signed", "nonce": signed.nonce, "raw": signed.raw, "hash": signed.hash}
        self._set(name, values, lease)

    def observe(self, name: str, observation: Observation, lease: Lease) -> None:
        """Note what the chain says; an undone transaction goes back to ``signed``.

        Raises:
            Conflict: ``lease-lost``.
        """
        if observation.state == "absent":
            values: dict[str, Any] = {
                "state": "signed",
                "block_number": None,
                "block_hash": None,
                "block_time": None,
            }
        else:
            state = observation.state if observation.succeeded else "failed"
            values = {
                "state": state,
                "block_number": observation.block_number,
                "block_hash": observation.block_hash,
                "block_time": to_unix(observation.block_time) if observation.block_time else None,
                "gas_used": observation.gas_used,
            }
            if not observation.succeeded:
                values["reason"] = "reverted when mined"
        self._set(name, values, lease)

    def fail(self, name: str, reason: str, lease: Lease) -> None:
        """Note that the effect cannot be had: the contract refuses it.

        Raises:
            Conflict: ``lease-lost``.
        """
        self._set(name, {"state": "failed", "reason": reason[:500]}, lease)

    def _set(self, name: str, values: dict[str, Any], lease: Lease) -> None:
        with self._database.write() as connection:
            keep(connection, lease)
            connection.execute(update(_transaction).where(_transaction.c.name == name).values(**values))

    def open(self) -> list[Transaction]:
        """Effects that are not where they should be, oldest first."""
        return self._select(_transaction.c.state.in_(OPEN))

    def latest_final(self) -> Transaction | None:
        """The newest effect that was thought final: if even that is gone, the chain went back."""
        found = self._select(_transaction.c.state == "final")
        return max(found, key=lambda each: each.block_number or 0, default=None)

    def reopen_final(self) -> None:
        """Look at everything again, after the chain went back behind what was final."""
        with self._database.write() as connection:
            connection.execute(
                update(_transaction).where(_transaction.c.state == "final").values(state="mined")
            )

    def get(self, names: Sequence[str]) -> dict[str, Transaction]:
        """Effects by name."""
        return {each.name: each for each in self._select(_transaction.c.name.in_(list(names)))}

    def all(self) -> list[Transaction]:
        """Every effect, oldest first."""
        return self._select(_transaction.c.sequence > 0)

    def next_nonce(self, chain_nonce: int) -> int:
        """The next nonce: what the chain expects, or one past what was signed here."""
        with self._database.read() as connection:
            highest = connection.execute(select(func.max(_transaction.c.nonce))).scalar()
        return max(chain_nonce, -1 if highest is None else int(highest) + 1)

    def held_nonces(self) -> set[int]:
        """The nonces of what is under way or was mined, but not of what failed."""
        return {each.signed.nonce for each in self._select(_transaction.c.state != "failed") if each.signed}

    def _select(self, where: Any) -> list[Transaction]:  # noqa: ANN401 - an SQL clause
        with self._database.read() as connection:
            return [
                _read(row)
                for row in connection.execute(
                    select(_transaction).where(where).order_by(_transaction.c.sequence)
                )
            ]


def _read(row: Row[Any]) -> Transaction:
    signed = SignedTransaction(row.hash, row.raw, row.nonce) if row.raw is not None else None
    return Transaction(
        row.name,
        Call(Address(row.target), row.calldata),
        row.state,
        signed,
        row.block_number,
        row.block_hash,
        None if row.block_time is None else from_unix(row.block_time),
        row.gas_used,
        row.reason,
    )
