"""Graphs that nobody draws: cycles, dangling links, huge and random ones. Nothing raises or hangs."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rakkan.manifests.generator.comfyui import read_comfyui
from rakkan.manifests.generator.graph import Graph, parse_json
from rakkan.schemas.canonical import canonical
from tests.unit.manifests.graphs import node, plain, read, sampler


class TestOddGraphs:
    def test_not_comfyui(self) -> None:
        for text in ("", "a boat", "[]", "{}", "1", '{"a": 1}', '{"a": {"class_type": 5}}', "{" * 500_000):
            assert read_comfyui({"prompt": text}, ()) is None

    def test_drawing_alone(self) -> None:
        record = read_comfyui({"workflow": '{"nodes": [], "links": []}'}, ())
        assert record is not None
        assert record.generation.to_json() == {"tool": "ComfyUI", "models": []}
        assert set(record.private) == {"workflow"}

    def test_cycles(self) -> None:
        graph = plain()
        graph["4"]["inputs"]["model"] = ["3", 0]
        graph["6"]["inputs"] |= {"conditioning": ["6", 0], "text": ["6", 0]}
        graph["3"]["inputs"] |= {"seed": ["3", 0], "steps": ["4", 0], "sigmas": ["3", 0]}
        record = read(graph)
        assert record.generation.seed is None

    def test_no_saving_node_and_no_sink(self) -> None:
        graph = {"1": sampler(latent_image=["2", 0]), "2": node("Anything", x=["1", 0])}
        assert read(graph).generation.seed == "1"

    def test_dangling_and_absurd_links(self) -> None:
        graph = plain()
        graph["3"]["inputs"] |= {
            "positive": ["999", 0],
            "negative": [["6"], 0],
            "model": [None, None],
            "latent_image": {"a": ["5", 0]},
            "vae": ["4", "x"],
        }
        assert read(graph).generation.seed == "1"

    def test_node_numbers_instead_of_ids(self) -> None:
        graph = json.loads(json.dumps(plain()).replace('["4", 0]', "[4, 0]"))
        assert len(read(graph).generation.models) == 1

    def test_lone_surrogates_can_be_committed_to(self) -> None:
        text = json.dumps(plain()).replace("a boat", "\\ud800 boat")
        for value in read(text).private.values():
            value.encode()

    @pytest.mark.parametrize("term", ["/home/ada", "euler\n", "e" * 65, "<b>", "", "é", "-rf"])
    def test_sampler_names_cannot_smuggle(self, term: str) -> None:
        graph = plain()
        graph["3"]["inputs"] |= {"sampler_name": term, "scheduler": term}
        generation = read(graph).generation
        assert (generation.sampler, generation.scheduler) == (None, None)


def took(graph: object) -> float:
    text = json.dumps(graph)
    start = time.process_time()
    read_comfyui({"prompt": text}, ())
    return time.process_time() - start


class TestHugeGraphs:
    """Each of these has a quadratic trap for a careless walk; seconds of CPU are the bound."""

    def test_chain(self) -> None:
        chain = {
            str(i): node("Conditioning", conditioning=[str(i + 1), 0], text=f"t{i}") for i in range(19_000)
        }
        assert took(plain(**{"6": chain["0"]}) | {f"{i}": chain[str(i)] for i in range(10, 19_000)}) < 3

    def test_all_samplers(self) -> None:
        graph = {
            str(i): sampler(latent_image=[str(i + 1), 0], positive=[str(i + 1), 0], seed=["0", 0])
            for i in range(15_000)
        }
        assert took(graph) < 3

    def test_many_savers(self) -> None:
        graph = plain() | {str(100 + i): node("SaveImage", images=["8", 0]) for i in range(15_000)}
        assert took(graph) < 3

    def test_dense_links(self) -> None:
        graph = {
            str(i): sampler(
                **{f"sigmas{j}": [str((i * 7 + j) % 100), j] for j in range(500)}, sigmas=[str(i + 1), 0]
            )
            for i in range(100)
        }
        assert took(graph) < 5

    def test_many_loras_in_one_node(self) -> None:
        inputs = {f"lora_{i}": f"{i}.pt" for i in range(250)} | {f"strength_{i}": 1 for i in range(250)}
        assert took({str(i): node("Stack", **inputs) for i in range(200)}) < 3

    def test_more_nodes_than_anybody_draws(self) -> None:
        assert not Graph({str(i): node("A") for i in range(20_001)}).nodes


@pytest.mark.parametrize(
    "piece", [" ", "[", " [input]", "<lora:", "<lora:a", "embedding:", "embedding:(", "(", "a/", "\\"]
)
def test_huge_texts_are_read_in_linear_time(piece: str) -> None:
    """A pattern that backtracks takes minutes here."""
    text = piece * (1_000_000 // len(piece))
    for kind, name in (
        ("LoadImage", "image"),
        ("CLIPTextEncode", "text"),
        ("LoraWildcard", "text"),
        ("X", "file"),
    ):
        graph = plain(**{"6": node(kind, **{name: text})})
        graph["3"]["inputs"]["latent_image"] = ["6", 0]
        assert took(graph) < 2
    lora = plain(**{"6": node("LoraWildcard", text="<lora:" + "a" * 1000 + ("<lora:" + "b" * 500) * 1500)})
    assert took(lora) < 2


KINDS = [
    "KSampler",
    "SaveImage",
    "LoadImage",
    "LoraLoader",
    "CLIPTextEncode",
    "PreviewImage",
    "FluxGuidance",
    "x",
]
INPUTS = [
    "seed", "steps", "cfg", "model", "positive", "negative", "text", "image", "images", "lora_name", "lora_1", "loras",
    "sigmas", "noise", "guider", "sampler", "ckpt_name", "lora_count", "switch_1", "add_noise", "strength_model",
]  # fmt: skip
KEYS = [str(number) for number in range(8)]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["embedding:x", "<lora:a:1>", "a.safetensors", "None"])
    | st.tuples(st.sampled_from(KEYS), st.integers(0, 3)).map(list),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*INPUTS, "lora", "on"]), inner, max_size=3)
    ),
    max_leaves=6,
)
NODES = st.fixed_dictionaries(
    {
        "class_type": st.sampled_from(KINDS),
        "inputs": st.dictionaries(st.sampled_from(INPUTS), VALUES, max_size=8),
    }
)


@settings(max_examples=250, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), NODES | VALUES, max_size=8))
def test_no_graph_raises_or_hangs(graph: dict[str, Any]) -> None:
    start = time.process_time()
    record = read_comfyui({"prompt": json.dumps(graph)}, ())
    assert time.process_time() - start < 1
    if record is not None:
        canonical(record.generation.to_json())
        assert all(text.encode() for text in record.private.values())


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_no_text_raises(text: str) -> None:
    parse_json(text)
    read_comfyui({"prompt": text, "workflow": text}, ())
    read_comfyui({"prompt": json.dumps({"1": node("CLIPTextEncode", text=text)}), "workflow": text}, ())
