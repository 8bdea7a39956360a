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
_MAP: Final = 5  # major type, RFC 8949 §3.1
_LONGEST: Final = 27  # the last way to state a length

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
    stream = _stream(content)
    value: object = _decode(stream, integer_keys=integer_keys)
    if stream.tell() != len(content):
        raise malformed("bytes follow a CBOR value", "cbor")
    return value


def read_cbor_map(content: bytes | memoryview) -> dict[str, tuple[object, bytes]]:
    """Decode one CBOR map with text keys: each value with the bytes that stand for it.

    Where a part of a value is signed, what was signed are those bytes, and not what another encoder
    would make of the value.

    Raises:
        UnreadableManifest: ``cbor``; also for a map of unstated length.
    """
    stream = _stream(content)
    (first,) = stream.read(1) or b"\0"
    wide = {24: 1, 25: 2, 26: 4, 27: 8}.get(first & 0x1F, 0)
    length = stream.read(wide)
    if first >> 5 != _MAP or (first & 0x1F) > _LONGEST or len(length) != wide:
        raise malformed("a CBOR value is not a map", "cbor")
    count = int.from_bytes(length) if wide else first & 0x1F
    found: dict[str, tuple[object, bytes]] = {}
    while len(found) < count:
        key = _decode(stream)
        start = stream.tell()
        value = _decode(stream)
        if not isinstance(key, str) or key in found:
            raise malformed("a CBOR map has a key twice, or one that is not text", "cbor")
        found[key] = value, bytes(content[start : stream.tell()])
    if stream.tell() != len(content):
        raise malformed("bytes follow a CBOR value", "cbor")
    return found


def _stream(content: bytes | memoryview) -> io.BytesIO:
    if len(content) > MAX_BYTES:
        raise malformed(f"a CBOR value has more than {MAX_BYTES} bytes", "cbor")
    return io.BytesIO(content)


def _decode(stream: io.BytesIO, *, integer_keys: bool = False) -> object:
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
