"""``make run``'s story, told for real: on a chain, again, and where there is no chain."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from rakkan.registry.chain import local_chain
from rakkan.registry.home import Home
from tests.cli.command import begin, end
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


def no_python(told: str) -> None:
    """No value as Python writes it, and nothing cut off in the middle of one."""
    assert not re.search(r"[{\[(]'|'[}\])]|': |\b(None|True|False)\b|[a-z]=\w|<\w+ ", told), told


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
    assert again.count("already") == 11, "five pictures are told one by one, six steps in a sentence each"
    assert "agate.jpg is stamped already, by Bo: record baguqeera" in again
    assert "It was judged already, and the gate approved it: verdict baguqeera" in again
    assert "Every step was done before; nothing was repeated." in again
    for told in (first, again):
        no_python(told)
    assert "isApproved" not in again
    assert again.count("0x") == transactions.count("0x")  # nothing was sent twice
    assert json.loads((folder / "demo" / "story.json").read_text()) == notes


@pytest.mark.chain
def test_ended_in_the_standing_time_it_hands_in_no_second_verdict(tmp_path: Path) -> None:
    require_anvil()
    folder = tmp_path / "home"
    begun = begin("demo", "--no-serve", "--home", folder, home=folder)
    assert begun.stdout is not None
    assert next((True for line in begun.stdout if "standing time" in line), False), "it never came so far"
    begun.send_signal(signal.SIGINT)
    assert end(begun).code == 130
    told = tell(folder)
    transactions = told[told.index("Transactions") : told.index("Time of each step")]
    assert len(re.findall(r"^verdict ", transactions, re.M)) == 2, "one for each dataset"
    assert told.count("isApproved over plain JSON-RPC: true") == 2


@pytest.mark.chain
def test_a_home_that_gets_its_chain_later_hears_the_rest(tmp_path: Path) -> None:
    """The first run found no engine. The next one says what to do; then all is anchored first, and judged."""
    require_anvil()
    folder = tmp_path / "home"
    told = tell(folder, RAKKAN_ANVIL="none")
    assert "anvil, the chain's engine, comes from npm" in told
    assert "init --chain local" not in told
    told = tell(folder)
    assert "There is no chain here" in told
    (hint,) = [line for line in told.splitlines() if "init --chain local" in line]
    words = hint.split()[1:]
    assert words == ["init", "--chain", "local", "--standing", "3", "--home", str(folder)]
    rakkan = str(Path(sys.executable).with_name("rakkan"))
    assert subprocess.run([rakkan, *words], capture_output=True, check=False).returncode == 0
    told = tell(folder)
    assert "HeadNotAnchored" not in told
    assert told.count("isApproved over plain JSON-RPC: true") == 2
    assert told.count("isApproved over plain JSON-RPC: false") == 1
    no_python(told)


def test_without_an_engine_it_goes_as_far_as_it_honestly_can(tmp_path: Path) -> None:
    told = tell(tmp_path / "home", RAKKAN_ANVIL="none")
    assert "There is no chain here" in told
    assert "unanchored" in told
    assert "isApproved" not in told
    assert "Transactions" not in told, "where nothing is sent, no empty table says so"
    assert "state: trusted" in told
    again = tell(tmp_path / "home", RAKKAN_ANVIL="none")
    assert "It was checked already, and is trusted" in again
    for each in (told, again):
        no_python(each)


def test_a_port_that_is_taken_is_told_before_the_story(tmp_path: Path) -> None:
    rakkan = str(Path(sys.executable).with_name("rakkan"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = subprocess.run(
            [rakkan, "demo", "--port", str(port), "--home", str(tmp_path / "home")],
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
    assert (told.returncode, told.stdout) == (5, "")
    assert f"127.0.0.1:{port} cannot be used" in told.stderr
    assert f"make run PORT={port + 1}" in told.stderr
    assert not (tmp_path / "home").exists()
