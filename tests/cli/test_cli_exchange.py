"""``rakkan consent export|import|disclose|erase`` as people and scripts call them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rakkan.registry.rules.vocabulary.catalogue import VOCABULARIES
from tests.cli.conftest import Rakkan

DIGEST = "sha256:" + "ab" * 32


@pytest.fixture
def given(rakkan: Rakkan, home: Path, tmp_path: Path) -> str:
    """A consent with a private field."""
    terms = tmp_path / "terms.toml"
    terms.write_text(
        'kind = "grant"\ncoauthors = "complete"\npersons = {depicted = "none", minors = "none"}\n[scopes]\n"cawg.ai_training" = "notAllowed"\n"cawg.data_mining" = "allowed"\n'
        '[private]\nname = "Ada"\n'
    )
    ran = rakkan("--home", home, "--json", "consent", "grant", DIGEST, "--terms", terms)
    assert ran.code == 0, ran.err
    assert "Ada" not in ran.out
    return str(ran.document["recordId"])


@pytest.mark.parametrize("name", [*VOCABULARIES, "vc"])
def test_every_format_is_exported(rakkan: Rakkan, home: Path, given: str, name: str) -> None:
    about = ("--about", "ISCC:KACYPXW445FTYNJ3") if name == "tdmai" else ()
    ran = rakkan("--home", home, "--json", "consent", "export", given, "--format", name, *about)
    assert ran.code == 0, ran.err
    assert ran.document["schema"] == "rakkan.consent-export/1"
    assert ran.document["losses"]["vocabulary"] == name


def test_an_export_is_the_document_alone_on_stdout(
    rakkan: Rakkan, home: Path, given: str, tmp_path: Path
) -> None:
    ran = rakkan("--home", home, "consent", "export", given, "--format", "cawg")
    entries = json.loads(ran.out)["entries"]
    assert {name: each["use"] for name, each in entries.items()} == {
        "cawg.ai_training": "notAllowed",
        "cawg.data_mining": "allowed",
    }
    assert "not said: withdrawal" in ran.err
    out = tmp_path / "rights.xml"
    ran = rakkan(
        "--home", home, "consent", "export", given, "--format", "rsl", "--about", "https://x/a", "--out", out
    )
    assert ran.code == 0
    assert out.read_text().startswith("<?xml")


def test_an_import_reserves_and_says_so(rakkan: Rakkan, home: Path, tmp_path: Path) -> None:
    document = tmp_path / "optout.txt"
    document.write_text(DIGEST + "\nhttps://example.org/a.png\n")
    words = ("--home", home, "--json", "consent", "import", document, "--format", "spawning")
    planned = rakkan(*words, "--dry-run")
    assert planned.document["kept"] is False
    ran = rakkan(*words)
    assert (ran.code, ran.document["unbound"]) == (0, ["https://example.org/a.png"])
    assert ran.document["records"][0]["scopes"] == {
        "cawg.ai_generative_training": "notAllowed",
        "cawg.ai_training": "notAllowed",
    }
    again = rakkan(*words)
    assert (again.document["records"], len(again.document["already"])) == ([], 1)
    shown = rakkan("--home", home, "consent", "show", DIGEST, "--scope", "cawg.ai_training")
    assert shown.code == 1
    spoken = rakkan("--home", home, "consent", "import", document, "--format", "spawning")
    assert "reserved before" in spoken.out
    assert "not matched to a work here: https://example.org/a.png" in spoken.out


def test_an_import_that_allows_reserves_nothing(rakkan: Rakkan, home: Path, tmp_path: Path) -> None:
    document = tmp_path / "header.txt"
    document.write_text("Content-Usage: train-ai=y\n")
    ran = rakkan("--home", home, "consent", "import", document, "--format", "aipref", "--work", DIGEST)
    assert ran.code == 4
    assert "never counts" in ran.err


def test_a_field_is_disclosed_checked_and_erased(
    rakkan: Rakkan, home: Path, given: str, tmp_path: Path
) -> None:
    ran = rakkan("--home", home, "consent", "disclose", given, "name")
    assert json.loads(ran.out)["text"] == "Ada"
    shown = tmp_path / "name.json"
    shown.write_text(ran.out)
    assert rakkan("--home", home, "consent", "disclose", given, "--check", shown).code == 0
    shown.write_text(ran.out.replace("Ada", "Eve"))
    assert rakkan("--home", home, "consent", "disclose", given, "--check", shown).code == 6
    assert "Nothing was erased" in rakkan("--home", home, "consent", "erase", given).err
    assert rakkan("--home", home, "consent", "disclose", given, "name").code == 0
    ran = rakkan("--home", home, "--json", "consent", "erase", given, "--yes")
    assert (ran.code, ran.document["erased"], ran.document["fields"]) == (0, True, ["name"])
    assert rakkan("--home", home, "consent", "disclose", given, "name").code == 6
    assert rakkan("--home", home, "fsck").code == 0


@pytest.mark.parametrize(
    "words",
    [
        ("export", "not-a-cid", "--format", "cawg"),
        ("export", "GIVEN", "--format", "esperanto"),
        ("export", "GIVEN", "--format", "tdmai"),
        ("import", "FILE", "--format", "rsl"),
        ("import", "FILE", "--format", "esperanto"),
        ("disclose", "GIVEN"),
        ("disclose", "GIVEN", "name", "--check", "FILE"),
        ("disclose", "GIVEN", "--check", "FILE"),
    ],
)
def test_wrong_words_are_refused(
    rakkan: Rakkan, home: Path, given: str, tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "file").write_text("<!DOCTYPE x><x/>")
    named = [
        given if word == "GIVEN" else str(tmp_path / "file") if word == "FILE" else word for word in words
    ]
    ran = rakkan("--home", home, "consent", *named)
    assert ran.code == 2, ran
    assert ran.out == ""
