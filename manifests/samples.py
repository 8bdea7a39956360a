"""Sample pictures as generators leave them, drawn here: for ``rakkan demo``, docs and tests.

It decides five small scenes and the records inside them: ComfyUI in PNG and WebP, AUTOMATIC1111
in PNG and JPEG, and a picture made from another. It leaves out realism: no model drew them, and
every name in them is invented. One Pillow version always gives the same bytes.
"""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from rakkan.manifests.formats.exif import USER_COMMENT
from rakkan.manifests.scenes import agate, aurora, lanterns, ridges

SEED: Final = 13835058055282163713
"""Seed of the first sample, beyond 2^63: it does not survive a float or a signed 64-bit integer."""
PARENT: Final = "dawn-ridges.png"
CHILD: Final = "dusk-ridges.png"

_EXIF_IFD: Final = 0x8769
_MAKE: Final = 0x010F
_MODEL: Final = 0x0110
_LANTERNS: Final = """paper lanterns over a black river, bokeh, long exposure <lora:lantern_glow:0.65>
quiet, no people
Negative prompt: text, watermark, EasyNegative
Steps: 28, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 6.5, Seed: 3141592653, Size: 768x960, \
Model hash: 5a1c9e07b4, Model: kasumi_v3, VAE hash: 0f6d3c2b1a, VAE: kasumi_vae.safetensors, Clip skip: 2, \
Lora hashes: "lantern_glow: 8c02d9e4f1a7", TI hashes: "EasyNegative: c74b4e810b03", Version: v1.10.1"""
_AGATE: Final = """macro photograph of a banded agate, warm light, 瑪瑙
Negative prompt: blurry
Steps: 24, Sampler: Euler a, CFG scale: 7, Seed: 271828182, Size: 896x768, Model hash: 5a1c9e07b4, \
Model: kasumi_v3, Denoising strength: 0.45, Hires upscale: 2, Hires upscaler: 4x_kasumi, Version: v1.10.1"""


