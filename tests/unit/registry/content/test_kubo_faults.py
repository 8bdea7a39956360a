"""A node that dawdles, fails or talks nonsense is unavailable, and nothing is believed to be stored."""

from __future__ import annotations

import http.server
import time

import pytest

from rakkan.registry.content.kubo import KuboStore
from rakkan.schemas.errors import Integrity, Unavailable
from tests.unit.registry.content.standin import (
    ONE,
    TWO,
    Answer,
    StandIn,
    node,
    refuse,
    say,
    store,
    unavailable,
)

__all__ = ["node", "store"]


def endless(handler: http.server.BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(bytes(65536))
    except OSError:
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


def test_a_body_without_end_is_left_off(node: StandIn, store: KuboStore) -> None:
    node.answers["block/get"] = lambda query: endless
    with pytest.raises((Integrity, Unavailable)):
        store.get(TWO.cid)


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
    node.answers["pin/ls"] = lambda query: refuse("path is not pinned")  # nor by somebody else
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
