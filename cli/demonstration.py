"""``rakkan demo``: the name of the whole story; it is told in ``rakkan.cli.demo``."""

from __future__ import annotations

import typer

from rakkan.cli.session import Session


def demo(context: typer.Context) -> int:
    """Walk the whole path once, from images to an approval that falls, and serve the result.

    Example: rakkan demo
    """
    from rakkan.cli.demo import run

    return run(Session.of(context))
