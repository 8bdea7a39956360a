"""What ``--help`` and offline checks load, what help promises, and which home is meant."""

from __future__ import annotations

import os
import pty
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from rakkan.cli.arguments import arrange
from rakkan.cli.main import app
from rakkan.manifests.samples import PARENT
from tests.cli.command import RAKKAN, environment, rakkan
from tests.cli.conftest import Atelier
from tests.cli.test_cli_help import commands

HEAVY = ("web3", "eth_account", "fastapi", "uvicorn")


def loaded(*words: object, home: Path) -> set[str]:
    """Heavy modules that a command has loaded when it ends."""
    script = (
        "import sys\nfrom rakkan.cli.main import main\n"
        "try:\n    main(sys.argv[1:])\nfinally:\n"
        f"    print(*({HEAVY!r} & sys.modules.keys()), file=sys.stderr)\n"
    ).replace(repr(HEAVY), repr(set(HEAVY)))
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, words)],
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return set(done.stderr.splitlines()[-1].split())


def test_help_and_offline_verify_load_neither_chain_nor_server(
    shared_atelier: Atelier, tmp_path: Path
) -> None:
    picture, car = shared_atelier.stamped / PARENT, tmp_path / "x.car"
    assert rakkan("evidence", "pack", picture, "--out", car, home=shared_atelier.home).code == 0
    for words in (["--help"], ["verify", "--help"], ["verify", picture, "--offline"]):
        assert loaded(*words, home=shared_atelier.home) == set(), words
    assert loaded("verify", picture, "--offline", "--bundle", car, home=tmp_path / "nobody") == set()


@pytest.mark.parametrize("name", sorted(commands()))
def test_the_example_of_every_command_parses(name: str) -> None:
    """Each is a call of that command whose words and options exist."""
    command: Any = typer.main.get_command(app)
    for word in name.split():
        command = command.commands[word]
    (example,) = re.findall(r"Example: (rakkan .+)", command.help or "")
    given = arrange(shlex.split(example.partition(" > ")[0])[1:])
    words = [word for word in given if not word.startswith("--home=")]
    assert words[: len(name.split())] == name.split()
    context = command.make_context(name, words[len(name.split()) :], resilient_parsing=False)
    assert context.params is not None


def test_rakkan_home_and_home(home: Path, tmp_path: Path) -> None:
    """The option wins over the environment, and the environment over the default."""
    there = rakkan("log", "head", "--json", home=home)
    assert there.error == (4, "log-empty")
    assert rakkan("log", "head", "--json", home=tmp_path / "nowhere").error == (4, "home-missing")
    won = rakkan("log", "head", "--json", "--home", home, home=tmp_path / "nowhere")
    assert won.error == (4, "log-empty")
    lost = rakkan("log", "head", "--json", "--home", tmp_path / "nowhere", home=home)
    assert lost.error == (4, "home-missing")
    by_default = rakkan("log", "head", "--json", env={"HOME": str(tmp_path / "user")})
    assert by_default.error == (4, "home-missing")
    assert str(tmp_path / "user" / ".local" / "share" / "rakkan") in by_default.err


def test_progress_is_for_terminals_and_never_on_stdout(home: Path, pictures: Path, tmp_path: Path) -> None:
    words = ("stamp", pictures, "--out", tmp_path / "out", "--json")
    plain = rakkan(*words, "--dry-run", home=home)
    assert "Stamping" not in plain.err
    seen, shown = on_a_terminal(home, *map(str, words))
    assert "Stamping" in shown
    assert '"rakkan.stamp/1"' in seen
    assert "\x1b" not in seen
    seen, shown = on_a_terminal(home, *map(str, words), "--quiet")
    assert "Stamping" not in shown


def on_a_terminal(home: Path, *words: str) -> tuple[str, str]:
    """Stdout through a pipe, and what a terminal shows of stderr."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [RAKKAN, *words], env=environment(home, TERM="xterm"), stdout=subprocess.PIPE, stderr=theirs
    ) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # the other side has closed it
                break
            if not part:
                break
            shown += part
        assert process.stdout is not None
        seen = process.stdout.read().decode()
    os.close(ours)
    assert process.returncode == 0
    return seen, shown.decode()
