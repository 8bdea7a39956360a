"""The embedded chain: an anvil of our own on the loopback interface, with its state in the home.

It decides which anvil is used, that one folder never has two of them, and that a chain started again
is the same chain: same genesis, blocks and receipts, and time that never runs backwards. It leaves
out contracts and transactions (``deploy``, ``evm``). Who holds this port holds the chain: it is for
one person on one machine, and no verdict on it means anything to others.
"""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Final, Self

from rakkan.registry.ledger.chainfiles import (
    LOG,
    PARTING,
    STATE,
    ChainRecord,
    lost,
    saved_genesis_time,
    take_parting_state,
)
from rakkan.registry.ledger.devchain import LOCAL_CHAIN_ID
from rakkan.registry.ledger.keeper import Keeper
from rakkan.registry.ledger.lockfile import hold
from rakkan.registry.ledger.loopback import HOST, ask, ask_block, choose_port, is_free
from rakkan.schemas.errors import Invalid, Unavailable
from rakkan.schemas.identity import Address
from rakkan.schemas.instant import from_unix

PROGRAM: Final = "RAKKAN_ANVIL"
"""Environment variable with the path of anvil; ``none`` says that there is no chain to start."""

HISTORY: Final = 64
"""Blocks at whose height the chain can still be asked; full nodes elsewhere keep as little (128)."""

_STARTS: Final = 5  # attempts, should somebody take the port in between
_MACHINE: Final = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def find_anvil() -> Path | None:
    """Where anvil is: ``RAKKAN_ANVIL``, the npm package here or in the checkout, ``PATH``; None if nowhere.

    Raises:
        Invalid: ``anvil-path``, if the variable names no program.
    """
    named = os.environ.get(PROGRAM, "")
    if named == "none":
        return None
    if named:
        if not os.access(named, os.X_OK) or not Path(named).is_file():
            raise Invalid(
                f"{PROGRAM} names no program: {named[:200]}.",
                code="anvil-path",
                hint="Unset it, or correct the path.",
            )
        return Path(named).absolute()
    package = (
        f"anvil-{platform.system().lower()}-{_MACHINE.get(platform.machine().lower(), platform.machine())}"
    )
    for root in (Path.cwd(), Path(__file__).resolve().parents[2]):
        program = root / "node_modules" / "@foundry-rs" / package / "bin" / "anvil"
        if os.access(program, os.X_OK):
            return program
    found = shutil.which("anvil")
    return Path(found).absolute() if found else None


