"""The processes below a running command, found as the system lists them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Collection
from pathlib import Path


def children(process: int) -> list[int]:
    """Ids of the processes that a process started and that live."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            state, parent = (entry / "stat").read_text().rpartition(") ")[2].split()[:2]
        except OSError:
            continue  # gone since
        if int(parent) == process and state != "Z":
            found.append(int(entry.name))
    return found


def signers(command: int) -> set[int]:
    """The signing processes of a `rakkan stamp`: forked by the server process that it started."""
    return {each for server in children(command) for each in children(server)}


def kill_signers(command: int, *, besides: Collection[int] = ()) -> set[int]:
    """Wait for signing processes other than those, and end them without a word; their ids."""
    deadline = time.monotonic() + 60
    while not (found := signers(command) - set(besides)):
        assert time.monotonic() < deadline, "none was started"
        time.sleep(0.01)
    for each in found:
        os.kill(each, signal.SIGKILL)
    return found
