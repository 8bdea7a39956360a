"""ComfyUI: the numbers, prompts, models and parents of an API graph.

It decides which nodes are sampler passes and whose numbers stand for the picture, by the shape of
their inputs rather than by a list of classes, since most graphs use nodes that nobody has listed.
It leaves out walking (``graph``), models (``models``) and what of this is public (``record``).
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import PurePosixPath
from typing import Final

from rakkan.manifests.generator.graph import Graph, Node, Number, link_of, parse_json
from rakkan.manifests.generator.models import models_of
from rakkan.manifests.generator.record import GeneratorRecord, NamedModel, Pass, build_record, decimal, term
from rakkan.manifests.generator.secrets import SecretFinding

DIALECT: Final = "comfyui"
MAX_PASSES: Final = 64
_MAX_NAME: Final = 4096

_TEXTS: Final = ("text", "prompt", "string", "value", "clip_l", "t5xxl", "populated_text", "wildcard_text")
# Behind these inputs lie models and pixels, not words.
_WORDLESS: Final = frozenset(
    {"clip", "model", "vae", "unet", "pixels", "image", "images", "samples", "latent", "latent_image", "mask"}
    | {"control_net", "clip_vision", "clip_vision_output", "style_model", "noise", "sigmas", "sampler"}
)
_PLACE: Final = re.compile(r"\s{0,4}\[(?:input|output|temp)\]$")


def read_comfyui(
    texts: Mapping[str, str], findings: tuple[SecretFinding, ...], known: Iterable[NamedModel] = ()
) -> GeneratorRecord | None:
    """Read the texts that ComfyUI writes.

    Args:
        texts: Named texts of the file: ``prompt`` is the API graph, ``workflow`` the drawn one.
        findings: Secrets found in the file.
        known: Models with declared hashes, from an infotext beside the graph (some saver nodes
            write both); joined by role and bare name.

    Returns:
        None if neither text is ComfyUI's. Odd or damaged graphs give fewer fields, never an error.
    """
    graph = Graph(parse_json(texts.get("prompt", "")))
    if not graph.nodes and not _is_drawing(texts.get("workflow", "")):
        return None
    order = graph.upstream(graph.roots)
    samplers = islice(filter(_is_sampler, order), MAX_PASSES)
    passes = {node.key: _pass(graph, node) for node in samplers}
    positive = _joined(graph, passes, "positive")
    negative = _joined(graph, passes, "negative")
    hashes = {(model.role, model.stem): model.declared for model in known}
    models = [
        NamedModel(model.role, model.name, model.weight, hashes.get((model.role, model.stem), ()))
        for model in models_of(order, f"{positive}\n{negative}")
    ]
    return build_record(
        DIALECT,
        "ComfyUI",
        main=_main(graph, passes),
        passes=passes.values(),
        models=models,
        parents=[name for node in order if (name := _parent(node))],
        texts={
            "prompt": positive,
            "negative": negative,
            "graph": texts.get("prompt", "") if graph.nodes else "",
            "workflow": texts.get("workflow", ""),
            "parameters": texts.get("parameters", ""),
        },
        findings=findings,
    )


def _is_drawing(text: str) -> bool:
    document = parse_json(text)
    return isinstance(document, dict) and isinstance(document.get("nodes"), list)


def _is_sampler(node: Node) -> bool:
    has = node.inputs.keys()
    return (
        bool(has & {"steps", "sigmas"})
        and bool(has & {"seed", "noise_seed", "noise"})
        and bool(has & {"sampler_name", "sampler", "cfg", "guider"})
    )


def _pass(graph: Graph, node: Node) -> Pass:
    """A pass's numbers: its own, or those of the nodes that feed it (``SamplerCustomAdvanced``)."""

    def found(through: str, *names: str) -> object:
        own = graph.scalar(node, *names)
        return own if own is not None else graph.nearest(node, through, *names)

    noise = graph.scalar(node, "add_noise")
    silent = noise is False or (isinstance(noise, str) and noise.lower() in {"disable", "disabled"})
    return Pass(
        seed=None if silent else decimal(found("noise", "seed", "noise_seed")),
        steps=decimal(found("sigmas", "steps")),
        cfg=decimal(found("guider", "cfg")),
        denoise=decimal(found("sigmas", "denoise")),
        sampler=term(found("sampler", "sampler_name")),
        scheduler=term(found("sigmas", "scheduler")),
    )


def _main(graph: Graph, passes: Mapping[str, Pass]) -> Pass:
    """The first pass with a seed behind the saving node; none, if several savers disagree on it."""
    if len(graph.roots) > MAX_PASSES:
        return Pass()
    candidates: set[str] = set()
    for root in graph.roots:
        behind = [node.key for node in graph.upstream([root]) if node.key in passes]
        seeded = [key for key in behind if passes[key].seed is not None]
        candidates.update((seeded or behind)[:1])
    return passes[candidates.pop()] if len(candidates) == 1 else Pass()


def _joined(graph: Graph, passes: Iterable[str], side: str) -> str:
    """All texts on one side of all passes, nearest first, each once."""
    seen: set[tuple[str, str]] = set()
    texts = dict.fromkeys(text for key in passes for text in _words(graph, graph.nodes[key], side, seen))
    return "\n".join(texts)


def _words(graph: Graph, sampler: Node, side: str, seen: set[tuple[str, str]]) -> Iterator[str]:
    """The texts behind one side of a sampler, less what stands behind nodes already seen."""
    guider = link_of(sampler.inputs.get("guider"))
    end = graph.nodes.get(guider.source) if guider else sampler
    names = ("positive", "conditioning", "cond1", "cond2") if side == "positive" else ("negative",)
    waiting = deque(link for name in names if end and (link := link_of(end.inputs.get(name))))
    while waiting:
        link = waiting.popleft()
        node = graph.nodes.get(link.source)
        # A node that carries both sides along gives the positive one from its first output.
        two_sided = node is not None and {"positive", "negative"} <= node.inputs.keys()
        taken = {"0": "positive", "1": "negative"}.get(link.slot, side) if two_sided else side
        if node is None or (node.key, taken) in seen or "zeroout" in node.kind.lower():
            continue
        seen.add((node.key, taken))
        for name, value in node.inputs.items():
            if name in _WORDLESS or (two_sided and name in {"positive", "negative"} and name != taken):
                continue
            if isinstance(value, str) and not isinstance(value, Number):
                if (name.startswith(_TEXTS) or name == taken) and value.strip():
                    yield value.strip()
            elif follow := link_of(value):
                waiting.append(follow)


def _parent(node: Node) -> str | None:
    """The file name of a ``LoadImage`` node and its kin, without folder and place."""
    name = node.inputs.get("image")
    if (
        "loadimage" not in node.kind.lower().replace(" ", "")
        or not isinstance(name, str)
        or len(name) > _MAX_NAME
    ):
        return None
    return PurePosixPath(_PLACE.sub("", name).replace("\\", "/")).name or None
