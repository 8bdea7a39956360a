"""The command line before Typer sees it: global options wherever they stand, ``--publish`` with or without a list.

It decides only where words stand, and whether the word after ``--publish`` is a list or a file. What options
mean, and whether a list is right, is declared with the commands.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

from rakkan.schemas.errors import Invalid

FLAGS: Final = ("--json", "--quiet", "-q", "-v", "--verbose")
"""Global flags; every command takes them, before or after its own words."""

DISCLOSABLE: Final = frozenset({"prompt", "workflow", "parents"})
"""Private fields that ``stamp --publish`` may name (``rakkan.registry.flows.stamp.drafting``)."""


def arrange(argv: Sequence[str]) -> list[str]:
    """The same words with the global options first, and each ``--publish`` of ``stamp`` with its value.

    Nothing after a bare ``--`` is touched.

    Raises:
        Invalid: ``usage``, if ``--home`` names no folder.
    """
    end = list(argv).index("--") if "--" in argv else len(argv)
    first: list[str] = []
    rest: list[str] = []
    words = iter(argv[:end])
    for word in words:
        if word in FLAGS:
            first.append(word)
        elif word == "--home":
            folder = next(words, "")
            if not folder:
                raise Invalid("--home names no folder.", code="usage", hint="Write it as --home DIR.")
            first.append(f"--home={folder}")
        elif word.startswith("--home="):
            first.append(word)
        else:
            rest.append(word)
    if rest and rest[0] == "stamp":
        rest = _with_lists(rest)
    return first + rest + list(argv[end:])


def wants_json(arranged: Sequence[str]) -> bool:
    """Whether ``--json`` is among the global options, known before anything is parsed."""
    end = list(arranged).index("--") if "--" in arranged else len(arranged)
    return "--json" in arranged[:end]


def _with_lists(words: Sequence[str]) -> list[str]:
    found: list[str] = []
    waiting = False
    for word in words:
        if waiting and _is_list(word):
            found[-1] = f"--publish={word}"
        else:
            found.append("--publish=" if word == "--publish" else word)
        waiting = word == "--publish"
    return found


def _is_list(word: str) -> bool:
    """Whether a word is meant as a list of what to show, rightly spelt or not.

    One that is taken for a file is stamped and published with less shown than was asked for, for ever. So
    whatever is no option, no file that exists, and does not look like the path of one, is a list.
    """
    parts = set(word.split(","))
    if not word or parts <= DISCLOSABLE:
        return bool(word)
    if word.startswith("-") or os.path.lexists(word):
        return False
    return bool(parts & DISCLOSABLE) or not {"/", "\\", ".", "\0"} & set(word)
