"""Processes around one local chain: what another one does, and what is seen of it."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rakkan.registry.ledger.anvil import LocalChain
from rakkan.registry.ledger.loopback import ask
from rakkan.schemas.identity import Address

ALICE = Address(b"\x11" * 20)
BOB = "0x" + "22" * 20

# What another process does: have the chain, say so, wait to be told to go.
ENSURE = """
import sys
from pathlib import Path
from rakkan.registry.ledger.anvil import LocalChain
chain = LocalChain(Path(sys.argv[1]), Path(sys.argv[2])).ensure()
print(chain.port, int(chain.ours), flush=True)
sys.stdin.readline()
chain.close()
"""


def pay(local: LocalChain) -> str:
    """One transaction in one block; its identifier."""
    ask(local.port, "anvil_impersonateAccount", str(ALICE))
    identifier = ask(local.port, "eth_sendTransaction", {"from": str(ALICE), "to": BOB, "value": "0x1"})
    wait_until(lambda: ask(local.port, "eth_getTransactionReceipt", identifier) is not None)
    return str(identifier)


def wait_until(condition: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def pid_of(local: LocalChain) -> int:
    return int(json.loads((local.folder / "anvil.json").read_bytes())["pid"])


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@contextlib.contextmanager
def another_process(folder: Path, program: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", ENSURE, str(folder), str(program)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=30)


def said(process: subprocess.Popen[str]) -> list[int]:
    assert process.stdout is not None
    return [int(word) for word in process.stdout.readline().split()]