def render_samples(folder: Path) -> list[Path]:
    """Draw all samples into a folder; files of the same names are replaced.

    Returns:
        The five paths: ComfyUI PNG with a LoRA, A1111 PNG, A1111 JPEG, ComfyUI WebP, and a ComfyUI
        PNG whose parent (:data:`PARENT`) is the first.

    Raises:
        OSError: The folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pictures = {
        PARENT: _comfyui_png(ridges(7, ((24, 32, 66), (244, 166, 122), (255, 226, 178))), _text_to_image()),
        "paper-lanterns.png": _a1111_png(lanterns(), _LANTERNS),
        "agate.jpg": _a1111_jpeg(agate(), _AGATE),
        "aurora.webp": _comfyui_webp(aurora(), _flux()),
        CHILD: _comfyui_png(ridges(7, ((14, 14, 40), (92, 58, 122), (214, 122, 132))), _image_to_image()),
    }
    paths = []
    for name, content in pictures.items():
        path = folder / name
        path.write_bytes(content)
        paths.append(path)
    return paths


def _comfyui_png(picture: Image.Image, graph: dict[str, Any]) -> bytes:
    chunks = PngInfo()
    chunks.add_text("prompt", json.dumps(graph))
    chunks.add_text("workflow", json.dumps(_drawing(graph)))
    return _encoded(picture, "PNG", pnginfo=chunks, compress_level=6)


def _comfyui_webp(picture: Image.Image, graph: dict[str, Any]) -> bytes:
    exif = Image.Exif()
    exif[_MODEL] = f"prompt:{json.dumps(graph)}"
    exif[_MAKE] = f"workflow:{json.dumps(_drawing(graph))}"
    return _encoded(picture, "WEBP", exif=exif, quality=85)


def _a1111_png(picture: Image.Image, infotext: str) -> bytes:
    chunks = PngInfo()
    chunks.add_text("parameters", infotext)
    return _encoded(picture, "PNG", pnginfo=chunks, compress_level=6)


def _a1111_jpeg(picture: Image.Image, infotext: str) -> bytes:
    exif = Image.Exif()
    # the webui writes big-endian UTF-16 whatever the byte order of the block
    exif.get_ifd(_EXIF_IFD)[USER_COMMENT] = b"UNICODE\0" + infotext.encode("utf-16-be")
    return _encoded(picture, "JPEG", exif=exif, quality=88)


def _encoded(picture: Image.Image, form: str, **options: Any) -> bytes:  # noqa: ANN401 - the encoder's own
    content = BytesIO()
    picture.save(content, form, **options)
    return content.getvalue()


def _node(kind: str, **inputs: object) -> dict[str, Any]:
    return {"inputs": inputs, "class_type": kind, "_meta": {"title": kind}}


def _text_to_image() -> dict[str, Any]:
    return {
        "3": _node(
            "KSampler",
            seed=SEED,
            steps=26,
            cfg=6.5,
            sampler_name="dpmpp_2m",
            scheduler="karras",
            denoise=1.0,
            model=["10", 0],
            positive=["6", 0],
            negative=["7", 0],
            latent_image=["5", 0],
        ),
        "4": _node("CheckpointLoaderSimple", ckpt_name="kasumi_xl_v1.safetensors"),
        "5": _node("EmptyLatentImage", width=1024, height=768, batch_size=1),
        "6": _node(
            "CLIPTextEncode", text="mountain ridges at dawn, mist, ink wash, soft light", clip=["10", 1]
        ),
        "7": _node("CLIPTextEncode", text="text, watermark", clip=["10", 1]),
        "8": _node("VAEDecode", samples=["3", 0], vae=["4", 2]),
        "9": _node("SaveImage", filename_prefix="dawn", images=["8", 0]),
        "10": _node(
            "LoraLoader",
            lora_name="ink_wash_v2.safetensors",
            strength_model=0.8500000000000001,
            strength_clip=0.7,
            model=["4", 0],
            clip=["4", 1],
        ),
    }


def _image_to_image() -> dict[str, Any]:
    graph = _text_to_image()
    graph["3"]["inputs"] |= {"seed": SEED + 1, "denoise": 0.62, "latent_image": ["12", 0]}
    graph["6"]["inputs"]["text"] = "mountain ridges at dusk, violet sky, ink wash"
    del graph["5"]
    graph["11"] = _node("LoadImage", image=PARENT)
    graph["12"] = _node("VAEEncode", pixels=["11", 0], vae=["4", 2])
    return graph


def _flux() -> dict[str, Any]:
    return {
        "1": _node("UNETLoader", unet_name="yukari_dev.safetensors", weight_dtype="default"),
        "2": _node(
            "DualCLIPLoader", clip_name1="clip_l.safetensors", clip_name2="t5xxl.safetensors", type="flux"
        ),
        "3": _node("VAELoader", vae_name="yukari_ae.safetensors"),
        "4": _node("CLIPTextEncode", text="aurora over a frozen lake, stars, still air", clip=["2", 0]),
        "5": _node("FluxGuidance", guidance=3.5, conditioning=["4", 0]),
        "6": _node("BasicGuider", model=["1", 0], conditioning=["5", 0]),
        "7": _node("RandomNoise", noise_seed=1618033988749894),
        "8": _node("KSamplerSelect", sampler_name="euler"),
        "9": _node("BasicScheduler", scheduler="simple", steps=20, denoise=1.0, model=["1", 0]),
        "10": _node("EmptySD3LatentImage", width=1024, height=768, batch_size=1),
        "11": _node(
            "SamplerCustomAdvanced",
            noise=["7", 0],
            guider=["6", 0],
            sampler=["8", 0],
            sigmas=["9", 0],
            latent_image=["10", 0],
        ),
        "12": _node("VAEDecode", samples=["11", 0], vae=["3", 0]),
        "13": _node("SaveAnimatedWEBP", filename_prefix="aurora", images=["12", 0]),
    }


def _drawing(graph: dict[str, Any]) -> dict[str, Any]:
    """The graph as the editor draws it: places on a canvas instead of names of inputs."""
    nodes = [
        {
            "id": int(key),
            "type": node["class_type"],
            "pos": [40 + 320 * (place % 4), 40 + 240 * (place // 4)],
            "widgets_values": [value for value in node["inputs"].values() if not isinstance(value, list)],
        }
        for place, (key, node) in enumerate(graph.items())
    ]
    return {"last_node_id": max(int(key) for key in graph), "nodes": nodes, "links": [], "version": 0.4}
