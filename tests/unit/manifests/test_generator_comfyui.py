"""ComfyUI graphs as people draw them: numbers, prompts, passes, parents."""

from __future__ import annotations

import json

import pytest

from rakkan.manifests.generator.graph import Number, parse_json
from rakkan.schemas.canonical import canonical
from tests.unit.manifests.graphs import models, node, plain, read, sampler


def test_plain_graph() -> None:
    record = read(plain())
    assert record.dialect == "comfyui"
    assert record.generation.to_json() == {
        "tool": "ComfyUI",
        "seed": "1",
        "steps": "20",
        "cfg": "7.0",
        "denoise": "1.0",
        "sampler": "euler",
        "scheduler": "normal",
        "models": [{"role": "checkpoint"}],
    }
    assert record.private["prompt"] == "a boat"
    assert record.private["negative"] == "blurry"
    assert record.private["model/0"] == "base/v1-5.ckpt"
    assert json.loads(record.private["graph"]) == plain()
    assert record.parent_names == ()


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("18446744073709551615", "18446744073709551615"),
        ("13835058055282163713", "13835058055282163713"),
        ("0.8500000000000001", "0.8500000000000001"),
        ("1e-07", "1e-07"),
        ("-1", "-1"),
        ("7.10", "7.10"),
        ('"20"', "20"),
        ("NaN", None),
        ("-Infinity", None),
        ("null", None),
        ("true", None),
        ('"20; drop"', None),
        ("[]", None),
        ("{}", None),
        ("1" * 40, None),
    ],
)
def test_numbers_stay_as_they_were_written(written: str, read_as: str | None) -> None:
    text = (
        json.dumps(plain())
        .replace('"seed": 1', f'"seed": {written}')
        .replace('"cfg": 7.0', f'"cfg": {written}')
    )
    record = read(text)
    assert record.generation.seed == read_as
    assert record.generation.cfg == read_as


def test_nothing_private_is_public() -> None:
    graph = plain(**{"10": node("LoadImage", image="sub/ada lovelace.png [input]")})
    graph["3"]["inputs"]["latent_image"] = ["11", 0]
    graph["11"] = node("VAEEncode", pixels=["10", 0], vae=["4", 2])
    record = read(graph, workflow=json.dumps({"nodes": [], "note": "for Ada"}))
    public = canonical(record.generation.to_json()).decode()
    for secret in ("boat", "blurry", "v1-5", "ada", "lovelace", "Ada"):
        assert secret not in public
    assert record.parent_names == ("ada lovelace.png",)
    assert record.private["parent/0"] == "ada lovelace.png"
    assert "for Ada" in record.private["workflow"]


def test_two_samplers_the_first_lays_the_picture_out() -> None:
    graph = plain(
        **{
            "10": node("LatentUpscale", samples=["3", 0]),
            "11": sampler(
                seed=2,
                denoise=0.5,
                model=["4", 0],
                positive=["6", 0],
                negative=["7", 0],
                latent_image=["10", 0],
            ),
            "12": node("VAEDecode", samples=["11", 0], vae=["4", 2]),
            "13": node("SaveImage", images=["12", 0]),
        }
    )
    record = read(graph)
    assert record.generation.seed == "1"
    assert [(each.seed, each.denoise) for each in record.passes] == [("1", "1.0"), ("2", "0.5")]
    assert record.private["prompt"] == "a boat"


def test_a_pass_without_noise_has_no_seed() -> None:
    graph = plain()
    graph["3"]["inputs"] |= {"add_noise": "disable", "seed": 0}
    graph["3"]["inputs"]["latent_image"] = ["10", 0]
    graph["10"] = sampler(seed=5, model=["4", 0], positive=["6", 0], negative=["7", 0], latent_image=["5", 0])
    record = read(graph)
    assert [each.seed for each in record.passes] == ["5", None]
    assert record.generation.seed == "5"


def test_two_separate_pictures_in_one_graph_leave_the_numbers_open() -> None:
    """The file does not say which of the two it is; both pictures' models are kept."""
    graph = plain(
        **{
            "20": sampler(
                seed=9, model=["21", 0], positive=["6", 0], negative=["7", 0], latent_image=["5", 0]
            ),
            "21": node("CheckpointLoaderSimple", ckpt_name="other.safetensors"),
            "22": node("VAEDecode", samples=["20", 0], vae=["21", 2]),
            "23": node("SaveImage", images=["22", 0]),
        }
    )
    record = read(graph)
    assert record.generation.seed is None
    assert record.generation.sampler is None
    assert len(record.generation.models) == 2
    assert len(record.passes) == 2


def test_what_does_not_lead_to_the_picture_does_not_count() -> None:
    graph = plain(
        **{
            "20": node("LoraLoader", lora_name="unused.safetensors", strength_model=1.0, model=["4", 0]),
            "21": node("LoadImage", image="unused.png"),
            "22": node("PreviewImage", images=["21", 0]),
        }
    )
    record = read(graph)
    assert models(record) == [("checkpoint", "base/v1-5.ckpt", None)]
    assert record.parent_names == ()


