"""A node that lies, dawdles or fails: nothing wrong is given out, and nothing is believed to be stored.

The node here is a stand-in that answers what a test tells it; a real one is in ``tests/ports``.
"""

from __future__ import annotations

import http.server
import json
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from urllib.parse import parse_qs, urlsplit

import pytest

from rakkan.registry.content.blocks import MAX_BLOCK
from rakkan.registry.content.kubo import KuboStore
from rakkan.registry.ports import Block
from rakkan.schemas.errors import Integrity, NotFound, Unavailable
from rakkan.schemas.values import RAW, Cid

ONE, TWO = Block.of(b'{"a":1}'), Block.of(b"two", RAW)
Query = dict[str, list[str]]
Answer = tuple[int, bytes] | Callable[[http.server.BaseHTTPRequestHandler], None]


class StandIn(http.server.ThreadingHTTPServer):
    """Speaks ``/api/v0`` on the loopback interface.

    Attributes:
        answers: What each command answers.
        asked: Commands and their queries, in order.
    """

    daemon_threads = True

    def __init__(self) -> None:
        self.answers: dict[str, Callable[[Query], Answer]] = {}
        self.asked: list[tuple[str, Query]] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def commands(self) -> list[str]:
        return [command for command, _ in self.asked]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: StandIn  # pyright: ignore[reportIncompatibleVariableOverride] - narrower on purpose

    def do_POST(self) -> None:
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        url = urlsplit(self.path)
        command, query = url.path.removeprefix("/api/v0/"), parse_qs(url.query)
        self.server.asked.append((command, query))
        answer = self.server.answers[command](query)
        if callable(answer):
            answer(self)
            return
        status, body = answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


def say(*values: object) -> tuple[int, bytes]:
    return 200, b"".join(json.dumps(value).encode() + b"\n" for value in values)


def refuse(message: str, status: int = 500) -> tuple[int, bytes]:
    return status, json.dumps({"Message": message, "Code": 0, "Type": "error"}).encode()


def _refusing(message: str, _: Query) -> Answer:
    return refuse(message)


@pytest.fixture
def node() -> Iterator[StandIn]:
    """A node that behaves, until a test changes an answer."""
    server = StandIn()
    server.answers = {
        "dag/import": lambda query: say({"Stats": {"BlockCount": 2, "BlockBytesCount": 10}}),
        "pin/add": lambda query: say({"Pins": query["arg"]}),
        "pin/ls": lambda query: say({"Keys": {cid: {"Type": query["type"][0]} for cid in query["arg"]}}),
        "block/stat": lambda query: say({"Key": query["arg"][0], "Size": 3}),
        "block/get": lambda query: (200, TWO.content),
    }
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def store(node: StandIn) -> Iterator[KuboStore]:
    store = KuboStore(node.url, timeout=0.6)
    yield store
    store.close()


def unavailable(call: Callable[[], object]) -> Unavailable:
    with pytest.raises(Unavailable) as caught:
        call()
    assert caught.value.code == "content-unavailable"
    assert caught.value.hint
    return caught.value


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
        node.answers.update(dict.fromkeys(("block/get", "block/stat"), partial(_refusing, message)))
        with pytest.raises(NotFound) as caught:
            store.get(TWO.cid)
        assert caught.value.code == "content-missing"
        assert store.missing([TWO.cid, ONE.cid]) == [TWO.cid, ONE.cid]
    node.answers["block/get"] = node.answers["block/stat"] = lambda query: refuse("leveldb: closed")
    assert "leveldb: closed" in unavailable(lambda: store.get(TWO.cid)).message
    unavailable(lambda: store.missing([TWO.cid]))


