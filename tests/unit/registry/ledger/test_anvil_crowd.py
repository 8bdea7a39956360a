"""Several processes on one chain: they share one anvil, and none outlives its owner."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

import pytest

from rakkan.registry.ledger.anvil import LocalChain
from rakkan.registry.ledger.loopback import ask
from rakkan.schemas.errors import Unavailable
from tests.ports.anvil import anvil_program, chain
from tests.unit.registry.ledger.processes import (
    ALICE,
    another_process,
    is_running,
    pay,
    pid_of,
    said,
    wait_until,
)

__all__ = ["anvil_program", "chain"]

pytestmark = pytest.mark.chain


def test_processes_that_start_at_once_share_one_anvil(tmp_path: Path, anvil_program: Path) -> None:
    with contextlib.ExitStack() as stack:
        crowd = [stack.enter_context(another_process(tmp_path / "chain", anvil_program)) for _ in range(4)]
        answers = [said(process) for process in crowd]
        assert len({port for port, _ in answers}) == 1
        assert sorted(ours for _, ours in answers) == [0, 0, 0, 1]
        pid = pid_of(LocalChain(tmp_path / "chain", anvil_program))
        owner = crowd[[ours for _, ours in answers].index(1)]
        guest = next(process for process in crowd if process is not owner)
        guest.communicate("go\n", timeout=30)
        assert is_running(pid), "a guest leaves the chain alone"
        owner.communicate("go\n", timeout=30)
        assert not is_running(pid), "its owner ends it"


def test_no_orphan_outlives_a_killed_owner_and_its_state_is_whole(
    tmp_path: Path, anvil_program: Path
) -> None:
    folder = tmp_path / "chain"
    with another_process(folder, anvil_program) as owner:
        said(owner)
        guest = LocalChain(folder, anvil_program).ensure()
        assert not guest.ours
        guest.fund(ALICE)
        payment, pid = pay(guest), pid_of(guest)
        owner.kill()
        wait_until(lambda: not is_running(pid))
    with LocalChain(folder, anvil_program) as heir:
        assert heir.ours
        assert ask(heir.port, "eth_getTransactionReceipt", payment) is not None


def test_a_dying_anvil_is_waited_for(chain: LocalChain, anvil_program: Path) -> None:
    chain.mine(50)
    pid = pid_of(chain)
    os.kill(pid, signal.SIGTERM)
    second = LocalChain(chain.folder, anvil_program).ensure()
    try:
        wait_until(lambda: not is_running(pid))
        second.ensure()
        assert ask(second.port, "eth_blockNumber") == hex(50)
    finally:
        second.close()


def test_a_frozen_anvil_is_not_doubled(chain: LocalChain, anvil_program: Path) -> None:
    pid = pid_of(chain)
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(Unavailable) as caught:
            LocalChain(chain.folder, anvil_program, patience=0.5).ensure()
        assert caught.value.code == "local-chain-silent"
        assert str(pid) in str(caught.value)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert LocalChain(chain.folder, anvil_program).ensure().genesis == chain.genesis
