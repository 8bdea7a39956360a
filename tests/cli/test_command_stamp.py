"""``rakkan stamp`` as people call it: folders, odd names, doing it again, and inputs that stay as they were."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

import pytest

from rakkan.manifests.image import read_image
from rakkan.manifests.read import read_manifest
from rakkan.manifests.samples import CHILD, PARENT
from tests.cli import pngs
from tests.cli.command import files, rakkan
from tests.cli.conftest import Atelier
from tests.homes import SAID

NAMES = ("a b  c.png", "絵師-Ä.png", "--json.png", "[x].png", "quote'.png")


@pytest.fixture
def inputs(pictures: Path, tmp_path: Path) -> Path:
    """Pictures of one's own, in a folder and one below it."""
    folder = tmp_path / "in puts"
    (folder / "below").mkdir(parents=True)
    shutil.copy(pictures / PARENT, folder / NAMES[0])
    shutil.copy(pictures / CHILD, folder / "below" / NAMES[1])
    (folder / "notes.txt").write_text("not a picture")
    (folder / ".hidden.png").write_bytes(b"nobody asks")
    return folder


def seen(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    """Bytes, mtime and mode of every file."""
    return {
        str(path): (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_mode)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_inputs_stay_as_they_were_and_nothing_lies_beside_them(
    home: Path, inputs: Path, tmp_path: Path
) -> None:
    for path in inputs.rglob("*.*"):
        path.chmod(0o444)
    before = seen(inputs)
    done = rakkan("stamp", inputs, "--out", tmp_path / "out", "--json", home=home)
    assert done.code == 0
    assert {item["state"] for item in done.document["items"]} == {"stamped"}
    assert seen(inputs) == before
    assert sorted(files(tmp_path / "out")) == sorted(NAMES[:2])
    for item in done.document["items"]:
        assert rakkan("verify", item["output"], home=home).code == 0


def test_again_is_already_with_the_same_answer(home: Path, inputs: Path, tmp_path: Path) -> None:
    words = ("stamp", inputs, "--out", tmp_path / "out", "--json", "--consent", "community-lora", *SAID)
    first = rakkan(*words, home=home).document["items"]
    before = seen(tmp_path / "out")
    done = rakkan(*words, home=home)
    assert (done.code, {item["state"] for item in done.document["items"]}) == (0, {"already"})
    for item in (*first, *done.document["items"]):
        item.pop("state")
    for again, before_it in zip(done.document["items"], first, strict=True):
        for name, value in before_it.items():
            assert (name, again[name]) == (name, value)
    assert seen(tmp_path / "out") == before


def test_a_dry_run_writes_nothing(home: Path, inputs: Path, tmp_path: Path) -> None:
    private = {name: content for name, content in files(home).items() if not name.startswith("registry.db")}
    done = rakkan("stamp", inputs, "--out", tmp_path / "out", "--dry-run", "--json", home=home)
    assert done.code == 0
    assert {item["state"] for item in done.document["items"]} == {"planned"}
    assert {item["recordId"] for item in done.document["items"]} == {None}
    assert not (tmp_path / "out").exists()
    after = {name: content for name, content in files(home).items() if not name.startswith("registry.db")}
    assert after == private
    assert rakkan("publish", "--dry-run", "--json", home=home).document["records"] == []


def test_names_that_look_like_something_else(home: Path, pictures: Path, tmp_path: Path) -> None:
    folder = tmp_path / "names"
    folder.mkdir()
    for name in NAMES:
        shutil.copy(pictures / PARENT, folder / name)
    listed = sorted(path for path in folder.iterdir() if not path.name.startswith("--"))
    words = ["stamp", "--out", tmp_path / "out", "--json", *listed, "--", folder / "--json.png"]
    done = rakkan(*words, home=home)
    assert done.code == 0, done.err
    states = [item["state"] for item in done.document["items"]]
    assert states == ["stamped", *["already"] * 4], "one picture under five names is one picture"
    named = {item["output"] for item in done.document["items"]}
    assert len(named) == 1


def test_without_out_copies_go_to_stamped_beside_the_file(home: Path, inputs: Path) -> None:
    assert rakkan("stamp", inputs, home=home).code == 0
    assert (inputs / "stamped" / NAMES[0]).is_file()
    assert (inputs / "below" / "stamped" / NAMES[1]).is_file()
    again = rakkan("stamp", inputs, "--json", home=home)
    assert [item["state"] for item in again.document["items"]] == ["already", "already"]


def test_two_inputs_of_one_name(home: Path, pictures: Path, tmp_path: Path) -> None:
    for folder, name in (("a", PARENT), ("b", CHILD)):
        (tmp_path / folder).mkdir()
        shutil.copy(pictures / name, tmp_path / folder / "same.png")
    words = ("stamp", tmp_path / "a", tmp_path / "b", "--out", tmp_path / "out", "--json")
    done = rakkan(*words, home=home)
    one, two = done.document["items"]
    assert (done.code, one["state"], two["state"]) == (2, "stamped", "failed")
    assert two["error"]["code"] == "output-collision"
    assert str(tmp_path / "b" / "same.png") in done.err
    assert two["error"]["hint"]
    kept = files(tmp_path / "out")
    alone = rakkan("stamp", tmp_path / "b", "--out", tmp_path / "out", "--json", home=home)
    (item,) = alone.document["items"]
    assert (alone.code, item["error"]["code"]) == (2, "output-exists")
    assert files(tmp_path / "out") == kept


def test_an_output_that_somebody_edited_is_not_overwritten(
    home: Path, pictures: Path, tmp_path: Path
) -> None:
    words = ("stamp", pictures / PARENT, "--out", tmp_path / "out", "--json")
    assert rakkan(*words, home=home).code == 0
    (tmp_path / "out" / PARENT).write_bytes(b"hours of retouching")
    done = rakkan(*words, home=home)
    (item,) = done.document["items"]
    assert (done.code, item["state"], item["error"]["code"]) == (2, "failed", "output-exists")
    assert files(tmp_path / "out") == {PARENT: b"hours of retouching"}


def test_a_file_with_a_credential_becomes_an_ingredient(atelier: Atelier, tmp_path: Path) -> None:
    stamped = atelier.stamped / "agate.jpg"
    done = rakkan("stamp", stamped, "--out", tmp_path / "out", "--json", home=atelier.home)
    (item,) = done.document["items"]
    assert item["state"] == "stamped"
    answer = rakkan("verify", item["output"], "--json", home=atelier.home).document
    checks = {each["name"]: each["outcome"] for each in answer["checks"]}
    assert (answer["state"], checks["ingredients"]) == ("trusted", "pass")
    assert len(read_manifest(read_image(Path(item["output"])), None).ingredients) == 1


def test_two_processes_make_what_one_makes(home: Path, pictures: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(home, copy)
    one = rakkan("stamp", pictures, "--out", tmp_path / "1", "--jobs", "1", "--json", home=home)
    two = rakkan("stamp", pictures, "--out", tmp_path / "2", "--jobs", "2", "--json", home=copy)
    assert (one.code, two.code) == (0, 0)
    assert list(files(tmp_path / "1")) == list(files(tmp_path / "2"))
    for left, right in zip(one.document["items"], two.document["items"], strict=True):
        assert left["input"] == right["input"]
        assert left["findings"] == right["findings"]
        assert left["digest"].keys() == right["digest"].keys()
        first, second = (read_manifest(read_image(Path(each["output"])), None) for each in (left, right))
        assert first.state == second.state
        assert len(first.ingredients) == len(second.ingredients)


def test_each_that_fails_is_named_and_is_no_fault_of_ours(home: Path, pictures: Path, tmp_path: Path) -> None:
    jpeg, whole = (pictures / "agate.jpg").read_bytes(), (pictures / PARENT).read_bytes()
    box = b"JP\0\1\0\0\0\1" + struct.pack(">I4s", 16, b"jumb") + b"x" * 8
    part = tmp_path / "part.jpg"
    part.write_bytes(jpeg[:2] + b"\xff\xeb" + struct.pack(">H", 2 + len(box)) + box + jpeg[2:])
    store = tmp_path / "store.png"
    store.write_bytes(pngs.with_manifest(whole, b"\0\0\0\x10jumbxxxxxxxx"))
    done = rakkan("stamp", part, store, "--out", tmp_path / "out", "--json", home=home)
    codes = [each["error"]["code"] for each in done.document["items"]]
    assert (done.code, codes) == (2, ["image-refused", "jumbf-length"])
    lines = [each for each in done.err.splitlines() if "warning" not in each]
    assert ["part.jpg" in lines[0], "store.png" in lines[1]] == [True, True]
    assert not list(files(tmp_path / "out"))


def test_secrets_are_told_in_words(home: Path, pictures: Path, tmp_path: Path) -> None:
    path, parts = tmp_path / "open.png", pngs.chunks((pictures / PARENT).read_bytes())
    secret = (b"tEXt", b"note\0sk-abcdefghijklmnopqrstuvwxyz0123456789")
    path.write_bytes(pngs.png([*parts[:-1], secret, parts[-1]]))
    done = rakkan("stamp", path, "--out", tmp_path / "out", "--dry-run", "--json", home=home)
    assert "the generator's record holds what looks private (api-key in PNG note: sk-ab" in done.err
    assert "SecretFinding" not in done.err + done.out
    assert "uvwxyz" not in done.err + done.out


def test_an_output_folder_that_cannot_be_written(home: Path, pictures: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = rakkan("stamp", pictures / PARENT, "--out", tmp_path / "file" / "out", "--json", home=home)
    (item,) = done.document["items"]
    assert (done.code, item["error"]["code"]) == (5, "output-unwritable")
    assert {path.name for path in tmp_path.iterdir()} == {"file", "home"}
    assert rakkan("publish", "--dry-run", "--json", home=home).document["records"] == []


@pytest.mark.parametrize("word", ["promt", "prompt,bogus", "Prompt", "everything"])
def test_a_word_that_publish_does_not_know_signs_and_sends_nothing(
    word: str, home: Path, pictures: Path, tmp_path: Path
) -> None:
    for words in (["--publish", word], [f"--publish={word}"]):
        done = rakkan("stamp", pictures / PARENT, "--out", tmp_path / "out", *words, "--json", home=home)
        assert done.error == (2, "usage")
        assert "parents, prompt, workflow" in done.document["error"]["hint"]
        assert ("Did you mean prompt?" in done.document["error"]["hint"]) == (
            word.lower().startswith("prom") and "," not in word
        )
        assert not (tmp_path / "out").exists()
        assert rakkan("log", "head", "--json", home=home).error == (4, "log-empty")
        assert rakkan("publish", "--dry-run", "--json", home=home).document["records"] == []


def test_a_name_that_cannot_be_read_holds_up_all_that_were_named(
    home: Path, pictures: Path, tmp_path: Path
) -> None:
    """Whoever mistypes a word looks at the rest again before it is public for ever."""
    words = ("stamp", pictures / PARENT, "--out", tmp_path / "out", "--publish", "--json")
    done = rakkan(*words, tmp_path / "promt", home=home)
    whole, missing = done.document["items"]
    assert (done.code, whole["state"], missing["state"]) == (2, "planned", "failed")
    assert (whole["recordId"], missing["error"]["code"]) == (None, "image-missing")
    assert "Nothing was stamped" in done.err
    assert "promt" in done.err
    assert done.document["published"] is False
    assert not (tmp_path / "out").exists()
    assert rakkan("log", "head", "--json", home=home).error == (4, "log-empty")
    assert rakkan("publish", "--dry-run", "--json", home=home).document["records"] == []
    done = rakkan(*words, pictures / CHILD, home=home)
    assert (done.code, {item["state"] for item in done.document["items"]}) == (0, {"stamped"})
