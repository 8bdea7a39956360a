"""Locking a folder: nothing in it that somebody could train on is passed over in silence."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from rakkan.manifests.samples import PARENT, render_samples
from rakkan.registry.flows.judge.datasets import lock_dataset


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn")
    render_samples(folder)
    return folder


@pytest.fixture
def folder(drawn: Path, tmp_path: Path) -> Path:
    (tmp_path / "d" / "below").mkdir(parents=True)
    shutil.copy(drawn / PARENT, tmp_path / "d" / "one.png")
    return tmp_path / "d"


@pytest.mark.parametrize(
    ("name", "of"), [("a.jfif", "agate.jpg"), ("b.jpe", "agate.jpg"), ("c.apng", PARENT)]
)
def test_every_name_that_is_stamped_is_locked_too(folder: Path, drawn: Path, name: str, of: str) -> None:
    shutil.copy(drawn / of, folder / "below" / name)
    locked = lock_dataset(folder)
    assert not locked.refused
    assert sum(each.count for each in locked.lock.items) == 2


@pytest.mark.parametrize("name", ["a.gif", "b.bmp", "c.AVIF", "d.tiff", "e.jxl", "f.heic"])
def test_a_picture_of_another_kind_is_named(folder: Path, name: str) -> None:
    (folder / "below" / name).write_bytes(b"GIF89a" + bytes(40))
    (refused,) = lock_dataset(folder).refused
    assert refused[0] == f"below/{name}"


def test_links_and_what_is_no_file_are_named(folder: Path, drawn: Path) -> None:
    (folder / "linked").symlink_to(drawn, target_is_directory=True)
    (folder / "below" / "around").symlink_to(folder, target_is_directory=True)
    (folder / "out.png").symlink_to(drawn / PARENT)
    (folder / "nowhere.png").symlink_to(folder.parent / "unmounted" / "picture.png")
    (folder / "inside.png").symlink_to(folder / "one.png")
    os.mkfifo(folder / "pipe.png")
    locked = lock_dataset(folder)
    assert {path: error.code for path, error in locked.refused} == {
        "linked": "dataset-link",
        "below/around": "dataset-link",
        "out.png": "dataset-link",
        "nowhere.png": "dataset-link",
        "pipe.png": "image-missing",
    }
    assert [each.count for each in locked.lock.items] == [2]
    assert all(error.hint for _, error in locked.refused)
