"""Lineage as a drawing: generations from top to bottom, oldest first, as plain geometry.

It decides where things stand, how many of them fit, and what is left out; the template turns it into
SVG, and a table beside it says the same. Cycles, which hostile records can state, do no harm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

WIDTH, HEIGHT, GAP, RISE, MARGIN = 232, 56, 20, 44, 12
MAX_ROW: Final = 6
MAX_ROWS: Final = 9


@dataclass(frozen=True, slots=True)
class Box:
    """One work.

    Attributes:
        id: Its name in the lineage.
        title: First line.
        under: Second line.
        kind: ``here``, ``work`` or ``unknown``.
        digest: For its own page.
        x: Left edge.
        y: Upper edge.
    """

    id: str
    title: str
    under: str
    kind: str
    digest: str
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Line:
    """One step of lineage, from source (above) to work (below), as an SVG path."""

    path: str
    relation: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A lineage laid out.

    Attributes:
        boxes: What is drawn.
        lines: What connects it.
        width: Of the whole.
        height: Of the whole.
        left_out: How many works did not fit.
    """

    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    width: int
    height: int
    left_out: int


def draw(lineage: Mapping[str, Any], start: str) -> Drawing | None:
    """Lay a lineage out around one work; None if there is nothing but that work.

    Args:
        lineage: ``{"nodes", "edges"}``; an edge goes from a work to what it was made from.
        start: Id of the work in the middle.
    """
    nodes = {str(node["id"]): node for node in lineage.get("nodes", ())}
    edges = [(str(e["from"]), str(e["to"]), str(e["relation"])) for e in lineage.get("edges", ())]
    if start not in nodes or not edges:
        return None
    rows = _rows(start, edges, nodes)
    kept = {row: names[:MAX_ROW] for row, names in rows.items() if abs(row) <= MAX_ROWS // 2}
    ordered = [kept[row] for row in sorted(kept)]
    widest = max(len(names) for names in ordered)
    width = 2 * MARGIN + widest * WIDTH + (widest - 1) * GAP
    boxes: dict[str, Box] = {}
    for level, names in enumerate(ordered):
        taken = len(names) * WIDTH + (len(names) - 1) * GAP
        for position, name in enumerate(names):
            x, y = (width - taken) // 2 + position * (WIDTH + GAP), MARGIN + level * (HEIGHT + RISE)
            boxes[name] = _box(nodes[name], x, y, here=name == start)
    lines = [
        _line(boxes[to], boxes[come], relation)
        for come, to, relation in edges
        if come in boxes and to in boxes
    ]
    height = 2 * MARGIN + len(ordered) * HEIGHT + (len(ordered) - 1) * RISE
    return Drawing(tuple(boxes.values()), tuple(lines), width, height, len(nodes) - len(boxes))


def _rows(
    start: str, edges: Sequence[tuple[str, str, str]], nodes: Mapping[str, Any]
) -> dict[int, list[str]]:
    """Which generation each work is of: sources above (negative), descendants below."""
    up: dict[str, list[str]] = {}
    down: dict[str, list[str]] = {}
    for come, to, _ in edges:
        up.setdefault(come, []).append(to)
        down.setdefault(to, []).append(come)
    row = {start: 0}
    for step, neighbours in ((-1, up), (1, down)):
        front, depth = [start], 0
        while front:
            depth += step
            reached = dict.fromkeys(near for name in front for near in neighbours.get(name, ()))
            front = [name for name in reached if name in nodes and name not in row]
            row.update(dict.fromkeys(front, depth))
    rows: dict[int, list[str]] = {}
    for name, level in row.items():
        rows.setdefault(level, []).append(name)
    return rows


def _box(node: Mapping[str, Any], x: int, y: int, *, here: bool) -> Box:
    digest = str(node["digest"])
    kind, _, value = digest.partition(":")
    if node["kind"] == "unknown":
        title, style = "not registered here", "unknown"
    elif node["kind"] != "work":
        title, style = str(node["kind"]).replace("-", " "), "work"
    else:
        tool = node.get("tool")
        made = str(node.get("making") or "work")
        title, style = (f"{made} with {tool}" if tool else made), "work"
    if here:
        title, style = "this picture", "here"
    return Box(str(node["id"]), _cut(title, 25), f"{kind} {value[:8]}…{value[-4:]}", style, digest, x, y)


def _line(source: Box, work: Box, relation: str) -> Line:
    x1, y1, x2, y2 = source.x + WIDTH // 2, source.y + HEIGHT, work.x + WIDTH // 2, work.y
    if y2 <= y1:  # a circle, or a step within a generation: go around on the side
        side = max(source.x, work.x) + WIDTH + GAP // 2
        return Line(
            f"M{source.x + WIDTH} {source.y + HEIGHT // 2} C{side} {source.y}, {side} {work.y}, {work.x + WIDTH} {work.y + HEIGHT // 2}",
            relation,
        )
    middle = (y1 + y2) // 2
    return Line(f"M{x1} {y1} C{x1} {middle}, {x2} {middle}, {x2} {y2}", relation)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
