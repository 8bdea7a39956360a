"""A signing process that is killed, as a system short of memory does it: its picture alone pays for it."""

from __future__ import annotations

import os
import time
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from rakkan.registry.flows.stamp.preparing import Task, prepared
from rakkan.registry.service import open_registry
from rakkan.registry.settings import load_settings
from tests.cli.command import begin, end, files, rakkan
from tests.cli.processes import kill_signers

COUNT = 8


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(COUNT):
        Image.effect_noise((96, 96), 40 + number).convert("RGB").save(folder / f"{number}.png")
    return folder


def hold_up(home: Path, picture: Path, out: Path) -> Path:
    """Make whoever signs this picture wait for ever: its hidden file is a pipe that nobody reads."""
    with open_registry(load_settings(home=home)) as registry:
        task = Task(picture, out / picture.name, (), {}, frozenset())
        (ready,) = prepared(registry, [task], 1, lambda _path, _findings: None, dry_run=False)
    assert ready.error is None
    ready.part.unlink()
    os.mkfifo(ready.part)
    return ready.part


def wait_for_the_others(out: Path) -> None:
    """Until all that is signed ahead of the one that waits lies there."""
    deadline = time.monotonic() + 60
    while len([path for path in out.iterdir() if path.suffix == ".part" and path.is_file()]) < 3:
        assert time.monotonic() < deadline, files(out)
        time.sleep(0.01)


def states(document: dict[str, list[dict[str, str]]]) -> Counter[str]:
    return Counter(item["state"] for item in document["items"])


def assert_done_by_running_again(home: Path, words: tuple[object, ...], out: Path) -> None:
    again = rakkan(*words, home=home)
    assert again.code == 0, again.err
    assert len(files(out)) == COUNT
    assert sorted(path.name for path in out.iterdir()) == [f"{number}.png" for number in range(COUNT)]
    waiting = rakkan("publish", "--dry-run", "--json", home=home).document["records"]
    assert Counter(each["kind"] for each in waiting) == {"work": COUNT}


def test_killed_once_everything_is_stamped_all_the_same(home: Path, pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    words = ("stamp", pictures, "--out", out, "--jobs", 2, "--json")
    part = hold_up(home, pictures / "0.png", out)
    process = begin(*words, home=home)
    wait_for_the_others(out)
    part.unlink()  # nothing holds the next one up
    kill_signers(process.pid)
    done = end(process)
    assert done.code == 0, done.err
    assert states(done.document) == {"stamped": COUNT}
    assert_done_by_running_again(home, words, out)


def test_killed_again_its_picture_fails_and_the_others_are_stamped(
    home: Path, pictures: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    words = ("stamp", pictures, "--out", out, "--jobs", 2, "--json")
    hold_up(home, pictures / "0.png", out)
    process = begin(*words, home=home)
    wait_for_the_others(out)
    killed = kill_signers(process.pid)
    kill_signers(process.pid, besides=killed)  # the one that tries it alone
    done = end(process)
    assert done.code == 5, done.err
    assert states(done.document) == {"failed": 1, "stamped": COUNT - 1}
    failed = next(item for item in done.document["items"] if item["error"])
    assert failed["input"] == str(pictures / "0.png")
    assert failed["error"]["code"] == "signing-died"
    assert "again" in failed["error"]["hint"]
    assert sorted(path.name for path in out.iterdir()) == [f"{number}.png" for number in range(1, COUNT)]
    assert_done_by_running_again(home, words, out)
