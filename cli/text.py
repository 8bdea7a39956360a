"""Text for terminals and programs: hostile strings made harmless, JSON in one form.

It decides which characters from files, records and errors reach a terminal. It leaves out what is
said (``rakkan.cli.sentences``) and how it is laid out (``rakkan.cli.render``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

# Controls (C0, DEL, C1), soft hyphen, zero-width and direction-changing characters, line and paragraph
# separators, interlinear annotation, lone surrogates, tags: whatever moves a cursor or hides a letter.
_UNSAFE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
_BLANK: Final = re.compile(r"\s+")


def clean(text: str) -> str:
    """One line that cannot move a cursor: unsafe characters are stripped, blanks become one space."""
    return _UNSAFE.sub("", _BLANK.sub(" ", text)).strip()


def clean_lines(text: str) -> str:
    """Several lines, each made harmless; indentation stays."""
    return "\n".join(_UNSAFE.sub("", line.replace("\t", "    ")) for line in text.split("\n"))


def to_json(document: Mapping[str, Any], *, compact: bool = False) -> str:
    """The document as JSON in ASCII, so that no locale and no terminal can be hurt by it.

    Args:
        document: Plain values.
        compact: One line, for documents of many items.
    """
    if compact:
        return json.dumps(document, separators=(",", ":"))
    return json.dumps(document, indent=2)
