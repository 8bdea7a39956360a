"""A copy of a model file with other texts: the same tensors, nothing lost, and there as a whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rakkan.manifests.errors import UnreadableModel
from rakkan.manifests.models.declared import ROOT_KEY, read_declared
from rakkan.manifests.models.digests import read_model
from rakkan.manifests.models.rewriting import copy_with
from rakkan.schemas.errors import Conflict, Unavailable
from tests.unit.manifests.models.files import KOHYA, LORA, safetensors

ROOT = {ROOT_KEY: "da" * 32}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    path.write_bytes(safetensors(LORA, {**KOHYA, "modelspec.title": "Malerin ✿"}))
    return path


@pytest.mark.parametrize("texts", [None, {}, KOHYA, {"ss_x": '"\\\u2028\x7f\x01'}])
@pytest.mark.parametrize("pad", [True, False])
def test_the_tensors_stay_and_the_texts_change(
    tmp_path: Path, texts: dict[str, str] | None, pad: bool
) -> None:
    path, target = tmp_path / "model.safetensors", tmp_path / "copy.safetensors"
    path.write_bytes(safetensors(LORA, texts, pad=pad))
    before, content = read_model(path), path.read_bytes()
    with copy_with(path, before, ROOT, target) as made:
        assert not target.exists()
        made.settle()
    after = read_model(target)
    assert after.autov3 == before.autov3
    assert (after.kohya, after.kohya_legacy) == (before.kohya, before.kohya_legacy)
    assert (after.sha256, after.bytes) == (made.sha256, made.bytes)
    assert after.sha256 != before.sha256
    assert after.header.texts == {**(texts or {}), **ROOT}
    assert after.header.tensors == before.header.tensors
    assert after.header.size % 8 == 0
    assert read_declared(after.header.texts).dataset_root == "da" * 32
    assert path.read_bytes() == content
    assert {each.name for each in tmp_path.iterdir()} == {path.name, target.name}


def test_what_stands_there_gives_way_and_fields_that_we_do_not_know_stay(tmp_path: Path) -> None:
    path, target = tmp_path / "model.safetensors", tmp_path / "copy.safetensors"
    value = {
        "a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1], "later": [1, "two"]},
        "__metadata__": {ROOT_KEY: "ff" * 32, "z": "1"},
    }
    text = json.dumps(value).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"\x07")
    with copy_with(path, read_model(path), ROOT, target) as made:
        made.settle()
    assert read_model(target).header.value == {
        "__metadata__": {**ROOT, "z": "1"},
        "a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1], "later": [1, "two"]},
    }


def test_what_is_not_settled_leaves_nothing(source: Path) -> None:
    with copy_with(source, read_model(source), ROOT, source.with_name("copy")):
        pass
    with (
        pytest.raises(ZeroDivisionError),
        copy_with(source, read_model(source), ROOT, source.with_name("copy")),
    ):
        raise ZeroDivisionError
    assert [each.name for each in source.parent.iterdir()] == [source.name]


def test_nothing_is_overwritten(source: Path) -> None:
    content = source.read_bytes()
    with pytest.raises(Conflict) as error, copy_with(source, read_model(source), ROOT, source):
        pass
    assert error.value.code == "output-exists"
    target = source.with_name("copy")
    with copy_with(source, read_model(source), ROOT, target) as made:
        target.write_bytes(b"came first")
        with pytest.raises(Conflict):
            made.settle()
    assert (source.read_bytes(), target.read_bytes()) == (content, b"came first")


def test_a_source_that_changed_is_not_copied(source: Path) -> None:
    model = read_model(source)
    for other in (
        safetensors(LORA, {**KOHYA, "modelspec.title": "Malerin ✽"}),
        source.read_bytes()[:-1] + b"\0",
        source.read_bytes() + b"\0",
        source.read_bytes()[:-1],
    ):
        source.write_bytes(other)
        with (
            pytest.raises(UnreadableModel) as error,
            copy_with(source, model, ROOT, source.with_name("copy")),
        ):
            pass
        assert error.value.code == "model-changed"
        assert [each.name for each in source.parent.iterdir()] == [source.name]


def test_a_folder_that_is_not_there_is_named(source: Path) -> None:
    target = source.parent / "missing" / "copy"
    with pytest.raises(Unavailable) as error, copy_with(source, read_model(source), ROOT, target):
        pass
    assert error.value.code == "output-unwritable"


def test_texts_that_do_not_fit_are_refused(source: Path) -> None:
    texts = {"rakkan.note": "x" * (17 * 1024 * 1024)}
    with (
        pytest.raises(UnreadableModel) as error,
        copy_with(source, read_model(source), texts, source.with_name("copy")),
    ):
        pass
    assert error.value.code == "model-header-large"
