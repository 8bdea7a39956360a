"""Model files for tests: small, written by hand, the same on every machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

WIDTHS = {"F32": 4, "F16": 2, "BF16": 2, "U8": 1, "I64": 8}
KOHYA = {
    "ss_session_id": "1234567890",
    "ss_training_started_at": "1764000000.5",
    "ss_training_finished_at": "1764003600.25",
    "ss_output_name": "painter",
    "ss_num_train_images": "40",
    "ss_num_reg_images": "0",
    "ss_dataset_dirs": json.dumps({"10_painter style": {"n_repeats": 10, "img_count": 4}}),
    "ss_sd_model_name": "base.safetensors",
    "ss_new_sd_model_hash": "bb" * 32,
    "ss_network_module": "networks.lora",
    "ss_network_dim": "16",
    "ss_network_alpha": "8.0",
    "ss_sd_scripts_commit_hash": "0123abcd",
}


def content(name: str, size: int) -> bytes:
    return hashlib.shake_128(name.encode()).digest(size)


def safetensors(
    tensors: Sequence[tuple[str, str, Sequence[int]]],
    texts: Mapping[str, str] | None = None,
    *,
    order: Sequence[str] = (),
    pad: bool = True,
) -> bytes:
    """A file whose tensors stand in this order (by default as listed)."""
    sizes = {name: WIDTHS[dtype] * prod(shape) for name, dtype, shape in tensors}
    places: dict[str, tuple[int, int]] = {}
    at = 0
    for name in order or sizes:
        places[name] = (at, at + sizes[name])
        at += sizes[name]
    value: dict[str, Any] = {} if texts is None else {"__metadata__": dict(texts)}
    value |= {
        name: {"dtype": dtype, "shape": list(shape), "data_offsets": list(places[name])}
        for name, dtype, shape in tensors
    }
    body = b"".join(content(name, sizes[name]) for name in places)
    return framed(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode(), body, pad=pad)


def framed(header: bytes, body: bytes, *, pad: bool = True) -> bytes:
    header += b" " * (-len(header) % 8 if pad else 0)
    return len(header).to_bytes(8, "little") + header + body


LORA = [
    ("lora_unet_a.lora_down.weight", "F16", (16, 4096)),
    ("lora_unet_a.lora_up.weight", "F32", (4096, 64)),
    ("lora_unet_a.alpha", "F32", ()),
    ("lora_te_b.lora_down.weight", "BF16", (16, 4096)),
    ("mask", "U8", (3,)),
]
WRITTEN = [
    "lora_unet_a.alpha",
    "lora_unet_a.lora_up.weight",
    "lora_te_b.lora_down.weight",
    "lora_unet_a.lora_down.weight",
    "mask",
]
"""The order in which the library writes these tensors."""
