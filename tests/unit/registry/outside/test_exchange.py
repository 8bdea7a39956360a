"""Addresses that may be asked: every disguise of a private one is seen through, and a name is resolved once."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

import pytest

from rakkan.registry.outside.exchange import HiddenAddress, exchange, is_public
from rakkan.registry.outside.hooks import post
from rakkan.registry.outside.resolving import AT_ONCE
from rakkan.registry.outside.sites import fetch
from rakkan.registry.rules.webhook import Address
from rakkan.schemas.errors import Unavailable
from tests.unit.registry.outside.hostile import serving

HIDDEN = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.1.2.3",
    "169.254.169.254",
    "169.254.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.1.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]
PUBLIC = [
    "8.8.8.8",
    "93.184.216.34",
    "2606:4700::1111",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
]


@pytest.mark.parametrize("address", HIDDEN)
def test_what_is_not_on_the_public_internet(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost", "0", "::1"])
def test_other_ways_to_write_loopback_are_not_asked(host: str) -> None:
    with serving(lambda _: [b"secret"]) as port, pytest.raises((HiddenAddress, socket.gaierror)):
        exchange(host, port, b"x", deadline=time.monotonic() + 5, tls=False, local=False)


def test_a_name_with_one_hidden_address_is_not_asked_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [_found("93.184.216.34"), _found("10.0.0.1")])
    with pytest.raises(HiddenAddress):
        exchange("example.org", 80, b"x", deadline=time.monotonic() + 5, tls=False, local=False)


def test_a_name_is_resolved_once_and_connected_to_where_it_led(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def resolve(host: str, port: int, **_: object) -> list[Any]:
        asked.append(host)
        return [_found("127.0.0.1", port)] if len(asked) == 1 else [_found("10.0.0.1", port)]

    with serving(lambda request: [b"got " + request]) as port:
        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        answer = exchange("localhost", port, b"this", deadline=time.monotonic() + 5, tls=False, local=True)
        monkeypatch.undo()
    assert (answer, asked) == (b"got this", ["localhost"])


def test_an_address_that_does_not_answer_is_not_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        nobody = free.getsockname()[1]  # closed below: nobody listens there
    with serving(lambda request: [b"got " + request]) as port:
        found = [_found("127.0.0.1", nobody), _found("127.0.0.1", port)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        answer = exchange("localhost", port, b"this", deadline=time.monotonic() + 5, tls=False, local=True)
        found.pop()
        with pytest.raises(ConnectionRefusedError):
            exchange("localhost", port, b"this", deadline=time.monotonic() + 5, tls=False, local=True)
        monkeypatch.undo()
    assert answer == b"got this"


def test_a_resolver_that_never_answers_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    stuck = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [] if stuck.wait() else None)
    threads = threading.active_count()
    try:
        for _ in range(AT_ONCE + 2):  # the last two find no place among those that hang
            with pytest.raises(TimeoutError):
                exchange("slow.example", 80, b"x", deadline=time.monotonic() + 0.01, tls=False, local=False)
        assert threading.active_count() - threads == AT_ONCE
        address = Address(True, "slow.example", 443, "slow.example", "/")
        assert post(address, {}, b"{}", local=False, seconds=0.01).said == "it does not answer in time"
        with pytest.raises(Unavailable) as silent:
            fetch("slow.example", seconds=0.01)
        assert silent.value.code == "site-silent"
    finally:
        stuck.set()
    monkeypatch.undo()
    with serving(lambda request: [b"got " + request]) as port:  # their places are free again
        answer = exchange("127.0.0.1", port, b"this", deadline=time.monotonic() + 5, tls=False, local=True)
    assert answer == b"got this"


@pytest.mark.parametrize(
    "error", [socket.gaierror(socket.EAI_NONAME, "no such name"), UnicodeError("label too long")]
)
def test_what_a_resolver_says_of_a_name_is_passed_on(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    with pytest.raises(OSError, match=r"no such name|label too long"):
        exchange("x.example", 80, b"x", deadline=time.monotonic() + 5, tls=False, local=False)


def test_local_means_this_machine_and_no_other() -> None:
    for host in ("10.0.0.1", "169.254.169.254", "93.184.216.34"):
        with pytest.raises(HiddenAddress):
            exchange(host, 80, b"x", deadline=time.monotonic() + 5, tls=False, local=True)


def _found(address: str, port: int = 80) -> tuple[Any, ...]:
    return socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)
