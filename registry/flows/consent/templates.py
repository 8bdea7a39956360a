"""Templates of terms: one commented TOML file a kind of consent, with blanks where only the grantor can answer.

It decides which templates there are. That a blank is refused is decided in ``termsfile``.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Final

KINDS: Final = ("grant", "reservation", "mandate", "likeness", "co-author")
"""Kinds of consent that have a template."""


def template_of(kind: str) -> str:
    """The template of one of :data:`KINDS`, as TOML."""
    return (files("rakkan.registry.flows.consent") / "blanks" / f"{kind}.toml").read_text(encoding="utf-8")
