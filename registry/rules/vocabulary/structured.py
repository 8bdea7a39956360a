"""Dictionaries of Structured Field Values (RFC 9651, section 4.2.2), as ``Content-Usage`` carries them.

It decides which bytes are a dictionary, and gives each key its last value, and all it had before. It
leaves out what keys mean. Only tokens are told apart from other values: nothing else is a preference.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from rakkan.registry.rules.vocabulary.model import MAX_ENTRIES, malformed

_KEY: Final = re.compile(r"[a-z*][a-z0-9_.*-]*")
_TOKEN: Final = re.compile(r"[A-Za-z*][A-Za-z0-9:/!#$%&'*+.^_`|~-]*")
_OTHER: Final = re.compile(
    r'"(?:[ !#-\[\]-~]|\\["\\])*"'  # string
    r"|-?[0-9]{1,12}\.[0-9]{1,3}|-?[0-9]{1,15}(?![0-9.])"  # decimal, integer
    r"|:[A-Za-z0-9+/=]*:"  # byte sequence
    r"|\?[01]"  # boolean
    r"|@-?[0-9]{1,15}(?![0-9.])"  # date
    r'|%"(?:[ !#$&-~]|%[0-9a-f]{2})*"'  # display string
)
_BLANK: Final = re.compile(r"[ \t]*")


@dataclass(frozen=True, slots=True)
class Member:
    """The value of a key.

    Attributes:
        token: The value if it is a token, else None.
        parameters: Names of its parameters.
    """

    token: str | None
    parameters: tuple[str, ...] = ()


def dictionary(text: str) -> dict[str, list[Member]]:
    """Every value of every key, in order; the last one of a key is the one that applies.

    Raises:
        Invalid: ``vocabulary-form``, if it is no dictionary.
    """
    found: dict[str, list[Member]] = {}
    text = text.strip(" ")
    at = count = 0
    while at < len(text):
        count += 1
        if count > MAX_ENTRIES:
            raise malformed(f"More than {MAX_ENTRIES} members in a dictionary")
        key, at = _take(_KEY, text, at, "a key in lower case")
        if text[at : at + 1] == "=":
            token, at = _value(text, at + 1)
        else:
            token = None  # the boolean true
        parameters, at = _parameters(text, at)
        found.setdefault(key, []).append(Member(token, parameters))
        at = _skip(text, at)
        if at == len(text):
            break
        if text[at] != ",":
            raise malformed(f"A comma is missing, character {at},")
        at = _skip(text, at + 1)
        if at == len(text):
            raise malformed("The dictionary ends in a comma")
    return found


def _value(text: str, at: int) -> tuple[str | None, int]:
    if text[at : at + 1] != "(":
        return _item(text, at)
    at += 1
    while True:
        while text[at : at + 1] == " ":
            at += 1
        if text[at : at + 1] == ")":
            return None, at + 1
        _, at = _item(text, at)
        _, at = _parameters(text, at)
        if text[at : at + 1] not in (" ", ")"):
            raise malformed(f"An inner list is not closed, character {at},")


def _item(text: str, at: int) -> tuple[str | None, int]:
    token = _TOKEN.match(text, at)
    if token:
        return token.group(), token.end()
    _, at = _take(_OTHER, text, at, "a value")
    return None, at


def _parameters(text: str, at: int) -> tuple[tuple[str, ...], int]:
    names: list[str] = []
    while text[at : at + 1] == ";":
        at += 1
        while text[at : at + 1] == " ":
            at += 1
        name, at = _take(_KEY, text, at, "a parameter in lower case")
        names.append(name)
        if text[at : at + 1] == "=":
            _, at = _item(text, at + 1)
    return tuple(names), at


def _take(pattern: re.Pattern[str], text: str, at: int, what: str) -> tuple[str, int]:
    found = pattern.match(text, at)
    if found is None:
        raise malformed(f"Expected {what}, character {at},")
    return found.group(), found.end()


def _skip(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at
