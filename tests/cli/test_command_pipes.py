"""A reader that goes away: never a "no", never a traceback, and what was done stays done."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from rakkan.manifests.samples import PARENT
from tests.cli.command import RAKKAN, environment, rakkan
from tests.cli.conftest import Atelier

UNKNOWN = "baguqeerarhq3zdlrwo2wqow2fhpw5zfrs5g5ebgugyelw7tkimwnkepsuyya"


def unread(*words: object, atelier: Atelier, talk_too: bool = False) -> tuple[int, str]:
    """Exit code and talk of a command whose answer nobody takes, from the first byte on."""
    reads, writes = os.pipe()
    os.close(reads)
    try:
        done = subprocess.run(
            [RAKKAN, *(str(word) for word in words)],
            env=environment(atelier.home),
            stdout=writes,
            stderr=writes if talk_too else subprocess.PIPE,
            timeout=120,
            check=False,
        )
    finally:
        os.close(writes)
    return done.returncode, "" if talk_too else done.stderr.decode()


@pytest.mark.parametrize("words", [["--json"], [], ["--quiet"]])
def test_a_verification_that_nobody_reads(words: list[str], shared_atelier: Atelier) -> None:
    code, said = unread("verify", shared_atelier.stamped / PARENT, *words, atelier=shared_atelier)
    assert (code, "Traceback" in said, "BrokenPipe" in said) == (141, False, False)


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["verify", "--help"],
        ["--version"],
        ["policy", "lint", "strict-art-lora"],
        ["log", "head"],
        ["trace", UNKNOWN],
    ],
)
@pytest.mark.parametrize("talk_too", [False, True])
def test_whatever_nobody_reads_is_never_a_no(
    words: list[str], talk_too: bool, shared_atelier: Atelier
) -> None:
    for more in ([], ["--json"]):
        code, said = unread(*words, *more, atelier=shared_atelier, talk_too=talk_too)
        spoke = talk_too or words[0] != "trace" or bool(more)
        assert code == (141 if spoke else 4), (words, more, said)
        assert "Traceback" not in said


def test_what_is_published_unread_is_published(atelier: Atelier) -> None:
    made = rakkan(
        "stamp",
        atelier.pictures / PARENT,
        "--out",
        atelier.home.parent / "out",
        "--consent",
        "reserve",
        home=atelier.home,
    )
    assert made.code == 0, made.err
    size = rakkan("log", "head", "--json", home=atelier.home).document["size"]
    code, _ = unread("publish", atelier=atelier)
    assert code == 141
    assert rakkan("log", "head", "--json", home=atelier.home).document["size"] > size
    assert rakkan("publish", "--dry-run", "--json", home=atelier.home).document["records"] == []


@pytest.mark.parametrize("closed", [(1,), (2,), (0, 1, 2)])
def test_streams_that_were_closed_before_it_began(closed: tuple[int, ...], shared_atelier: Atelier) -> None:
    def close() -> None:
        for number in closed:
            os.close(number)

    for words in (["verify", str(shared_atelier.stamped / PARENT), "--json"], ["--help"], ["log", "head"]):
        done = subprocess.run(
            [RAKKAN, *words],
            env=environment(shared_atelier.home),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            preexec_fn=close,
            timeout=120,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, b""), words
        assert bool(done.stdout) == (1 not in closed)


def test_a_device_stays_one_and_a_link_is_followed(shared_atelier: Atelier, tmp_path: Path) -> None:
    pipe, link, file = tmp_path / "pipe", tmp_path / "link.json", tmp_path / "file.json"
    os.mkfifo(pipe)
    link.symlink_to(file)
    words = ("dataset", "lock", shared_atelier.stamped, "--out")
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert rakkan(*words, pipe, home=shared_atelier.home).code == 0
        taken = os.read(reader, 1 << 20)
    finally:
        os.close(reader)
    assert pipe.is_fifo()
    assert rakkan(*words, link, home=shared_atelier.home).code == 0
    assert link.is_symlink()
    assert file.read_bytes() == taken
