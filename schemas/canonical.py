"""The one serializer of records: JCS (RFC 8785) and canonical DAG-JSON at once.

It decides which values may be signed and their only bytes. Within the guard the two forms agree:
ASCII keys sort alike by code unit and by byte, and integers need no float form. It leaves out
what a record means.
"""

from __future__ import annotations

import json
from typing import Any, Final, Never

from rakkan.schemas.errors import Invalid
from rakkan.schemas.values import Cid

Json = None | bool | int | str | list[Any] | dict[str, Any]

MAX_BYTES: Final = 64 * 1024
MAX_DEPTH: Final = 32
MAX_INTEGER: Final = 2**53 - 1


def canonical(value: object) -> bytes:
    """The canonical bytes of a JSON value.

    Args:
        value: None, booleans, integers within ±(2^53−1), strings, lists, and maps with ASCII keys.
            The key ``/`` stands only alone, as the key of a link to a base32 CIDv1.

    Raises:
        Invalid: ``not-canonical``, with the JSON pointer of the value that has no canonical form.
    """
    _guard(value, "", 0)
    encoded = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    content = encoded.encode()
    if len(content) > MAX_BYTES:
        raise Invalid(f"A record has at most {MAX_BYTES} bytes, not {len(content)}.", code="record-too-large")
    return content


def parse_canonical(content: bytes) -> Any:  # noqa: ANN401 - the shape is the caller's to check
    """Read canonical bytes, and only those: anything that would be written otherwise is refused.

    Raises:
        Invalid: ``not-canonical``, ``not-json``, ``record-too-large``.
    """
    value = parse_strict(content)
    if canonical(value) != content:
        raise Invalid("These bytes are JSON, but not in canonical form.", code="not-canonical")
    return value


def parse_strict(content: bytes, *, limit: int = MAX_BYTES) -> Any:  # noqa: ANN401
    """Read JSON without its traps: no floats, NaN, duplicate keys, or nesting without end.

    Args:
        content: UTF-8 JSON, not necessarily canonical.
        limit: Greatest size in bytes.

    Raises:
        Invalid: ``not-json``, ``record-too-large``.
    """
    if len(content) > limit:
        raise Invalid(f"At most {limit} bytes are read here, not {len(content)}.", code="record-too-large")
    try:
        return json.loads(
            content.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_float=_no_float,
            parse_constant=_no_float,
            parse_int=_bounded,
        )
    except (ValueError, RecursionError) as error:
        raise Invalid(f"Not strict JSON: {error}.", code="not-json") from error


def _guard(value: object, pointer: str, depth: int) -> None:  # noqa: C901 - one case a JSON type
    if depth > MAX_DEPTH:
        raise _refuse(f"nesting deeper than {MAX_DEPTH}", pointer)
    match value:
        case None | bool():
            return
        case int():
            if not -MAX_INTEGER <= value <= MAX_INTEGER:
                raise _refuse("an integer beyond ±(2^53−1); write it as a string", pointer)
        case str():
            if not value.isascii():
                _check_text(value, pointer)
        case list():
            for index, item in enumerate(value):
                _guard(item, f"{pointer}/{index}", depth + 1)
        case dict():
            if "/" in value:
                _check_link(value, pointer)
                return
            for key, item in value.items():
                if not isinstance(key, str) or not key.isascii():
                    raise _refuse("a key that is not ASCII text", pointer)
                _guard(item, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}", depth + 1)
        case _:
            raise _refuse(f"a value of type {type(value).__name__}", pointer)


def _check_text(value: str, pointer: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _refuse("a lone surrogate", pointer) from None


def _check_link(value: dict[Any, Any], pointer: str) -> None:
    target = value["/"]
    if len(value) != 1 or not isinstance(target, str):
        raise _refuse('the key "/" outside a link', pointer)
    try:
        Cid.parse(target)
    except Invalid:
        raise _refuse("a link that is not a base32 CIDv1", pointer) from None


def _refuse(what: str, pointer: str) -> Invalid:
    return Invalid(f"No canonical form: {what} at {pointer or '/'}.", code="not-canonical", pointer=pointer)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return value


def _no_float(text: str) -> Never:
    raise ValueError(f"{text[:40]} is not an integer; write decimals as strings")


def _bounded(text: str) -> int:
    if len(text) > 17:  # "-9007199254740991" has 17 characters
        raise ValueError(f"{text[:40]}… is beyond ±(2^53−1); write it as a string")
    return int(text)
