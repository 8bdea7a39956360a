"""Webhooks that are not taken: tried again under one id, paused, resumed; never lost, never held up by another."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text

from rakkan.registry import webhooks
from rakkan.registry.herald import Herald
from tests.flows.homesteads import People
from tests.flows.hooked import Desk, work
from tests.flows.receiver import Message, Receiver, receiving


def test_what_fails_is_tried_again_under_the_same_id(hooked: People, receiver: Receiver) -> None:
    desk = Desk(hooked.registry, receiver)
    consents = [hooked.consent("ann", work(each)) for each in range(3)]
    statuses = iter([204, 500, 302, 204, 204])

    def answer(_: Message) -> tuple[int, dict[str, str]]:
        return next(statuses), {"Location": f"{receiver.url}/elsewhere"}

    receiver.answer = answer
    assert desk.herald.tell() == 1
    assert desk.herald.tell() == 0, "not before the pause is over"
    assert len(receiver.messages) == 2
    failing = desk.endpoint
    assert (failing.failures, failing.said, failing.paused) == (1, "it answers 500", False)
    assert failing.next_at > (failing.failing_since or 0)
    assert desk.said == [f"webhook {desk.id} takes no message: it answers 500; it is tried again"]
    desk.soon()
    assert desk.herald.tell() == 0
    assert desk.endpoint.said == "it answers 302, and redirects are not followed"
    desk.soon()
    assert desk.herald.tell() == 2
    first, second, third = receiver.ids[0], receiver.ids[1], receiver.ids[4]
    assert receiver.ids == [first, second, second, second, third]
    assert len({first, second, third}) == 3
    assert [name for _, name in desk.told()][2:] == [str(consents[1].record_id)] * 2 + [
        str(consents[2].record_id)
    ]
    assert (desk.endpoint.failures, desk.endpoint.said, desk.endpoint.failing_since) == (0, "", None)
    assert len(desk.said) == 1, "said once"


def test_one_that_fails_for_days_is_paused_until_somebody_resumes_it(
    hooked: People, receiver: Receiver
) -> None:
    desk = Desk(hooked.registry, receiver)
    consent = hooked.consent("ann", work())
    receiver.answer = lambda _: (500, {})
    desk.herald.tell()
    desk.for_days()
    desk.herald.tell()
    assert desk.endpoint.paused
    assert desk.said[-1].startswith(f"webhook {desk.id} is paused: it answers 500")
    desk.soon()
    assert (desk.herald.tell(), len(receiver.messages)) == (0, 2)
    receiver.answer = lambda _: (204, {})
    assert webhooks.resume(hooked.registry, desk.id)[1]
    assert desk.herald.tell() == 1
    assert desk.told()[-1] == ("consent.granted", str(consent.record_id))


def test_one_that_is_gone_is_paused_at_once(hooked: People, receiver: Receiver) -> None:
    desk = Desk(hooked.registry, receiver)
    hooked.consent("ann", work())
    receiver.answer = lambda _: (410, {})
    desk.herald.tell()
    assert (desk.endpoint.paused, desk.endpoint.said) == (True, "it answers 410")


def test_one_that_fails_does_not_hold_up_another(hooked: People, receiver: Receiver) -> None:
    with receiving() as other:
        failing, fine = Desk(hooked.registry, other), Desk(hooked.registry, receiver)
        other.answer = lambda _: (503, {"Retry-After": "3600"})
        hooked.consent("ann", work())
        assert fine.herald.tell() == 1
        assert len(fine.told()) == 1
        endpoint = failing.endpoint
        assert endpoint.failing_since is not None
        assert endpoint.next_at - endpoint.failing_since >= 3600


def test_two_heralds_send_each_message_once(hooked: People, receiver: Receiver) -> None:
    desk = Desk(hooked.registry, receiver)
    for each in range(30):
        hooked.consent("ann", work(each), log=False)
    threads = [threading.Thread(target=Herald(hooked.registry, print).tell) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    desk.herald.tell()
    assert len(receiver.ids) == len(set(receiver.ids)) == 30


def test_a_lost_place_pauses_and_is_said(hooked: People, receiver: Receiver) -> None:
    desk = Desk(hooked.registry, receiver)
    hooked.consent("ann", work())
    desk.herald.tell()
    hooked.consent("ann", work(1))
    with hooked.registry.store.database.write() as connection:
        connection.execute(text("UPDATE webhook SET cursor = '1-00000000'"))
    assert desk.herald.tell() == 0
    assert (desk.endpoint.paused, desk.endpoint.said) == (
        True,
        "its place in the news is lost (cursor-unknown)",
    )
    endpoint, whole = webhooks.resume(hooked.registry, desk.id)
    assert (endpoint.paused, whole) == (False, False)
    assert endpoint.cursor == hooked.registry.store.events.newest()


def test_what_was_sent_but_not_noted_is_sent_again_under_the_same_id(
    hooked: People, receiver: Receiver
) -> None:
    """A herald whose lane was taken over while it sent: nothing is lost, and the receiver can tell."""
    desk = Desk(hooked.registry, receiver)
    hooked.consent("ann", work())

    def take_over(_: Message) -> tuple[int, dict[str, str]]:
        with hooked.registry.store.database.write() as connection:
            connection.execute(text("UPDATE lease SET fence = fence + 1 WHERE name = 'webhooks'"))
        receiver.answer = lambda _: (204, {})
        return 204, {}

    receiver.answer = take_over
    with pytest.raises(Exception, match="taken over"):
        desk.herald.tell()
    with hooked.registry.store.database.write() as connection:
        connection.execute(text("UPDATE lease SET expires_at = 0"))
    assert desk.herald.tell() == 1
    assert len(receiver.ids) == 2
    assert len(set(receiver.ids)) == 1