class LocalChain:
    """One chain in one folder; also a context manager, which ends the anvil that it started.

    Several processes may use the folder: the first starts anvil, the others find it. It ends with the
    process that started it, however that ends; the next ``ensure()`` of anybody starts it again.

    Args:
        folder: Where state, log and record of the process are; made if missing.
        binary: The anvil program.
        patience: Seconds that a start may take, waiting for others included.
    """

    def __init__(self, folder: Path, binary: Path, *, patience: float = 30.0) -> None:
        self.folder = folder
        self._binary = binary
        self._patience = patience
        self._keeper: Keeper | None = None
        self._port = 0
        self._gate = threading.Lock()

    def __enter__(self) -> Self:
        return self.ensure()

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def rpc_url(self) -> str:
        """The JSON-RPC URL, the same at every start unless somebody else took the port."""
        return f"http://{HOST}:{self.port}"

    @property
    def port(self) -> int:
        """TCP port on 127.0.0.1.

        Raises:
            Unavailable: ``local-chain-silent``, before ``ensure()``.
        """
        if not self._port:
            raise Unavailable(
                "The local chain is not started.", code="local-chain-silent", hint="Call ensure() first."
            )
        return self._port

    @property
    def ours(self) -> bool:
        """Whether this object started the running anvil, and so ends it."""
        return self._keeper is not None and self._keeper.alive

    @property
    def genesis(self) -> bytes:
        """Hash of block 0, 32 bytes: what tells this chain from another local one."""
        return bytes.fromhex(str(ask_block(self.port, "0x0")["hash"])[2:])

    def ensure(self) -> Self:
        """Have the chain answer: use the anvil that runs, or start one from the saved state.

        Raises:
            Unavailable: ``local-chain-start``, ``local-chain-silent``, ``local-chain-unwritable``,
                ``lock-unwritable``.
            Integrity: ``local-chain-lost``, if the state of a chain that was there is gone or damaged.
        """
        deadline = time.monotonic() + self._patience
        with self._gate, hold(self.folder / "start.lock", self._patience) as turn:
            if turn is None:
                raise self._silent("Another process has been starting it all the while")
            while True:
                with hold(self.folder / "running.lock", 0) as running:
                    if running is not None:
                        self._start(running, deadline)
                        return self
                    if self._joins():  # an anvil lives here: it inherited the lock
                        return self
                if time.monotonic() > deadline:
                    recorded = ChainRecord.read(self.folder)
                    raise self._silent(f"Process {recorded.pid if recorded else 'unknown'} holds it")
                time.sleep(0.05)  # it may be on its way up, or down

    def close(self) -> None:
        """End the anvil that this object started, after it saved its state; leave others' alone."""
        with self._gate:
            if self._keeper is not None:
                self._keeper.end()
            self._keeper, self._port = None, 0

    def fund(self, address: Address, wei: int = 10**20) -> None:
        """Set an account's balance, 100 ether if not told otherwise."""
        ask(self.port, "anvil_setBalance", str(address), hex(wei))
        if self._keeper is not None and self.ours:
            self._keeper.save()  # no block tells the keeper of it

    def mine(self, blocks: int = 1) -> None:
        """Add empty blocks; two make everything before them final."""
        ask(self.port, "anvil_mine", hex(blocks))

    def advance(self, seconds: int) -> datetime:
        """Let time pass and mine one block; the time of that block.

        Raises:
            Invalid: ``local-chain-time``, for a step back.
        """
        if seconds < 0:
            raise Invalid("The time of a chain does not run backwards.", code="local-chain-time")
        ask(self.port, "evm_increaseTime", seconds)
        self.mine()
        return from_unix(_time_of(ask_block(self.port, "latest")))

    def _start(self, running: int, deadline: float) -> None:
        recorded = ChainRecord.read(self.folder)
        take_parting_state(self.folder)
        if recorded and not (self.folder / STATE).exists():
            raise lost(self.folder, "its state file is missing")
        port = recorded.port if recorded else 0
        born = recorded.genesis_time if recorded else saved_genesis_time(self.folder)
        for _ in range(_STARTS):
            port = port if port and is_free(port) else choose_port()
            keeper = Keeper(self._command(port, born), self.folder, port, running)
            pid = keeper.spawn()
            if self._answers(port, keeper, deadline):
                break
            slow = keeper.alive
            keeper.end()
            self._explain_end(slow)
        else:
            raise self._silent(f"It was started {_STARTS} times")
        self._keeper, self._port = keeper, port
        try:
            self._check_genesis(recorded)
            self._take_up_time()
            keeper.save()
            born = _time_of(ask_block(port, "0x0"))
            ChainRecord(self.genesis.hex(), born, pid, port).write(self.folder)
        except BaseException:  # Ctrl-C, too
            keeper.end()
            self._keeper, self._port = None, 0
            raise

    def _joins(self) -> bool:
        """Whether the anvil that another process started (or this one, before) answers."""
        recorded = ChainRecord.read(self.folder)
        try:
            if recorded is None or ask(recorded.port, "eth_chainId", timeout=2) != hex(LOCAL_CHAIN_ID):
                return False
            self._port = recorded.port
            self._check_genesis(recorded)
        except Unavailable:
            return False
        return True

    def _answers(self, port: int, keeper: Keeper, deadline: float) -> bool:
        while keeper.alive and time.monotonic() < deadline:
            with contextlib.suppress(Unavailable):
                ask(port, "eth_chainId", timeout=1)
                time.sleep(0.02)  # a stranger who took the port answers too, while ours dies of it
                return keeper.alive
            time.sleep(0.01)
        return False

    def _check_genesis(self, recorded: ChainRecord | None) -> None:
        if recorded and self.genesis.hex() != recorded.genesis:
            raise lost(self.folder, "another chain answers in its place")

    def _take_up_time(self) -> None:
        """Let time go on from now, or from where ``advance`` took it: anvil forgets, and starts at its genesis."""
        newest, pending = (_time_of(ask_block(self._port, tag)) for tag in ("latest", "pending"))
        behind = max(newest, int(time.time())) - pending
        if behind > 0:
            ask(self._port, "evm_increaseTime", behind)

    def _command(self, port: int, born: int | None) -> list[str]:
        # Untold when its chain was born, anvil makes another block 0 at each start, saves both, and takes
        # the one or the other at the next: a coin toss over the chain's identity.
        saved, parting = self.folder / STATE, self.folder / PARTING
        return [
            str(self._binary),
            *("--host", HOST, "--port", str(port), "--no-cors", "--silent"),
            *("--chain-id", str(LOCAL_CHAIN_ID), "--hardfork", "prague"),  # both are in the genesis
            *(("--timestamp", str(born)) if born is not None else ()),
            *("--slots-in-an-epoch", "1"),  # final after two blocks
            *("--accounts", "0"),  # nobody is rich by a key that is printed in manuals
            *("--prune-history", str(HISTORY), "--preserve-historical-states"),
            *(("--load-state", str(saved)) if saved.exists() else ()),
            *("--dump-state", str(parting)),
        ]

    def _explain_end(self, slow: bool) -> None:
        """Raise for an anvil that did not come up, unless another port may help."""
        if slow:
            raise self._silent(f"It was given {self._patience:.0f} seconds")
        said = (self.folder / LOG).read_bytes()[-2000:].decode(errors="replace").strip()
        if "in use" in said:
            return
        if (self.folder / STATE).exists():
            raise lost(self.folder, f"anvil does not load its state ({said[:300]})")
        raise Unavailable(
            f"anvil does not come up: {said[:300] or 'it says nothing'}.",
            code="local-chain-start",
            hint="Install it again with `npm install`, or name another with RAKKAN_ANVIL.",
        )

    def _silent(self, why: str) -> Unavailable:
        return Unavailable(
            f"The local chain in {self.folder} does not answer. {why}.",
            code="local-chain-silent",
            hint="End the anvil that runs there; the next start goes on from its saved state.",
        )


def _time_of(block: dict[str, object]) -> int:
    return int(str(block["timestamp"]), 16)
