"""The documentation speaks of everything there is, its links lead somewhere, and generated pages are what is generated."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer

from rakkan.cli.main import app
from tests.house.code import PACKAGES, ROOT, codes, modules, tracked

PAGES = sorted(name for name in tracked() if name.endswith(".md"))
DOCS = ROOT / "docs"


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def anchor(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", text(page), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, fragment = target.partition("#")
        found = (ROOT / page).parent / path if path else ROOT / page
        assert found.exists(), f"{page}: {target}"
        if fragment:
            headings = re.findall(r"^#+ (.+)$", found.read_text(encoding="utf-8"), re.MULTILINE)
            assert fragment in {anchor(each) for each in headings}, f"{page}: {target}"


def test_every_page_is_reached_from_the_readme() -> None:
    reached, waiting = set[Path](), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop().resolve()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
            found = page.parent / target
            if not re.match(r"[a-z]+:", target):
                waiting += sorted(found.glob("*.md")) if found.is_dir() else [found]
    assert {ROOT / name for name in PAGES} - reached == set()


def test_every_command_is_in_the_reference() -> None:
    headings = set(re.findall(r"^## rakkan ?(.*)$", text("docs/cli-reference.md"), re.MULTILINE))
    wanted = {""}
    waiting: list[tuple[tuple[str, ...], Any]] = [((), typer.main.get_command(app))]
    while waiting:
        path, command = waiting.pop()
        below = getattr(command, "commands", None)
        if below is None:
            wanted.add(" ".join(path))
        else:
            waiting += [((*path, name), each) for name, each in below.items()]
    assert headings == wanted


def test_every_variable_of_the_environment_is_in_the_reference() -> None:
    named = {
        name for module in modules() for name in re.findall(r"\bRAKKAN_[A-Z][A-Z_]*[A-Z]\b", text(module))
    }
    tests_only = {"RAKKAN_FAILPOINT"}
    assert {name for name in named - tests_only if f"`{name}`" not in text("docs/cli-reference.md")} - {
        "RAKKAN_HTTP"  # a prefix
    } == set()


def test_every_code_of_an_error_is_documented() -> None:
    over_http = set(tomllib.loads(text("api/explanations.toml")))
    on_the_line = set(re.findall(r"^\| `([a-z0-9-]+)` \|", text("docs/errors.md"), re.MULTILINE))
    raised = codes(*PACKAGES)
    assert {code: at for code, at in raised.items() if code not in over_http | on_the_line} == {}
    assert on_the_line - set(raised) == set()
    assert on_the_line & over_http == set()


def test_every_route_is_on_the_http_page() -> None:
    paths = json.loads(text("docs/openapi.json"))["paths"]
    page = text("docs/http.md")
    wanted = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    assert {each for each in wanted if f"`{each}`" not in page} == set()


@pytest.mark.parametrize(
    ("script", "page"), [("cli-reference.py", "cli-reference.md"), ("openapi.py", "openapi.json")]
)
def test_generated_pages_are_what_is_generated(script: str, page: str, tmp_path: Path) -> None:
    copy = tmp_path / "scripts" / script
    copy.parent.mkdir()
    copy.write_text(text(f"scripts/{script}"), encoding="utf-8")  # it writes beside itself
    (tmp_path / "docs").mkdir()
    subprocess.run([sys.executable, str(copy)], check=True, capture_output=True)
    assert (tmp_path / "docs" / page).read_text(encoding="utf-8") == text(f"docs/{page}"), (
        "run make generated"
    )


def test_the_threat_statement_has_the_words_of_the_design() -> None:
    said = " ".join(re.sub(r"[*\n]", " ", text("docs/threats.md")).split())
    assert (
        "a signature shows control of a key, not authorship; records are tamper-evident and rebuttable, not "
        "indisputable; a contract can withhold approval and money, it cannot stop training; the operator can delay or "
        "refuse, but cannot forge a grant, hide a record once anchored, or stop a withdrawal."
    ) in said


@pytest.mark.parametrize("page", sorted(path.name for path in (DOCS / "adr").glob("*.md")))
def test_decisions_say_context_options_outcome_and_cost(page: str) -> None:
    headings = re.findall(r"^## (.+)$", text(f"docs/adr/{page}"), re.MULTILINE)
    assert headings == ["Context", "Options", "Outcome", "Cost"]
    assert re.match(r"\d{4}-[a-z0-9-]+\.md", page)
    assert text(f"docs/adr/{page}").startswith(f"# {int(page[:4])}. "), "one number, the same in both places"


def test_no_two_decisions_have_one_number() -> None:
    numbers = sorted(int(path.name[:4]) for path in (DOCS / "adr").glob("*.md"))
    assert numbers == [*range(1, len(numbers) + 1)]
