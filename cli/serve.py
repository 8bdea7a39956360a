"""``rakkan serve``: the HTTP service and its page, on this machine.

It decides address and port, and that the application is named, not imported: the service is not part
of the command. What is served is ``rakkan.api``'s.
"""

from __future__ import annotations

import contextlib
import importlib.util
import ipaddress
import os
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Final

import typer

from rakkan.cli import exits
from rakkan.cli.session import Session
from rakkan.schemas.errors import Invalid, Refused, Unavailable

if TYPE_CHECKING:
    from rakkan.registry.settings import Settings

APPLICATION: Final = "rakkan.api.app:from_environment"
PROTOCOL: Final = "rakkan.api.protocol:ProblemProtocol"


def serve(
    context: typer.Context,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", metavar="PORT", min=1, max=65535, help="Port to listen on.")
    ] = 8000,
    no_worker: Annotated[
        bool, typer.Option("--no-worker", help="Only answer; pin, log and anchor nothing here.")
    ] = False,
) -> int:
    """Serve the registry over HTTP until Ctrl-C; the page is at /.

    Example: rakkan serve --port 8000
    """
    session = Session.of(context)
    settings = session.settings()
    with session.registry():
        pass  # what is wrong with the home is said here, in one line

    def announce(url: str) -> None:
        if not _is_loopback(host):
            session.warn(f"{host} can be reached from other machines; put TLS in front of it.")
        session.emit({"schema": "rakkan.serve/1", "home": str(settings.folder), "url": url}, lambda: None)
        session.say(f"Serving {settings.folder} on {url} until Ctrl-C.")

    return serve_home(settings, host, port, worker=not no_worker, verbose=session.verbose, announce=announce)


def serve_home(
    settings: Settings,
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    worker: bool = True,
    verbose: bool = False,
    announce: Callable[[str], None] = lambda _: None,
) -> int:
    """Serve a home until Ctrl-C.

    Args:
        settings: Names the home.
        host: Address to listen on.
        port: Port to listen on.
        worker: Whether what is waiting is pinned, logged and anchored meanwhile.
        verbose: Log every request.
        announce: Told the address once it answers there.

    Raises:
        Unavailable: ``server-missing``, ``serve-port``.
        Invalid: ``serve-address``. Refused: ``serve-port``.
    """
    if importlib.util.find_spec("uvicorn") is None:
        raise Unavailable(
            "The HTTP service is not installed.", code="server-missing", hint="pip install 'rakkan[server]'."
        )
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                announce(_url(host, port))

    os.environ["RAKKAN_HOME"] = str(settings.folder)
    os.environ["RAKKAN_WORKER"] = "1" if worker else "0"
    with listening(host, port) as listener:
        level = "info" if verbose else "warning"
        config = uvicorn.Config(APPLICATION, factory=True, http=PROTOCOL, log_level=level, access_log=verbose)
        server = Server(config)
        with contextlib.suppress(KeyboardInterrupt):  # the way in which it is meant to end
            server.run(sockets=[listener])
    return exits.YES if server.started else exits.UNAVAILABLE


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens there.

    Raises:
        Unavailable: ``serve-port``. Refused: ``serve-port``. Invalid: ``serve-address``.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    except OSError as error:
        raise Invalid(
            f"{host} is not an address of this machine.", code="serve-address", hint="Use --host 127.0.0.1."
        ) from error
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(256)
    except OSError as error:
        listener.close()
        if isinstance(error, PermissionError):
            raise Refused(
                f"Port {port} may not be used: {error.strerror}.", code="serve-port", hint="Use --port 8000."
            ) from error
        raise Unavailable(
            f"{host}:{port} cannot be used: {error.strerror}.",
            code="serve-port",
            hint="Name another one with --port.",
        ) from error
    return listener


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
