"""One suite over both databases: records, log, outbox, leases behave the same on either."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from rakkan.registry.ledger.consent_calls import ChainWithdrawal
from rakkan.registry.rules.note import LogHead, sign_head
from rakkan.registry.rules.tree import leaf_hash, root_of, verify_consistency, verify_inclusion
from rakkan.registry.store import Store
from rakkan.registry.store.tables import SettingRow, table
from rakkan.registry.store.verdicts import StoredVerdict
from rakkan.registry.store.withdrawals import Cursor
from rakkan.schemas.errors import Conflict, Integrity, Invalid, Unavailable
from rakkan.schemas.record import Record
from rakkan.schemas.values import Digest
from tests.support import NOW, ORIGIN, consent_record, work_record

KEY = Ed25519PrivateKey.generate()


def sign(size: int, root: bytes) -> LogHead:
    return sign_head(ORIGIN, size, root, KEY)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    opened = Store(database_url, ORIGIN)
    yield opened
    opened.close()


def logged(store: Store, records: list[Record]) -> LogHead:
    store.records.add(records, accepted_at=NOW, publish=True)
    ids = [record.record_id.digest for record in records]
    store.records.mark_pinned(ids, NOW)
    head = store.log.append(ids, sign, NOW)
    assert head is not None
    return head


def test_records_are_kept_byte_for_byte_and_once(store: Store) -> None:
    record = work_record(KEY)
    assert store.records.add([record, record], accepted_at=NOW, publish=False) == [True, False]
    assert store.records.add([record], accepted_at=NOW + timedelta(days=1), publish=False) == [False]
    by_id = store.records.get([record.record_id.digest])[record.record_id.digest]
    by_envelope = store.records.get([record.envelope_cid.digest])[record.envelope_cid.digest]
    assert by_id.record.statement == record.statement
    assert by_id.record.envelope == by_envelope.record.envelope == record.envelope
    assert by_id.accepted_at == NOW
    assert store.records.count() == {"work": 1}


def test_find_names_the_identifier_that_matched(store: Store) -> None:
    source = "ab" * 32
    record = work_record(KEY, sourceDigest=f"sha256:{source}")
    store.records.add([record], accepted_at=NOW, publish=False)
    claim, file = record.parsed.subject[0].digest["c2paClaim"], record.parsed.subject[0].digest["sha256"]
    found = store.records.find(
        [Digest.from_hex("c2paClaim", claim), Digest.from_hex("sha256", file), Digest("sha256", b"\xab" * 32)]
    )
    assert {(str(match.digest), match.alias) for match in found} == {
        (f"c2paClaim:{claim}", False),
        (f"sha256:{file}", True),
        (f"sha256:{source}", True),
    }
    # the same 32 bytes under another kind are another identifier
    assert store.records.find([Digest.from_hex("autov3", claim)]) == []


def test_log_gives_places_in_order_and_proofs_hold(store: Store) -> None:
    first = [work_record(KEY) for _ in range(5)]
    second = [work_record(KEY) for _ in range(8)]
    old, new = logged(store, first), logged(store, second)
    assert (old.size, new.size) == (5, 13)
    leaves = [leaf_hash(record.leaf_data) for record in first + second]
    assert new.root == root_of(b"".join(leaves)) == store.log.derived_root(13)
    for index, leaf in enumerate(leaves):
        assert verify_inclusion(leaf, index, 13, store.log.inclusion(index, 13), new.root)
        assert store.log.at(index) == (first + second)[index].record_id.digest
    assert verify_consistency(5, 13, old.root, new.root, store.log.consistency(5, 13))
    assert store.log.append([first[0].record_id.digest], sign, NOW) is None
    with pytest.raises(Invalid, match="leaves"):
        store.log.inclusion(13, 13)


def test_unpinned_records_get_no_place(store: Store) -> None:
    record = work_record(KEY)
    store.records.add([record], accepted_at=NOW, publish=True)
    assert store.log.append([record.record_id.digest], sign, NOW) is None
    assert [each.record.record_id for each in store.records.unpinned()] == [record.record_id]


def test_a_failed_signature_takes_no_place(store: Store) -> None:
    record = work_record(KEY)
    store.records.add([record], accepted_at=NOW, publish=True)
    store.records.mark_pinned([record.record_id.digest], NOW)

    def broken(size: int, root: bytes) -> LogHead:
        raise Unavailable("the key is away", code="test")

    with pytest.raises(Unavailable):
        store.log.append([record.record_id.digest], broken, NOW)
    assert store.log.size == 0
    assert logged(store, [work_record(KEY)]).size == 1


def test_damaged_log_is_refused(store: Store, database_url: str) -> None:
    logged(store, [work_record(KEY) for _ in range(3)])
    with store.database.write() as connection:
        connection.execute(text("UPDATE record SET envelope = id WHERE log_index = 1"))
    fresh = Store(database_url, ORIGIN)
    with pytest.raises(Integrity) as caught:
        fresh.log.append([b"x" * 32], sign, NOW)
    assert caught.value.code == "log-damaged"
    with pytest.raises(Integrity):
        fresh.log.derived_root(3)
    fresh.close()


def test_two_stores_append_to_one_log(store: Store, database_url: str) -> None:
    other = Store(database_url, ORIGIN)
    batches = [[work_record(KEY) for _ in range(10)] for _ in range(6)]
    failures: list[BaseException] = []

    def run(which: Store, mine: list[list[Record]]) -> None:
        try:
            for batch in mine:
                logged(which, batch)
        except BaseException as error:
            failures.append(error)

    threads = [
        threading.Thread(target=run, args=(store, batches[:3])),
        threading.Thread(target=run, args=(other, batches[3:])),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert store.log.size == 60
    head = store.log.head()
    assert head is not None
    assert head.root == store.log.derived_root(60)
    other.close()


def test_withdrawals_and_consents_are_found(store: Store) -> None:
    work = work_record(KEY)
    digest = dict(work.parsed.subject[0].digest)
    consent = consent_record(KEY, digest)
    store.records.add([work, consent], accepted_at=NOW, publish=True)
    found = store.records.find([Digest.from_hex("c2paClaim", digest["c2paClaim"])], "consent")
    assert [match.record_id for match in found] == [consent.record_id.digest]
    told = ChainWithdrawal(b"\x11" * 20, consent.record_id.digest, NOW, 3)
    here = Cursor(4, b"\x04" * 32, 2, b"\x02" * 32)
    assert store.withdrawals.advance(b"\x05" * 20, None, here, first=0, found=[told], now=NOW)
    seen = store.withdrawals.get([consent.record_id.digest])
    assert seen[b"\x11" * 20, consent.record_id.digest].at == NOW


def test_what_was_read_of_the_chain_is_replaced_and_never_mixed(store: Store) -> None:
    """The cursor and what was read up to it are one commit; who read meanwhile is not overwritten."""
    contract, authority = b"\x05" * 20, b"\x11" * 20
    kept, undone, again = (ChainWithdrawal(authority, bytes([n]) * 32, NOW, n) for n in (3, 4, 5))
    here = Cursor(4, b"\x04" * 32, 3, b"\x03" * 32)
    there = Cursor(6, b"\x06" * 32, 3, b"\x03" * 32)
    assert store.withdrawals.cursor(contract) is None
    assert store.withdrawals.advance(contract, None, here, first=0, found=[kept, undone], now=NOW)
    assert not store.withdrawals.advance(contract, None, there, first=0, found=[], now=NOW), (
        "somebody read meanwhile"
    )
    assert store.withdrawals.cursor(contract) == here
    assert store.withdrawals.pairs() == {(authority, kept.key), (authority, undone.key)}
    assert store.withdrawals.advance(contract, here, there, first=4, found=[again], now=NOW)
    assert store.withdrawals.cursor(contract) == there
    assert store.withdrawals.cursor(authority) is None, "each contract has its own"
    assert store.withdrawals.pairs() == {(authority, kept.key), (authority, again.key)}
    assert store.withdrawals.count() == 2


def test_a_foreign_or_newer_database_is_refused(store: Store, database_url: str) -> None:
    with pytest.raises(Conflict) as caught:
        Store(database_url, "rakkan/ffffffffffffffff")
    assert caught.value.code == "store-foreign"
    with store.database.write() as connection:
        connection.execute(text("UPDATE setting SET value = '99' WHERE name = 'schema'"))
    with pytest.raises(Conflict) as newer:
        Store(database_url, ORIGIN)
    assert newer.value.code == "store-version"


def test_tokens_are_known_by_digest_only(store: Store) -> None:
    token = store.new_token("init", NOW)
    assert store.knows_token(token)
    assert not store.knows_token(token + "x")
    with store.database.read() as connection:
        row = connection.execute(text("SELECT digest FROM token")).one()
    assert bytes(row[0]) == hashlib.sha256(token.encode()).digest()


def test_of_verdicts_as_of_one_instant_the_one_made_last_is_the_newest(store: Store) -> None:
    """Whatever their record ids are: the order of making decides, and each policy has its own."""
    root, subject = b"\x0a" * 32, b"\x0b" * 32
    records = [work_record(KEY) for _ in range(5)]
    store.records.add(records, accepted_at=NOW, publish=True)

    def verdict(place: int, issued_at: int, policy: bytes) -> bytes:
        record_id = records[place].record_id.digest
        store.verdicts.add(
            StoredVerdict(record_id, subject, root, policy, policy * 2, issued_at, None, None, b"", b"", b"")
        )
        return record_id

    ones = [verdict(place, 50, b"\x01" * 32) for place in (0, 1, 2)]
    earlier = verdict(3, 49, b"\x02" * 32)
    last = verdict(4, 50, b"\x03" * 32)
    for name in (root, subject):
        for policy, newest in ((None, last), (b"\x01" * 32, ones[-1]), (b"\x02" * 32, earlier)):
            found = store.verdicts.latest(name, policy)
            assert found is not None
            assert found.record_id == newest
        assert store.verdicts.policies(name) == [b"\x01" * 64, b"\x03" * 64, b"\x02" * 64]
    assert store.verdicts.latest(b"\x0c" * 32) is None
    assert store.verdicts.policies(b"\x0c" * 32) == []


def test_private_fields_are_kept_and_erased_for_good(store: Store) -> None:
    name, other = b"\x01" * 32, b"\x02" * 32
    assert store.sealed.get(name) is None
    store.sealed.put(name, key=b"k" * 32, block=b"envelope", pin=True)
    store.sealed.put(other, key=b"l" * 32, block=b"never pinned", pin=False)
    store.sealed.put(name, key=b"x" * 32, block=b"second", pin=False)  # the first stays
    kept = store.sealed.get(name)
    assert kept is not None
    assert (kept.key, kept.block, kept.erased_at) == (b"k" * 32, b"envelope", None)
    assert "k" * 32 not in repr(kept)
    assert store.sealed.pinnable([name, other]) == [b"envelope"]
    store.sealed.erase(name, NOW)
    store.sealed.erase(name, NOW + timedelta(days=1))
    kept = store.sealed.get(name)
    assert kept is not None
    assert (kept.key, kept.block, kept.erased_at) == (None, None, NOW)
    assert store.sealed.pinnable([name, other]) == []
    store.sealed.put(name, key=b"k" * 32, block=b"back again", pin=True)  # what was erased stays erased
    assert store.sealed.pinnable([name]) == []
    store.sealed.erase(b"\x03" * 32, NOW)  # a work's, whose fields have no envelope
    assert store.sealed.get(other) is not None


def test_inserting_says_how_many_rows_were_new(store: Store) -> None:
    settings = table(SettingRow)
    one, two, three = ({"name": name, "value": "x"} for name in ("one", "two", "three"))
    with store.database.write() as connection:
        assert store.database.insert(connection, settings, []) == 0
        assert store.database.insert(connection, settings, [one]) == 1
        assert store.database.insert(connection, settings, [one]) == 0
        assert store.database.insert(connection, settings, [two, three]) == 2
        assert store.database.insert(connection, settings, [two, three]) == 0
