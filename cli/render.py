"""Layout for people: tables, trees and the signs that go with words.

It decides how answers look on a terminal: never by colour alone, no colour where ``NO_COLOR`` is set
or stdout is no terminal, no markup read from anybody's text. It leaves out which words are said
(``rakkan.cli.sentences``) and JSON (``rakkan.cli.session``).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from rakkan.cli.text import clean

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.tree import Tree

OUTCOMES: Final[Mapping[str, tuple[str, str, str, str]]] = MappingProxyType(
    {
        "pass": ("✓", "+", "holds", ""),
        "fail": ("✗", "x", "fails", "bold red"),
        "undetermined": ("?", "?", "cannot tell", "yellow"),
        "not-applicable": ("–", "-", "does not apply", "dim"),
    }
)
"""Sign, sign in ASCII, word and style of each outcome. Nothing is green: holding is the least of it."""


def console() -> Console:
    """Stdout, with the width of the terminal, or without one when it is a file or a pipe.

    Markup is for our own words; anybody else's go in as ``rich.text.Text``, which has none.
    """
    from rich.console import Console

    width = None if sys.stdout.isatty() else 10_000
    return Console(width=width, emoji=False, highlight=False)


def sign(outcome: str) -> str:
    """The sign of an outcome, in letters that the output can carry."""
    drawn, plain, _, _ = OUTCOMES[outcome]
    try:
        drawn.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return plain
    return drawn


def table(rows: Iterable[Sequence[str]], headers: Sequence[str] = ()) -> None:
    """Aligned columns on stdout; long words fold, nothing is cut."""
    from rich.table import Table
    from rich.text import Text

    grid = Table(
        box=None, show_header=bool(headers), pad_edge=False, padding=(0, 2, 0, 0), header_style="bold"
    )
    listed = [tuple(row) for row in rows]
    width = max((len(row) for row in listed), default=len(headers))
    for position in range(width):
        grid.add_column(headers[position] if position < len(headers) else "", overflow="fold")
    for row in listed:
        grid.add_row(*(Text(clean(cell)) for cell in row))
    _print(grid)


def outcomes(rows: Iterable[tuple[str, str, str]]) -> None:
    """A table of (name, outcome, detail) with the outcome in sign, word and, where there is colour, colour."""
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for _ in range(4):
        grid.add_column(overflow="fold")
    for name, outcome, detail in rows:
        _, _, word, style = OUTCOMES[outcome]
        grid.add_row(Text(sign(outcome), style), Text(clean(name)), Text(word, style), Text(clean(detail)))
    _print(grid)


def lineage(graph: Mapping[str, Any], start: str) -> None:
    """The tree of what a work was made from, and of what was made from it.

    Args:
        graph: ``{"nodes", "edges"}``; an edge goes from a work to what it was made from.
        start: Id of the node in the middle.
    """
    from rich.text import Text
    from rich.tree import Tree

    nodes = {node["id"]: node for node in graph["nodes"]}
    up: dict[str, list[tuple[str, str]]] = {}
    down: dict[str, list[tuple[str, str]]] = {}
    for edge in graph["edges"]:
        up.setdefault(edge["from"], []).append((edge["to"], edge["relation"]))
        down.setdefault(edge["to"], []).append((edge["from"], edge["relation"]))
    root = Tree(Text(_node(nodes.get(start), start)))
    for title, edges in (("made from", up), ("made into", down)):
        if edges.get(start):
            _branch(root.add(Text(title)), start, edges, nodes, frozenset({start}))
    _print(root)


def _print(drawing: RenderableType) -> None:
    """Print, without the blanks that fill columns up to their width."""
    to = console()
    with to.capture() as drawn:
        to.print(drawing)
    for each in drawn.get().splitlines():
        print(each.rstrip())  # noqa: T201 - stdout is data


def _branch(
    tree: Tree,
    name: str,
    edges: Mapping[str, Sequence[tuple[str, str]]],
    nodes: Mapping[str, Mapping[str, Any]],
    path: frozenset[str],
) -> None:
    from rich.text import Text

    for other, relation in edges.get(name, ()):
        again = other in path
        label = f"{_node(nodes.get(other), other)} ({relation}{', see above' if again else ''})"
        below = tree.add(Text(clean(label)))
        if not again and len(path) < 64:  # deeper than anybody reads; the document has it all
            _branch(below, other, edges, nodes, path | {other})


def _node(node: Mapping[str, Any] | None, name: str) -> str:
    if node is None or node.get("kind") == "unknown":
        return clean(f"not registered here: {name}")
    said = [str(node[key]) for key in ("making", "tool") if node.get(key)]
    return clean(f"{node.get('kind', 'work')} {name}" + (f", {' with '.join(said)}" if said else ""))
