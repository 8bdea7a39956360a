"""What a node is asked, word by word, and what a node that lies gains: nothing wrong is given out."""

from __future__ import annotations

import warnings
from functools import partial

import pytest

from rakkan.registry.content.blocks import MAX_BLOCK
from rakkan.registry.content.kubo import KuboStore
from rakkan.schemas.errors import Integrity, NotFound
from rakkan.schemas.values import Cid
from tests.unit.registry.content.standin import (
    ONE,
    TWO,
    Answer,
    Query,
    StandIn,
    node,
    refuse,
    refusing,
    say,
    store,
    unavailable,
)

__all__ = ["node", "store"]


def test_what_is_asked_is_spelled_out(node: StandIn, store: KuboStore) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # the client warns about itself, if it is let
        store.put([ONE, TWO])
        assert store.get(TWO.cid) == TWO.content
        assert store.missing([ONE.cid, TWO.cid]) == []
    assert node.commands() == [
        "dag/import",
        "pin/add",
        "dag/import",
        "block/get",
        *["block/stat"] * 2,
        *["pin/ls"] * 2,
    ]
    imported, pinned, _, got = (query for _, query in node.asked[:4])
    for name, value in {
        "pin-roots": "false",
        "stats": "true",
        "silent": "false",
        "allow-big-block": "false",
        "fast-provide-root": "false",
        "fast-provide-dag": "false",
        "fast-provide-wait": "false",
    }.items():
        assert imported[name] == [value]
    assert pinned["arg"] == [str(ONE.cid), str(TWO.cid)]
    assert [name.lower() for name in pinned["recursive"]] == ["false"]
    assert pinned["offline"] == got["offline"] == ["true"]


BODIES: dict[str, tuple[int, bytes]] = {
    "other bytes": (200, b"twO"),
    "fewer bytes": (200, b"tw"),
    "more bytes": (200, b"two "),
    "no bytes": (200, b""),
    "another block": (200, ONE.content),
    "too many bytes": (200, bytes(MAX_BLOCK + 1)),
}


@pytest.mark.parametrize("lie", BODIES)
def test_wrong_bytes_are_never_given_out(node: StandIn, store: KuboStore, lie: str) -> None:
    node.answers["block/get"] = lambda query: BODIES[lie]
    with pytest.raises(Integrity) as caught:
        store.get(TWO.cid)
    assert caught.value.code == "block-digest"


def test_only_what_the_node_calls_absent_is_missing(node: StandIn, store: KuboStore) -> None:
    for message in (
        f"block was not found locally (offline): ipld: could not find {TWO.cid}",
        "merkledag: not found",
        "blockservice: key not found",
    ):
        node.answers.update(dict.fromkeys(("block/get", "block/stat"), partial(refusing, message)))
        with pytest.raises(NotFound) as caught:
            store.get(TWO.cid)
        assert caught.value.code == "content-missing"
        assert store.missing([TWO.cid, ONE.cid]) == [TWO.cid, ONE.cid]
    node.answers["block/get"] = node.answers["block/stat"] = lambda query: refuse("leveldb: closed")
    assert "leveldb: closed" in unavailable(lambda: store.get(TWO.cid)).message
    unavailable(lambda: store.missing([TWO.cid]))


def test_fewer_blocks_taken_than_sent_is_tried_again_once(node: StandIn, store: KuboStore) -> None:
    counts = iter([1, 2, 2])
    node.answers["dag/import"] = lambda query: say({"Stats": {"BlockCount": next(counts)}})
    store.put([ONE, TWO])
    assert node.commands() == ["dag/import", "dag/import", "pin/add", "dag/import"]
    node.answers["dag/import"] = lambda query: say({"Stats": {"BlockCount": 1}})
    node.asked.clear()
    assert "1" in unavailable(lambda: store.put([ONE, TWO])).message
    assert node.commands() == ["dag/import"] * 2


def test_a_pin_that_fails_is_tried_again_once(node: StandIn, store: KuboStore) -> None:
    node.answers["pin/add"] = lambda query: refuse("pin: could not find it")
    node.answers["pin/ls"] = lambda query: refuse(f"path '{query['arg'][0]}' is not pinned")
    assert "could not find it" in unavailable(lambda: store.put([ONE, TWO])).message
    assert node.commands().count("dag/import") == 2


def test_a_proxy_that_takes_one_cid_at_a_time_pins_all(node: StandIn, store: KuboStore) -> None:
    """As IPFS Cluster's does: it reads the first argument and says nothing of the others."""
    pinned: set[str] = set()

    def pin(query: Query) -> Answer:
        pinned.add(query["arg"][0])
        return say({"Pins": query["arg"][:1]})

    def listed(query: Query) -> Answer:
        return say({"Keys": {cid: {"Type": "direct"} for cid in query["arg"][:1] if cid in pinned}})

    node.answers["pin/add"], node.answers["pin/ls"] = pin, listed
    assert store.missing([ONE.cid, TWO.cid]) == [ONE.cid, TWO.cid]
    store.put([ONE, TWO])
    assert pinned == {str(ONE.cid), str(TWO.cid)}
    assert store.missing([ONE.cid, Cid.of(b"3"), TWO.cid]) == [Cid.of(b"3")]


def test_a_pin_of_another_block_is_no_pin(node: StandIn, store: KuboStore) -> None:
    node.answers["pin/add"] = lambda query: say({"Pins": [str(Cid.of(b"other"))]})
    unavailable(lambda: store.put([ONE, TWO]))
    node.answers["pin/ls"] = lambda query: say({"Keys": {str(Cid.of(b"other")): {"Type": "direct"}}})
    assert store.missing([ONE.cid]) == [ONE.cid]


def test_the_environment_sends_nothing_elsewhere(
    node: StandIn, store: KuboStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert store.get(TWO.cid) == TWO.content
    assert KuboStore(node.url).get(TWO.cid) == TWO.content
