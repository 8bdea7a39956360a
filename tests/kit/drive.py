"""Drives any implementation of Proof-of-Consent over the vectors: ``python -m tests.kit.drive -- COMMAND…``.

It decides what passes: a reply with exactly the members of the expected one, in its place. It leaves out how
the command works; it is started once, gets every request on stdin, and has a limit of time for all of them.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.kit.expand import expanded

VECTORS: Final = Path(__file__).parents[1] / "vectors" / "consent.json"
_SHOWN: Final = 20  # failures told one by one
_SECONDS: Final = 300


@dataclass(frozen=True)
class Score:
    """What passed and what did not.

    Attributes:
        passed: By operation, how many tests.
        failed: The same.
        failures: Each failure in words.
    """

    passed: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """The score, for people."""
        shown = self.failures[:_SHOWN]
        if len(self.failures) > _SHOWN:
            shown = [*shown, f"… and {len(self.failures) - _SHOWN} more"]
        operations = sorted({*self.passed, *self.failed})
        width = max(map(len, operations), default=0)
        table = [
            f"{each:<{width}}  {self.passed[each]:>4} passed  {self.failed[each]:>4} failed"
            for each in operations
        ]
        return [*shown, *table, f"{self.passed.total()} passed, {self.failed.total()} failed"]


def drive(
    command: Sequence[str], *, level: int = 4, seconds: float = _SECONDS, file: Path = VECTORS
) -> Score:
    """Run the command over the vectors up to a level.

    Args:
        command: The program and its arguments.
        level: Tests above it are left out.
        seconds: After this long the command is ended, and what it has not said has failed.
        file: The vectors.
    """
    vectors = json.loads(file.read_text(encoding="utf-8"))
    tests = [each for each in vectors["tests"] if each["level"] <= level]
    requests = [
        json.dumps({"id": number, **expanded(test["request"], vectors["records"])})
        for number, test in enumerate(tests)
    ]
    said = _run(command, "".join(f"{each}\n" for each in requests), seconds)
    score = Score()
    for number, test in enumerate(tests):
        _judge(score, test, {"id": number, **test["reply"]}, said[number] if number < len(said) else None)
    if len(said) > len(tests):
        score.failed["protocol"] += 1
        score.failures.append(f"protocol: {len(said)} lines answer {len(tests)} requests")
    return score


def _judge(score: Score, test: Mapping[str, Any], expected: Mapping[str, Any], line: str | None) -> None:
    operation = test["request"]["op"]
    try:
        found = None if line is None else json.loads(line)
    except (ValueError, RecursionError):
        found = line
    if _same(found, expected):
        score.passed[operation] += 1
    else:
        score.failed[operation] += 1
        score.failures.append(
            f"{operation}: {test['name']}: expected {_short(expected)}, found {_short(found)}"
        )


def _same(found: object, expected: object) -> bool:
    """Whether two JSON values are equal, 1 and true and 1.0 being three."""
    if type(found) is not type(expected):
        return False
    if isinstance(found, dict) and isinstance(expected, dict):
        return found.keys() == expected.keys() and all(_same(found[name], expected[name]) for name in found)
    if isinstance(found, list) and isinstance(expected, list):
        return len(found) == len(expected) and all(map(_same, found, expected))
    return found == expected


def _short(value: object) -> str:
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 160 else f"{text[:160]}…"


def _run(command: Sequence[str], requests: str, seconds: float) -> list[str]:
    """The lines that the command said before it ended, or was ended."""
    try:
        done = subprocess.run(
            command, input=requests.encode(), stdout=subprocess.PIPE, timeout=seconds, check=False
        )
        said = done.stdout
    except subprocess.TimeoutExpired as late:
        said = late.stdout or b""
    return said.decode(errors="replace").removesuffix("\n").split("\n") if said else []


def main(arguments: Sequence[str]) -> int:
    """The exit code: 0 if nothing failed, 1 if something did, 2 if there is no such command."""
    parser = argparse.ArgumentParser(prog="python -m tests.kit.drive", description=__doc__)
    parser.add_argument("--level", type=int, choices=(1, 2, 3, 4), default=4)
    parser.add_argument("--seconds", type=float, default=_SECONDS)
    parser.add_argument("command", nargs="+", help="after --: the program and its arguments")
    asked = parser.parse_args(arguments)
    try:
        score = drive(asked.command, level=asked.level, seconds=asked.seconds)
    except OSError as error:
        sys.stderr.write(f"{asked.command[0]}: {error}\n")
        return 2
    sys.stdout.write("\n".join(score.lines()) + "\n")
    return 1 if score.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
