"""AUTOMATIC1111's infotext: its grammar, its models, and texts that only look like it."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rakkan.manifests.generator.a1111 import parse_infotext, read_a1111
from rakkan.manifests.generator.record import GeneratorRecord, declared_hash
from rakkan.schemas.canonical import canonical

SETTINGS = "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 123"


def read(text: str) -> GeneratorRecord:
    record = read_a1111(text, ())
    assert record is not None
    canonical(record.generation.to_json())
    return record


def models(text: str) -> list[tuple[str, str | None, str | None, dict[str, str] | None]]:
    record = read(text)
    return [
        (model.role, record.private.get(f"model/{at}"), model.weight, model.declared)
        for at, model in enumerate(record.generation.models)
    ]


def test_all_of_it() -> None:
    text = f"a boat,\nat sea\nNegative prompt: blurry,\nbad\n{SETTINGS}, Schedule type: Karras, Denoising strength: 0.45, Version: v1.10.1"
    record = read(text)
    assert record.generation.to_json() == {
        "tool": "AUTOMATIC1111 v1.10.1",
        "seed": "123",
        "steps": "20",
        "cfg": "7",
        "denoise": "0.45",
        "sampler": "Euler a",
        "scheduler": "Karras",
        "models": [],
    }
    assert record.private["prompt"] == "a boat,\nat sea"
    assert record.private["negative"] == "blurry,\nbad"
    assert record.private["parameters"] == text
    assert len(record.passes) == 1


@pytest.mark.parametrize(
    ("text", "prompt", "negative"),
    [
        (SETTINGS, "", ""),
        (f"a boat\n{SETTINGS}", "a boat", ""),
        (f"Negative prompt: bad\n{SETTINGS}", "", "bad"),
        (f"  Negative prompt:bad\nNegative prompt: twice\n{SETTINGS}\n", "", "bad\nNegative prompt: twice"),
        (f"Steps: 3, Sampler: x, Seed: 9\n{SETTINGS}", "Steps: 3, Sampler: x, Seed: 9", ""),
    ],
)
def test_prompt_lines(text: str, prompt: str, negative: str) -> None:
    parsed = parse_infotext(text)
    assert parsed is not None
    assert (parsed.prompt, parsed.negative) == (prompt, negative)
    assert parsed.settings["Seed"] == "123"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a boat",
        "Steps: 20, Seed: 5",
        "a: b\nc: d\ne: f",
        '{"Steps": 20, "Sampler": 1, "Seed": 2}',
        "," * 999,
    ],
)
def test_fewer_than_three_settings_are_a_plain_text(text: str) -> None:
    assert parse_infotext(text) is None
    assert read_a1111(text, ()) is None


def test_values_in_all_their_forms() -> None:
    quoted = json.dumps('a, b: "c"\nd')
    line = f'A1: x, Wild: {quoted}, Json: {{"a": [1, {{"b": "c, d: e"}}]}}, List: [1, 2], Size: 512x768, Empty: , End: y'
    parsed = parse_infotext(line)
    assert parsed is not None
    assert dict(parsed.settings) == {
        "A1": "x",
        "Wild": 'a, b: "c"\nd',
        "Json": '{"a": [1, {"b": "c, d: e"}]}',
        "List": "[1, 2]",
        "Size": "512x768",
        "Empty": "",
        "End": "y",
    }


def test_broken_values_end_at_the_comma() -> None:
    parsed = parse_infotext('A1: "open, Bb: {x: , stray, Cc: [1, Dd: 4')
    assert parsed is not None
    assert parsed.settings["A1"] == '"open'
    assert parsed.settings["Dd"] == "4"


class TestModels:
    def test_hashes_of_every_kind(self) -> None:
        text = (
            "x <lora:sub/Ink Wash:0.65> <lora:glow:1:0.5> <lora:plain>\nNegative prompt: EasyNegative\n"
            f"{SETTINGS}, Model hash: 5a1c9e07b4, Model: kasumi_v3, VAE hash: 0F6D3C2B1A, VAE: k.vae.pt, "
            'Lora hashes: "Ink Wash: 8c02d9e4f1a7, glow: 0x1234567890ab", TI hashes: "EasyNegative: c74b4e810b03", '
            'Hashes: {"model": "5a1c9e07b4", "lora:glow": "aaaaaaaaaa", "embed:EasyNegative": "66a7279a88", "lora:late": "bbbbbbbbbb"}'
        )
        assert models(text) == [
            ("checkpoint", "kasumi_v3", None, {"autov2": "5a1c9e07b4"}),
            ("vae", "k.vae.pt", None, {"autov2": "0F6D3C2B1A"}),
            ("lora", "sub/Ink Wash", "0.65", {"autov3": "8c02d9e4f1a7"}),
            ("lora", "glow", "1", {"autov2": "aaaaaaaaaa", "autov3": "0x1234567890ab"}),
            ("lora", "plain", None, None),
            ("embedding", "EasyNegative", None, {"autov2": "66a7279a88", "autov3": "c74b4e810b03"}),
            ("lora", "late", None, {"autov2": "bbbbbbbbbb"}),
        ]

    def test_a_hash_without_a_name(self) -> None:
        assert models(f'{SETTINGS}, Model hash: 5a1c9e07b4, Hashes: {{"model": "5a1c9e07b4aa"}}') == [
            ("checkpoint", None, None, {"autov2": "5a1c9e07b4", "autov3": "5a1c9e07b4aa"})
        ]

    def test_refiner_controlnet_and_upscaler(self) -> None:
        text = (
            f"{SETTINGS}, Refiner: sdxl refiner [7440042bbd], Hires upscaler: 4x-UltraSharp, "
            'ControlNet 0: "Module: canny, Model: control_v11p [d14c016b], Weight: 1"'
        )
        assert models(text) == [
            ("checkpoint", "sdxl refiner", None, {"autov2": "7440042bbd"}),
            ("upscaler", "4x-UltraSharp", None, None),
            ("controlnet", "control_v11p", None, {"autov1": "d14c016b"}),
        ]
        assert models(f"{SETTINGS}, Hires upscaler: Latent (nearest-exact)") == []

    def test_civitai_resources_stand_in_for_missing_names(self) -> None:
        listed = json.dumps(
            [
                {"type": "checkpoint", "modelName": "Juggernaut", "modelVersionId": 456},
                {"type": "lora", "modelName": "Detail", "weight": 0.35, "modelVersionId": 789},
                {"type": "dance"},
                5,
            ]
        )
        assert models(f"{SETTINGS}, Civitai resources: {listed}") == [
            ("checkpoint", "Juggernaut", None, {"civitaiVersion": "456"}),
            ("lora", "Detail", "0.35", {"civitaiVersion": "789"}),
        ]
        assert models(f"<lora:d:1>\n{SETTINGS}, Model: jx, Civitai resources: {listed}") == [
            ("checkpoint", "jx", None, None),
            ("lora", "d", "1", None),
        ]

    @pytest.mark.parametrize(
        ("value", "kept"),
        [
            ("abcdef12", {"autov1": "abcdef12"}),
            ("ABCDEF1234", {"autov2": "ABCDEF1234"}),
            ("abcdef123456", {"autov3": "abcdef123456"}),
            ("0xabcdef123456", {"autov3": "0xabcdef123456"}),
            ("ab" * 32, {"full": "ab" * 32}),
            ("e3b0c44298fc", {}),
            ("E3B0C44298", {}),
            ("e3b0c442", {}),
            ("abcdef123", {}),
            ("ghijklmnop", {}),
            ("", {}),
            (None, {}),
            (5, {}),
        ],
    )
    def test_declared_hashes(self, value: object, kept: dict[str, str]) -> None:
        assert dict(declared_hash(value)) == kept


@pytest.mark.parametrize(
    ("version", "tool"),
    [
        ("v1.10.1", "AUTOMATIC1111 v1.10.1"),
        ("f2.0.1v1.10.1-previous-669-gdfdcbab6", "Forge f2.0.1v1.10.1-previous-669-gdfdcbab6"),
        ("ComfyUI", "ComfyUI"),
        ("/home/ada/webui", "AUTOMATIC1111"),
        ("<b>", "AUTOMATIC1111"),
    ],
)
def test_tool(version: str, tool: str) -> None:
    assert read(f"{SETTINGS}, Version: {version}").generation.tool == tool


@pytest.mark.parametrize("seed", ["-1", "18446744073709551615", "0.5", "1e3"])
def test_numbers_as_written(seed: str) -> None:
    assert read(f"Steps: 1, Sampler: x, Seed: {seed}").generation.seed == seed


@pytest.mark.parametrize("seed", ["nan", "inf", "0x10", "12 34", "", "１２"])
def test_what_is_no_number_is_absent(seed: str) -> None:
    assert read(f"Steps: 1, Sampler: x, Seed: {seed}, Size: 1x1").generation.seed is None


@pytest.mark.parametrize(
    "line",
    [
        "a" * 250_000,
        "a," * 120_000,
        "Ab: {" * 50_000,
        'Ab: "x' * 40_000,
        "Ab: [[[[[[[[" * 20_000,
        "a b c d " * 30_000,
        " " * 250_000,
        "Ab: 1, " * 35_000,
        "Ab: " + "9" * 200_000 + ", B: [" + "9" * 50_000 + "], Cc: 1, Dd: 1",
        "Cc: 1, Dd: 1, Ee: 1, Hashes: " + "[" * 100_000,
        "x" * 3_000_000,
    ],
)
def test_hostile_lines_are_read_in_linear_time(line: str) -> None:
    start = time.process_time()
    read_a1111(f"x\n{line}", ())
    assert time.process_time() - start < 1.5


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "Steps: 1",
                "Seed",
                ":",
                ",",
                '"',
                "{",
                "[",
                "}",
                "\\",
                "\n",
                " ",
                "Lora hashes: ",
                "<lora:",
                ">",
                "é",
                "\ud800",
                "Hashes: ",
                "Negative prompt:",
                "Model: x [aaaaaaaa]",
                "Refiner: ",
            ]
        ),
        max_size=40,
    )
)
def test_no_text_raises(pieces: list[str]) -> None:
    record = read_a1111("".join(pieces) + f"\n{SETTINGS}", ())
    again = read_a1111("".join(pieces), ())
    for found in (record, again):
        if found is not None:
            canonical(found.generation.to_json())
            assert all(text.encode() for text in found.private.values())
