"""The README is executed, line by line, as a new user would; and so is what it says about checking offline."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from rakkan.manifests.samples import render_samples
from tests.docs.blocks import Block, blocks_of, run
from tests.house.code import ROOT, tracked

THIS = "tests/docs/test_readme.py"
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [name for name in tracked() if name.endswith(".md")]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A folder in which the README's daily use was done, and what each line printed."""
    folder = tmp_path_factory.mktemp("reader")
    render_samples(folder / "pictures")
    block = next(each for each in blocks_of("README.md") if each.executor == THIS)
    said = run(block, folder, RAKKAN_HOME=str(folder / "home"))
    return folder, dict(zip(block.lines, said, strict=True))


def line_of(said: dict[str, str], start: str) -> str:
    return next(text for line, text in said.items() if line.startswith(start))


def test_every_line_of_the_readme_does_what_it_says(told: tuple[Path, dict[str, str]]) -> None:
    folder, said = told
    pictures = {path.stem for path in (folder / "pictures").iterdir()}
    assert {path.stem for path in (folder / "stamped").iterdir()} == pictures
    assert (
        "unchanged" in line_of(said, "rakkan verify").lower()
        or "trusted" in line_of(said, "rakkan verify").lower()
    )
    lock = json.loads((folder / "dataset.lock.json").read_text())
    assert (lock["schema"], lock["size"]) == ("rakkan.dataset-lock/1", len(pictures))
    assert (folder / "evidence.car").stat().st_size > 1000
    assert "approved" in line_of(said, "rakkan verdict make")


def test_the_evidence_is_checked_offline_by_a_stranger(told: tuple[Path, dict[str, str]]) -> None:
    folder, _ = told
    config = json.loads((folder / "home" / "config.json").read_text())
    (folder / "log.vkey").write_text(config["logKeys"][0])
    (folder / "issuers.pem").write_bytes((folder / "home" / "issuers.pem").read_bytes())
    block = next(each for each in blocks_of("docs/verify-without-us.md") if each.name == "offline")
    run(block, folder, RAKKAN_HOME=str(folder / "home"))
    assert not (folder / "nobody").exists(), "checking makes no registry"


@pytest.mark.parametrize("page", PAGES)
def test_every_block_is_executed_by_somebody(page: str) -> None:
    for block in blocks_of(page):
        if block.executor:
            source = (ROOT / block.executor).read_text(encoding="utf-8")
            assert f'"{page}"' in source, f"{block.executor} does not execute {page}"
        else:
            assert_make(block, page)
    fences = re.findall(r"^```(\w*)", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
    assert {"bash", "shell", "console"} & set(fences) == set(), "write sh: only that is executed"


def assert_make(block: Block, page: str) -> None:
    """Lines that nobody executes here are ``make`` targets that exist: this suite is itself inside of one."""
    for line in block.lines:
        command = line.partition("#")[0].split()
        while command and "=" in command[0]:
            command = command[1:]
        assert command[0] == "make", f"{page}: nobody executes {line!r}"
        done = subprocess.run(["make", "-n", *command[1:]], cwd=ROOT, capture_output=True, check=False)
        assert done.returncode == 0, f"{page}: {line}"


@pytest.mark.parametrize("target", ["run", "test", "check", "setup", "bench", "generated", "lock"])
def test_targets_that_are_promised_exist(target: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{target}:", makefile, re.MULTILINE)
    assert f"make {target}" in README + (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
