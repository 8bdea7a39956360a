"""The keeper of one anvil process: starts it, saves its state while it runs, ends it.

It decides how a chain's state survives. anvil writes its own state file in place, so that a kill in
the middle leaves half a file that it then refuses to load; a dump taken over RPC, written beside and
renamed, has no such moment. anvil's own file is used for what is left: the state at an orderly end.
Which folder, port and genesis are right is decided in ``rakkan.registry.ledger.anvil``.
"""

from __future__ import annotations

import gzip
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rakkan.registry.ledger.chainfiles import LOG, STATE, replace, unexplained, unexplained_in
from rakkan.registry.ledger.loopback import ask, ask_block
from rakkan.schemas.errors import Unavailable

PERIOD: Final = 2.0
"""Seconds between two looks for new blocks: what a ``kill -9`` of anvil may cost."""

_TRIES: Final = 10  # dumps in a row that a block may fall into
_GRACE: Final = 20.0  # seconds that anvil gets to write its parting state
_LOGGER: Final = logging.getLogger(__name__)

# Linux ends a process when the *thread* that started it ends, which is why a thread of its own keeps it.
# The flag must be set between fork and exec; doing that in Python code after a fork with threads may
# deadlock, so a second interpreter sets it on itself and then becomes anvil (prctl(2), PR_SET_PDEATHSIG).
_BECOME: Final = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, int(signal.SIGTERM), 0, 0, 0)
if os.getppid() != int(sys.argv[1]):
    sys.exit("the parent is gone")
os.execv(sys.argv[2], sys.argv[2:])
"""


class Keeper(threading.Thread):
    """Parent of one anvil for as long as that runs.

    Args:
        command: anvil and its arguments; it listens on ``port`` of the loopback interface.
        folder: Where state and log are written.
        port: The port in ``command``.
        lock: File descriptor whose lock the process inherits and so holds until it is dead.
    """

    def __init__(self, command: Sequence[str], folder: Path, port: int, lock: int) -> None:
        super().__init__(name="anvil-keeper", daemon=True)
        self._command = list(command)
        self._folder = folder
        self._port = port
        self._lock = lock
        self._saved: object = None
        self._unexplained = unexplained_in(folder)
        self._saving = threading.Lock()
        self._spawned = threading.Event()
        self._ending = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._failure: OSError | None = None

    def spawn(self) -> int:
        """Start the process, and the thread with it; its id.

        Raises:
            Unavailable: ``local-chain-start``, if the program cannot be started.
        """
        self.start()
        self._spawned.wait()
        if self._process is None:
            raise Unavailable(
                f"{self._command[0]} cannot be started: {self._failure}.",
                code="local-chain-start",
                hint="Install it again with `npm install`, or name another with RAKKAN_ANVIL.",
            )
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    def run(self) -> None:
        """The thread: start, look every two seconds, end."""
        try:
            self._process = self._start()
        except OSError as error:
            self._failure = error
            return
        finally:
            self._spawned.set()
        while not self._ending.wait(PERIOD):
            if not self.alive:
                return
            self._save_if_changed()
        self._end(self._process)

    def end(self) -> None:
        """Ask the process to go, let it write its state, and wait until it is gone (bounded)."""
        self._ending.set()
        if self.is_alive():
            self.join(_GRACE + 5)

    def save(self) -> None:
        """Write the state now, whatever was written before.

        Raises:
            Unavailable: ``local-chain-silent``, ``local-chain-refused``, ``local-chain-unwritable``.
        """
        with self._saving:
            self._saved = None
            self._save(ask_block(self._port, "latest")["hash"])

    def _start(self) -> subprocess.Popen[bytes]:
        command = self._command
        if sys.platform == "linux" and sys.executable:
            command = [sys.executable, "-I", "-S", "-c", _BECOME, str(os.getpid()), *command]
        # HOME, because anvil keeps caches under it; a session of its own, because Ctrl-C is for us alone
        with (self._folder / LOG).open("wb") as log:
            return subprocess.Popen(  # noqa: S603 - the program that find_anvil chose, no shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"PATH": os.defpath, "HOME": str(self._folder)},
                pass_fds=(self._lock,),
                start_new_session=True,
            )

    def _save_if_changed(self) -> None:
        try:
            with self._saving:
                newest = ask_block(self._port, "latest")["hash"]
                if newest != self._saved:
                    self._save(newest)
        except Unavailable as error:  # the next look tries again
            _LOGGER.warning("The local chain's state is not saved: %s", error.message)

    def _save(self, newest: object) -> None:
        """Save what a dump says, if no block fell into it: a torn one would have something sent twice.

        A block shows in the newest hash a moment after it shows in the accounts, so the dump is looked
        into as well. Nonces that somebody set by hand look the same in two dumps in a row.
        """
        left: dict[str, int] | None = None
        for _ in range(_TRIES):
            earlier = left
            state, left = self._dump()
            before, newest = newest, ask_block(self._port, "latest")["hash"]
            if before == newest and left in (self._unexplained, earlier):
                break
        else:
            raise Unavailable(
                "The local chain mines faster than its state can be read.",
                code="local-chain-refused",
                hint="It is saved when it rests.",
            )
        replace(self._folder / STATE, state)
        self._saved, self._unexplained = newest, left

    def _dump(self) -> tuple[bytes, dict[str, int]]:
        """The state now, and what of it nothing explains."""
        dump = ask(self._port, "anvil_dumpState", True, timeout=60)
        try:
            state = gzip.decompress(bytes.fromhex(str(dump).removeprefix("0x")))
            return state, unexplained(state)
        except (OSError, EOFError, ValueError) as error:
            raise Unavailable("The local chain's dump is damaged.", code="local-chain-refused") from error

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        process.terminate()
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            _LOGGER.warning(
                "anvil (process %d) does not end; it is killed, and its last seconds are lost.", process.pid
            )
            process.kill()
            process.wait()
