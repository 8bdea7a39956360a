"""A Kubo node that answers what a test tells it; a real one is in ``tests/ports``."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from rakkan.registry.content.kubo import KuboStore
from rakkan.registry.ports import Block
from rakkan.schemas.errors import Unavailable
from rakkan.schemas.values import RAW

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


def refusing(message: str, _: Query) -> Answer:
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
