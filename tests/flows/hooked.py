"""Who runs a home with an endpoint, for tests of webhooks."""

from __future__ import annotations

from sqlalchemy import text

from rakkan.registry import webhooks
from rakkan.registry.herald import Herald
from rakkan.registry.ledger.consent_calls import ChainWithdrawal
from rakkan.registry.rules.proofs import withdrawal_statement
from rakkan.registry.rules.webhook import FORBEARANCE
from rakkan.registry.service import Registry
from rakkan.registry.store.webhooks import Endpoint
from rakkan.registry.store.withdrawals import Cursor
from rakkan.schemas.record import Record
from rakkan.schemas.values import Digest
from tests.flows.homesteads import People
from tests.flows.receiver import Receiver
from tests.support import NOW

AUTHORITY = bytes.fromhex("11" * 20)


class Desk:
    """Who runs the home: an endpoint, its herald, and what it said."""

    def __init__(self, registry: Registry, receiver: Receiver, *types: str) -> None:
        added = webhooks.add(registry, receiver.url, types, local=True)
        self.registry, self.receiver, self.id, self.secret = (
            registry,
            receiver,
            added.endpoint.id,
            added.secret,
        )
        self.said: list[str] = []
        self.herald = Herald(registry, self.said.append)

    @property
    def endpoint(self) -> Endpoint:
        return webhooks.find(self.registry, self.id)

    def soon(self) -> None:
        """The pause until the next try is over."""
        self._set("next_at = 0")

    def _set(self, what: str) -> None:
        with self.registry.store.database.write() as connection:
            connection.execute(text(f"UPDATE webhook SET {what}"))

    def for_days(self) -> None:
        """It has failed for as long as is borne."""
        self._set(f"failing_since = failing_since - {FORBEARANCE}, next_at = 0")

    def told(self) -> list[tuple[str, str | None]]:
        return self.receiver.told(self.secret)


def work(number: int = 0) -> Digest:
    return Digest.of(b"hooked %d" % number)


def withdraw(people: People, consent: Record, by: str = "ann") -> Record:
    return people.hand_in(withdrawal_statement(consent, None, people.registry.origin), [by])


def on_chain(registry: Registry, *taken: ChainWithdrawal, newest: int, first: int = 1) -> None:
    store, contract = registry.store.withdrawals, b"\7" * 20
    after = Cursor(newest, bytes([newest]) * 32, 0, bytes(32))
    assert store.advance(contract, store.cursor(contract), after, first=first, found=taken, now=NOW)
