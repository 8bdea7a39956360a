"""``rakkan webhook``: a secret shown once, endpoints listed with how they fare, delivery by the worker's own command."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from rakkan.registry.flows.accept import accept_one
from rakkan.registry.keys import ARTIST
from rakkan.registry.service import open_registry
from rakkan.registry.settings import Settings
from rakkan.schemas.record import Record
from rakkan.schemas.values import Digest
from tests.cli.command import RAKKAN, environment, rakkan
from tests.flows.receiver import Receiver, receiving
from tests.homes import new_home
from tests.support import consent_record


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return new_home(tmp_path / "home")


def granted(settings: Settings, number: int = 0) -> Record:
    """A consent, accepted."""
    with open_registry(settings) as registry:
        assert registry.home.keys.has(ARTIST)
        work = {"sha256": Digest.of(b"cli hook %d" % number).hex}
        record = consent_record(registry.home.keys.artist, work, origin=registry.origin)
        accept_one(registry, record, publish=True)
        return record


def added(settings: Settings, receiver: Receiver, *words: str) -> tuple[str, str]:
    done = rakkan("webhook", "add", receiver.url, "--local", "--json", *words, home=settings.folder)
    assert done.code == 0, done.err
    document = done.document
    assert (document["schema"], document["state"]) == ("rakkan.webhook/1", "active")
    assert document["secret"] not in done.err
    return document["id"], document["secret"]


def test_the_worker_sends_what_is_new(settings: Settings) -> None:
    with receiving() as receiver:
        name, secret = added(settings, receiver)
        record = granted(settings)
        done = rakkan("worker", "--once", "--json", home=settings.folder)
        assert (done.code, done.document["told"]) == (0, 1)
        assert receiver.told(secret) == [("consent.granted", str(record.record_id))]
        (item,) = rakkan("webhook", "list", "--json", home=settings.folder).document["items"]
        assert (item["id"], item["state"], item["behind"], item["failures"]) == (name, "active", False, 0)
        assert item["takenAt"] is not None
        shown = rakkan("webhook", "list", home=settings.folder)
        assert name in shown.out
        assert "it has everything" in shown.out
        assert secret not in shown.out + shown.err
        receiver.answer = lambda _: (500, {})
        granted(settings, 1)
        done = rakkan("worker", "--once", "--json", home=settings.folder)
        assert (done.code, done.document["told"]) == (0, 0)
        assert f"webhook {name} takes no message: it answers 500" in done.err
        assert receiver.url not in done.err
        shown = rakkan("webhook", "list", home=settings.folder)
        assert "failing since" in shown.out


def test_a_worker_that_stays_sends_too(settings: Settings) -> None:
    with receiving() as receiver:
        _, secret = added(settings, receiver)
        process = subprocess.Popen(
            [RAKKAN, "worker", "--poll", "0.2"], env=environment(settings.folder), stderr=subprocess.DEVNULL
        )
        try:
            record = granted(settings)
            deadline = time.monotonic() + 60
            while not receiver.messages and time.monotonic() < deadline:
                time.sleep(0.05)
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0
        assert receiver.told(secret) == [("consent.granted", str(record.record_id))]


def test_test_rotate_resume_remove(settings: Settings) -> None:
    home = settings.folder
    with receiving() as receiver:
        name, secret = added(settings, receiver, "--event", "consent.withdrawn")
        done = rakkan("webhook", "test", name, "--json", home=home)
        assert (done.code, done.document["status"]) == (0, 204)
        assert json.loads(receiver.messages[0].body)["type"] == "webhook.test"
        receiver.answer = lambda _: (503, {})
        assert rakkan("webhook", "test", name, "--json", home=home).error == (5, "webhook-untaken")
        newer = rakkan("webhook", "rotate", name, "--json", home=home).document["secret"]
        receiver.answer = lambda _: (200, {})
        rakkan("webhook", "test", name, home=home)
        for each in (secret, newer):
            assert Webhook(each).verify(receiver.messages[-1].body, dict(receiver.messages[-1].headers))
        assert rakkan("webhook", "resume", name, "--json", home=home).document["complete"] is True
        assert rakkan("webhook", "remove", name, home=home).code == 0
        assert rakkan("webhook", "list", "--json", home=home).document["items"] == []


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("add", "http://example.org/"), (2, "webhook-url")),
        (("add", "https://user:secret@example.org/"), (2, "webhook-url")),
        (("add", "https://example.org/", "--event", "consent.allowed"), (2, "webhook-type")),
        (("add",), (2, "usage")),
        *(
            ((verb, "wh_0000000000000000"), (4, "webhook-unknown"))
            for verb in ("test", "rotate", "resume", "remove")
        ),
    ],
)
def test_what_cannot_be(settings: Settings, words: tuple[str, ...], error: tuple[int, str]) -> None:
    assert rakkan("webhook", *words, "--json", home=settings.folder).error == error
    assert rakkan("webhook", "list", "--json", home=settings.folder).document["items"] == []


def test_a_private_address_is_not_asked(settings: Settings) -> None:
    """It is named by whoever runs the home, and yet: what a name stands for is somebody else's to say."""
    for url, local in (
        ("https://10.0.0.1/", ()),
        ("https://169.254.169.254/latest", ()),
        ("https://localhost/", ()),
    ):
        done = rakkan("webhook", "add", url, *local, "--json", home=settings.folder)
        assert done.code == 0
        tried = rakkan("webhook", "test", done.document["id"], "--json", home=settings.folder)
        assert tried.error == (5, "webhook-untaken")
        assert "not on the public internet" in tried.document["error"]["message"]
