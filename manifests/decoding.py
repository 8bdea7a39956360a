"""CBOR and JSON from strangers: one value, nothing after it, nothing that runs or loops.

It decides which assertions are read at all: bounded size and depth, text keys, no key twice, no
CBOR tags but date texts. It leaves out what the value means.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any, Final, Never

import cbor2

from rakkan.manifests.boxes import malformed

MAX_BYTES: Final = 1024 * 1024
MAX_DEPTH: Final = 32

# Every tag that cbor2 would turn into something: big numbers, shared (also cyclic) references,
# regular expressions, MIME messages, sets, addresses. Only tag 0, a date as text, stays text.
_TAGS: Final = (
    1,
    2,
    3,
    4,
    5,
    25,
    28,
    29,
    30,
    35,
    36,
    37,
    52,
    54,
    100,
    256,
    258,
    260,
    261,
    1004,
    43000,
    55799,
)


def read_cbor(content: bytes | memoryview, *, integer_keys: bool = False) -> object:
    """Decode one CBOR value: None, bool, int, float, str, bytes, list or dict.

    Args:
        content: The encoded value, at most :data:`MAX_BYTES`.
        integer_keys: Also take integers as keys (COSE headers).

    Raises:
        UnreadableManifest: ``cbor``.
    """
    if len(content) > MAX_BYTES:
        raise malformed(f"a CBOR value has more than {MAX_BYTES} bytes", "cbor")
    stream = io.BytesIO(content)
    try:
        # read_size=1 keeps the decoder from reading ahead, so that the position tells what is left.
        value: object = cbor2.CBORDecoder(
            stream,
            read_size=1,
            max_depth=MAX_DEPTH,
            allow_duplicate_keys=False,
            strict_hashable_types=not integer_keys,
            semantic_decoders=_DECODERS,
            tag_hook=_refuse,
        ).decode()
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError, MemoryError) as error:
        raise malformed("a CBOR value cannot be read", "cbor") from error
    if stream.tell() != len(content):
        raise malformed("bytes follow a CBOR value", "cbor")
    return value


def read_json(content: bytes | memoryview) -> object:
    """Decode one JSON value of at most :data:`MAX_BYTES`.

    Raises:
        UnreadableManifest: ``json``.
    """
    if len(content) > MAX_BYTES:
        raise malformed(f"a JSON value has more than {MAX_BYTES} bytes", "json")
    try:
        value: object = json.loads(bytes(content).decode(), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise malformed("a JSON value cannot be read", "json") from error
    return value


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return fields


def _refuse(*_: object) -> Never:
    raise ValueError("a tag that C2PA has no use for")


def _text(value: object, _: bool) -> str:
    if not isinstance(value, str):
        raise TypeError("a date that is not text")
    return value


_DECODERS: Final[dict[int, Callable[[Any, bool], Any]]] = {0: _text, **dict.fromkeys(_TAGS, _refuse)}
