"""Webhooks sent by the server itself, beside the worker, also while an endpoint never answers."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import httpx

from rakkan.registry import webhooks
from rakkan.schemas.values import Digest
from tests.api.asking import exact
from tests.api.server import serving
from tests.flows.homesteads import key
from tests.flows.receiver import Message, receiving
from tests.homes import new_registry
from tests.support import NOW, consent_record


def until(done: threading.Event) -> None:
    assert done.wait(60)


def test_the_server_tells_and_no_endpoint_holds_it_up(tmp_path: Path) -> None:
    asked, leave, told = threading.Event(), threading.Event(), threading.Event()

    def hang(_: Message) -> tuple[int, dict[str, str]]:
        asked.set()
        leave.wait(60)
        return 204, {}

    def take(_: Message) -> tuple[int, dict[str, str]]:
        told.set()
        return 204, {}

    with new_registry(tmp_path / "home") as registry, receiving() as slow, receiving() as quick:
        slow.answer, quick.answer = hang, take
        webhooks.add(registry, slow.url, (), local=True)
        added = webhooks.add(registry, quick.url, (), local=True)
        bearer = {"Authorization": f"Bearer {registry.store.new_token('test', NOW)}"}
        record = consent_record(key("ann"), {"sha256": Digest.of(b"work").hex}, origin=registry.origin)
        with serving(registry, worker=True) as url, httpx.Client(base_url=url, timeout=60) as http:
            assert http.post("/v1/consents", json=exact(record), headers=bearer).status_code == 201
            until(asked)
            deadline = time.monotonic() + 60
            while registry.store.log.size < 1 and time.monotonic() < deadline:
                time.sleep(0.02)
            assert registry.store.log.size == 1, "the log goes on"
            leave.set()
            until(told)
        assert quick.told(added.secret) == [("consent.granted", str(record.record_id))]
