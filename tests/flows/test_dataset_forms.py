"""Datasets as people hand them in: what is read of each form, and what is refused item by item."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rakkan.registry.flows.judge.datasets import form_of, lock_dataset
from rakkan.schemas.errors import DomainError, Invalid, NotFound
from rakkan.schemas.values import Digest
from tests.flows.handed_in import draw, fed, locked, png, refused


def test_dreambooth_folders_say_how_often_and_in_which_words(tmp_path: Path) -> None:
    draw(tmp_path / "10_ada style" / "a.png", 1)
    draw(tmp_path / "10_ada style" / "b.png", 2).with_suffix(".txt").write_text("a lantern")
    draw(tmp_path / "2_regatta" / "c.png", 3).with_suffix(".caption").write_text("boats")
    assert form_of(tmp_path) == "dreambooth"
    assert locked(tmp_path) == {
        "10_ada style/a.png": fed("ada style", 10),
        "10_ada style/b.png": fed("a lantern", 10),
        "2_regatta/c.png": fed("boats", 2),
    }


@pytest.mark.parametrize("name", ["photos", "0_zero", "10_", "x10_ada"])
def test_other_folders_are_folders(tmp_path: Path, name: str) -> None:
    draw(tmp_path / name / "a.png", 1)
    assert form_of(tmp_path) == "folder"
    assert locked(tmp_path) == {f"{name}/a.png": fed()}


def test_a_picture_beside_the_folders_is_not_passed_over(tmp_path: Path) -> None:
    draw(tmp_path / "10_ada" / "a.png", 1)
    draw(tmp_path / "b.png", 2)
    assert form_of(tmp_path) == "folder"
    assert len(locked(tmp_path)) == 2


def test_image_folders(tmp_path: Path) -> None:
    draw(tmp_path / "train" / "a.png", 1)
    draw(tmp_path / "b.png", 2)
    draw(tmp_path / "c.png", 3)
    rows = [
        {"file_name": "train/a.png", "text": " a lantern "},
        {"file_name": "b.png", "text": None, "more": [1]},
    ]
    (tmp_path / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n\n")
    expected = {"train/a.png": fed("a lantern"), "b.png": fed(), "c.png": fed()}
    assert form_of(tmp_path) == "imagefolder"
    assert locked(tmp_path) == expected
    (tmp_path / "metadata.jsonl").unlink()
    (tmp_path / "metadata.csv").write_text('file_name,caption\ntrain/a.png,"a lantern"\nb.png,\n')
    assert locked(tmp_path) == expected


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("metadata.jsonl", "[1]", "dataset-metadata"),
        ("metadata.jsonl", "{", "not-json"),
        ("metadata.jsonl", '{"text": "x"}', "dataset-path"),
        ("metadata.jsonl", '{"file_name": "../x.png"}', "dataset-path"),
        ("metadata.jsonl", '{"file_name": "/etc/x.png"}', "dataset-path"),
        ("metadata.jsonl", '{"file_name": "C:\\\\x.png"}', "dataset-path"),
        ("metadata.jsonl", '{"file_name": "a.png", "text": 5}', "dataset-metadata"),
        ("metadata.jsonl", json.dumps({"file_name": "a.png", "text": "x" * 40000}), "caption-too-large"),
        ("metadata.csv", "name,text\na.png,x\n", "dataset-metadata"),
        ("metadata.csv", 'file_name,text\na.png,"x', "dataset-metadata"),
        ("metadata.csv", f"file_name,text\na.png,{'x' * 70000}\n", "dataset-metadata"),
    ],
)
def test_a_document_that_is_wrong(tmp_path: Path, name: str, text: str, code: str) -> None:
    draw(tmp_path / "a.png", 1)
    (tmp_path / name).write_text(text)
    with pytest.raises(DomainError) as error:
        lock_dataset(tmp_path)
    assert error.value.code == code


def test_documents_that_lead_out_of_the_dataset_are_not_read(tmp_path: Path) -> None:
    outside = tmp_path / "outside.jsonl"
    outside.write_text(json.dumps({"file_name": "a.png", "text": "x"}))
    draw(tmp_path / "own" / "a.png", 1)
    (tmp_path / "own" / "metadata.jsonl").symlink_to(outside)
    path = kohya(tmp_path / "toml")
    (tmp_path / "toml" / "tuned.json").unlink()
    (tmp_path / "toml" / "tuned.json").symlink_to(outside)
    for source in (tmp_path / "own", path):
        with pytest.raises(Invalid) as error:
            lock_dataset(source)
        assert error.value.code == "dataset-link"


def test_rows_without_a_picture_and_rows_that_come_twice(tmp_path: Path) -> None:
    draw(tmp_path / "a.png", 1)
    rows = [{"file_name": name, "text": "x"} for name in ("a.png", "a.png", "gone.png")]
    (tmp_path / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)))
    found = lock_dataset(tmp_path)
    assert refused(found) == {"a.png": "dataset-metadata", "gone.png": "dataset-metadata"}
    assert len(found.lock.items) == 1


KOHYA = """
[general]
caption_extension = ".txt"
num_repeats = 3

