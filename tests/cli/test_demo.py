"""``make run``'s story, told for real: on a chain, again, and where there is no chain."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from rakkan.registry.chain import local_chain
from rakkan.registry.home import Home
from tests.homes import require_anvil

IS_APPROVED = "f92d6a6d"


def tell(home: Path, **environment: str) -> str:
    command = [str(Path(sys.executable).with_name("rakkan")), "demo", "--no-serve", "--home", str(home)]
    told = subprocess.run(
        command,
        env={**os.environ, "COLUMNS": "200", **environment},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert told.returncode == 0, told.stderr[-2000:]
    return told.stdout


def is_approved(home: Home, subject: str, policy: str) -> bool:
    """Asked with nothing but JSON-RPC."""
    chain = home.read().chain
    assert chain is not None
    call = {"to": str(chain.identity.gate), "data": f"0x{IS_APPROVED}{subject}{policy}"}
    question = {"jsonrpc": "2.0", "id": 1, "method": "eth_call", "params": [call, "latest"]}
    with local_chain(home) as running:
        asked = urllib.request.Request(
            running.rpc_url, json.dumps(question).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return int(json.loads(answer.read())["result"], 16) == 1


@pytest.mark.chain
def test_the_story_on_a_chain_and_again(tmp_path: Path) -> None:
    require_anvil()
    folder = tmp_path / "home"
    first = tell(folder)
    assert first.count("isApproved over plain JSON-RPC: true") == 2
    assert first.count("isApproved over plain JSON-RPC: false") == 1
    assert first.index("true") < first.index("isApproved over plain JSON-RPC: false")
    for word in ("parentOf", "softBinding", "state: trusted", "withdraw", "gas", "Time of each step"):
        assert word in first

    notes = json.loads((folder / "demo" / "story.json").read_text())
    before, after = notes["approve"], notes["repair"]
    home = Home(folder)
    assert not is_approved(home, before["subject"], before["policy"])
    assert is_approved(home, after["subject"], after["policy"])

    transactions = first[first.index("Transactions") : first.index("Time of each step")]
    again = tell(folder)
    assert again.count("done before") == 7
    assert "isApproved" not in again
    assert again.count("0x") == transactions.count("0x")  # nothing was sent twice
    assert json.loads((folder / "demo" / "story.json").read_text()) == notes


def test_without_an_engine_it_goes_as_far_as_it_honestly_can(tmp_path: Path) -> None:
    told = tell(tmp_path / "home", RAKKAN_ANVIL="none")
    assert "There is no chain here" in told
    assert "unanchored" in told
    assert "isApproved" not in told
    assert "Transactions" not in told, "where nothing is sent, no empty table says so"
    assert "state: trusted" in told
    assert "done before" in tell(tmp_path / "home", RAKKAN_ANVIL="none")
