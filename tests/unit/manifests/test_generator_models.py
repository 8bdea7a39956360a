"""Checkpoints, LoRAs, embeddings: found in the loaders people use, and in ones nobody listed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.manifests.graphs import loras, models, node, plain, read


def test_stacked_loras() -> None:
    graph = plain()
    graph["10"] = node(
        "LoraLoader",
        lora_name="a.safetensors",
        strength_model=0.8500000000000001,
        strength_clip=0.3,
        model=["11", 0],
    )
    graph["11"] = node("LoraLoaderModelOnly", lora_name="b.safetensors", strength_model=-1, model=["4", 0])
    graph["3"]["inputs"]["model"] = ["10", 0]
    assert loras(read(graph)) == [("b.safetensors", "-1"), ("a.safetensors", "0.8500000000000001")]


@pytest.mark.parametrize(
    ("kind", "inputs", "expected"),
    [
        (
            "Power Lora Loader (rgthree)",
            {
                "lora_1": {"on": True, "lora": "a.safetensors", "strength": 0.5},
                "lora_2": {"on": False, "lora": "off.safetensors", "strength": 1},
                "lora_3": {"lora": "None", "strength": 1},
            },
            [("a.safetensors", "0.5")],
        ),
        (
            "CR LoRA Stack",
            {
                "switch_1": "On",
                "lora_name_1": "a.safetensors",
                "model_weight_1": 0.7,
                "clip_weight_1": 0.2,
                "switch_2": "Off",
                "lora_name_2": "off.safetensors",
                "model_weight_2": 1,
                "lora_name_3": "None",
            },
            [("a.safetensors", "0.7")],
        ),
        (
            "LoRA Stacker",
            {
                "input_mode": "simple",
                "lora_count": 2,
                "lora_name_1": "a.safetensors",
                "lora_wt_1": 0.6,
                "model_str_1": 1.0,
                "lora_name_2": "b.safetensors",
                "lora_wt_2": 0.4,
                "lora_name_3": "hidden.safetensors",
            },
            [("a.safetensors", "0.6"), ("b.safetensors", "0.4")],
        ),
        (
            "Lora Loader Stack (rgthree)",
            {"lora_01": "a.safetensors", "strength_01": 0.9, "lora_02": "None", "strength_02": 1},
            [("a.safetensors", "0.9")],
        ),
        (
            "Lora Loader (LoraManager)",
            {
                "text": "<lora:a:0.5> <lora:b:1>",
                "loras": {
                    "__value__": [
                        {"name": "a", "strength": 0.5, "active": True},
                        {"name": "c", "strength": 1, "active": False},
                        "junk",
                    ]
                },
            },
            [("a", "0.5"), ("b", "1")],
        ),
    ],
)
def test_stacks(kind: str, inputs: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    graph = plain(**{"10": node(kind, model=["4", 0], **inputs)})
    graph["3"]["inputs"]["model"] = ["10", 0]
    assert loras(read(graph)) == expected


def test_tags_in_plain_prompts_are_mere_words() -> None:
    graph = plain()
    graph["6"]["inputs"]["text"] = "a boat <lora:copied_from_elsewhere:1>"
    assert loras(read(graph)) == []
    graph["6"]["class_type"] = "ImpactWildcardEncode"
    assert loras(read(graph)) == [("copied_from_elsewhere", "1")]


def test_embeddings() -> None:
    graph = plain()
    graph["6"]["inputs"]["text"] = (
        "a boat, (embedding:foam:1.2), embedding:sub/SDA768.pt girl, embedding:foam2"
    )
    graph["7"]["inputs"]["text"] = "embedding:EasyNegative"
    found = [each for each in models(read(graph)) if each[0] == "embedding"]
    assert [each[1:] for each in found] == [
        ("foam", "1.2"),
        ("sub/SDA768.pt", None),
        ("foam2", None),
        ("EasyNegative", None),
    ]


def test_unlisted_loaders_are_known_by_the_ending() -> None:
    graph = plain()
    graph["4"] = node("SomeoneElsesDiffusionLoader", file="x.safetensors", title="not.a.model")
    graph["8"]["inputs"]["vae"] = ["10", 0]
    graph["10"] = node("MyVAE", which="y.gguf")
    graph["20"] = node("UltralyticsDetectorProvider", model_name="bbox/face.pt")
    graph["8"]["inputs"]["detector"] = ["20", 0]
    assert models(read(graph)) == [("checkpoint", "x.safetensors", None), ("vae", "y.gguf", None)]


def test_a_record_has_room_for_64() -> None:
    graph = plain()
    graph["10"] = node("Stack", model=["4", 0], **{f"lora_{i}": f"{i}.safetensors" for i in range(100)})
    graph["3"]["inputs"]["model"] = ["10", 0]
    assert len(read(graph).generation.models) == 64
