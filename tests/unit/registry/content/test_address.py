"""Addresses of an IPFS node."""

from __future__ import annotations

import pytest

from rakkan.registry.content.address import parse_address
from rakkan.registry.content.kubo import KuboStore
from rakkan.schemas.errors import Invalid


@pytest.mark.parametrize(
    ("text", "multiaddr", "credentials"),
    [
        ("/ip4/127.0.0.1/tcp/5001", "/ip4/127.0.0.1/tcp/5001", None),
        ("/dns/ipfs.example/tcp/443/https", "/dns/ipfs.example/tcp/443/https", None),
        ("/unix/run/kubo.sock", "/unix/run/kubo.sock", None),
        ("http://127.0.0.1:5001", "/ip4/127.0.0.1/tcp/5001/http", None),
        ("http://127.0.0.1:5001/", "/ip4/127.0.0.1/tcp/5001/http", None),
        ("http://127.0.0.1:5001/api/v0", "/ip4/127.0.0.1/tcp/5001/http", None),
        ("http://[::1]:5001", "/ip6/::1/tcp/5001/http", None),
        ("https://ipfs.example", "/dns/ipfs.example/tcp/443/https", None),
        ("http://localhost", "/dns/localhost/tcp/80/http", None),
        ("https://me:p%40ss@ipfs.example", "/dns/ipfs.example/tcp/443/https", ("me", "p@ss")),
    ],
)
def test_both_forms(text: str, multiaddr: str, credentials: tuple[str, str] | None) -> None:
    assert parse_address(text) == (multiaddr, credentials)
    KuboStore(text).close()  # it asks nothing yet


@pytest.mark.parametrize(
    "text",
    [
        "",
        "127.0.0.1:5001",
        "localhost",
        "ftp://127.0.0.1",
        "http://",
        "http://:5001",
        "http://127.0.0.1:port",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:5001/other",
        "http://127.0.0.1:5001?x=1",
        "http://127.0.0.1:5001#x",
        "http://[::1",
        "/ip4/127.0.0.1",
        "/ip4/300.0.0.1/tcp/5001",
        "/ip4/127.0.0.1/udp/5001",
        "/nothing",
        "/",
    ],
)
def test_other_forms_are_refused(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        KuboStore(text)
    assert caught.value.code == "ipfs-address"
    assert caught.value.hint


def test_a_password_is_not_repeated() -> None:
    with pytest.raises(Invalid) as caught:
        KuboStore("http://me:secret@127.0.0.1:port")
    assert "secret" not in str(caught.value)
    assert "127.0.0.1" in str(caught.value)
