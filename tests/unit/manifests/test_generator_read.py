"""From file to record: which texts count, in every container, on samples and real pictures."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from PIL import Image

from rakkan.manifests.errors import UnreadableImage
from rakkan.manifests.formats.exif import USER_COMMENT
from rakkan.manifests.generator import GeneratorRecord, read_generation
from rakkan.manifests.image import check_image, read_image
from tests.unit.manifests.graphs import node, plain
from tests.unit.manifests.pictures import chunk, encoded, png_with, text_png

INFOTEXT = "a boat\nNegative prompt: bad\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 9, Model hash: 5a1c9e07b4, Model: v1-5"


def read(content: bytes) -> GeneratorRecord | None:
    return read_generation(check_image(content, "a"))


def with_exif(form: str, **fields: str) -> bytes:
    """A picture with EXIF texts: ``x010f`` for a tag of IFD0, ``comment`` for the UserComment."""
    exif = Image.Exif()
    for name, text in fields.items():
        if name == "comment":
            exif.get_ifd(0x8769)[USER_COMMENT] = b"UNICODE\0" + text.encode("utf-16-be")
        else:
            exif[int(name[1:], 16)] = text
    return encoded(form, exif=exif.tobytes())


def test_pictures_without_a_record() -> None:
    for content in (
        encoded("PNG"),
        encoded("JPEG"),
        encoded("WEBP"),
        text_png(Software="paint", prompt="a boat"),
    ):
        assert read(content) is None


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "PNG"])
def test_infotext_in_exif(form: str) -> None:
    record = read(with_exif(form, comment=INFOTEXT + "瑪瑙"))
    assert record is not None
    assert (record.dialect, record.generation.seed) == ("a1111", "9")
    assert record.private["prompt"] == "a boat"


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "PNG"])
@pytest.mark.parametrize(
    ("graph_tag", "drawing_tag"), [("x0110", "x010f"), ("x010f", "x010e"), ("x010d", "x0110")]
)
def test_graph_in_exif(form: str, graph_tag: str, drawing_tag: str) -> None:
    fields = {graph_tag: "prompt:" + json.dumps(plain()), drawing_tag: 'workflow:{"nodes": []}'}
    record = read(with_exif(form, **fields))
    assert record is not None
    assert (record.dialect, record.generation.seed) == ("comfyui", "1")
    assert record.private["workflow"] == '{"nodes": []}'


def test_graph_and_infotext_together_join_names_and_hashes() -> None:
    """Saver nodes for Civitai write both: the graph names the LoRA, the infotext its hash."""
    graph = plain(
        **{"10": node("LoraLoader", lora_name="sub\\Ink.safetensors", strength_model=0.5, model=["4", 0])}
    )
    graph["3"]["inputs"]["model"] = ["10", 0]
    infotext = INFOTEXT + ', Lora hashes: "Ink: 8c02d9e4f1a7"'
    record = read(text_png(parameters=infotext, prompt=json.dumps(graph)))
    assert record is not None
    assert record.dialect == "comfyui"
    assert record.generation.seed == "1"
    assert [(model.role, model.declared) for model in record.generation.models] == [
        ("checkpoint", {"autov2": "5a1c9e07b4"}),
        ("lora", {"autov3": "8c02d9e4f1a7"}),
    ]
    assert record.private["parameters"] == infotext


def test_animations_keep_the_graph_in_a_chunk_of_their_own() -> None:
    record = read(png_with(chunk(b"comf", b"prompt\0" + json.dumps(plain()).encode())))
    assert record is not None
    assert record.generation.seed == "1"


def test_findings_cover_every_text_of_the_file() -> None:
    content = text_png(prompt=json.dumps(plain()), Author="ada@example.org", extra="C:\\Users\\ada\\x")
    record = read(content)
    assert record is not None
    assert {(each.kind, each.where) for each in record.findings} == {
        ("e-mail", "PNG Author"),
        ("home-folder", "PNG extra"),
    }


def test_texts_that_cannot_be_searched_are_refused() -> None:
    with pytest.raises(UnreadableImage) as caught:
        read(png_with(chunk(b"zTXt", b"prompt\0\0junk")))
    assert caught.value.code == "image-text"


def test_a_record_is_frozen() -> None:
    record = read(text_png(parameters=INFOTEXT))
    assert record is not None
    with pytest.raises(dataclasses.FrozenInstanceError):
        record.dialect = "x"  # type: ignore[misc]
    with pytest.raises(TypeError):
        record.private["prompt"] = "x"  # type: ignore[index]


# What the pictures' own page says of each: LoRAs, passes, seed, parents.
REAL = {
    "sdxl_simple_example.png": (0, 2, "721897303308196", ()),
    "sd3_simple_example.png": (0, 1, "125338548270506", ()),
    "sdxlturbo_example.png": (0, 1, "0", ()),
    "flux_depth_lora_example.png": (1, 1, "91050358797301", ("shark_depthmap.png",)),
    "lora.png": (1, 1, "851616030078638", ()),
    "lora_multiple.png": (2, 1, "513173432917412", ()),
    "embedding_example.png": (0, 1, "193694018275622", ()),
    "hiresfix_latent_workflow.png": (0, 2, "89848141647836", ()),
    "img2img_workflow.png": (0, 1, "280823642470253", ("example.png",)),
    "image_to_video.webp": (0, 1, "237514639057514", ("mountains.png",)),
    "mountains.png": None,
    "sunset.png": None,
}


def test_real_pictures(real_pictures: list[Path]) -> None:
    seen = 0
    for path in real_pictures:
        record = read_generation(read_image(path))
        if path.name not in REAL:
            continue
        seen += 1
        expected = REAL[path.name]
        if expected is None or record is None:
            assert record is None, path.name
            assert expected is None, path.name
            continue
        roles = [model.role for model in record.generation.models]
        found = (roles.count("lora"), len(record.passes), record.generation.seed, record.parent_names)
        assert found == expected, path.name
        assert roles.count("checkpoint") >= 1
        assert roles.count("embedding") == (path.name == "embedding_example.png")
        assert record.generation.sampler
        assert record.private["graph"]
        assert not record.findings
    assert seen == len(REAL)
