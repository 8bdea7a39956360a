"""Hostile strings: nothing from a file moves the cursor of whoever reads about it."""

from __future__ import annotations

import json
import unicodedata

import pytest

from rakkan.cli.text import clean, clean_lines, to_json

HOSTILE = [
    "\x1b[2J\x1b[31mred",
    "a\rb\x08c",
    "\x9b31m",
    "\u202egnp.exe",
    "zero\u200bwidth",
    "tag\U000e0041",
    "bell\x07",
    "line\u2028break",
    "\udcff",
    "title\x1b]0;owned\x07",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_control_or_format_character_is_left(text: str) -> None:
    for cleaned in (clean(text), clean_lines(text)):
        assert all(unicodedata.category(letter) not in ("Cc", "Cf", "Zl", "Zp", "Cs") for letter in cleaned)


def test_every_control_and_format_character_there_is_goes() -> None:
    kept = [
        hex(code)
        for code in range(0x110000)
        if unicodedata.category(chr(code)) in ("Cc", "Zl", "Zp", "Cs")
        and clean(f"a{chr(code)}b") not in ("ab", "a b")
    ]
    assert kept == []


def test_one_line_stays_one_line_and_letters_stay() -> None:
    assert clean("  zwei\nZeilen\t„Ä“ 絵\u3000師 ") == "zwei Zeilen „Ä“ 絵 師"
    assert clean_lines("a\n  b\tc") == "a\n  b    c"


@pytest.mark.parametrize("text", HOSTILE)
def test_json_is_ascii_and_comes_back(text: str) -> None:
    for compact in (True, False):
        written = to_json({"name": text}, compact=compact)
        assert written.isascii()
        assert "\x1b" not in written
        assert json.loads(written) == {"name": text}
    assert "\n" not in to_json({"a": [1, 2]}, compact=True)
