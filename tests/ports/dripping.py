"""A server that answers for ever and never gets to the end: piece after piece, slowly or in a flood."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@dataclass(frozen=True)
class Drip:
    """An answer without end.

    Attributes:
        start: What comes at once.
        piece: What is repeated until the other side hangs up.
        pause: Seconds between two pieces.
    """

    start: bytes
    piece: bytes
    pause: float = 0.05


DRIPS = {
    "nothing at all": Drip(b"", b""),
    "a status line": Drip(b"HTTP/1.1 200 ", b"O"),
    "a header": Drip(HEAD + b"X-Long: ", b"x"),
    "continue, for ever": Drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0),
    "a body of unknown length": Drip(HEAD + b"\r\n", b" "),
    "a body of a known length": Drip(HEAD + b"Content-Length: 4000000\r\n\r\n", b" "),
    "the length of a chunk": Drip(CHUNKED + b"1;", b"x"),
    "a chunk": Drip(CHUNKED + b"10000\r\n", b" "),
    "trailers": Drip(CHUNKED + b"2\r\n{}\r\n0\r\n", b"X-Late: 1\r\n", 0),
    "a refusal": Drip(b"HTTP/1.1 500 No\r\n\r\n", b" "),
}


@dataclass
class DrippingServer:
    """On the loopback interface, one answer for whatever is asked.

    Attributes:
        listener: Where it listens.
        drip: The answer; None reads nothing of what is asked before ``heard`` is set.
        certificate: Key and certificate of a server behind TLS; None for one without.
        heard: See above.
        left: Set when a client has hung up.
    """

    listener: socket.socket
    drip: Drip | None
    certificate: Path | None = None
    heard: threading.Event = field(default_factory=threading.Event)
    left: threading.Event = field(default_factory=threading.Event)

    @property
    def port(self) -> int:
        """TCP port."""
        port: int = self.listener.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """Of HTTP."""
        return f"http://127.0.0.1:{self.port}"

    def serve(self) -> None:
        """Answer whoever comes, until the listener is closed."""
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self._answer, args=(client,), daemon=True).start()

    def _answer(self, bare: socket.socket) -> None:
        with contextlib.suppress(OSError), self._secured(bare) as client:
            if self.drip is None:
                self.heard.wait(120)
                while client.recv(1 << 16):
                    pass
            elif client.recv(1 << 16):
                self._drip(client, self.drip)
        self.left.set()

    def _secured(self, client: socket.socket) -> socket.socket:
        if self.certificate is None:
            return client
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate)
        return context.wrap_socket(client, server_side=True)

    @staticmethod
    def _drip(client: socket.socket, drip: Drip) -> None:
        client.sendall(drip.start)
        client.settimeout(drip.pause or 120)
        while True:
            client.sendall(drip.piece)
            if drip.pause:
                with contextlib.suppress(TimeoutError):
                    if not client.recv(1 << 16):
                        return


@contextlib.contextmanager
def dripping(drip: Drip | None, certificate: Path | None = None) -> Iterator[DrippingServer]:
    """Serve it for the time of the block."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = DrippingServer(listener, drip, certificate)
        thread = threading.Thread(target=server.serve)
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown(socket.SHUT_RDWR)  # accept() returns
            thread.join(20)


def own_certificate(folder: Path) -> Path:
    """A key and a certificate that nobody trusts, in one file."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")]),
    )
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .sign(key, SHA256())
    )
    path = folder / "server.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    return path
