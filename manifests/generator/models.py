"""The models that a ComfyUI graph loads: checkpoints, LoRAs, embeddings and the rest.

It decides by the names of inputs, and for loaders nobody has listed by the file name's ending. It
leaves out which nodes took part (``graph``) and hashes: ComfyUI writes none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from rakkan.manifests.generator.graph import Node, Number
from rakkan.manifests.generator.record import NamedModel, Role, decimal

_INPUTS: Final[dict[str, Role]] = {
    "ckpt_name": "checkpoint",
    "base_ckpt_name": "checkpoint",
    "refiner_ckpt_name": "checkpoint",
    "unet_name": "checkpoint",
    "vae_name": "vae",
    "clip_name": "clip",
    **{f"clip_name{number}": "clip" for number in range(1, 5)},
    "control_net_name": "controlnet",
    # adapters that condition as a ControlNet does
    "style_model_name": "controlnet",
    "ipadapter_file": "controlnet",
    "gligen_name": "controlnet",
    # patches the model as a LoRA does
    "hypernetwork_name": "lora",
}
# For other inputs: the first word that stands in the input's name or the node's class.
_WORDS: Final[tuple[tuple[str, Role], ...]] = (
    ("lora", "lora"),
    ("lycoris", "lora"),
    ("vae", "vae"),
    ("upscale", "upscaler"),
    ("control", "controlnet"),
    ("adapter", "controlnet"),
    ("embedding", "embedding"),
    ("clip", "clip"),
    ("textencoder", "clip"),
    ("ckpt", "checkpoint"),
    ("checkpoint", "checkpoint"),
    ("unet", "checkpoint"),
    ("diffusion", "checkpoint"),
    ("model", "checkpoint"),
)
_ENDING: Final = re.compile(r".{1,300}\.(?:safetensors|sft|ckpt|pt|pth|gguf|bin)", re.IGNORECASE | re.DOTALL)
# These look at pictures; nothing of them gets into one.
_LOOKERS: Final = ("detector", "sam", "yolo", "rembg", "tagger", "preprocessor", "interrogat", "segment")
_WEIGHTS: Final = ("strength", "weight", "_str", "_wt")
_NOTHING: Final = frozenset({"", "none", "null", "baked vae"})
_LORA: Final = re.compile(r"lora(?:_name)?_?([0-9]{0,3})(?:_name)?", re.IGNORECASE)
_LORA_TAG: Final = re.compile(
    r"<(?:lora|lyco):([^:<>]{1,300}+)(?::([^:<>]{1,40}+))?[^<>]{0,200}+>", re.IGNORECASE
)
_EMBEDDING: Final = re.compile(r"embedding:([^\s,:()\[\]{}<>|\"]{1,300})(?::([0-9.]{1,20})\))?")


def models_of(nodes: Iterable[Node], prompts: str) -> list[NamedModel]:
    """The models that these nodes load and these prompts name, in order of execution.

    Args:
        nodes: The nodes that took part.
        prompts: Their prompt texts, for ``embedding:name``.
    """
    found: list[NamedModel] = []
    for node in nodes:
        found.extend(_loras(node))
        for name, value in node.inputs.items():
            role = _role(node, name, value)
            if role:
                found.append(NamedModel(role, value))
    loaded = {(model.role, model.stem) for model in found}
    # Some nodes read A1111's tags; plain ComfyUI does not, so tags elsewhere are mere words.
    for node in nodes:
        if any(word in node.kind.lower() for word in ("lora", "wildcard", "promptcontrol")):
            texts = [value for value in node.inputs.values() if isinstance(value, str)]
            tagged = [model for text in texts for model in lora_tags(text)]
            found.extend(model for model in tagged if (model.role, model.stem) not in loaded)
    found.extend(
        NamedModel("embedding", match.group(1), decimal(match.group(2)))
        for match in _EMBEDDING.finditer(prompts)
    )
    return list(dict.fromkeys(found))


def lora_tags(text: str) -> list[NamedModel]:
    """The LoRAs of ``<lora:name:weight>`` tags; names may hold folders and spaces."""
    return [
        NamedModel("lora", match.group(1).strip(), decimal((match.group(2) or "").strip()))
        for match in _LORA_TAG.finditer(text)
    ]


def _role(node: Node, name: str, value: object) -> Role | None:
    if not isinstance(value, str) or isinstance(value, Number) or value.lower() in _NOTHING:
        return None
    if name in _INPUTS:
        return _INPUTS[name]
    kind = node.kind.lower()
    if _LORA.fullmatch(name) or not _ENDING.fullmatch(value) or any(word in kind for word in _LOOKERS):
        return None
    for place in (name.lower(), kind):
        for word, role in _WORDS[:-1]:
            if word in place:
                return role
    return "checkpoint" if "model" in f"{name}{kind}".lower() else None


def _loras(node: Node) -> Iterator[NamedModel]:
    """LoRAs of a loader or a stack: numbered inputs, nested values, or a list of entries."""
    inputs, weights = node.inputs, _weights(node.inputs)
    count = inputs.get("lora_count")
    limit = int(count) if isinstance(count, Number) and len(count) < 4 and count.isdigit() else 999
    for name, value in inputs.items():
        if name.lower() == "loras":
            entries = value.get("__value__") if isinstance(value, dict) else value
            for item in entries if isinstance(entries, list) else ():
                yield from _entry(item, "name", "active")
            continue
        match = _LORA.fullmatch(name)
        if not match:
            continue
        yield from _entry(value, "lora", "on")
        if isinstance(value, str) and not isinstance(value, Number) and value.lower() not in _NOTHING:
            number = match.group(1)
            off = str(inputs.get(f"switch_{number}", "on")).lower() in {"off", "false"}
            if not off and (not number or int(number) <= limit):
                yield NamedModel("lora", value, weights.get(number.lstrip("0")))


def _entry(entry: object, name: str, switch: str) -> Iterator[NamedModel]:
    if not isinstance(entry, dict):
        return
    value, on = entry.get(name), entry.get(switch, True)
    if isinstance(value, str) and value.lower() not in _NOTHING and on is not False:
        yield NamedModel("lora", value, decimal(entry.get("strength")))


def _weights(inputs: Mapping[str, Any]) -> dict[str, str | None]:
    """Weights on the model by the LoRA's number ("" if it has none), as written.

    The weight on the text encoder is not asked. Stacks in "simple" mode have one weight for both.
    """
    simple = inputs.get("input_mode") == "simple"
    best: dict[str, tuple[bool, str | None]] = {}
    for name, value in inputs.items():
        low = name.lower()
        if not isinstance(value, Number) or "clip" in low or not any(word in low for word in _WEIGHTS):
            continue
        bare = low.rstrip("0123456789")
        digits = low[len(bare) :].lstrip("0")
        second_choice = ("model" in low) == simple
        if digits not in best or second_choice < best[digits][0]:
            best[digits] = (second_choice, decimal(value))
    return {digits: weight for digits, (_, weight) in best.items()}
