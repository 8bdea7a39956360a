"""Templates of terms, filled in as their comments ask."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from rakkan.registry.flows.consent.templates import template_of

ANSWERS: Final[Mapping[str, str]] = {
    "grantee": '["public"]',
    "claim": '"created"',
    "coauthors": '"complete"',
    "depicted": '"none"',
    "minors": '"none"',
    "licence": '"CC-BY-4.0"',
    "capacity": '"owner"',
    "shareBp": "4000",
}
"""By name of the field; a scope is allowed."""

_BLANK: Final = re.compile(r'^(?P<key>"[a-z_.]+"|[A-Za-z]+) = \[?"\?"\]?', re.MULTILINE)


def blanks_of(kind: str) -> list[str]:
    """The fields of a template that are to be filled in, as they stand in the file."""
    return [match["key"] for match in _BLANK.finditer(template_of(kind))]


def filled(kind: str, but: str = "", **answers: str) -> str:
    """A template with every blank filled in, save one."""
    known = {**ANSWERS, **answers}

    def fill(match: re.Match[str]) -> str:
        key = match["key"]
        if key == but:
            return match[0]
        return f"{key} = {known.get(key.strip(chr(34)), chr(34) + 'allowed' + chr(34))}"

    return _BLANK.sub(fill, template_of(kind))
