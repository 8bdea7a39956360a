"""The feed of withdrawals: nothing lost, nothing twice, nothing private, also while more is taken back."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rakkan.api.feed_shapes import WithdrawalsShape
from rakkan.registry.flows.accept import accept_all
from rakkan.registry.flows.founding import found
from rakkan.registry.ledger.consent_calls import ChainWithdrawal
from rakkan.registry.rules.proofs import sign_did, withdrawal_statement
from rakkan.registry.service import Registry, open_registry
from rakkan.registry.settings import load_settings
from rakkan.registry.store.withdrawals import Cursor
from rakkan.schemas.record import Record
from rakkan.schemas.values import Digest
from tests.api.asking import problem
from tests.api.server import serving
from tests.support import NOW, consent_record

PATH = "/v1/withdrawals"
KEY = Ed25519PrivateKey.generate()
AUTHORITY = bytes.fromhex("11" * 20)
CONTRACT = b"\7" * 20


@pytest.fixture
def registry(tmp_path: Path, database_url: str) -> Iterator[Registry]:
    settings = load_settings(home=tmp_path / "home", database_url=database_url)
    found(settings, creator="Test artist", chain="none", standing_seconds=1)
    with open_registry(settings) as opened:
        yield opened


@pytest.fixture
def http(registry: Registry) -> Iterator[httpx.Client]:
    with serving(registry) as url, httpx.Client(base_url=url, timeout=60) as client:
        yield client


def grants(registry: Registry, count: int, *, publish: bool = True) -> list[Record]:
    made = [
        consent_record(KEY, {"sha256": Digest.of(b"feed %d" % each).hex}, origin=registry.origin)
        for each in range(count)
    ]
    accept_all(registry, made, publish=publish)
    return made


def take_back(registry: Registry, consents: list[Record], item: bytes | None = None) -> list[Record]:
    statements = [withdrawal_statement(each, item, registry.origin) for each in consents]
    made = [Record.build(each, [sign_did(each, KEY)]) for each in statements]
    accept_all(registry, made, publish=True)
    return made


def page(http: httpx.Client, **query: Any) -> WithdrawalsShape:
    answer = http.get(PATH, params=query)
    assert answer.status_code == 200, answer.text
    return WithdrawalsShape.model_validate(answer.json())


def follow(http: httpx.Client, cursor: str = "0", limit: int = 100) -> tuple[list[str], str]:
    """Keys of everything after a cursor, as a follower reads it; and the cursor to go on with."""
    keys: list[str] = []
    while True:
        found_ = page(http, after=cursor, limit=limit)
        keys += [f"{each.state} {each.key}" for each in found_.items]
        cursor = found_.cursor
        if not found_.more:
            return keys, cursor


def on_chain(registry: Registry, *taken: ChainWithdrawal, first: int, newest: int) -> None:
    """What a look at the contract brought: blocks from ``first`` on, read anew."""
    store = registry.store.withdrawals
    after = Cursor(newest, bytes([newest]) * 32, 0, bytes(32))
    assert store.advance(CONTRACT, store.cursor(CONTRACT), after, first=first, found=taken, now=NOW)


def test_what_is_taken_back_is_told_in_order(registry: Registry, http: httpx.Client) -> None:
    assert page(http).items == []
    consents = grants(registry, 3)
    hidden = grants(registry, 1, publish=False)
    records = take_back(registry, [*consents[:2], *hidden])
    item = Digest.of(b"feed 2").raw
    records += take_back(registry, consents[2:], item)
    take_back(registry, consents[:1])  # again: nothing new
    found_ = page(http)
    assert not found_.more
    assert [each.record_id for each in found_.items] == [str(each.record_id) for each in records]
    assert [each.consent.record_id if each.consent else None for each in found_.items] == [
        str(consents[0].record_id), str(consents[1].record_id), None, str(consents[2].record_id),
    ]  # fmt: skip
    assert [each.item for each in found_.items] == [None, None, None, item.hex()]
    assert {(each.state, each.source, each.authority) for each in found_.items} == {
        ("withdrawn", "record", "0x" + "11" * 20)
    }
    assert page(http, after=found_.cursor).items == []


def test_a_page_is_kept_by_whoever_has_it(registry: Registry, http: httpx.Client) -> None:
    take_back(registry, grants(registry, 3))
    answer = http.get(PATH, params={"limit": 2})
    assert answer.headers["cache-control"] == "public, max-age=15, must-revalidate"
    again = http.get(PATH, params={"limit": 2}, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    following = http.get(answer.links["next"]["url"])
    assert len(following.json()["items"]) == 1
    assert "link" not in following.headers
    lines = http.get(PATH, headers={"Accept": "application/x-ndjson"})
    assert lines.headers["content-type"] == "application/x-ndjson"
    assert [json.loads(each) for each in lines.text.splitlines()] == http.get(PATH).json()["items"]


def test_the_chain_tells_too_and_takes_back_what_it_told(registry: Registry, http: httpx.Client) -> None:
    consents = grants(registry, 3)
    keys = [each.record_id.digest for each in consents]
    taken = [ChainWithdrawal(AUTHORITY, key, NOW, 2 + place) for place, key in enumerate(keys)]
    on_chain(registry, *taken, first=1, newest=4)
    seen, cursor = follow(http)
    assert seen == [f"withdrawn {key.hex()}" for key in keys]
    first = page(http).items[0]
    assert (first.source, first.block, first.record_id) == ("chain", 2, None)
    assert first.consent is not None
    assert first.consent.record_id == str(consents[0].record_id)
    take_back(registry, consents[:2])  # known already
    assert follow(http, cursor) == ([], cursor)
    on_chain(registry, taken[0], first=2, newest=4)  # blocks 3 and 4 became others
    seen, cursor = follow(http, cursor)
    assert seen == [f"undone {keys[2].hex()}"], "the second is still told of by its record"
    on_chain(registry, taken[2], first=3, newest=5)
    assert follow(http, cursor)[0] == [f"withdrawn {keys[2].hex()}"]


def test_a_stranger_who_withdraws_the_key_is_not_taken_for_the_authority(
    registry: Registry, http: httpx.Client
) -> None:
    """The contract takes any key from anybody, in their own name."""
    (consent,) = grants(registry, 1)
    key = consent.record_id.digest
    on_chain(registry, ChainWithdrawal(b"\x66" * 20, key, NOW, 2), first=1, newest=4)
    (entry,) = page(http).items
    assert (entry.authority, entry.key, entry.consent) == ("0x" + "66" * 20, key.hex(), None)
    moments = http.get(f"/v1/consents/{consent.record_id}/history").json()["moments"]
    assert [each["state"] for each in moments] == ["granted"]


def test_nothing_is_lost_or_twice_while_more_comes_in(registry: Registry, http: httpx.Client) -> None:
    consents = grants(registry, 90)
    parts = [consents[at::3] for at in range(3)]
    failed: list[BaseException] = []

    def withdraw(part: list[Record]) -> None:
        try:
            for each in part:
                take_back(registry, [each])
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=withdraw, args=(part,)) for part in parts]
    for thread in threads:
        thread.start()
    seen: list[str] = []
    cursor = "0"
    while any(thread.is_alive() for thread in threads):
        more, cursor = follow(http, cursor, limit=7)
        seen += more
    for thread in threads:
        thread.join()
    seen += follow(http, cursor, limit=7)[0]
    assert not failed
    assert len(seen) == len(set(seen)) == len(consents)
    assert set(seen) == {f"withdrawn {each.record_id.digest.hex()}" for each in consents}
    assert follow(http)[0] == seen


@pytest.mark.parametrize(
    ("query", "code"),
    [("after=-1", "parameter"), ("after=x", "parameter"), ("after=9999", "parameter")]
    + [("after=9999-00000000", "cursor-unknown"), (f"after={'9' * 19}-00000000", "parameter")]
    + [(f"limit={each}", "parameter") for each in (0, 1001, "x")]
    + [("aftr=1", "parameter"), ("after=0&after=0", "parameter")],
)
def test_cursors_that_are_none(registry: Registry, http: httpx.Client, query: str, code: str) -> None:
    problem(http.get(f"{PATH}?{query}"), 422, code)
