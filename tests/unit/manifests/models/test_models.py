"""Model files: every name of a file as other tools compute it, and nothing hostile that is read as a file.

Expected digests are those of the safetensors library 0.7.0 with kohya's own functions over the same tensors.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rakkan.manifests.errors import UnreadableModel
from rakkan.manifests.models import header as headers
from rakkan.manifests.models.aliases import aliases_of
from rakkan.manifests.models.declared import KohyaFolder, read_declared
from rakkan.manifests.models.digests import ModelFile, read_model
from tests.unit.manifests.models.files import KOHYA, LORA, WRITTEN, framed, safetensors

KOHYA_HASH = "308239338b8a56d00b656361216d42901f702bc5edc1b38d642d14d4cad334a7"
KOHYA_LEGACY = "9e732fb6"
ONE = {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}


def reading(tmp_path: Path, content: bytes) -> ModelFile:
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    return read_model(path)


@pytest.mark.parametrize("order", [WRITTEN, []])
def test_every_name_is_that_of_other_tools(tmp_path: Path, order: list[str]) -> None:
    texts = {**KOHYA, "modelspec.title": "Malerin ✿", "sshs_model_hash": "0x" + "ab" * 32}
    content = safetensors(LORA, texts, order=order)
    model = reading(tmp_path, content)
    length = int.from_bytes(content[:8], "little")
    assert model.sha256.hex == hashlib.sha256(content).hexdigest()
    assert model.autov2 == model.sha256.hex[:10].upper()
    assert model.autov3.hex == hashlib.sha256(content[8 + length :]).hexdigest()
    assert model.autov1 == hashlib.sha256(content[0x100000:0x110000]).hexdigest()[:8]
    assert model.kohya == KOHYA_HASH
    assert model.kohya_legacy == KOHYA_LEGACY
    assert (model.kohya == model.autov3.hex) is (order == WRITTEN)


def test_a_file_of_somebody_else_has_no_name_of_kohyas(tmp_path: Path) -> None:
    model = reading(tmp_path, safetensors(LORA, {"format": "pt"}))
    assert (model.kohya, model.kohya_legacy) == (None, None)


def test_a_small_file_has_no_autov1(tmp_path: Path) -> None:
    model = reading(tmp_path, safetensors([("a", "F32", (2,))], KOHYA))
    assert (model.autov1, model.kohya_legacy) == (None, None)
    told = {(each.alg, each.basis): each for each in aliases_of(model, read_declared(model.header.texts))}
    assert (told["autov1", "computed"].value, told["autov1", "computed"].worth) == ("", "refused")
    assert "e3b0c442" in told["autov1", "computed"].note


def test_a_header_that_reaches_to_where_kohya_reads_leaves_its_short_name_open(tmp_path: Path) -> None:
    model = reading(tmp_path, safetensors(LORA, {**KOHYA, "ss_tag_frequency": "x" * 0x100000}))
    assert model.kohya == KOHYA_HASH
    assert model.kohya_legacy is None
    told = {(each.alg, each.basis): each for each in aliases_of(model, read_declared(model.header.texts))}
    assert told["kohyaLegacy", "computed"].note.startswith("cannot be told")


@pytest.mark.parametrize(
    ("name", "value", "worth"),
    [
        ("sshs_model_hash", "same", "agrees"),
        ("sshs_model_hash", "0xSAME", "agrees"),
        ("sshs_model_hash", "ab" * 32, "differs"),
        ("sshs_model_hash", hashlib.sha256().hexdigest(), "refused"),
        ("sshs_legacy_hash", "e3b0c442", "refused"),
        ("sshs_legacy_hash", "01234567", "differs"),
        ("modelspec.hash_sha256", "0xsame", "agrees"),
        ("modelspec.hash_sha256", "0x" + "ab" * 32, "differs"),
    ],
)
def test_what_is_declared_is_held_against_the_bytes(
    tmp_path: Path, name: str, value: str, worth: str
) -> None:
    own = reading(tmp_path, safetensors(LORA, KOHYA, order=WRITTEN)).autov3.hex
    text = value.replace("same", own).replace("SAME", own.upper())
    model = reading(tmp_path, safetensors(LORA, {**KOHYA, name: text}, order=WRITTEN))
    found = [
        each for each in aliases_of(model, read_declared(model.header.texts)) if each.basis == "declared"
    ]
    assert [each.worth for each in found] == [worth]


def test_what_kohya_wrote_is_read() -> None:
    found = read_declared({**KOHYA, "ss_reg_dataset_dirs": '{"1_style": {"n_repeats": 1, "img_count": 9}}'})
    assert found.faults == {}
    assert (found.session, found.images, found.regularisation) == ("1234567890", 40, 0)
    assert found.folders == (
        KohyaFolder("10_painter style", 4, 10, regularisation=False),
        KohyaFolder("1_style", 9, 1, regularisation=True),
    )
    assert (found.base_sha256, found.base_name, found.output) == ("bb" * 32, "base.safetensors", "painter")
    assert found.started is not None
    assert found.started.isoformat() == "2025-11-24T16:00:00+00:00"
    assert found.network == {"module": "networks.lora", "dim": "16", "alpha": "8.0"}


def test_a_run_from_a_toml_file_names_its_folders_too() -> None:
    subsets = [
        {"img_count": 3, "num_repeats": 2, "image_dir": "C:\\data\\cats\\", "is_reg": False},
        {"img_count": 5, "num_repeats": 1, "metadata_file": "/data/meta.json"},
    ]
    found = read_declared({"ss_datasets": json.dumps([{"subsets": subsets, "noise": 0.5}])})
    assert [(each.name, each.images, each.repeats) for each in found.folders] == [
        ("cats", 3, 2),
        ("meta.json", 5, 1),
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ss_training_started_at", "1e400"),
        ("ss_training_started_at", "nan"),
        ("ss_training_started_at", "-5"),
        ("ss_training_started_at", "today"),
        ("ss_num_train_images", "many"),
        ("ss_num_train_images", "-1"),
        ("ss_num_train_images", "9" * 5000),
        ("ss_dataset_dirs", "[" * 100_000),
        ("ss_dataset_dirs", '{"a": {"n_repeats": 1.5, "img_count": 1}}'),
        ("ss_dataset_dirs", '{"a": 5}'),
        ("ss_dataset_dirs", "[1]"),
        ("ss_datasets", '[{"subsets": [{"img_count": true, "num_repeats": 1, "image_dir": "a"}]}]'),
        ("ss_datasets", "{}x"),
        ("ss_new_sd_model_hash", "0x12"),
        ("modelspec.hash_sha256", "zz" * 32),
    ],
)
def test_what_has_another_form_is_left_out_and_named(name: str, value: str) -> None:
    assert list(read_declared({name: value}).faults) == [name]


@given(
    st.dictionaries(st.sampled_from([*KOHYA, "ss_datasets", "sshs_model_hash", "modelspec.date"]), st.text())
)
@settings(max_examples=200)
def test_nothing_that_is_declared_raises(texts: dict[str, str]) -> None:
    read_declared(texts)


def _header(value: Any, body: bytes = b"\0" * 8) -> bytes:
    return framed(json.dumps(value).encode(), body)


def _tensor(**more: Any) -> bytes:
    return _header({"a": {**ONE["a"], **more}})


HOSTILE: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "model-truncated"),
    "seven bytes": (b"\0" * 7, "model-truncated"),
    "a length beyond the file": ((1 << 63).to_bytes(8, "little") + b"{}", "model-truncated"),
    "no header": (framed(b"", b"\0" * 8), "model-header"),
    "no object": (framed(b"[]      ", b""), "model-header"),
    "a space first": (framed(b' {"a":1}', b""), "model-header"),
    "half of it": (framed(b'{"a": {"dtype"', b""), "model-header"),
    "not UTF-8": (framed(b'{"\xff": 1}', b""), "model-header"),
    "a key twice": (
        framed(
            b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
            b"\0",
        ),
        "model-header",
    ),
    "a field twice": (
        framed(b'{"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}', b"\0"),
        "model-header",
    ),
    "deep": (framed(b'{"a":' + b"[" * 200_000, b""), "model-header"),
    "a float": (framed(b'{"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}}', b"\0"), "model-header"),
    "a huge number": (
        framed(b'{"a":{"dtype":"U8","shape":[' + b"9" * 5000 + b'],"data_offsets":[0,1]}}', b"\0"),
        "model-header",
    ),
    "NaN": (framed(b'{"a":NaN}', b""), "model-header"),
    "texts that are none": (_header({"__metadata__": {"a": 1}, **ONE}), "model-header"),
    "texts in a list": (_header({"__metadata__": [], **ONE}), "model-header"),
    "half a surrogate": (framed(b'{"__metadata__":{"a":"\\ud800"}}', b""), "model-header"),
    "a tensor in a list": (_header({"a": []}), "model-tensor"),
    "an unknown type": (_tensor(dtype="F7"), "model-tensor"),
    "no type": (_tensor(dtype=None), "model-tensor"),
    "a shape that is a number": (_tensor(shape=2), "model-tensor"),
    "a negative dimension": (_tensor(shape=[-2]), "model-tensor"),
    "a dimension that is true": (_tensor(shape=[True]), "model-tensor"),
    "too many dimensions": (_tensor(shape=[1] * 65), "model-tensor"),
    "a shape that overflows": (_tensor(shape=[1 << 40, 1 << 40]), "model-tensor"),
    "three offsets": (_tensor(data_offsets=[0, 8, 8]), "model-tensor"),
    "offsets backwards": (_tensor(data_offsets=[8, 0]), "model-tensor"),
    "another size than its shape": (_tensor(shape=[3]), "model-tensor"),
    "a gap at the start": (_header({"a": {**ONE["a"], "data_offsets": [8, 16]}}, b"\0" * 16), "model-gap"),
    "an overlap": (_header({**ONE, "b": {**ONE["a"], "data_offsets": [4, 12]}}, b"\0" * 12), "model-overlap"),
    "the same place twice": (_header({**ONE, "b": ONE["a"]}), "model-overlap"),
    "cut short": (_header(ONE, b"\0" * 7), "model-truncated"),
    "more at the end": (_header(ONE, b"\0" * 9), "model-trailing"),
    "no tensors": (_header({}, b""), "model-empty"),
    "empty tensors": (_header({"a": {**ONE["a"], "shape": [0], "data_offsets": [0, 0]}}, b""), "model-empty"),
    "a pickle": (b"\x80\x02}q\0(X\4\0\0\0", "model-unsupported"),
    "an archive": (b"PK\x03\x04\0\0\0\0\0\0", "model-unsupported"),
    "another format": (b"GGUF\3\0\0\0\0\0", "model-unsupported"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_has_its_error(tmp_path: Path, name: str) -> None:
    content, code = HOSTILE[name]
    with pytest.raises(UnreadableModel) as error:
        reading(tmp_path, content)
    assert error.value.code == code


def test_a_huge_header_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    with path.open("wb") as file:
        file.write((headers.MAX_HEADER + 1).to_bytes(8, "little") + b"{")
        file.truncate(1 << 40)  # sparse: a terabyte that takes no room
    with pytest.raises(UnreadableModel) as error:
        read_model(path)
    assert error.value.code == "model-header-large"


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: os.mkfifo(path), lambda path: None])
def test_what_is_no_file_is_not_opened(tmp_path: Path, make: Callable[[Path], object]) -> None:
    path = tmp_path / "model.safetensors"
    make(path)
    with pytest.raises(UnreadableModel) as error:
        read_model(path)
    assert error.value.code == "model-missing"


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(safetensors(LORA, KOHYA))

    def grow(_: int) -> None:
        with path.open("ab") as file:
            file.write(b"more")

    with pytest.raises(UnreadableModel) as error:
        read_model(path, grow)
    assert error.value.code == "model-changed"


@given(st.binary(max_size=200), st.integers(0, 60))
@settings(max_examples=300)
def test_no_bytes_raise_anything_else(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, at: int
) -> None:
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    whole = safetensors([("a", "F32", (2,))], {"ss_x": "y"})
    path.write_bytes(whole[:at] + noise + whole[at + len(noise) :])
    with contextlib.suppress(UnreadableModel):
        read_model(path)
