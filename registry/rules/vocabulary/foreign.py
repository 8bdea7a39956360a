"""Foreign JSON and XML, read with suspicion: bounded in size, depth and number, without entities.

It decides what shape of text is read at all. It leaves out what the keys mean.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final, Never
from xml.parsers import expat

from rakkan.registry.rules.vocabulary.model import malformed

MAX_DEPTH: Final = 24
MAX_ELEMENTS: Final = 20_000


def text_of(content: bytes) -> str:
    """UTF-8 text, without a byte order mark.

    Raises:
        Invalid: ``vocabulary-form``.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise malformed(f"Byte {error.start} is not UTF-8") from error


def json_of(content: bytes) -> Any:  # noqa: ANN401 - the shape is the caller's to check
    """JSON without duplicate keys, NaN or great depth; numbers with a fraction come as text.

    Raises:
        Invalid: ``vocabulary-form``.
    """
    try:
        value = json.loads(
            text_of(content),
            object_pairs_hook=_unique,
            parse_float=str,
            parse_constant=_refuse,
            parse_int=_bounded,
        )
    except (ValueError, RecursionError) as error:
        raise malformed(f"Not JSON that is read here: {str(error)[:200]}") from error
    _shallow(value, 0)
    return value


def written(value: object) -> bytes:
    """JSON as it is handed out."""
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def mapping(value: object, pointer: str) -> dict[str, Any]:
    """An object, or a refusal."""
    if not isinstance(value, dict):
        raise malformed("An object is expected", pointer)
    return value


def sequence(value: object, pointer: str, limit: int) -> list[Any]:
    """A list of at most so many items, or a refusal."""
    if not isinstance(value, list):
        raise malformed("A list is expected", pointer)
    if len(value) > limit:
        raise malformed(f"More than {limit} entries", pointer)
    return value


@dataclass(slots=True)
class Element:
    """An XML element: ``{namespace}name`` as expat gives it with a blank between, attributes, text, children."""

    name: str
    attributes: dict[str, str]
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def all(self, name: str) -> list[Element]:
        """The children of that name."""
        return [each for each in self.children if each.name == name]


def xml_of(content: bytes) -> Element:
    """The root of an XML document without DTD, entities or processing instructions.

    Raises:
        Invalid: ``vocabulary-form``.
    """
    text_of(content)
    parser = expat.ParserCreate(encoding="utf-8", namespace_separator=" ")
    stack: list[Element] = [Element("", {})]
    count = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if len(stack) > MAX_DEPTH or count > MAX_ELEMENTS:
            raise malformed(f"Deeper than {MAX_DEPTH} or more than {MAX_ELEMENTS} elements")
        element = Element(name, attributes)
        stack[-1].children.append(element)
        stack.append(element)

    def text(piece: str) -> None:
        stack[-1].text += piece

    def forbidden(*_: object) -> Never:
        raise malformed("A DTD, an entity or a processing instruction, which are not read here,")

    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: stack.pop()
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = forbidden
    parser.EntityDeclHandler = forbidden
    parser.UnparsedEntityDeclHandler = forbidden
    parser.ExternalEntityRefHandler = forbidden
    parser.SkippedEntityHandler = forbidden
    parser.ProcessingInstructionHandler = forbidden
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise malformed(f"Not XML: {error}") from error
    return stack[0].children[0]


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return value


def _refuse(text: str) -> Never:
    raise ValueError(f"{text} is no number")


def _bounded(text: str) -> int | str:
    return int(text) if len(text) < 20 else text


def _shallow(value: object, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise malformed(f"Nesting deeper than {MAX_DEPTH}")
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _shallow(each, depth + 1)
