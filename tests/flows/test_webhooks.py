"""Webhooks, delivered for real: in order, signed, telling nothing private and nothing that is over."""

from __future__ import annotations

import stat

import pytest
from sqlalchemy import text
from standardwebhooks import WebhookVerificationError

from rakkan.registry import webhooks
from rakkan.registry.flows.accept import accept_one
from rakkan.registry.ledger.consent_calls import ChainWithdrawal
from rakkan.registry.worker import Worker
from rakkan.schemas.canonical import canonical
from rakkan.schemas.community import Community
from rakkan.schemas.instant import format_instant
from tests.flows.homesteads import DAY, START, People, key, link, who
from tests.flows.hooked import AUTHORITY, Desk, on_chain, withdraw, work
from tests.flows.receiver import Receiver
from tests.support import NOW, consent_record


def test_what_happens_is_told_in_order_and_once(hooked: People, receiver: Receiver) -> None:
    hooked.consent("ann", work(9))
    desk = Desk(hooked.registry, receiver)
    assert desk.herald.tell() == 0, "old news is not told"
    granted = hooked.consent("ann", work())
    assert desk.herald.tell() == 1
    reserved = hooked.consent("ann", work(1), kind="reservation", use="notAllowed")
    dispute = hooked.dispute("zoe", granted)
    withdrawal = withdraw(hooked, granted)
    near = hooked.consent("ben", work(2), validUntil=format_instant(START + 3 * DAY))
    assert desk.herald.tell() == 5
    assert desk.herald.tell() == 0
    names = [str(each.record_id) for each in (granted, reserved, granted, granted, near, near)]
    kinds = ("granted", "reserved", "disputed", "withdrawn", "granted", "expiring")
    assert desk.told() == [(f"consent.{kind}", name) for kind, name in zip(kinds, names, strict=True)]
    assert len(set(receiver.ids)) == 6
    disputed, withdrawn, _, expiring = (each.verified(desk.secret)["data"] for each in receiver.messages[2:])
    assert (disputed["recordId"], disputed["target"]["kind"]) == (str(dispute.record_id), "consent")
    assert (withdrawn["recordId"], withdrawn["source"]) == (str(withdrawal.record_id), "record")
    assert withdrawn["origin"] == hooked.registry.origin
    assert expiring["at"] == format_instant(START + 3 * DAY)
    assert desk.endpoint.failures == 0
    assert desk.endpoint.cursor == hooked.registry.store.events.newest()
    assert desk.said == []


def test_nothing_private_is_told_and_nothing_says_allowed(hooked: People, receiver: Receiver) -> None:
    desk = Desk(hooked.registry, receiver)
    hidden = consent_record(key("ann"), {"sha256": work().hex}, origin=hooked.registry.origin)
    accept_one(hooked.registry, hidden, publish=False)
    withdraw(hooked, hidden)
    assert desk.herald.tell() == 1
    (message,) = receiver.messages
    document = message.verified(desk.secret)
    assert (document["type"], document["data"]["consent"]) == ("consent.withdrawn", None)
    assert str(hidden.record_id).encode() not in message.body
    assert b"allowed" not in message.body


def test_only_what_is_wanted_is_sent(hooked: People, receiver: Receiver) -> None:
    desk = Desk(hooked.registry, receiver, "consent.withdrawn")
    consents = [hooked.consent("ann", work(each), log=False) for each in range(60)]
    withdraw(hooked, consents[7])
    assert desk.herald.tell() == 1
    assert desk.told() == [("consent.withdrawn", str(consents[7].record_id))]
    assert desk.endpoint.cursor == hooked.registry.store.events.newest()


def test_a_grant_that_was_taken_back_meanwhile_is_not_told(hooked: People, receiver: Receiver) -> None:
    desk = Desk(hooked.registry, receiver)
    first, second = (hooked.consent("ann", work(each)) for each in range(2))
    # anybody can withdraw any key in their own name: that is about nobody's consent
    stranger = ChainWithdrawal(b"\x66" * 20, second.record_id.digest, NOW, 2)
    on_chain(hooked.registry, ChainWithdrawal(AUTHORITY, first.record_id.digest, NOW, 2), stranger, newest=3)
    desk.herald.tell()
    names = [str(each.record_id) for each in (second, first)]
    assert desk.told() == [
        ("consent.granted", names[0]),
        ("consent.withdrawn", names[1]),
        ("consent.withdrawn", None),
    ]


