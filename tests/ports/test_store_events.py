"""News on both databases: one order, nothing before it is public, nothing twice, endings once, old homes brought up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from rakkan.registry.ledger.consent_calls import ChainWithdrawal
from rakkan.registry.rules.proofs import sign_did, withdrawal_statement
from rakkan.registry.store import Store
from rakkan.registry.store.events import START, Event
from rakkan.registry.store.withdrawals import Cursor
from rakkan.schemas.errors import Invalid
from rakkan.schemas.instant import format_instant
from rakkan.schemas.record import Record
from rakkan.schemas.values import Digest
from tests.support import NOW, ORIGIN, consent_record

KEY = Ed25519PrivateKey.generate()
AUTHORITY = bytes.fromhex("11" * 20)
CONTRACT = b"\7" * 20
DAY = timedelta(days=1)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    opened = Store(database_url, ORIGIN)
    yield opened
    opened.close()


def consents(count: int) -> list[Record]:
    return [consent_record(KEY, {"sha256": Digest.of(b"told %d" % each).hex}) for each in range(count)]


def taking_back(consent: Record, item: bytes | None = None) -> Record:
    statement = withdrawal_statement(consent, item, ORIGIN)
    return Record.build(statement, [sign_did(statement, KEY)])


def told(store: Store, cursor: str = START) -> list[tuple[str, bytes]]:
    return [(each.news.kind, each.news.about) for each in store.events.after(cursor, 1000)]


def on_chain(store: Store, *taken: ChainWithdrawal, first: int, newest: int) -> None:
    withdrawals, after = store.withdrawals, Cursor(newest, bytes([newest]) * 32, 0, bytes(32))
    assert withdrawals.advance(
        CONTRACT, withdrawals.cursor(CONTRACT), after, first=first, found=taken, now=NOW
    )


def test_what_is_not_public_is_not_told_until_it_is(store: Store) -> None:
    hidden, shown = consents(1), consents(2)[1:]
    store.records.add(hidden, accepted_at=NOW, publish=False)
    assert told(store) == []
    store.records.add(shown, accepted_at=NOW, publish=True)
    store.records.add(shown, accepted_at=NOW, publish=True)
    ids = [each.record_id.digest for each in (*hidden, *shown)]
    store.records.publish(ids, NOW + DAY)
    store.records.publish(ids, NOW + 2 * DAY)
    store.records.add(hidden, accepted_at=NOW, publish=True)
    assert told(store) == [("granted", ids[1]), ("granted", ids[0])]
    assert [each.noticed_at for each in store.events.after(START, 9)] == [NOW, NOW + DAY]


def test_a_reservation_is_no_grant(store: Store) -> None:
    record = consent_record(KEY, {"sha256": "ab" * 32}, kind="reservation", use="notAllowed")
    store.records.add([record], accepted_at=NOW, publish=True)
    assert told(store) == [("reserved", record.record_id.digest)]


def test_a_withdrawal_is_told_once_whoever_tells_it(store: Store) -> None:
    made = consents(3)
    keys = [each.record_id.digest for each in made]
    taken = [ChainWithdrawal(AUTHORITY, key, NOW, 2 + place) for place, key in enumerate(keys)]
    store.records.add(made, accepted_at=NOW, publish=True)
    cursor = store.events.newest()
    on_chain(store, *taken, first=1, newest=4)
    store.records.add([taking_back(made[0])], accepted_at=NOW, publish=True)
    assert told(store, cursor) == [("withdrawn", key) for key in keys]
    cursor = store.events.newest()
    on_chain(store, taken[1], first=2, newest=5)  # blocks 2 and 4 became others; a record tells of the first
    assert told(store, cursor) == [("undone", keys[2])]
    on_chain(store, taken[2], first=5, newest=6)
    assert told(store, cursor) == [("undone", keys[2]), ("withdrawn", keys[2])]
    undone = store.events.undone(keys)
    assert [(each.news.key, each.news.block) for each in undone] == [(keys[2], 4)]


def test_a_cursor_is_not_passed_off_for_another_history(store: Store, database_url: str) -> None:
    made = consents(4)
    store.records.add(made[:2], accepted_at=NOW, publish=True)
    first, second = store.events.after(START, 9)
    assert store.events.after(first.cursor, 9) == [second]
    assert store.events.after(first.cursor, 1) == [second]
    assert store.events.after(second.cursor, 9) == []
    with store.database.write() as connection:  # an older copy is put back, and goes on otherwise
        connection.execute(text("DELETE FROM event WHERE sequence = :last"), {"last": second.number})
        connection.execute(
            text(
                "INSERT INTO event (sequence, kind, about, at, noticed_at) VALUES (:n, 'granted', :a, 1, 1)"
            ),
            {"n": second.number, "a": bytes(32)},
        )
    for cursor in (second.cursor, "99-00000000", "7", "-1", "1-", f"{first.number}-0000000g", ""):
        with pytest.raises(Invalid) as caught:
            store.events.after(cursor, 9)
        assert (caught.value.code, caught.value.pointer) == ("cursor-unknown", "/after")


def test_the_end_of_a_consent_is_told_once(store: Store) -> None:
    lengths = {"past": -1, "near": 3, "nearer": 2, "far": 30}
    made = {
        name: consent_record(
            KEY, {"sha256": Digest.of(name.encode()).hex}, validUntil=format_instant(NOW + days * DAY)
        )
        for name, days in lengths.items()
    }
    ids = {name: record.record_id.digest for name, record in made.items()}
    store.records.add([made["past"], made["near"], made["far"]], accepted_at=NOW, publish=True)
    cursor = store.events.newest()
    assert store.events.note_endings(NOW, NOW + 14 * DAY) == 1
    assert store.events.note_endings(NOW, NOW + 14 * DAY) == 0
    assert store.events.note_endings(NOW - 5 * DAY, NOW + 9 * DAY) == 0
    assert told(store, cursor) == [("expiring", ids["near"])]
    # what comes later and ends sooner than what was told already
    store.records.add([made["nearer"]], accepted_at=NOW, publish=False)
    assert store.events.note_endings(NOW, NOW + 14 * DAY) == 0
    store.records.publish([ids["nearer"]], NOW)
    assert told(store, cursor)[1:] == [("granted", ids["nearer"]), ("expiring", ids["nearer"])]
    assert store.events.note_endings(NOW + 20 * DAY, NOW + 34 * DAY) == 1
    assert told(store, cursor)[3:] == [("expiring", ids["far"])]
    ends: list[Event] = [each for each in store.events.after(cursor, 9) if each.news.kind == "expiring"]
    assert [each.news.at for each in ends] == [int((NOW + days * DAY).timestamp()) for days in (3, 2, 30)]


def test_a_home_of_the_last_version_tells_what_was_taken_back_before(store: Store, database_url: str) -> None:
    made = consents(3)
    store.records.add(made, accepted_at=NOW, publish=True)
    store.records.add([taking_back(made[1])], accepted_at=NOW, publish=True)
    store.records.add([taking_back(made[0])], accepted_at=NOW, publish=False)
    on_chain(store, ChainWithdrawal(AUTHORITY, made[2].record_id.digest, NOW - DAY, 3), first=1, newest=4)
    with store.database.write() as connection:
        connection.execute(text("DROP TABLE event"))
        connection.execute(text("UPDATE setting SET value = '2' WHERE name = 'schema'"))
    for _ in range(2):
        again = Store(database_url, ORIGIN)
        assert told(again) == [
            ("withdrawn", made[2].record_id.digest),
            ("withdrawn", made[1].record_id.digest),
        ]
        assert [each.noticed_at for each in again.events.after(START, 9)] == [NOW - DAY, NOW]
        again.close()
