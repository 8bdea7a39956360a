"""Whether what a document says it is about is a certain work: by address, pattern or digest.

It decides matching as robots.txt does it (RFC 9309: prefix, ``*``, ``$``), on the side of the reservation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from rakkan.registry.rules.vocabulary.model import named
from rakkan.schemas.values import Digest

_HEX: Final = re.compile(r"(?:sha256:|0x)?([0-9a-f]{64})")


def digest_in(about: str) -> Digest | None:
    """The sha256 that a document names a work by, if it does."""
    found = _HEX.fullmatch(about)
    return Digest("sha256", bytes.fromhex(found.group(1))) if found else None


def applies(about: str, url: str, digests: Iterable[Digest]) -> bool:
    """Whether a reservation is about this work.

    Args:
        about: What the document says; empty for the work that it came with.
        url: Where the work is, or empty.
        digests: What the work is known by.
    """
    known = list(digests)
    if not about or digest_in(about) in known or about in {named(each.raw) for each in known}:
        return True
    if not url:
        return False
    if about.startswith("/"):
        parts = urlsplit(url)
        return _matches(about, parts.path + (f"?{parts.query}" if parts.query else ""))
    return _matches(about, url)


def _matches(pattern: str, text: str) -> bool:
    """Linear: pieces between stars are looked for one after another."""
    ends = pattern.endswith("$")
    first, *rest = pattern.removesuffix("$").split("*")
    if not text.startswith(first):
        return False
    at = len(first)
    for index, piece in enumerate(rest):
        if ends and index == len(rest) - 1:
            return len(text) - len(piece) >= at and text.endswith(piece)
        found = text.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return not ends or at == len(text)