def endless(handler: http.server.BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(bytes(65536))
    except OSError:
        handler.close_connection = True


def dripping(handler: http.server.BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    try:
        for _ in range(100):
            handler.wfile.write(b"x")
            time.sleep(0.1)
    except OSError:
        pass
    handler.close_connection = True


def silent(handler: http.server.BaseHTTPRequestHandler) -> None:
    time.sleep(1.0)
    handler.close_connection = True


def cut_off(handler: http.server.BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"tw")
    handler.close_connection = True


def cut_off_in_a_chunk(handler: http.server.BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b"a0\r\ntw")
    handler.close_connection = True


def not_http(handler: http.server.BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.9\r\n")
    handler.close_connection = True


def badly_packed(handler: http.server.BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Encoding", "gzip")
    handler.send_header("Content-Length", "3")
    handler.end_headers()
    handler.wfile.write(b"two")


def elsewhere(handler: http.server.BaseHTTPRequestHandler) -> None:
    handler.send_response(307)
    handler.send_header("Location", handler.path.replace("block/get", "pin/ls") + "&away")
    handler.send_header("Content-Length", "0")
    handler.end_headers()


FAULTS: dict[str, Answer] = {
    "500 with text": (500, b"Internal Server Error"),
    "502 with a page": (502, b"<html>Bad Gateway</html>"),
    "403": (403, b"403 - Forbidden"),
    "404": (404, b"404 page not found"),
    "429": refuse("slow down", 429),
    "silent": silent,
    "cut off": cut_off,
    "cut off in a chunk": cut_off_in_a_chunk,
    "not HTTP": not_http,
    "badly packed": badly_packed,
    "redirect": elsewhere,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failing_node_is_unavailable(node: StandIn, store: KuboStore, fault: str) -> None:
    for command in node.answers:
        node.answers[command] = lambda query: FAULTS[fault]
    unavailable(lambda: store.get(TWO.cid))
    unavailable(lambda: store.missing([TWO.cid]))
    unavailable(lambda: store.put([ONE, TWO]))
    assert not any("away" in query for _, query in node.asked)


@pytest.mark.parametrize("answer", [endless, dripping])
def test_a_body_without_end_is_left_off(node: StandIn, store: KuboStore, answer: Answer) -> None:
    node.answers["block/get"] = lambda query: answer
    began = time.monotonic()
    with pytest.raises((Integrity, Unavailable)):
        store.get(TWO.cid)
    assert time.monotonic() - began < 3


NONSENSE: dict[str, tuple[int, bytes]] = {
    "nothing": (200, b""),
    "not JSON": (200, b"fine!"),
    "half a value": (200, b'{"Stats": {"BlockCount": 2'),
    "a list": say([{"Stats": {"BlockCount": 2}}]),
    "a text": say("fine"),
    "null": say(None),
    "an error without message": (200, b'{"Type": "error"}'),
    "an error after the first line": (200, say({})[1] + refuse("disk full")[1]),
    "values of other types": say({"Stats": [], "Pins": 3, "Keys": "x", "Key": None}),
    "values of other types inside": say(
        {"Stats": {"BlockCount": "2"}, "Pins": [1, None], "Keys": [[]], "Key": 5}
    ),
    "nested without end": (200, b"[" * 100_000),
    "invalid UTF-8": (200, b"\xff\xfe"),
}


@pytest.mark.parametrize("answer", NONSENSE)
@pytest.mark.parametrize("command", ["dag/import", "pin/add"])
def test_nonsense_stores_nothing(node: StandIn, store: KuboStore, command: str, answer: str) -> None:
    node.answers[command] = lambda query: NONSENSE[answer]
    unavailable(lambda: store.put([ONE, TWO]))


@pytest.mark.parametrize("answer", NONSENSE)
@pytest.mark.parametrize("command", ["block/stat", "pin/ls"])
def test_nonsense_is_never_taken_for_stored(
    node: StandIn, store: KuboStore, command: str, answer: str
) -> None:
    node.answers[command] = lambda query: NONSENSE[answer]
    try:
        missing = store.missing([ONE.cid, TWO.cid])
    except Unavailable:
        return
    assert missing == [ONE.cid, TWO.cid]


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
