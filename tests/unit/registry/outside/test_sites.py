"""Sites, hostile ones above all: bounded in time and size, never led elsewhere, read strictly."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rakkan.registry.outside.sites import LIMIT, PATH, fetch
from rakkan.schemas.errors import DomainError
from tests.unit.registry.outside.hostile import Chunks, serving

BODY = b'{"schema":"rakkan.site/1","actors":[]}'


def plain(body: bytes = BODY, status: str = "200 OK", *more: str) -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *more]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def code_of(answer: Callable[[bytes], Chunks], seconds: float = 5) -> str:
    with serving(answer) as port, pytest.raises(DomainError) as caught:
        fetch(f"127.0.0.1:{port}", seconds=seconds)
    return caught.value.code


def test_a_small_file_is_fetched_from_its_place() -> None:
    asked: list[bytes] = []

    def answer(request: bytes) -> Chunks:
        asked.append(request)
        return [plain()]

    with serving(answer) as port:
        found = fetch(f"localhost:{port}")
    assert (found.url, found.content) == (f"http://localhost:{port}{PATH}", BODY)
    assert asked[0].startswith(f"GET {PATH} HTTP/1.1\r\nHost: localhost:{port}\r\n".encode())
    assert b"identity" in asked[0]


def test_chunks_and_pauses_are_put_together() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with serving(lambda _: [head, 0.05, b"3\r\nabc\r\n", b"2\r\nde\r\n0\r\n\r\n"]) as port:
        assert fetch(f"127.0.0.1:{port}").content == b"abcde"


@pytest.mark.parametrize(
    "answer",
    [
        [plain(b"", "301 Moved", "Location: http://169.254.169.254/latest")],
        [plain(b"", "302 Found", "Location: file:///etc/passwd")],
        [plain(b"no", "404 Not Found")],
        [plain(b"no", "500 No")],
        [plain(BODY, "200 OK", "Content-Encoding: gzip")],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort"],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
        [b"\x16\x03\x01\x02\x00\x01"],
        [b"not HTTP at all\r\n\r\n"],
        [b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n"],
        [b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000],
        [plain(b"x" * (LIMIT + 1))],
        [b"HTTP/1.1 200 OK\r\n\r\n", *[b"x" * 8192] * 64],
        [],
    ],
)
def test_what_is_no_small_file_is_refused(answer: Chunks) -> None:
    assert code_of(lambda _: answer) in ("site-answer", "site-silent")


@pytest.mark.parametrize("drip", [[5.0], [b"HTTP/1.1 200 OK\r\n\r\n", *([b"x", 0.1] * 100)]])
def test_one_that_drips_ends_in_time(drip: Chunks) -> None:
    assert code_of(lambda _: drip, seconds=0.5) == "site-silent"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Example.org",
        "exa mple.org",
        "user@example.org",
        "example.org/path",
        "example.org:0",
        "example.org:99999",
        "example.org:x",
        "[::1]",
        "-x.org",
        "x..org",
        "münchen.de",
        "a" * 64 + ".org",
        "a." * 130 + "org",
        "example.org\r\nHost: other",
    ],
)
def test_what_is_no_name_of_a_site(name: str) -> None:
    with pytest.raises(DomainError) as caught:
        fetch(name)
    assert caught.value.code == "site-name"


@pytest.mark.parametrize("name", ["10.0.0.1", "169.254.169.254", "192.168.1.1:8080", "0.0.0.0", "127.0.0.2"])
def test_private_addresses_are_not_asked(name: str) -> None:
    with pytest.raises(DomainError) as caught:
        fetch(name, seconds=2)
    assert caught.value.code == "site-address"


def test_nobody_there() -> None:
    with serving(lambda _: []) as port:
        pass
    with pytest.raises(DomainError) as caught:
        fetch(f"127.0.0.1:{port}", seconds=2)
    assert caught.value.code == "site-silent"
