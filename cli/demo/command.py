"""``rakkan demo``: the name of the whole story; it is told in ``telling``."""

from __future__ import annotations

from typing import Annotated

import typer

from rakkan.cli.session import Session


def demo(
    context: typer.Context,
    serve: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Serve the result on 127.0.0.1 until Ctrl-C.")
    ] = True,
    port: Annotated[
        int, typer.Option("--port", metavar="PORT", min=1, max=65535, help="Port to serve it on.")
    ] = 8000,
) -> int:
    """Walk the whole path once, from pictures to an approval that falls with its consent, and serve it.

    Example: rakkan demo --home demo-home
    """
    from rakkan.cli.demo.telling import run

    return run(Session.of(context), serve=serve, port=port)
