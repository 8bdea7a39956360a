"""The rendered samples: same bytes every time, read by our readers and by others'."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from rakkan.manifests.fingerprint import fingerprints
from rakkan.manifests.generator import read_generation
from rakkan.manifests.image import read_image
from rakkan.manifests.samples import CHILD, PARENT, SEED, render_samples
from tests.unit.manifests.pictures import SAMPLES, rendered


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    paths = render_samples(tmp_path_factory.mktemp("new") / "samples")
    return {path.name: path for path in paths}


def test_same_bytes_every_time(samples: dict[str, Path]) -> None:
    assert tuple(samples) == SAMPLES
    for name, path in samples.items():
        assert path.read_bytes() == rendered(name)


def test_sizes_and_kinds(samples: dict[str, Path]) -> None:
    for path in samples.values():
        image = read_image(path)
        assert 768 <= min(image.width, image.height) <= max(image.width, image.height) <= 1024
        assert len(image.content) < 700_000
        assert fingerprints(image)[0].quality >= 50
    assert {read_image(path).media_type for path in samples.values()} == {
        "image/png",
        "image/jpeg",
        "image/webp",
    }


def test_records(samples: dict[str, Path]) -> None:
    records = {name: read_generation(read_image(path)) for name, path in samples.items()}
    assert all(records.values())
    first, lanterns, agate, aurora, child = (record for record in records.values() if record)
    assert SEED > 2**63
    assert first.generation.seed == str(SEED)
    assert [(model.role, model.weight) for model in first.generation.models] == [
        ("checkpoint", None),
        ("lora", "0.8500000000000001"),
    ]
    assert (lanterns.dialect, lanterns.generation.seed) == ("a1111", "3141592653")
    assert [model.role for model in lanterns.generation.models] == ["checkpoint", "vae", "lora", "embedding"]
    assert agate.private["prompt"].endswith("瑪瑙")
    assert (aurora.dialect, aurora.generation.steps, aurora.generation.cfg) == ("comfyui", "20", None)
    assert child.parent_names == (PARENT,)
    assert child.generation.denoise == "0.62"
    assert not any(record.findings for record in (first, lanterns, agate, aurora, child))


def test_others_read_the_same(samples: dict[str, Path]) -> None:
    """Pillow as the outside reader: the places are those in which generators write."""
    with Image.open(samples[CHILD]) as opened:
        assert json.loads(opened.info["prompt"])["11"]["inputs"] == {"image": PARENT}
        assert json.loads(opened.info["workflow"])["nodes"]
    with Image.open(samples["agate.jpg"]) as opened:
        comment = opened.getexif().get_ifd(0x8769)[0x9286]
        assert comment[8:].decode("utf-16-be").startswith("macro photograph")
    with Image.open(samples["aurora.webp"]) as opened:
        assert json.loads(opened.getexif()[0x0110].removeprefix("prompt:"))["13"]
    with Image.open(samples["paper-lanterns.png"]) as opened:
        assert "Lora hashes" in opened.info["parameters"]