def test_flux_with_everything_in_its_own_node() -> None:
    graph = {
        "1": node("UNETLoader", unet_name="flux.safetensors"),
        "2": node("DualCLIPLoader", clip_name1="l.safetensors", clip_name2="t5.safetensors"),
        "4": node("CLIPTextEncodeFlux", clip_l="a lake", t5xxl="a frozen lake", guidance=3.5, clip=["2", 0]),
        "5": node("FluxGuidance", guidance=3.5, conditioning=["4", 0]),
        "6": node("CFGGuider", model=["1", 0], positive=["5", 0], negative=["15", 0], cfg=1.5),
        "7": node("RandomNoise", noise_seed=["16", 0]),
        "8": node("KSamplerSelect", sampler_name="dpmpp_2m"),
        "9": node("SplitSigmas", sigmas=["10", 0], step=3),
        "10": node("BasicScheduler", scheduler="beta", steps=12, denoise=0.75, model=["1", 0]),
        "11": node(
            "SamplerCustomAdvanced",
            noise=["7", 0],
            guider=["6", 0],
            sampler=["8", 0],
            sigmas=["9", 1],
            latent_image=["12", 0],
        ),
        "12": node("EmptySD3LatentImage", width=64),
        "13": node("VAEDecode", samples=["11", 0]),
        "14": node("SaveAnimatedWEBP", images=["13", 0]),
        "15": node("ConditioningZeroOut", conditioning=["4", 0]),
        "16": node("PrimitiveInt", value=77),
    }
    record = read(graph)
    assert record.generation.to_json() | {"models": 0} == {
        "tool": "ComfyUI",
        "seed": "77",
        "steps": "12",
        "cfg": "1.5",
        "denoise": "0.75",
        "sampler": "dpmpp_2m",
        "scheduler": "beta",
        "models": 0,
    }
    assert record.private["prompt"] == "a lake\na frozen lake"
    assert "negative" not in record.private
    assert [role for role, _, _ in models(record)].count("clip") == 2


def test_guider_without_cfg_borrows_none_from_another_pass() -> None:
    graph = plain()
    graph["20"] = node("ReferenceLatent", conditioning=["6", 0], latent=["3", 0])
    graph["21"] = node("BasicGuider", model=["4", 0], conditioning=["20", 0])
    graph["22"] = node(
        "SamplerCustomAdvanced", noise=["23", 0], guider=["21", 0], sampler=["24", 0], sigmas=["25", 0]
    )
    graph["23"] = node("RandomNoise", noise_seed=3)
    graph["24"] = node("KSamplerSelect", sampler_name="euler")
    graph["25"] = node("BasicScheduler", scheduler="simple", steps=4, denoise=1)
    graph["8"]["inputs"]["samples"] = ["22", 0]
    record = read(graph)
    assert [(each.seed, each.cfg) for each in record.passes] == [("1", "7.0"), ("3", None)]


def test_nodes_that_carry_both_sides() -> None:
    graph = plain()
    graph["20"] = node(
        "ControlNetApplyAdvanced",
        positive=["6", 0],
        negative=["7", 0],
        control_net=["21", 0],
        image=["22", 0],
    )
    graph["21"] = node("ControlNetLoader", control_net_name="canny.pth")
    graph["22"] = node("LoadImage", image="pose.png")
    graph["3"]["inputs"] |= {"positive": ["20", 0], "negative": ["20", 1]}
    record = read(graph)
    assert (record.private["prompt"], record.private["negative"]) == ("a boat", "blurry")
    assert ("controlnet", "canny.pth", None) in models(record)
    assert record.parent_names == ("pose.png",)


def test_prompt_through_text_nodes_and_both_encoders() -> None:
    graph = plain()
    graph["6"]["inputs"]["text"] = ["20", 0]
    graph["20"] = node("StringConcatenate", string_a="a boat", string_b=["21", 0], delimiter=", ")
    graph["21"] = node("PrimitiveStringMultiline", value="at sea")
    graph["7"] = node("CLIPTextEncodeSDXL", text_g="bad", text_l="worse", clip=["4", 1])
    record = read(graph)
    assert "a boat" in record.private["prompt"]
    assert "at sea" in record.private["prompt"]
    assert record.private["negative"] == "bad\nworse"


@pytest.mark.parametrize("name", ["sub\\dir\\x.png", "/home/ada/x.png", "a/b/x.png [output]", "x.png"])
def test_parents_are_bare_names(name: str) -> None:
    graph = plain(**{"10": node("LoadImageMask", image=name), "11": node("VAEEncode", pixels=["10", 0])})
    graph["3"]["inputs"]["latent_image"] = ["11", 0]
    assert read(graph).parent_names == ("x.png",)


def test_numbers_are_texts() -> None:
    value = parse_json('{"a": 12345678901234567890, "b": 0.10, "c": "0.10", "d": [NaN, 1e400]}')
    assert value == {"a": "12345678901234567890", "b": "0.10", "c": "0.10", "d": [None, "1e400"]}
    assert isinstance(value["b"], Number)
    assert not isinstance(value["c"], Number)
