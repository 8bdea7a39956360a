"""The house as its tests read it: tracked files, modules, and what stands in them."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("api", "cli", "contracts", "manifests", "registry", "schemas")


@cache
def tracked() -> tuple[str, ...]:
    """Every file that git has or would take, relative to the checkout."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    return tuple(sorted(name for name in set(listed.split("\0")) if name and (ROOT / name).is_file()))


def modules() -> list[str]:
    """Our Python files that are installed."""
    return [name for name in tracked() if name.endswith(".py") and name.partition("/")[0] in PACKAGES]


@cache
def parsed(name: str) -> ast.Module:
    """One file's tree."""
    return ast.parse((ROOT / name).read_text(encoding="utf-8"), name)


def public(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]]:
    """Public classes and functions, and the public methods of public classes."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name[0] != "_":
            yield node.name, node
            if isinstance(node, ast.ClassDef):
                for each in node.body:
                    if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and each.name[0] != "_":
                        yield f"{node.name}.{each.name}", each


def error_classes() -> set[str]:
    """Names of all classes of errors, from ``DomainError`` down."""
    found = {"DomainError"}
    while True:
        more = {
            node.name
            for name in modules()
            for node in ast.walk(parsed(name))
            if isinstance(node, ast.ClassDef)
            and any(isinstance(base, ast.Name) and base.id in found for base in node.bases)
        }
        if more <= found:
            return found
        found |= more


def codes(*packages: str) -> dict[str, str]:
    """Every code that an error can carry, with one file where it is raised."""
    errors = error_classes()
    return {
        code: name
        for name in modules()
        if name.partition("/")[0] in packages
        for node in ast.walk(parsed(name))
        for code in _codes_of(node, errors)
    }


def _codes_of(node: ast.AST, errors: set[str]) -> Iterator[str]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in errors:
        for word in node.keywords:
            if word.arg == "code":
                yield from _texts(word.value)
    elif isinstance(node, ast.AnnAssign | ast.Assign) and node.value is not None:
        targets = [node.target] if isinstance(node, ast.AnnAssign) else node.targets
        if any(isinstance(each, ast.Name) and each.id == "default_code" for each in targets):
            yield from _texts(node.value)


def _texts(node: ast.expr) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and each.value:
            yield each.value
