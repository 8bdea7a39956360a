"""Words from a file made by strangers, as they may stand on a page or in a terminal.

It decides what is taken out of them: control and direction characters, and everything beyond a
length. It leaves out HTML, which whoever writes HTML escapes.
"""

from __future__ import annotations

import unicodedata
from typing import Final

MAX_LENGTH: Final = 200
# Categories that do not show, or that change how others show: control, format (also bidirectional
# overrides), surrogates, private use, unassigned, line and paragraph separators.
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def plain(value: object, limit: int = MAX_LENGTH) -> str:
    """The visible part of a text on one line; an empty string for what is not text.

    Args:
        value: Whatever stood where a text belongs.
        limit: Greatest length in characters; a longer text ends in an ellipsis.
    """
    if not isinstance(value, str):
        return ""
    if len(value) <= limit and value.isprintable() and " ".join(value.split()) == value:
        return value
    cut = value[: 4 * limit]
    seen = "".join(
        " " if sign.isspace() else sign
        for sign in cut
        if sign.isspace() or unicodedata.category(sign) not in _HIDDEN
    )
    line = " ".join(seen.split())
    if len(line) <= limit and len(cut) == len(value):
        return line
    return line[: limit - 1].rstrip() + "…"
