"""The embedded chain survives orderly ends, kills and crowds, and never becomes another chain."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from pathlib import Path

import pytest

from rakkan.registry.ledger.anvil import HISTORY, LocalChain, find_anvil
from rakkan.registry.ledger.chainfiles import LOG, PARTING, STATE
from rakkan.registry.ledger.loopback import ask, ask_block
from rakkan.schemas.errors import Integrity, Invalid, Unavailable
from tests.ports.anvil import anvil_program, chain
from tests.unit.registry.ledger.processes import (
    ALICE,
    BOB,
    is_running,
    pay,
    pid_of,
    wait_until,
)

__all__ = ["anvil_program", "chain"]

pytestmark = pytest.mark.chain


def test_the_chain_is_local_and_nobody_is_rich_on_it(chain: LocalChain) -> None:
    assert ask(chain.port, "eth_chainId") == hex(31337)
    assert ask(chain.port, "eth_accounts") == []
    assert ask(chain.port, "eth_getBalance", "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266", "latest") == "0x0"
    listening = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
    ours = [
        line.split()[1] for line in listening.splitlines() if f":{chain.port:04X} " in line and " 0A " in line
    ]
    assert ours == [f"0100007F:{chain.port:04X}"], "only the loopback interface"


def test_an_orderly_end_keeps_blocks_receipts_balances_and_old_heights(
    chain: LocalChain, tmp_path: Path
) -> None:
    chain.fund(ALICE)
    payments = [pay(chain) for _ in range(5)]
    before = {n: ask_block(chain.port, hex(n))["hash"] for n in range(6)}
    genesis, url, pid = chain.genesis, chain.rpc_url, pid_of(chain)
    chain.close()
    assert not is_running(pid)
    assert (chain.folder / PARTING).exists()

    chain.ensure()
    assert (chain.genesis, chain.rpc_url) == (genesis, url)
    assert pid_of(chain) != pid
    assert {n: ask_block(chain.port, hex(n))["hash"] for n in range(6)} == before
    for height, payment in enumerate(payments, 1):
        receipt = ask(chain.port, "eth_getTransactionReceipt", payment)
        assert isinstance(receipt, dict)
        assert receipt["blockHash"] == before[height]
    assert ask(chain.port, "eth_getBalance", BOB, "latest") == "0x5"
    assert ask(chain.port, "eth_getBalance", BOB, "0x2") == "0x2", "an old height can still be asked"
    assert HISTORY >= 5


def test_many_starts_are_still_one_chain_in_real_time(chain: LocalChain) -> None:
    """anvil makes a block 0 of its own at each start; two of them in its state are a coin toss."""
    chain.mine(2)
    genesis, newest = chain.genesis, ask_block(chain.port, "latest")["hash"]
    for start in range(6):
        chain.close()
        time.sleep(0.4)
        if start == 3:
            (chain.folder / "anvil.json").unlink()  # died before it was written
        chain.ensure()
        assert chain.genesis == genesis
        assert ask_block(chain.port, "0x2")["hash"] == newest
        state = json.loads((chain.folder / STATE).read_bytes())
        assert [block["header"]["number"] for block in state["blocks"]].count("0x0") == 1
        chain.mine()
        assert abs(int(str(ask_block(chain.port, "latest")["timestamp"]), 16) - time.time()) < 3


def test_kill_of_anvil_costs_at_most_what_was_not_saved(chain: LocalChain) -> None:
    chain.fund(ALICE)
    kept = pay(chain)
    newest = ask_block(chain.port, "latest")["hash"]
    wait_until(lambda: str(newest) in (chain.folder / STATE).read_text())
    genesis, pid = chain.genesis, pid_of(chain)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not chain.ours)
    with pytest.raises(Unavailable, match="No local chain answers"):
        chain.mine()

    chain.ensure()
    assert chain.ours
    assert chain.genesis == genesis
    assert ask_block(chain.port, "latest")["hash"] == newest
    assert ask(chain.port, "eth_getTransactionReceipt", kept) is not None
    assert ask(chain.port, "eth_getBalance", BOB, "0x0") == "0x0"


def test_half_a_parting_state_is_not_loaded(chain: LocalChain) -> None:
    chain.fund(ALICE)
    genesis = chain.genesis
    chain.close()
    parting = chain.folder / PARTING
    whole = parting.read_bytes()
    for part in (b"", whole[: len(whole) // 2], whole[:-1], b"\xff\xfe"):
        parting.write_bytes(part)
        with chain:
            assert chain.genesis == genesis
            assert ask(chain.port, "eth_getBalance", str(ALICE), "latest") == hex(10**20), "funding was saved"


def test_a_lost_or_damaged_state_is_an_error_and_never_a_new_chain(chain: LocalChain) -> None:
    chain.close()
    (chain.folder / PARTING).unlink()
    state = (chain.folder / STATE).read_bytes()
    for damage in (state[:-7], b"{}", b"not json"):
        (chain.folder / STATE).write_bytes(damage)
        with pytest.raises(Integrity) as caught:
            chain.ensure()
        assert caught.value.code == "local-chain-lost"
        (chain.folder / PARTING).unlink(missing_ok=True)
    (chain.folder / STATE).unlink()
    with pytest.raises(Integrity, match="state file is missing"):
        chain.ensure()
    (chain.folder / STATE).write_bytes(state)
    assert chain.ensure().ours, "a backup brings it back"


def test_another_chains_state_is_refused(chain: LocalChain, tmp_path: Path, anvil_program: Path) -> None:
    time.sleep(1.1)  # the genesis differs by its second
    with LocalChain(tmp_path / "other", anvil_program) as other:
        pass
    chain.close()
    (other.folder / PARTING).replace(chain.folder / PARTING)
    with pytest.raises(Integrity, match="another chain answers"):
        chain.ensure()


def test_time_goes_forward_and_never_back_after_a_restart(chain: LocalChain) -> None:
    ahead = chain.advance(30 * 86_400)
    assert ahead.timestamp() > time.time() + 29 * 86_400
    chain.close()
    chain.ensure()
    chain.mine()
    after = int(str(ask_block(chain.port, "latest")["timestamp"]), 16)
    assert after >= ahead.timestamp()
    with pytest.raises(Invalid, match="backwards"):
        chain.advance(-1)


def test_two_blocks_make_final(chain: LocalChain) -> None:
    chain.mine(5)
    assert ask_block(chain.port, "finalized")["number"] == hex(3)


def test_a_taken_port_is_left_and_the_chain_is_the_same(chain: LocalChain) -> None:
    genesis, port = chain.genesis, chain.port
    chain.close()
    with socket.create_server(("127.0.0.1", port)), chain:
        assert chain.genesis == genesis
        assert chain.port != port


def test_a_program_that_is_no_anvil_is_named_with_what_it_says(tmp_path: Path) -> None:
    impostor = tmp_path / "anvil"
    impostor.write_text("#!/bin/sh\necho no such thing; exit 3\n")
    impostor.chmod(0o755)
    with pytest.raises(Unavailable, match="no such thing") as caught:
        LocalChain(tmp_path / "chain", impostor).ensure()
    assert caught.value.code == "local-chain-start"
    with pytest.raises(Unavailable, match=r"cannot be started|does not come up"):
        LocalChain(tmp_path / "chain", tmp_path / "missing").ensure()
    sleeper = tmp_path / "sleeper"
    sleeper.write_text("#!/bin/sh\nexec sleep 60\n")
    sleeper.chmod(0o755)
    with pytest.raises(Unavailable) as caught:
        LocalChain(tmp_path / "chain", sleeper, patience=0.5).ensure()
    assert caught.value.code == "local-chain-silent"


def test_an_unwritable_folder_is_said(tmp_path: Path, anvil_program: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable) as caught:
        LocalChain(tmp_path / "file" / "chain", anvil_program).ensure()
    assert caught.value.code == "lock-unwritable"


def test_nothing_is_written_outside_the_folder(
    chain: LocalChain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain.mine(3)
    chain.close()
    assert {path.name for path in tmp_path.iterdir()} == {"chain"}
    inside = {path.name for path in chain.folder.iterdir() if path.name != ".foundry"}
    assert inside == {STATE, PARTING, LOG, "anvil.json", "start.lock", "running.lock"}


def test_before_it_is_started_it_has_no_port(tmp_path: Path, anvil_program: Path) -> None:
    with pytest.raises(Unavailable, match="not started"):
        _ = LocalChain(tmp_path, anvil_program).rpc_url


def test_find_anvil_takes_the_variable_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAKKAN_ANVIL", "none")
    assert find_anvil() is None
    program = tmp_path / "anvil"
    program.write_text("")
    monkeypatch.setenv("RAKKAN_ANVIL", str(program))
    with pytest.raises(Invalid, match="names no program"):
        find_anvil()
    program.chmod(0o755)
    assert find_anvil() == program
    monkeypatch.setenv("RAKKAN_ANVIL", str(tmp_path))
    with pytest.raises(Invalid):
        find_anvil()