[[datasets]]
resolution = 512

  [[datasets.subsets]]
  image_dir = "train"
  class_tokens = "ada style"
  caption_prefix = "painting,"

  [[datasets.subsets]]
  image_dir = "reg"
  is_reg = true
  num_repeats = 1

[[datasets]]
  [[datasets.subsets]]
  image_dir = "tuned"
  metadata_file = "tuned.json"
  conditioning_data_dir = "masks"
"""


def kohya(folder: Path, text: str = KOHYA) -> Path:
    draw(folder / "train" / "a.png", 1)
    draw(folder / "train" / "b.png", 2).with_suffix(".txt").write_text("a lantern")
    draw(folder / "train" / "deep" / "unseen.png", 9)
    draw(folder / "reg" / "c.png", 3)
    draw(folder / "tuned" / "d.png", 4)
    draw(folder / "masks" / "d.png", 5)
    (folder / "tuned.json").write_text(json.dumps({"d": {"caption": "a boat", "tags": "sea, wind"}}))
    path = folder / "dataset.toml"
    path.write_text(text)
    return path


def test_kohya_configurations(tmp_path: Path) -> None:
    mask = Digest.of(png(5)).raw
    assert locked(kohya(tmp_path)) == {
        "train/a.png": fed("painting, ada style", 3),
        "train/b.png": fed("painting, a lantern", 3),
        "reg/c.png": fed(None, 1, "regularisation"),
        "tuned/d.png": fed("a boat, sea, wind", 3, mask=mask),
    }


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('image_dir = "train"', 'image_dir = "../elsewhere"', "dataset-path"),
        ('image_dir = "train"', 'image_dir = "/etc"', "dataset-path"),
        ('image_dir = "train"', 'image_dir = "nothing"', "dataset-path"),
        ('image_dir = "train"', "image_dir = 5", "dataset-path"),
        ('image_dir = "train"', "", "dataset-path"),
        ("num_repeats = 3", "num_repeats = 0", "dataset-toml"),
        ("num_repeats = 3", 'num_repeats = "3"', "dataset-toml"),
        ("[[datasets]]\nresolution", "[datasets]\nresolution", "dataset-toml"),
        ("[general]", "[general", "dataset-toml"),
        ('metadata_file = "tuned.json"', 'metadata_file = "../x.json"', "dataset-path"),
        ('metadata_file = "tuned.json"', 'metadata_file = "gone.json"', "dataset-path"),
        (KOHYA, "", "dataset-toml"),
    ],
)
def test_a_configuration_that_is_wrong(tmp_path: Path, old: str, new: str, code: str) -> None:
    with pytest.raises(DomainError) as error:
        lock_dataset(kohya(tmp_path, KOHYA.replace(old, new)))
    assert error.value.code == code


@pytest.mark.parametrize(
    ("old", "new", "names", "code"),
    [
        ('conditioning_data_dir = "masks"', 'conditioning_data_dir = "reg"', ["tuned/d.png"], "dataset-mask"),
        ('"tuned.json"', '"other.json"', ["tuned/d.png"], "dataset-metadata"),
        (
            'caption_extension = ".txt"',
            'caption_extension = "/x"',
            ["train/a.png", "train/b.png", "reg/c.png"],
            "dataset-toml",
        ),
    ],
)
def test_items_of_a_configuration_that_are_wrong(
    tmp_path: Path, old: str, new: str, names: list[str], code: str
) -> None:
    (tmp_path / "other.json").write_text("{}")
    found = lock_dataset(kohya(tmp_path, KOHYA.replace(old, new)))
    assert refused(found) == dict.fromkeys(names, code)


def test_links_out_of_a_configuration_are_refused(tmp_path: Path) -> None:
    outside = draw(tmp_path / "outside" / "secret.png", 7)
    path = kohya(tmp_path / "own")
    (tmp_path / "own" / "train" / "z.png").symlink_to(outside)
    (tmp_path / "own" / "train" / "a.txt").symlink_to(tmp_path / "outside" / "secret.png")
    assert refused(lock_dataset(path)) == {"train/z.png": "dataset-link", "train/a.png": "dataset-link"}


@pytest.mark.parametrize("name", ["data.zip", "data.parquet", "data"])
def test_what_is_no_form(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"PK")
    with pytest.raises(Invalid) as error:
        lock_dataset(tmp_path / name)
    assert error.value.code == "dataset-form"
    with pytest.raises(Invalid):
        lock_dataset(tmp_path, "kohya")
    with pytest.raises(Invalid):
        lock_dataset(tmp_path, "zip")
    with pytest.raises(NotFound):
        lock_dataset(tmp_path / "gone")


def test_one_picture_fed_in_two_ways_is_two_items(tmp_path: Path) -> None:
    draw(tmp_path / "10_ada" / "a.png", 1)
    draw(tmp_path / "2_ada" / "a.png", 1)
    draw(tmp_path / "2_ada" / "again.png", 1)
    items = lock_dataset(tmp_path).lock.items
    assert sorted(each.count for each in items) == [1, 2]
    assert len({each.sha256 for each in items}) == 1
