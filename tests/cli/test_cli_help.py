"""Help: for every command, with an example, in words that do not change with the terminal."""

from __future__ import annotations

from typing import Any

import typer

from rakkan.cli.main import app
from tests.cli.conftest import Rakkan

ASKED_FOR = {
    *("init", "stamp", "publish", "verify", "trace", "worker", "serve", "demo", "fsck"),
    *("consent grant", "consent reserve", "consent withdraw", "consent show"),
    *("consent delegate", "consent slip", "consent template", "consent agree"),
    *("consent commit", "consent reveal"),
    *("consent list", "consent explain", "consent diff", "consent renew"),
    *("claim", "dispute", "rule", "key guardians", "key compromised", "key rotate", "key recover"),
    *("identify", "draft show", "draft sign", "draft submit"),
    *("consent export", "consent import", "consent disclose", "consent erase"),
    *("dataset lock", "dataset check", "dataset diff", "dataset repair"),
    *("dataset proof", "dataset absence", "dataset verify"),
    *(
        "policy new",
        "policy id",
        "policy explain",
        "policy clauses",
        "policy diff",
        "policy test",
        "policy simulate",
    ),
    *("policy lint", "verdict make", "verdict show", "evidence pack", "evidence check"),
    *("log head", "log proof", "anchor status", "anchor now", "gate status", "gate submit", "gate brake"),
    *("model inspect", "model register"),
    *("webhook add", "webhook list", "webhook remove", "webhook test", "webhook rotate", "webhook resume"),
}


def commands() -> set[str]:
    found: set[str] = set()
    waiting: list[tuple[tuple[str, ...], Any]] = [((), typer.main.get_command(app))]
    while waiting:
        path, command = waiting.pop()
        below = getattr(command, "commands", None)
        if below is None:
            found.add(" ".join(path))
        else:
            waiting += [((*path, name), each) for name, each in below.items()]
    return found


def test_every_command_that_was_asked_for_is_there() -> None:
    assert commands() == ASKED_FOR


def test_every_command_has_help_with_an_example(rakkan: Rakkan) -> None:
    for name in sorted(commands()):
        ran = rakkan(*name.split(), "--help")
        assert ran.code == 0
        assert ran.err == ""
        assert ran.out.startswith(f"Usage: rakkan {name}")
        assert f"Example: rakkan {name}" in " ".join(ran.out.split())
        assert "\x1b" not in ran.out


def test_every_word_of_help_is_explained(rakkan: Rakkan) -> None:
    for name in sorted(commands()):
        command: Any = typer.main.get_command(app)
        for word in name.split():
            command = command.commands[word]
        for param in command.params:
            assert getattr(param, "help", None), f"rakkan {name}: {param.name} is not explained"


def test_the_root_names_every_command_and_every_exit_code(rakkan: Rakkan) -> None:
    said = " ".join(rakkan("--help").out.split())
    for name in {command.split()[0] for command in ASKED_FOR}:
        assert f" {name} " in said
    for code in (
        "0 yes",
        "1 no",
        "2 usage",
        "3 cannot tell",
        "4 not found",
        "5 something",
        "6 key",
        "130 interrupted",
    ):
        assert code in said
    assert "--home DIR" in said


def test_without_a_command_help_is_talk_and_the_answer_is_usage(rakkan: Rakkan) -> None:
    ran = rakkan()
    assert (ran.code, ran.out) == (2, "")
    assert "Usage: rakkan" in ran.err


def test_version(rakkan: Rakkan) -> None:
    assert rakkan("--version").out.startswith("rakkan ")
    assert rakkan("--version", "--json").document["schema"] == "rakkan.version/1"
