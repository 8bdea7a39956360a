"""ComfyUI graphs for tests, and short ways to read them."""

from __future__ import annotations

import json
from typing import Any

from rakkan.manifests.generator.comfyui import read_comfyui
from rakkan.manifests.generator.record import GeneratorRecord
from rakkan.schemas.canonical import canonical

Nodes = dict[str, Any]


def node(kind: str, **inputs: object) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs}


def sampler(**inputs: object) -> dict[str, Any]:
    ordinary = {
        "seed": 1,
        "steps": 20,
        "cfg": 7.0,
        "sampler_name": "euler",
        "scheduler": "normal",
        "denoise": 1.0,
    }
    return node("KSampler", **(ordinary | inputs))


def plain(**more: dict[str, Any]) -> Nodes:
    """Text to image, nothing special."""
    return {
        "3": sampler(model=["4", 0], positive=["6", 0], negative=["7", 0], latent_image=["5", 0]),
        "4": node("CheckpointLoaderSimple", ckpt_name="base/v1-5.ckpt"),
        "5": node("EmptyLatentImage", width=512, height=512),
        "6": node("CLIPTextEncode", text="a boat", clip=["4", 1]),
        "7": node("CLIPTextEncode", text="blurry", clip=["4", 1]),
        "8": node("VAEDecode", samples=["3", 0], vae=["4", 2]),
        "9": node("SaveImage", images=["8", 0]),
        **more,
    }


def read(graph: object, **texts: str) -> GeneratorRecord:
    text = graph if isinstance(graph, str) else json.dumps(graph)
    record = read_comfyui({"prompt": text, **texts}, ())
    assert record is not None
    canonical(record.generation.to_json())  # what is public has one canonical form
    return record


def models(record: GeneratorRecord) -> list[tuple[str, str | None, str | None]]:
    used = record.generation.models
    return [(model.role, record.private.get(f"model/{at}"), model.weight) for at, model in enumerate(used)]


def loras(record: GeneratorRecord) -> list[tuple[str | None, str | None]]:
    return [(name, weight) for role, name, weight in models(record) if role == "lora"]
