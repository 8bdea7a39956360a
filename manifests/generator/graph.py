"""ComfyUI's API graph, walked backwards from the node that saved the picture.

It decides which nodes took part, in which order they ran, and how an input's value is found
through links. It leaves out what nodes mean (``comfyui``). Odd graphs, cycles, dangling links and
huge graphs give less, never an exception: everything is iterative, every node is visited once.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, Final

MAX_NODES: Final = 20_000
MAX_INPUTS: Final = 512
_MAX_HOPS: Final = 64
_PRIMITIVES: Final = ("value", "Value", "int", "float", "number", "string", "text")


class Number(str):
    """A JSON number, its text kept: seeds and weights must not pass through a float."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Node:
    """One node: its id, its class and its named inputs (values or links)."""

    key: str
    kind: str
    inputs: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Link:
    """An input that comes from another node's output slot."""

    source: str
    slot: str


def parse_json(text: str) -> Any:  # noqa: ANN401 - anything may stand in a generator's JSON
    """JSON with numbers as :class:`Number`, NaN and infinities as None; None if it is not JSON."""
    try:
        return json.loads(text, parse_int=Number, parse_float=Number, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None


def link_of(value: object) -> Link | None:
    """The link that an input's value is, if it is one: ``[node id, slot]``."""
    if isinstance(value, list) and len(value) == 2:
        source, slot = value
        if isinstance(source, str) and isinstance(slot, Number):
            return Link(str(source), str(slot))
    return None


class Graph:
    """An API graph: ``{node id: {class_type, inputs}}``.

    Attributes:
        nodes: Every well-formed node by id.
    """

    def __init__(self, document: object) -> None:
        self.nodes: dict[str, Node] = {}
        if not isinstance(document, dict) or len(document) > MAX_NODES:
            return
        for key, value in document.items():
            kind = value.get("class_type") if isinstance(value, dict) else None
            if isinstance(kind, str) and not isinstance(kind, Number):
                inputs = value.get("inputs")
                named = dict(islice(inputs.items(), MAX_INPUTS)) if isinstance(inputs, dict) else {}
                self.nodes[key] = Node(key, kind, named)

    @cached_property
    def roots(self) -> tuple[Node, ...]:
        """The nodes that can have written this file: savers, else previews, else what nothing reads from."""
        for word in ("save", "preview"):
            found = tuple(
                node
                for node in self.nodes.values()
                if word in node.kind.lower() and any(_pictures(name) for name, _ in self.links(node))
            )
            if found:
                return found
        read = {link.source for node in self.nodes.values() for _, link in self.links(node)}
        return tuple(node for node in self.nodes.values() if node.key not in read) or tuple(
            self.nodes.values()
        )

    def links(self, node: Node) -> Iterator[tuple[str, Link]]:
        """The node's linked inputs, by input name, whose source exists."""
        for name, value in node.inputs.items():
            link = link_of(value)
            if link is not None and link.source in self.nodes:
                yield name, link

    def upstream(self, roots: Iterable[Node]) -> list[Node]:
        """The roots and everything they depend on, each once, sources before what reads from them."""
        order: list[Node] = []
        entered: set[str] = set()
        for root in roots:
            if root.key in entered:
                continue
            entered.add(root.key)
            stack = [(root, self.links(root))]
            while stack:
                node, remaining = stack[-1]
                for _, link in remaining:
                    if link.source not in entered:
                        entered.add(link.source)
                        source = self.nodes[link.source]
                        stack.append((source, self.links(source)))
                        break
                else:
                    order.append(node)
                    stack.pop()
        return order

    def scalar(self, node: Node, *names: str) -> object:
        """An input's plain value under the first of these names, through links to primitive nodes."""
        name = next((name for name in names if node.inputs.get(name) is not None), None)
        if name is None:
            return None
        value: object = node.inputs[name]
        for _ in range(_MAX_HOPS):
            link = link_of(value)
            if link is None:
                return None if isinstance(value, list | dict) else value
            source = self.nodes.get(link.source)
            if source is None:
                return None
            wanted = (*names, *_PRIMITIVES)
            value = next((source.inputs[key] for key in wanted if source.inputs.get(key) is not None), None)
        return None

    def nearest(self, node: Node, through: str, *names: str) -> object:
        """The first plain value under one of these names along a chain of like inputs.

        Args:
            node: Where the chain ends.
            through: The input it ends in, such as ``sigmas``; on the way, inputs whose names begin
                so are followed, and a node's only input: a chain must not stray into another pass.
            names: Input names that answer.
        """
        start = link_of(node.inputs.get(through))
        waiting = deque([start.source] if start else [])
        seen = set(waiting)
        while waiting and len(seen) <= _MAX_HOPS:
            source = self.nodes.get(waiting.popleft())
            if source is None:
                continue
            value = self.scalar(source, *names)
            if value is not None:
                return value
            links = list(self.links(source))
            for name, link in links:
                if (name.startswith(through) or len(links) == 1) and link.source not in seen:
                    seen.add(link.source)
                    waiting.append(link.source)
        return None


def _pictures(name: str) -> bool:
    return any(word in name.lower() for word in ("image", "frame", "video", "pixel"))
