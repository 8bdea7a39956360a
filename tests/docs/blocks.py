"""Fenced ``sh`` blocks of the documentation: where they stand, who executes them, and running them line by line.

A line may end in ``# exits N``; without that it must end with 0.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.house.code import ROOT

_BLOCK = re.compile(r"(?:<!-- executed by (\S+?)(?:: (\w+))? -->\n)?```sh\n(.*?)```", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One block: the test that says it executes it, which of several it is, and its lines."""

    executor: str
    name: str
    lines: tuple[str, ...]


def blocks_of(page: str) -> list[Block]:
    """All ``sh`` blocks of a page, in order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return [Block(who, name, tuple(body.splitlines())) for who, name, body in _BLOCK.findall(text)]


def run(block: Block, folder: Path, **variables: str) -> list[str]:
    """Run a block in a folder as a reader would; what each line printed.

    Args:
        block: The block.
        folder: Where its files are.
        variables: The environment's further variables.
    """
    assert block.lines
    environment = {**os.environ, "NO_COLOR": "1", **variables}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    said = []
    for line in block.lines:
        ends = re.search(r"# exits (\d+)$", line)
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", line],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        wanted = int(ends[1]) if ends else 0
        assert done.returncode == wanted, f"{line}\n{done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        said.append(done.stdout)
    return said
