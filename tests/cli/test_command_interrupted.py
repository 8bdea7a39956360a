"""Ctrl-C, two processes on one home, and a full disk: nothing is lost, nothing is done twice, nothing lies about."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from rakkan.manifests.samples import CHILD, PARENT
from tests.cli.command import Done, begin, end, files, rakkan
from tests.homes import SAID

COUNT = 24
STEP = 32 * 1024


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two dozen small pictures, each different."""
    folder = tmp_path_factory.mktemp("many")
    for number in range(COUNT):
        picture = Image.effect_noise((384, 384), 40 + number).convert("RGB")
        picture.save(folder / f"{number:02}.png")
    return folder


def hidden(folder: Path) -> list[str]:
    return [name for name in files(folder) if Path(name).name.startswith(".")] if folder.exists() else []


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    """Until the file is there, or the first in the folder is being written."""
    for _ in range(2000):
        if path.is_file() or (path.is_dir() and any(path.iterdir())):
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    pytest.fail("nothing was begun")


def works(home: Path) -> Counter[str]:
    """How often each kind of record waits to be published."""
    waiting = rakkan("publish", "--dry-run", "--json", home=home).document["records"]
    return Counter(each["kind"] for each in waiting)


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_in_the_middle_and_done_again(
    jobs: int, number: signal.Signals, home: Path, many: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    words = ("stamp", many, "--out", out, "--jobs", jobs, "--consent", "community-lora", *SAID, "--json")
    process = begin(*words, home=home)
    wait_for(out, process)
    process.send_signal(number)
    stopped = end(process)
    assert stopped.code == 130, stopped.err
    assert "run it again" in stopped.err
    kept = [item for item in stopped.document["items"] if item["state"] == "stamped"]
    assert len(kept) < COUNT
    assert hidden(tmp_path) == []
    assert sorted(files(out)) == sorted(Path(item["output"]).name for item in kept)
    assert works(home) == Counter({kind: len(kept) for kind in ("work", "consent") if kept})

    resumed = rakkan(*words, home=home)
    assert resumed.code == 0
    states = Counter(item["state"] for item in resumed.document["items"])
    assert states == Counter({"already": len(kept), "stamped": COUNT - len(kept)}) - Counter({"already": 0})
    again = {item["input"]: item["recordId"] for item in resumed.document["items"]}
    assert all(again[item["input"]] == item["recordId"] for item in kept)
    assert works(home) == Counter({"work": COUNT, "consent": COUNT})
    assert (len(files(out)), hidden(tmp_path)) == (COUNT, [])


def test_the_whole_group_is_interrupted_as_a_terminal_does_it(home: Path, many: Path, tmp_path: Path) -> None:
    """Ctrl-C reaches the signing processes too, even while they start; none of them has a word to say."""
    out = tmp_path / "out"
    begun = home / "locks" / "stamping"  # the command is up, and its processes are about to start
    for pause in (0.1, 0.15, 0.2, 0.4):
        begun.unlink(missing_ok=True)
        process = begin("stamp", many, "--out", out, "--jobs", 2, home=home)
        wait_for(begun, process)
        time.sleep(pause)
        if process.poll() is None:
            subprocess.run(["kill", "-INT", "--", f"-{process.pid}"], check=False)
        done = end(process)
        assert done.code in (0, 130), done.err
        assert "KeyboardInterrupt" not in done.err
        assert hidden(tmp_path) == []
    assert rakkan("stamp", many, "--out", out, home=home).code == 0
    assert (len(files(out)), works(home)["work"]) == (COUNT, COUNT)


def both(*calls: tuple[Any, ...], home: Path) -> list[Done]:
    return [end(process) for process in [begin(*words, home=home) for words in calls]]


def test_two_processes_stamp_the_same_files(home: Path, many: Path, tmp_path: Path) -> None:
    words = ("stamp", many, "--out", tmp_path / "out", "--jobs", 1, "--json", "--consent", "reserve")
    one, two = both(words, words, home=home)
    assert (one.code, two.code) == (0, 0)
    for left, right in zip(one.document["items"], two.document["items"], strict=True):
        assert {left["state"], right["state"]} == {"stamped", "already"}
        assert (left["recordId"], left["digest"]) == (right["recordId"], right["digest"])
    assert works(home) == Counter({"work": COUNT, "consent": COUNT})
    assert (len(files(tmp_path / "out")), hidden(tmp_path)) == (COUNT, [])


def test_two_processes_stamp_different_files_of_one_name(home: Path, pictures: Path, tmp_path: Path) -> None:
    for folder, name in (("a", PARENT), ("b", CHILD)):
        (tmp_path / folder).mkdir()
        shutil.copy(pictures / name, tmp_path / folder / "same.png")
        shutil.copy(pictures / name, tmp_path / folder / f"{folder}.png")
        with Image.open(pictures / name) as picture:
            picture.save(tmp_path / folder / f"{folder}.png")  # without the record: another picture
    out = tmp_path / "out"
    calls = [("stamp", tmp_path / each, "--out", out, "--json", "--publish") for each in "ab"]
    answers = both(*calls, home=home)
    items = [item for answer in answers for item in answer.document["items"]]
    states = Counter(item["state"] for item in items)
    assert states == {"stamped": 3, "failed": 1}
    assert {item["error"]["code"] for item in items if item["error"]} == {"output-exists"}
    assert sorted(files(out)) == ["a.png", "b.png", "same.png"]
    for item in items:
        if item["state"] == "stamped":
            assert rakkan("verify", item["output"], home=home).code == 0
    head = rakkan("log", "head", "--json", home=home).document
    assert head["size"] == 3
    assert rakkan("fsck", home=home).code == 0


def test_two_processes_found_one_home(tmp_path: Path) -> None:
    """One token, one log key, one certificate, whoever was first."""
    home = tmp_path / "home"
    one, two = both(("init", "--json"), ("init", "--json"), home=home)
    assert (one.code, two.code) == (0, 0), (one.err, two.err)
    assert one.document["logKeys"] == two.document["logKeys"]
    assert len([each for each in (one, two) if each.document["token"]]) == 1
    assert rakkan("fsck", home=home).code == 0


@pytest.mark.parametrize("size", [0, 300, STEP, 4 * STEP])
def test_a_disk_that_is_full_while_founding(size: int, tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = rakkan("init", "--json", home=home, file_bytes=size)
    assert done.code == 5
    assert done.document["error"]["code"] in ("home-unwritable", "lock-unwritable", "store-unavailable")
    assert done.document["error"]["hint"]
    assert not (home / "config.json").exists()
    assert [name for name in files(home) if ".new" in name] == []
    assert rakkan("init", home=home).code == 0, "space was made, and the same command finishes it"
    assert rakkan("log", "head", "--json", home=home).error == (4, "log-empty")
    assert rakkan("fsck", home=home).code == 0


@pytest.mark.parametrize("size", [0, STEP, 8 * STEP])
def test_a_disk_that_is_full_while_stamping(size: int, home: Path, pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ("stamp", pictures, "--out", out, "--json", "--jobs", 1, "--publish")
    done = rakkan(*words, home=home, file_bytes=size)
    assert done.code == 5, done.err
    assert "Free" in done.err
    assert hidden(tmp_path) == []
    complete = files(out) if out.exists() else {}
    for name in complete:
        assert rakkan("verify", out / name, home=home).code == 0
    resumed = rakkan(*words, home=home)
    assert resumed.code == 0, resumed.err
    assert sorted(files(out)) == sorted(files(pictures))
    assert rakkan("log", "head", "--json", home=home).document["size"] == len(files(pictures))
    assert rakkan("fsck", home=home).code == 0


def test_a_disk_that_is_full_while_writing_answers(atelier: Any, tmp_path: Path) -> None:
    for words in (
        ["evidence", "pack", atelier.stamped / PARENT, "--out", tmp_path / "x.car"],
        ["dataset", "lock", atelier.stamped, "--out", tmp_path / "x.car"],
    ):
        done = rakkan(*words, "--json", home=atelier.home, file_bytes=100)
        assert done.code == 5
        assert done.document["error"]["code"] in ("file-unwritable", "store-unavailable")
        assert not (tmp_path / "x.car").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"home", "stamped"}
