"""As much of JSON Schema as our OpenAPI document uses; an unknown keyword is a complaint, not a pass."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

_TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
}
_SILENT = {
    "title",
    "description",
    "examples",
    "example",
    "default",
    "contentMediaType",
    "$defs",
}


_INSIDE = {"items", "properties", "additionalProperties"}
_BOUNDS = {"minItems", "maxItems", "minLength", "maxLength", "minimum", "maximum"}
_PLAIN: dict[str, Callable[[Any, Any], bool]] = {
    "type": lambda value, said: _is(value, said),
    "const": lambda value, said: bool(value == said),
    "enum": lambda value, said: value in said,
    "pattern": lambda value, said: not isinstance(value, str) or bool(re.search(said, value)),
    "required": lambda value, said: not isinstance(value, dict) or set(said) <= set(value),
}


def complaints(value: Any, schema: dict[str, Any], document: dict[str, Any], at: str = "") -> list[str]:
    """Why a value does not hold to a schema; empty if it does.

    Args:
        value: The value.
        schema: The schema.
        document: What local references lead into.
        at: Where the value stands, for the complaint.
    """
    found: list[str] = []
    for keyword, said in schema.items():
        if keyword in _BOUNDS:
            found += _bounds(keyword, said, value, at)
        elif keyword in _INSIDE:
            for name, inner, held in _inside(keyword, said, value, schema):
                found += complaints(inner, held, document, f"{at}/{name}")
        elif keyword == "$ref":
            found += complaints(value, _target(said, document), document, at)
        elif keyword in ("anyOf", "oneOf"):
            fitting = sum(not complaints(value, each, document, at) for each in said)
            if not fitting or (keyword == "oneOf" and fitting != 1):
                found.append(f"{at}: {fitting} of {keyword} fit")
        elif keyword in _PLAIN:
            found += [] if _PLAIN[keyword](value, said) else [f"{at}: {keyword} {said}"]
        elif keyword not in _SILENT:
            found.append(f"{at}: the keyword {keyword} is not known here")
    return found + _undescribed(value, schema, at)


def _target(reference: str, document: dict[str, Any]) -> dict[str, Any]:
    target: Any = document
    for step in reference.removeprefix("#/").split("/"):
        target = target[step]
    found: dict[str, Any] = target
    return found


def _inside(
    keyword: str, said: Any, value: Any, schema: dict[str, Any]
) -> Iterator[tuple[object, Any, dict[str, Any]]]:
    """Parts of a value, each with its name and the schema that it must hold to."""
    if keyword == "items" and isinstance(value, list):
        yield from ((place, each, said) for place, each in enumerate(value))
    elif keyword == "properties" and isinstance(value, dict):
        yield from ((name, value[name], each) for name, each in said.items() if name in value)
    elif keyword == "additionalProperties" and isinstance(value, dict) and isinstance(said, dict):
        known = schema.get("properties", {})
        yield from ((name, each, said) for name, each in value.items() if name not in known)


def _undescribed(value: Any, schema: dict[str, Any], at: str) -> list[str]:
    if schema.get("additionalProperties") is not False or not isinstance(value, dict):
        return []
    return [f"{at}: {name} is not described" for name in value if name not in schema.get("properties", {})]


def _is(value: Any, kind: str) -> bool:
    if kind in ("integer", "number"):
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, _TYPES[kind])


def _bounds(keyword: str, limit: int, value: Any, at: str) -> list[str]:
    if keyword.endswith("mum"):
        measured = value if isinstance(value, int) else None
    else:
        measured = len(value) if isinstance(value, list if keyword.endswith("Items") else str) else None
    if measured is None:
        return []
    holds = measured >= limit if keyword.startswith("min") else measured <= limit
    return [] if holds else [f"{at}: {keyword} {limit}"]
