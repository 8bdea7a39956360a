"""JUMBF URIs as C2PA writes them (§8.3): which manifest and which assertion a link names.

It decides their forms. It leaves out whether the target is there.
"""

from __future__ import annotations

import re
from typing import Final

_ASSERTION: Final = re.compile(
    r"self#jumbf=(?:/c2pa/(?P<manifest>[^/]{1,256})/)?c2pa\.assertions/(?P<label>[^/]{1,256})"
)
_MANIFEST: Final = re.compile(r"self#jumbf=/c2pa/(?P<manifest>[^/]{1,256})(?:/.*)?")


def split_assertion(uri: object) -> tuple[str, str]:
    """Manifest and label that an assertion's URI names.

    Returns:
        The manifest is empty in a relative URI; both are if it names no assertion.
    """
    found = _ASSERTION.fullmatch(uri) if isinstance(uri, str) else None
    return (found["manifest"] or "", found["label"]) if found else ("", "")


def manifest_of(uri: object) -> str:
    """The name of the manifest that an absolute URI points to or into, or an empty string."""
    found = _MANIFEST.fullmatch(uri) if isinstance(uri, str) else None
    return found["manifest"] if found else ""


def base_label(label: str) -> str:
    """An assertion's label without its instance: ``c2pa.ingredient.v3`` of ``c2pa.ingredient.v3__1``.

    Whatever stands behind the two underscores is cut off, number or not: the C2PA engine takes all of
    it for an instance, and what only one of two readers sees is a place to hide something.
    """
    return label.partition("__")[0]
