"""A stretch of work that Ctrl-C does not divide: it is finished first, then the interruption is raised.

It decides only when an interruption is heard. A crash cannot be put off; that what follows one is cured
is for the work itself.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def undivided() -> Iterator[None]:
    """Put SIGINT and SIGTERM off until the end of the block, then let their handlers hear them.

    Only the main thread hears signals: elsewhere nothing needs to be put off.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard: list[int] = []
    before = {
        number: signal.signal(number, lambda which, _frame: heard.append(which))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if heard:
            signal.raise_signal(heard[0])
