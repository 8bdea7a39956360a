"""Lock files: who may start something, and whether it still lives.

It decides nothing about what is locked. The lock belongs to the open file (flock(2)): a process that
inherits the descriptor goes on holding it, and it falls when the last holder is dead, however it died.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rakkan.schemas.errors import Unavailable

_PAUSE: Final = 0.02  # seconds between two tries


@contextlib.contextmanager
def hold(path: Path, wait: float) -> Iterator[int | None]:
    """Hold a lock file, made if missing, for the time of the block.

    Args:
        path: The file.
        wait: Seconds to wait for somebody else who holds it; 0 or less tries once.

    Yields:
        The descriptor, or None if somebody else holds the lock to the end.

    Raises:
        Unavailable: ``lock-unwritable``.
    """
    deadline = time.monotonic() + wait
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Unavailable(
            f"{path} cannot be written: {error.strerror}.",
            code="lock-unwritable",
            hint="Use a folder that can be written.",
        ) from error
    try:
        yield descriptor if _acquire(descriptor, deadline) else None
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, deadline: float) -> bool:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(_PAUSE)
        else:
            return True
