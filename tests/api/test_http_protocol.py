"""Bytes that are no request: refused in the form of every other error, and nothing that follows them is read."""

from __future__ import annotations

import json
import socket
from urllib.parse import urlsplit

import pytest

from tests.api.conftest import Served

HOST = b"Host: 127.0.0.1\r\n"


def told(served: Served, sent: bytes) -> tuple[bytes, dict[str, str], bytes]:
    """Status line, headers and body of the only answer; the connection is closed after it."""
    place = urlsplit(served.url)
    assert place.hostname is not None
    with socket.create_connection((place.hostname, place.port or 0), timeout=20) as connection:
        connection.sendall(sent)
        received = b"".join(iter(lambda: connection.recv(65_536), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    status, *lines = head.decode("ascii").split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    return status.encode(), headers, body


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),  # TLS, spoken to the wrong port
        b"what is this?\r\n\r\n",
        b"GET /v1/log/head HTTP/9.9\r\n" + HOST + b"\r\n",
        b"GET /v1/log/head HTTP/1.1\r\n" + HOST + b"no colon\r\n\r\n",
        b"POST /v1/verify HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n",
        b"GET /v1/log/head HTTP/1.1\r\n" + HOST + b"X: a\x00b\r\n\r\n",
        b"not a request\r\n\r\nGET /v1/log/head HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n",
    ],
    ids=["tls", "words", "version", "header", "length", "nul", "smuggled"],
)
def test_what_is_no_request_is_told_as_a_problem(served: Served, sent: bytes) -> None:
    status, headers, body = told(served, sent)
    assert status == b"HTTP/1.1 400 Bad Request"
    assert headers["content-type"] == "application/problem+json"
    assert (headers["connection"].lower(), int(headers["content-length"])) == ("close", len(body))
    assert headers["x-content-type-options"] == "nosniff"
    said = json.loads(body)  # one document, so one answer
    assert (said["status"], said["code"], said["type"]) == (400, "request-broken", "/problems/request-broken")
    assert served.http.get("/v1/log/head").status_code == 200, "others are still served"


def test_chunks_that_are_none_do_not_reach_the_registry(served: Served) -> None:
    head = b"POST /v1/verify HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
    status, headers, _ = told(served, head + b"not a size\r\nhello\r\n")
    assert status.startswith(b"HTTP/1.1 4")
    assert headers["content-type"] == "application/problem+json"
