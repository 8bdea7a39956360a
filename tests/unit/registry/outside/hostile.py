"""Servers on loopback that answer with what they are given, as slowly as they are told, over TCP or UDP."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence

Chunks = Sequence[bytes | float]
"""What is sent: bytes at once, numbers as pauses in seconds."""


@contextlib.contextmanager
def serving(answer: Callable[[bytes], Chunks]) -> Iterator[int]:
    """A TCP server: what it receives first is handed to ``answer``; yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        stopping = threading.Event()
        thread = threading.Thread(target=_serve, args=(listening, answer, stopping))
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            stopping.set()
            with contextlib.suppress(OSError):
                socket.create_connection(listening.getsockname(), timeout=1).close()
            thread.join()


def _serve(listening: socket.socket, answer: Callable[[bytes], Chunks], stopping: threading.Event) -> None:
    while not stopping.is_set():
        line, _ = listening.accept()
        with line, contextlib.suppress(OSError):
            if stopping.is_set():
                return
            for each in answer(line.recv(65536)):
                if stopping.is_set():
                    return
                if isinstance(each, bytes):
                    line.sendall(each)
                else:
                    time.sleep(each)


@contextlib.contextmanager
def resolving(
    answer: Callable[[bytes], Sequence[bytes]], by_tcp: Callable[[bytes], bytes] | None = None
) -> Iterator[str]:
    """A resolver that sends these datagrams for each question; yields ``address:port``."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line, contextlib.ExitStack() as closing:
        line.bind(("127.0.0.1", 0))
        line.settimeout(0.1)
        port = line.getsockname()[1]
        if by_tcp is not None:
            listening = closing.enter_context(socket.create_server(("127.0.0.1", port)))
            listening.settimeout(0.1)
            closing.callback(_started(lambda: _tcp(listening, by_tcp), lambda: None))
        stopping = threading.Event()

        def serve() -> None:
            while not stopping.is_set():
                with contextlib.suppress(TimeoutError):
                    question, sender = line.recvfrom(65536)
                    for each in answer(question):
                        line.sendto(each, sender)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"127.0.0.1:{port}"
        finally:
            stopping.set()
            thread.join()


def _started(run: Callable[[], None], stop: Callable[[], None]) -> Callable[[], None]:
    thread = threading.Thread(target=run)
    thread.start()

    def end() -> None:
        stop()
        thread.join()

    return end


def _tcp(listening: socket.socket, answer: Callable[[bytes], bytes]) -> None:
    for _ in range(50):  # five seconds, or one question
        with contextlib.suppress(TimeoutError):
            line, _ = listening.accept()
            with line:
                asked = line.recv(65536)
                said = answer(asked[2:])
                line.sendall(len(said).to_bytes(2) + said)
            return
