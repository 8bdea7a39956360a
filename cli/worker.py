"""``rakkan worker``: moves what is not where it should be, once or for as long as it runs.

It decides when to look again and which errors are worth another look. The work itself is
``rakkan.registry.worker``'s.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from rakkan.cli import exits
from rakkan.cli.session import Session, line
from rakkan.schemas.errors import Conflict, Invalid, Unavailable

if TYPE_CHECKING:
    from rakkan.registry.herald import Herald
    from rakkan.registry.worker import Advance

_PAUSE = 5.0
_LEAVE = 15.0


def worker(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Stop when nothing is left to move.")] = False,
    poll: Annotated[
        float | None, typer.Option("--poll", metavar="SECONDS", min=0.1, help="Pause between looks. [5]")
    ] = None,
) -> int:
    """Pin, log, anchor and confirm what is waiting, and send webhooks; runs until Ctrl-C unless --once.

    Example: rakkan worker --once
    """
    from rakkan.registry.herald import Herald
    from rakkan.registry.worker import Advance, Worker

    session = Session.of(context)
    if once and poll is not None:
        raise Invalid("--once and --poll exclude each other.", code="usage", hint="Give one of them.")
    with session.registry() as registry:
        work = Worker(registry, session.say, watching=True)
        herald = Herald(registry, session.warn)
        if once:
            done, told = work.settle(), 0
            while more := herald.tell():
                told += more
            _answer(session, done, told)
            return exits.YES
        last = Advance()
        session.say(f"Looking every {poll or _PAUSE:g} s; Ctrl-C ends it.")
        with (
            contextlib.suppress(KeyboardInterrupt),
            _telling(session, herald),
        ):  # the way in which it is meant to end
            while True:
                try:
                    last = work.settle()
                except (Unavailable, Conflict) as error:
                    session.warn(f"{error} Trying again.")
                time.sleep(poll or _PAUSE)
    _answer(session, last, 0)
    return exits.YES


@contextlib.contextmanager
def _telling(session: Session, herald: Herald) -> Iterator[None]:
    """Send webhooks meanwhile: no endpoint may hold up the rest."""
    leaving = threading.Event()
    thread = threading.Thread(
        target=herald.run, args=(leaving, lambda error: session.warn(str(error))), daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        leaving.set()
        thread.join(_LEAVE)


def _answer(session: Session, advance: Advance, told: int) -> None:
    document = {"schema": "rakkan.worker/1", **asdict(advance), "told": told}
    waiting = f"; {advance.waiting} transactions wait to be final" if advance.waiting else ""
    session.emit(document, lambda: line(f"Nothing is left to move{waiting}."))
