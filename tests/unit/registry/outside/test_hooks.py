"""Receivers, hostile ones above all: bounded in time and size, never followed elsewhere, taken at their status alone."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from rakkan.registry.outside.hooks import Taken, post
from rakkan.registry.rules.webhook import Address
from tests.unit.registry.outside.hostile import Chunks, serving


def sent_to(answer: Chunks, *, seconds: float = 5, seen: list[bytes] | None = None) -> Taken:
    def note(request: bytes) -> Chunks:
        if seen is not None:
            seen.append(request)
        return answer

    with serving(note) as port:
        address = Address(False, "127.0.0.1", port, f"127.0.0.1:{port}", "/hooks?a=1")
        return post(address, {"webhook-id": "msg_1"}, b'{"a":1}', local=True, seconds=seconds)


def test_what_is_sent() -> None:
    seen: list[bytes] = []
    assert sent_to([b"HTTP/1.1 204 No Content\r\n\r\n"], seen=seen) == Taken(204, "")
    head, _, body = seen[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert (lines[0], body) == ("POST /hooks?a=1 HTTP/1.1", b'{"a":1}')
    assert {"Content-Length: 7", "Connection: close", "webhook-id: msg_1"} <= set(lines)


@pytest.mark.parametrize(
    "answer",
    [
        [b"HTTP/1.1 200 OK\r\n\r\n"],
        [b"HTTP/1.1 299 Whatever\r\nContent-Length: 99999999999\r\n\r\n"],
        [b"HTTP/1.1 200\r\n\r\n"],
        [b"HTTP/1.0 202 Accepted\r\n", 0.05, b"X: y\r\n", 0.05, b"\r\n"],
        [b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"],
        [
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
            3.0,
        ],  # keeps the connection open: nobody waits for it
        [b"HTTP/1.1 200 OK\r\n\r\n", *[b"x" * 65536] * 32],
    ],
)
def test_a_status_of_2xx_is_enough(answer: Chunks) -> None:
    assert sent_to(answer).ok


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        ([b"HTTP/1.1 500 No\r\n\r\n"], 500, "it answers 500"),
        ([b"HTTP/1.1 410 Gone\r\n\r\n"], 410, "it answers 410"),
        (
            [b"HTTP/1.1 301 M\r\nLocation: http://127.0.0.1/\r\n\r\n"],
            301,
            "it answers 301, and redirects are not followed",
        ),
        ([], 0, "it does not answer as HTTP does"),
        ([b"HTTP/1.1 200 OK\r\n"], 0, "it does not answer as HTTP does"),
        ([b"HTTP/1.1 999 No\r\n\r\n"], 0, "it does not answer as HTTP does"),
        ([b"HTTP/1.1 20\r\n\r\n"], 0, "it does not answer as HTTP does"),
        ([b"HTTP/2 200 OK\r\n\r\n"], 0, "it does not answer as HTTP does"),
        ([b"hello\r\n\r\n"], 0, "it does not answer as HTTP does"),
        ([b"\x16\x03\x01\x02\x00\x01\r\n\r\n"], 0, "it does not answer as HTTP does"),
        ([b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000], 0, "it does not answer as HTTP does"),
        ([b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000], 0, "it does not answer as HTTP does"),
    ],
)
def test_everything_else_is_not_taken(answer: Chunks, status: int, said: str) -> None:
    found = sent_to(answer)
    assert (found.status, found.said, found.ok, found.gone) == (status, said, False, status == 410)


@pytest.mark.parametrize(
    "drip", [[5.0], [b"HTTP/1.1 200 OK\r\n", *([b"X: y\r\n", 0.1] * 100)], [b"H", *([0.1, b""] * 50)]]
)
def test_one_that_drips_ends_in_time(drip: Chunks) -> None:
    assert sent_to(drip, seconds=0.5) == Taken(0, "it does not answer in time")


def test_it_can_ask_to_be_left_alone_for_a_while() -> None:
    assert sent_to([b"HTTP/1.1 429 Slow\r\nRETRY-AFTER: 120\r\n\r\n"]).retry_after == 120
    assert (
        sent_to([b"HTTP/1.1 503 Slow\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n\r\n"]).retry_after
        is None
    )


def test_nobody_there_and_nobody_who_speaks_tls() -> None:
    with serving(lambda _: []) as port:
        pass
    gone = Address(False, "127.0.0.1", port, f"127.0.0.1:{port}", "/")
    assert post(gone, {}, b"", local=True, seconds=2).said == "it cannot be reached (ConnectionRefusedError)"
    with serving(lambda _: [b"HTTP/1.1 200 OK\r\n\r\n"]) as port:
        plain = Address(True, "127.0.0.1", port, f"127.0.0.1:{port}", "/")
        assert post(plain, {}, b"", local=True, seconds=2).said == "its certificate does not hold"


@pytest.mark.parametrize("host", ["10.0.0.1", "169.254.169.254", "::1", "2130706433", "localhost"])
def test_hidden_addresses_are_not_asked(host: str) -> None:
    began = time.monotonic()
    found = post(Address(True, host, 443, host, "/"), {}, b"{}", local=False, seconds=5)
    assert found.said == "its name stands for an address that is not on the public internet"
    found = post(Address(False, "10.0.0.1", 80, "10.0.0.1", "/"), {}, b"{}", local=True, seconds=5)
    assert found.said == "its name stands for an address that is not on this machine"
    assert time.monotonic() - began < 60


def test_https_is_spoken_with_whom_the_system_trusts_under_their_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = certificate_for("localhost", tmp_path)
    with taking(certificate) as (port, seen):

        def told(host: str) -> Taken:
            return post(
                Address(True, host, port, f"{host}:{port}", "/hooks"), {}, b"{}", local=True, seconds=5
            )

        assert told("localhost").said == "its certificate does not hold", "nobody trusts it"
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert told("127.0.0.1").said == "its certificate does not hold", "it is for another name"
        assert seen == []
        assert told("localhost") == Taken(204, "")
        assert seen[0].startswith(b"POST /hooks HTTP/1.1\r\n")


def certificate_for(name: str, folder: Path) -> Path:
    """A key and a certificate of its own for a name, in one file."""
    key, issuer = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]),
    )
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(issuer, issuer, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    path = folder / "server.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    return path


@contextlib.contextmanager
def taking(certificate: Path) -> Iterator[tuple[int, list[bytes]]]:
    """A server behind TLS that takes everything; its port, and what it was sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    seen: list[bytes] = []

    def serve(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                bare, _ = listener.accept()
                with contextlib.suppress(OSError), context.wrap_socket(bare, server_side=True) as line:
                    seen.append(line.recv(65_536))
                    line.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        try:
            yield listener.getsockname()[1], seen
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(20)
