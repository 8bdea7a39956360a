"""Every code that can be answered is explained, and every error class has its status: read from source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import rakkan.api.app  # so that every error class is defined
import rakkan.manifests
import rakkan.registry.worker
import rakkan.schemas
from rakkan.api.problems import STATUS_OF_CODE, TABLE, explanations, problem_of
from rakkan.schemas.errors import DomainError

_LAYERS = (rakkan.schemas, rakkan.manifests, rakkan.registry, rakkan.api)


def _sources() -> Iterator[Path]:
    for layer in _LAYERS:
        for folder in layer.__path__:
            yield from sorted(Path(folder).rglob("*.py"))


def _codes() -> dict[str, str]:
    """Codes by where they are raised: ``code="…"`` in calls, defaults of parameters and of classes."""
    found: dict[str, str] = {}
    for path in _sources():
        for node in ast.walk(ast.parse(path.read_text())):
            for text in _named(node):
                found.setdefault(text, f"{path.parent.name}/{path.name}")
    return found


def _named(node: ast.AST) -> Iterator[str]:
    if (isinstance(node, ast.keyword) and node.arg == "code") or (
        isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and node.target.id == "default_code"
    ):
        yield from _texts(node.value)
    elif isinstance(node, ast.FunctionDef):
        positional = [*node.args.posonlyargs, *node.args.args]
        defaults = [
            *zip(positional[len(positional) - len(node.args.defaults) :], node.args.defaults, strict=True)
        ]
        defaults += [
            (arg, each) for arg, each in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True) if each
        ]
        for arg, each in defaults:
            if arg.arg == "code":
                yield from _texts(each)


def _texts(node: ast.AST | None) -> Iterator[str]:
    for each in ast.walk(node) if node else ():
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and each.value:
            yield each.value


def test_every_code_is_explained() -> None:
    codes = _codes()
    assert len(codes) > 150, "the walk over the sources finds them"
    assert {code: where for code, where in codes.items() if code not in explanations()} == {}


def test_nothing_is_explained_that_cannot_be_answered() -> None:
    said_by = "".join(path.read_text() for path in _sources())
    assert [code for code in explanations() if f'"{code}"' not in said_by] == []


def test_every_status_is_of_a_code_that_there_is() -> None:
    assert set(STATUS_OF_CODE) <= set(_codes()) | {"request-broken"}


def test_every_error_class_has_a_row() -> None:
    def below(kind: type[DomainError]) -> Iterator[type[DomainError]]:
        for each in kind.__subclasses__():
            yield each
            yield from below(each)

    edges = "rakkan.cli."  # errors of the command line never reach HTTP
    kinds = {
        k
        for k in below(DomainError)
        if k.__module__.startswith("rakkan.")
        and not k.__module__.startswith(edges)
        and not k.__name__.startswith("_")  # a module's own, with its parent's row
    }
    assert kinds == set(TABLE), "a subclass without a row would silently get its parent's status"


@pytest.mark.parametrize("kind", TABLE, ids=lambda kind: kind.__name__)
def test_every_error_class_becomes_a_problem(kind: type[DomainError]) -> None:
    status, title = TABLE[kind]
    said = problem_of(kind("The secret sentence.", hint="And a hint.", pointer="/a", seconds=3))
    assert (said.status, said.title, said.code) == (status, title, kind.default_code)
    assert ("secret" in str(said.document())) is (status < 500), "what is wrong behind the server is not told"
    assert ("Retry-After" in said.headers) is (status == 503)
