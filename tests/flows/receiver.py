"""Somebody who receives webhooks: a real HTTP server on loopback that checks signatures by another implementation."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook


@dataclass(frozen=True)
class Message:
    """What arrived, before anybody believes it."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def verified(self, secret: str) -> dict[str, Any]:
        """The document, if the signature holds and its time is now."""
        found: dict[str, Any] = Webhook(secret).verify(self.body, dict(self.headers))
        return found


@dataclass
class Receiver:
    """Takes every message, unless told otherwise.

    Attributes:
        port: Where it listens.
        answer: The status of the answer to a message, and further headers.
        messages: All that arrived, taken or not.
    """

    port: int = 0
    answer: Callable[[Message], tuple[int, dict[str, str]]] = lambda _: (204, {})
    messages: list[Message] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks"

    @property
    def ids(self) -> list[str]:
        return [each.id for each in self.messages]

    def told(self, secret: str) -> list[tuple[str, str | None]]:
        """Types and consents of all messages, in order."""
        documents = [each.verified(secret) for each in self.messages]
        consents = [each["data"].get("consent") for each in documents]
        return [
            (each["type"], consent and consent["recordId"])
            for each, consent in zip(documents, consents, strict=True)
        ]


@contextlib.contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver, listening."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            message = Message({name.lower(): value for name, value in self.headers.items()}, body)
            receiver.messages.append(message)
            status, headers = receiver.answer(message)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
