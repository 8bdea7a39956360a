"""Where words may stand on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from rakkan.cli.arguments import arrange, wants_json
from rakkan.schemas.errors import Invalid


@pytest.mark.parametrize(
    ("words", "arranged"),
    [
        (["verify", "x", "--json"], ["--json", "verify", "x"]),
        (["--json", "verify", "x"], ["--json", "verify", "x"]),
        (["verify", "--home", "there", "x", "-q"], ["--home=there", "-q", "verify", "x"]),
        (["consent", "show", "x", "--home=there"], ["--home=there", "consent", "show", "x"]),
        (["verify", "--", "--json"], ["verify", "--", "--json"]),
        (["--home", "--json", "x"], ["--home=--json", "x"]),
        ([], []),
    ],
)
def test_global_options_may_stand_anywhere_before_a_bare_dash_dash(
    words: list[str], arranged: list[str]
) -> None:
    assert arrange(words) == arranged


@pytest.mark.parametrize(
    ("words", "arranged"),
    [
        (["stamp", "a.png", "--publish"], ["stamp", "a.png", "--publish="]),
        (["stamp", "--publish", "a.png"], ["stamp", "--publish=", "a.png"]),
        (["stamp", "--publish", "prompt,parents", "a.png"], ["stamp", "--publish=prompt,parents", "a.png"]),
        (["stamp", "--publish=workflow", "a.png"], ["stamp", "--publish=workflow", "a.png"]),
        (["stamp", "--publish", "prompt.png"], ["stamp", "--publish=", "prompt.png"]),
        (["stamp", "--publish", ""], ["stamp", "--publish=", ""]),
        (["stamp", "a.png", "--publish", "promt"], ["stamp", "a.png", "--publish=promt"]),
        (["stamp", "a.png", "--publish", "prompt,bogus"], ["stamp", "a.png", "--publish=prompt,bogus"]),
        (["stamp", "--publish", "prompt,work.flow", "a"], ["stamp", "--publish=prompt,work.flow", "a"]),
        (["stamp", "--publish", "no-such/promt"], ["stamp", "--publish=", "no-such/promt"]),
        (["stamp", "--publish", "--", "promt"], ["stamp", "--publish=", "--", "promt"]),
        (
            ["stamp", "--publish", "--json", "prompt", "a.png"],
            ["--json", "stamp", "--publish=prompt", "a.png"],
        ),
        (["stamp", "a.png", "--", "--publish"], ["stamp", "a.png", "--", "--publish"]),
        (["consent", "grant", "a.png", "--publish"], ["consent", "grant", "a.png", "--publish"]),
    ],
)
def test_publish_takes_a_list_only_of_what_can_be_shown(words: list[str], arranged: list[str]) -> None:
    """A file is never mistaken for a wish to show a prompt, unless it is called just that; nor a typo for a file."""
    assert arrange(words) == arranged


def test_a_file_that_exists_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "outputs").mkdir()
    monkeypatch.chdir(tmp_path)
    assert arrange(["stamp", "--publish", "outputs"]) == ["stamp", "--publish=", "outputs"]
    assert arrange(["stamp", "--publish", "output"]) == ["stamp", "--publish=output"]


def test_home_without_a_folder_is_refused() -> None:
    with pytest.raises(Invalid) as caught:
        arrange(["verify", "x", "--home"])
    assert caught.value.code == "usage"


def test_json_is_known_before_anything_is_parsed() -> None:
    assert wants_json(["frob", "--json"])
    assert not wants_json(["frob", "--", "--json"])
    assert not wants_json([])
