"""``rakkan dataset`` as people and scripts call it, beyond locking."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.conftest import Atelier, Rakkan

ABSENT = "sha256:" + "0" * 64


@pytest.fixture
def lock(rakkan: Rakkan, atelier: Atelier, tmp_path: Path) -> Path:
    """Of the stamped pictures, and one that nobody registered."""
    Image.effect_mandelbrot((64, 64), (-2, -1.5, 1, 1.5), 40).save(atelier.stamped / "unknown.png")
    path = tmp_path / "lock.json"
    assert rakkan("dataset", "lock", atelier.stamped, "--out", path).code == 0
    return path


def test_a_folder_that_changed(rakkan: Rakkan, atelier: Atelier, lock: Path) -> None:
    same = rakkan("dataset", "check", lock, atelier.stamped)
    assert (same.code, same.out) == (0, "The same 6 items.\n")
    (atelier.stamped / "unknown.txt").write_text("a caption")
    (atelier.stamped / "agate.jpg").unlink()
    (atelier.stamped / "broken.png").write_bytes(b"no picture")
    ran = rakkan("--json", "dataset", "check", lock, atelier.stamped)
    assert ran.code == 1
    assert [each["path"] for each in ran.document["removed"]] == ["agate.jpg"]
    assert ran.document["refed"][0]["after"][0]["path"] == "unknown.png"
    assert ran.document["refused"] == ["broken.png"]
    said = rakkan("dataset", "check", lock, atelier.stamped)
    assert "gone: 1" in said.out
    assert "another caption, mask, repeats or role: 1" in said.out
    assert "broken.png" in said.err


def test_a_file_that_cannot_be_read_is_a_change(rakkan: Rakkan, atelier: Atelier, lock: Path) -> None:
    (atelier.stamped / "broken.png").write_bytes(b"no picture")
    assert rakkan("dataset", "check", lock, atelier.stamped).code == 1


def test_a_repair_drops_what_nobody_granted(
    rakkan: Rakkan, atelier: Atelier, lock: Path, tmp_path: Path
) -> None:
    out, at_home = tmp_path / "repaired.json", ("--home", atelier.home)
    words = ("dataset", "repair", lock, "--policy", "community-lora", "--out", out)
    ran = rakkan(*at_home, "--json", *words)
    assert (ran.code, ran.document["outcome"], ran.document["path"]) == (0, "approved", str(out))
    (dropped,) = ran.document["dropped"]
    assert dropped["path"] == "unknown.png"
    assert "work-unregistered" in {each["code"] for each in dropped["reasons"]}
    assert json.loads(out.read_text())["root"] == ran.document["kept"]["root"]
    assert rakkan(*at_home, "verdict", "make", out, "--policy", "community-lora").code == 0
    assert rakkan(*at_home, "--json", *words).document["error"]["code"] == "output-exists"
    said = rakkan(*at_home, *words[:-2]).out
    assert "passes without 1 of 6 items" in said
    assert "unknown.png  no-consent, minors-unknown, work-unregistered" in said


def test_what_no_part_of_a_dataset_passes(
    rakkan: Rakkan, atelier: Atelier, lock: Path, tmp_path: Path
) -> None:
    out = tmp_path / "repaired.json"
    ran = rakkan(
        "--home", atelier.home, "dataset", "repair", lock, "--policy", "strict-art-lora", "--out", out
    )
    assert ran.code == 1
    assert ran.out.startswith("No part of it passes strict-art-lora")
    assert not out.exists()


def test_what_is_shown_of_an_item_holds_for_its_root_alone(
    rakkan: Rakkan, atelier: Atelier, lock: Path, tmp_path: Path
) -> None:
    root, shown = json.loads(lock.read_text())["root"], tmp_path / "shown.json"
    for words, code in (
        (("proof", lock, atelier.stamped / "unknown.png"), 0),
        (("absence", lock, ABSENT), 1),
    ):
        ran = rakkan("dataset", *words)
        assert ran.code == 0
        shown.write_text(ran.out)
        assert rakkan("dataset", "verify", shown, "--root", root).code == code
        assert rakkan("dataset", "verify", shown, "--root", f"datasetRoot:{root}").code == code
        other = rakkan("--json", "dataset", "verify", shown, "--root", "0" * 64)
        assert (other.code, other.document["error"]["code"]) == (2, "membership-root")
        value = json.loads(ran.out)
        shown.write_text(json.dumps({**value, "root": "0" * 64}))
        forged = rakkan("--json", "dataset", "verify", shown, "--root", "0" * 64)
        assert (forged.code, forged.document["error"]["code"]) == (3, "membership-proof")


@pytest.mark.parametrize(
    ("words", "code", "name"),
    [
        (("proof", "LOCK", ABSENT), 4, "item-absent"),
        (("absence", "LOCK", "STAMPED"), 2, "item-present"),
        (("proof", "LOCK", "autov3:" + "0" * 64), 2, "digest-form"),
        (("proof", "LOCK", "no-such.png"), 2, "digest-form"),
        (("verify", "LOCK", "--root", "0" * 64), 2, "membership-form"),
        (("verify", "LOCK", "--root", "xyz"), 2, "digest-form"),
        (("check", "LOCK", "no-such-folder"), 4, "dataset-missing"),
        (("diff", "LOCK", "no-such.json"), 4, "file-missing"),
    ],
)
def test_wrong_words(
    rakkan: Rakkan, atelier: Atelier, lock: Path, words: tuple[str, ...], code: int, name: str
) -> None:
    meant = {"LOCK": str(lock), "STAMPED": str(atelier.stamped / "unknown.png")}
    ran = rakkan("--json", "dataset", *(meant.get(word, word) for word in words))
    assert (ran.code, ran.document["error"]["code"]) == (code, name), ran.document
