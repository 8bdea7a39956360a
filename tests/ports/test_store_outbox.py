"""The outbox and the leases over both databases: one effect has one row, and one worker writes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from rakkan.registry.ports import Call, Observation, SignedTransaction
from rakkan.registry.store import Store
from rakkan.schemas.errors import Conflict
from rakkan.schemas.identity import Address
from tests.support import NOW, ORIGIN


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    opened = Store(database_url, ORIGIN)
    yield opened
    opened.close()


def test_outbox_walks_through_its_states(store: Store) -> None:
    call = Call(Address(b"\x01" * 20), b"\x02")
    store.outbox.plan("anchor:00", call)
    store.outbox.plan("anchor:00", call)
    (planned,) = store.outbox.open()
    assert (planned.state, planned.call) == ("planned", call)
    assert store.outbox.next_nonce(7) == 7
    with store.leases.hold("worker") as lease:
        store.outbox.sign("anchor:00", SignedTransaction(b"\x03" * 32, b"raw", 7), lease)
        assert store.outbox.next_nonce(7) == 8
        store.outbox.observe("anchor:00", Observation("mined", True, 5, b"\x04" * 32, NOW, 50_000), lease)
        assert store.outbox.open()[0].state == "mined"
        store.outbox.observe("anchor:00", Observation("absent"), lease)
        assert store.outbox.open()[0].state == "signed"
        store.outbox.observe("anchor:00", Observation("final", True, 6, b"\x05" * 32, NOW, 50_000), lease)
        assert store.outbox.open() == []
    latest = store.outbox.latest_final()
    assert latest is not None
    assert (latest.block_number, latest.block_time) == (6, NOW)


def test_a_lane_has_one_holder_and_a_lost_lease_is_noticed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.leases.hold("worker") as lease:
        with pytest.raises(Conflict) as caught, store.leases.hold("worker"):
            pass
        assert caught.value.code == "lane-busy"
        store.leases.renew(lease)
        monkeypatch.setattr("rakkan.registry.store.leases.time.time", lambda: 4_000_000_000.0)  # long asleep
        with store.leases.hold("worker") as later:
            assert later.fence == lease.fence + 1
            with pytest.raises(Conflict) as lost:
                store.leases.renew(lease)
            assert lost.value.code == "lease-lost"
            store.outbox.plan("anchor:00", Call(Address(b"\x01" * 20), b"\x02"))
            signed = SignedTransaction(b"\x03" * 32, b"raw", 7)
            writes: list[Callable[[], None]] = [
                lambda: store.outbox.sign("anchor:00", signed, lease),
                lambda: store.outbox.fail("anchor:00", "refused", lease),
                lambda: store.outbox.observe("anchor:00", Observation("absent"), lease),
            ]
            for write in writes:
                with pytest.raises(Conflict) as stale:
                    write()
                assert stale.value.code == "lease-lost"
            (planned,) = store.outbox.open()
            assert (planned.state, planned.signed, planned.reason) == ("planned", None, None)
