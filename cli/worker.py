"""``rakkan worker``: moves what is not where it should be, once or for as long as it runs.

It decides when to look again and which errors are worth another look. The work itself is
``rakkan.registry.worker``'s.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from rakkan.cli import exits
from rakkan.cli.session import Session, line
from rakkan.schemas.errors import Conflict, Invalid, Unavailable

if TYPE_CHECKING:
    from rakkan.registry.worker import Advance

_PAUSE = 5.0


def worker(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Stop when nothing is left to move.")] = False,
    poll: Annotated[
        float | None, typer.Option("--poll", metavar="SECONDS", min=0.1, help="Pause between looks. [5]")
    ] = None,
) -> int:
    """Pin, log, anchor and confirm what is waiting; runs until Ctrl-C unless --once.

    Example: rakkan worker --once
    """
    from rakkan.registry.worker import Advance, Worker

    session = Session.of(context)
    if once and poll is not None:
        raise Invalid("--once and --poll exclude each other.", code="usage", hint="Give one of them.")
    with session.registry() as registry:
        work = Worker(registry, session.say, watching=True)
        if once:
            _answer(session, work.settle())
            return exits.YES
        last = Advance()
        session.say(f"Looking every {poll or _PAUSE:g} s; Ctrl-C ends it.")
        with contextlib.suppress(KeyboardInterrupt):  # the way in which it is meant to end
            while True:
                try:
                    last = work.settle()
                except (Unavailable, Conflict) as error:
                    session.warn(f"{error} Trying again.")
                time.sleep(poll or _PAUSE)
    _answer(session, last)
    return exits.YES


def _answer(session: Session, advance: Advance) -> None:
    document = {"schema": "rakkan.worker/1", **asdict(advance)}
    waiting = f"; {advance.waiting} transactions wait to be final" if advance.waiting else ""
    session.emit(document, lambda: line(f"Nothing is left to move{waiting}."))