def test_a_block_that_is_no_more_is_told(hooked: People, receiver: Receiver) -> None:
    consent = hooked.consent("ann", work())
    desk = Desk(hooked.registry, receiver)
    on_chain(hooked.registry, ChainWithdrawal(AUTHORITY, consent.record_id.digest, NOW, 2), newest=3)
    on_chain(hooked.registry, newest=4)
    desk.herald.tell()
    name = str(consent.record_id)
    assert desk.told() == [("consent.withdrawn", name), ("withdrawal.undone", name)]
    assert receiver.messages[0].verified(desk.secret)["data"]["block"] == 2


def test_a_secret_is_followed_by_another(hooked: People, receiver: Receiver) -> None:
    desk = Desk(hooked.registry, receiver)
    hooked.consent("ann", work())
    newer = webhooks.rotate(hooked.registry, desk.id).secret
    assert desk.herald.tell() == 1
    (message,) = receiver.messages
    assert message.verified(desk.secret) == message.verified(newer)
    with pytest.raises(WebhookVerificationError):
        message.verified("whsec_" + "A" * 43 + "=")
    kept = hooked.registry.home.webhooks / desk.id  # the day is over
    kept.write_bytes(
        b'{"secrets":[{"secret":"%s"},{"secret":"%s","until":1}]}' % (newer.encode(), desk.secret.encode())
    )
    hooked.consent("ann", work(1))
    assert desk.herald.tell() == 1
    assert receiver.messages[1].verified(newer)
    with pytest.raises(WebhookVerificationError):
        receiver.messages[1].verified(desk.secret)


def test_the_secret_is_in_its_file_alone(hooked: People, receiver: Receiver) -> None:
    desk = Desk(hooked.registry, receiver)
    kept = hooked.registry.home.webhooks / desk.id
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    with hooked.registry.store.database.read() as connection:
        (row,) = connection.execute(text("SELECT * FROM webhook")).all()
    assert desk.secret not in repr(row)
    assert desk.secret not in repr(desk.endpoint)
    hooked.consent("ann", work())
    kept.write_text("{}")
    assert desk.herald.tell() == 0
    assert desk.endpoint.said == "its secret cannot be used (webhook-secret)"
    assert receiver.messages == []
    webhooks.remove(hooked.registry, desk.id)
    assert not kept.exists()


def test_a_message_to_try_it_with_moves_nothing(hooked: People, receiver: Receiver) -> None:
    desk = Desk(hooked.registry, receiver)
    assert webhooks.probe(hooked.registry, desk.id).ok
    assert receiver.messages[0].verified(desk.secret)["type"] == "webhook.test"
    receiver.answer = lambda _: (400, {})
    assert webhooks.probe(hooked.registry, desk.id).said == "it answers 400"
    assert desk.endpoint.failures == 0


def test_the_worker_tells_of_endings(hooked: People, receiver: Receiver) -> None:
    consent = hooked.consent("ann", work(), validUntil=format_instant(START + 40 * DAY))
    desk = Desk(hooked.registry, receiver)
    hooked.on(20)
    Worker(hooked.registry).settle()
    assert desk.herald.tell() == 0
    hooked.on(26.5)
    for _ in range(2):
        Worker(hooked.registry).settle()
    assert desk.herald.tell() == 1
    assert desk.told() == [("consent.expiring", str(consent.record_id))]


def test_an_ending_is_told_only_of_what_will_still_count_then(hooked: People, receiver: Receiver) -> None:
    """Not of what was replaced, cancelled or taken back, before or after the ending came near; nor of what is renewed."""
    community = Community(adjudicators=(who("judge"),))
    hooked.registry.home.community.write_bytes(canonical(community.to_json()))
    end = format_instant(START + 20 * DAY)
    names = (
        "kept",
        "replaced",
        "cancelled",
        "taken",
        "renewed",
        "named by another",
        "ruled by another",
        "late",
    )
    given = {name: hooked.consent("ann", work(n), validUntil=end) for n, name in enumerate(names)}
    desk = Desk(hooked.registry, receiver, "consent.expiring")
    hooked.on(2)

    def later(name: str, by: str = "ann", begin: float = 2) -> None:
        hooked.consent(
            by,
            work(names.index(name)),
            supersedes=link(given[name]),
            validFrom=format_instant(START + begin * DAY),
            validUntil=format_instant(START + 300 * DAY),
        )

    later("replaced")
    later("renewed", begin=15)
    later("named by another", by="ben")
    hooked.rule("void", given["cancelled"])
    hooked.rule("void", given["ruled by another"], by="ben")
    withdraw(hooked, given["taken"])
    hooked.on(7)
    Worker(hooked.registry).settle()
    later("late", begin=7)
    assert desk.herald.tell() == 3
    told = {str(given[name].record_id) for name in ("kept", "named by another", "ruled by another")}
    assert {name for _, name in desk.told()} == told
