"""The house stands as it was drawn: folders, links, packaging, file sizes, words about everything that is public."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import rakkan
from tests.house.code import PACKAGES, ROOT, modules, parsed, public, tracked

BUILD = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"][
    "targets"
]


def test_folders_links_and_packaging_lists_are_one_list() -> None:
    with_code = {name.partition("/")[0] for name in tracked() if name.endswith(".py")}
    assert with_code - {"tests", "scripts"} == set(PACKAGES)
    assert set(BUILD["wheel"]["only-include"]) == set(PACKAGES)
    assert BUILD["wheel"]["sources"] == {name: f"rakkan/{name}" for name in PACKAGES}
    assert set(BUILD["sdist"]["only-include"]) == {*PACKAGES, "tests"}
    links = {path.name: path.readlink() for path in (ROOT / ".links" / "rakkan").iterdir()}
    assert links == {name: Path("../..") / name for name in PACKAGES}


def test_tools_look_at_every_package() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    assert set(settings["importlinter"]["root_packages"]) == {f"rakkan.{name}" for name in PACKAGES}
    assert set(settings["pyright"]["include"]) == {*PACKAGES, "tests"}
    assert set(settings["ruff"]["lint"]["flake8-tidy-imports"]["banned-api"]) == set(PACKAGES)


def test_imports_leave_no_bare_names() -> None:
    """``api`` and ``cli`` are taken by others in a shared interpreter; ours are ``rakkan.api`` and so on."""
    names = [
        each.name for each in pkgutil.walk_packages(rakkan.__path__, "rakkan.") if "_c2pa" not in each.name
    ]
    names += [
        f"rakkan.{name.removesuffix('.py').replace('/', '.')}"
        for name in modules()
        if not name.endswith("__init__.py")
    ]
    script = (
        "import importlib, json, sys\n"
        f"for name in {sorted(set(names))!r}: importlib.import_module(name)\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd="/"
    )
    assert done.returncode == 0, done.stderr
    loaded = set(re.findall(r'"([^"]+)"', done.stdout))
    assert "rakkan.api.app" in loaded
    assert loaded & set(PACKAGES) == set()


def test_the_installed_package_is_this_checkout() -> None:
    for name in PACKAGES:
        places = [Path(each).resolve() for each in importlib.import_module(f"rakkan.{name}").__path__]
        assert places == [ROOT / name]


@pytest.mark.parametrize("suffix", [".py", ".sol"])
def test_no_file_is_longer_than_300_lines(suffix: str) -> None:
    long = {
        name: lines
        for name in tracked()
        if name.endswith(suffix) and (lines := (ROOT / name).read_text(encoding="utf-8").count("\n")) > 300
    }
    assert long == {}


def test_every_module_says_what_it_is() -> None:
    ours = [name for name in tracked() if name.endswith(".py")]
    assert [name for name in ours if not ast.get_docstring(parsed(name))] == []


def test_every_public_name_says_what_it_is() -> None:
    silent = [
        f"{name}: {what}"
        for name in modules()
        for what, node in public(parsed(name))
        if not _explained(name, what, node)
    ]
    assert silent == []


def _explained(name: str, what: str, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    if ast.get_docstring(node):
        return True
    decorators = {ast.unparse(each) for each in node.decorator_list}
    return bool(decorators & {"override"}) or any(
        each.endswith((".setter", "overload")) for each in decorators
    )


FORBIDDEN = {
    "a path of this machine": re.compile(f"{re.escape(str(ROOT))}\\b|{re.escape(str(ROOT.parent))}/"),
    "an unfinished note": re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b"),
    "a merge that was left half done": re.compile(r"^(?:<{7} |>{7} )", re.MULTILINE),
}
EXEMPT = re.compile(
    r"^(?:package-lock\.json|requirements.*\.lock|LICENSE|contracts/artifacts/.*|tests/house/.*)$"
)


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_has(what: str) -> None:
    found = []
    for name in tracked():
        content = (ROOT / name).read_bytes()
        if not EXEMPT.match(name) and b"\0" not in content and FORBIDDEN[what].search(content.decode()):
            found.append(name)
    assert found == []


def test_modules_have_no_vague_names() -> None:
    vague = {"helper", "helpers", "util", "utils", "manager", "misc", "common", "data", "info", "metadata"}
    assert [name for name in modules() if vague & set(re.split(r"[_/.]", name))] == []


def test_scripts_can_be_run() -> None:
    for name in tracked():
        if name.startswith("scripts/") and (ROOT / name).read_bytes().startswith(b"#!"):
            assert (ROOT / name).stat().st_mode & 0o100, name
