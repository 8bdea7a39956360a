"""CAR v1, the file that blocks travel in: strict reader and deterministic writer.

It decides one narrow, canonical form of https://ipld.io/specs/transport/car/carv1/: the header is the
DAG-CBOR of ``{roots: [CID, …], version: 1}`` in its only encoding, at least one root, every root in
the file, codecs raw and dag-json, sha2-256, every block hashed on reading. CAR v2 and its indexes are
refused. It leaves out what the blocks mean and how they link to each other.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final

from rakkan.registry.content.blocks import MAX_BLOCK, check_digest
from rakkan.registry.content.sections import (
    CID_STARTS,
    encode_varint,
    frame,
    malformed,
    read_section,
    read_varint,
)
from rakkan.registry.ports import Block
from rakkan.schemas.errors import Invalid
from rakkan.schemas.values import Cid

# RFC 8949: map of two, text "roots"; DAG-CBOR sorts keys by length first, so "version" comes last
_ROOTS: Final = b"\xa2\x65roots"
_VERSION: Final = b"\x67version\x01"
_LINK: Final = b"\xd8\x2a\x58"  # tag 42, then a byte string whose length is one byte
_IDENTITY: Final = b"\x00"  # multibase prefix of a binary CID inside DAG-CBOR
_MAX_ROOTS: Final = 0xFFFF


@dataclass(frozen=True, slots=True)
class CarLimits:
    """How much is read before refusing; a CAR comes from strangers.

    Attributes:
        content: Bytes in the file.
        blocks: Sections in the file, repeated ones counted each time.
        block: Bytes in one block.
        roots: Roots in the header.
    """

    content: int = 64 * 1024 * 1024
    blocks: int = 65_536
    block: int = MAX_BLOCK
    roots: int = 1024


DEFAULT_LIMITS: Final = CarLimits()


@dataclass(frozen=True, slots=True)
class CarFile:
    """A CAR that was read whole, each block hashed.

    Attributes:
        roots: At least one, without repetition, each in ``blocks``.
        blocks: Block bytes by CID, in the order of the file.
    """

    roots: tuple[Cid, ...]
    blocks: Mapping[Cid, bytes]


def write_car(root: Cid | Sequence[Cid], blocks: Iterable[Block]) -> bytes:
    """A CAR of these blocks; the same arguments give the same bytes.

    Args:
        root: The root, or several.
        blocks: Written in this order; a block that comes again is written once.

    Raises:
        Invalid: ``car-form``, for no root, a repeated one, or one that is not among the blocks.
        Integrity: ``block-digest``.
    """
    file = io.BytesIO()
    stream_car(file, root, blocks)
    return file.getvalue()


def stream_car(file: BinaryIO, root: Cid | Sequence[Cid], blocks: Iterable[Block]) -> None:
    """Write a CAR into an open file, one block in memory at a time.

    What was written is of no use if this raises; errors as :func:`write_car`.
    """
    roots = (root,) if isinstance(root, Cid) else tuple(root)
    header = _encode_header(roots)
    file.write(encode_varint(len(header)) + header)
    written: set[Cid] = set()
    for block in blocks:
        if block.cid in written:
            continue
        check_digest(block.cid, block.content, "what was handed in")
        written.add(block.cid)
        file.write(frame(block.cid, block.content))
    _demand_roots(roots, written)


def read_car(content: bytes, *, limits: CarLimits = DEFAULT_LIMITS) -> CarFile:
    """Read a CAR v1 from start to end; the first fault refuses all of it.

    Raises:
        Invalid: ``car-form``, ``car-too-large``.
        Integrity: ``block-digest``, if a block does not hash to its CID.
    """
    if len(content) > limits.content:
        raise _too_large(f"{limits.content} bytes")
    length, start = read_varint(content, 0)
    at = start + length
    if at > len(content):
        raise malformed("a header that is cut off", 0)
    roots = _decode_header(content[start:at], start, limits.roots)
    blocks: dict[Cid, bytes] = {}
    count = 0
    while at < len(content):
        count += 1
        if count > limits.blocks:
            raise _too_large(f"{limits.blocks} blocks")
        section = read_section(content, at)
        if section.stop - section.start > limits.block:
            raise _too_large(f"{limits.block} bytes in one block")
        block = content[section.start : section.stop]
        check_digest(section.cid, block, "the CAR")
        blocks[section.cid] = block
        at = section.stop
    _demand_roots(roots, blocks)
    return CarFile(roots, blocks)


def _encode_header(roots: Sequence[Cid]) -> bytes:
    if not 0 < len(roots) <= _MAX_ROOTS or len(set(roots)) != len(roots):
        raise malformed("no root, too many, or one of them twice", 0)
    links = b"".join(_LINK + bytes([len(cid.binary) + 1]) + _IDENTITY + cid.binary for cid in roots)
    return _ROOTS + _array_head(len(roots)) + links + _VERSION


def _array_head(count: int) -> bytes:
    """Major type 4 with its argument in the shortest form (RFC 8949 §3)."""
    if count < 24:
        return bytes([0x80 | count])
    return b"\x98" + bytes([count]) if count < 256 else b"\x99" + count.to_bytes(2)


def _decode_header(header: bytes, offset: int, limit: int) -> tuple[Cid, ...]:
    """The roots; whatever would be encoded otherwise is refused, so only the shape is looked for here."""
    roots: list[Cid] = []
    # the array head has one byte more for each width of its argument
    at = len(_ROOTS) + 1 + {0x98: 1, 0x99: 2}.get(header[len(_ROOTS)] if len(header) > len(_ROOTS) else 0, 0)
    while header.startswith(_LINK, at):
        if len(roots) == limit:
            raise _too_large(f"{limit} roots")
        start = at + len(_LINK) + 2
        size = CID_STARTS.get(header[start : start + 2], 0)
        try:
            roots.append(Cid.from_bytes(header[start : start + size]))
        except Invalid:
            raise malformed("a root that is not a CID that we use", offset + at) from None
        at = start + size
    if _encode_header(roots) != header:
        raise malformed("a header other than {roots, version: 1} in canonical DAG-CBOR", offset)
    return tuple(roots)


def _demand_roots(roots: Iterable[Cid], present: Iterable[Cid]) -> None:
    absent = set(roots).difference(present)
    if absent:
        raise Invalid(
            f"The CAR lacks the block of its root {min(map(str, absent))}.",
            code="car-form",
            hint="Ask for a whole CAR.",
        )


def _too_large(limit: str) -> Invalid:
    return Invalid(
        f"A CAR of more than {limit} is not read here.",
        code="car-too-large",
        hint="Send it in several parts.",
    )
