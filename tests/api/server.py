"""The real application behind a real server: uvicorn in a thread, on a free loopback port."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import uvicorn

from rakkan.api.app import create_app
from rakkan.api.limits import Limits
from rakkan.api.protocol import ProblemProtocol
from rakkan.registry.service import Registry


@contextlib.contextmanager
def serving(registry: Registry, *, limits: Limits | None = None, worker: bool = False) -> Iterator[str]:
    """Serve an open registry; the base URL."""
    app = create_app(registry, limits=limits, run_worker=worker)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        server = _Server(
            uvicorn.Config(app, http=ProblemProtocol, log_level="error", access_log=False, ws="none")
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        assert server.up.wait(30), "the server did not start"
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(30)
            assert not thread.is_alive(), "the server did not end"


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()
