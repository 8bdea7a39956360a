"""The README is executed: its daily-use block, line by line, as a new user would."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from rakkan.manifests.samples import render_samples

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def block() -> list[str]:
    found = re.search(r"<!-- executed by tests/docs/test_readme.py -->\n```sh\n(.*?)```", README, re.DOTALL)
    assert found is not None
    return found.group(1).splitlines()


def test_every_line_of_the_readme_works(tmp_path: Path) -> None:
    render_samples(tmp_path / "pictures")
    environment = {**os.environ, "RAKKAN_HOME": str(tmp_path / "home"), "NO_COLOR": "1"}
    program = Path(sys.executable).with_name("rakkan")
    # what is not a plain yes is meant: the unanchored picture is known, its policy names a community's gate
    expected = {"verdict": {1, 3}, "policy": {0}}
    for line in block():
        words = shlex.split(line)
        assert words[0] == "rakkan"
        done = subprocess.run(
            [str(program), *words[1:]],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode in expected.get(words[1], {0}), f"{line}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("target", ["run", "test", "check", "setup", "bench"])
def test_targets_that_are_promised_exist(target: str) -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
