"""Sections: how a block is framed in a CAR and in our segments, ``varint length | CID | bytes``.

It decides the one accepted form (CAR v1 specification, "Data": minimal unsigned varint, binary CIDv1
over sha2-256, codec raw or dag-json). It leaves out whether the bytes hash to the CID, and what
stands around sections.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rakkan.schemas.errors import Invalid
from rakkan.schemas.values import Cid

CID_STARTS: Final = {b"\x01\x55": 36, b"\x01\xa9": 37}
"""First two bytes of the CIDs we use (raw, dag-json), and their length in bytes."""

_VARINT_BYTES: Final = 5  # 35 bits: far above every limit, far below an allocation that hurts


@dataclass(frozen=True, slots=True)
class Section:
    """Where one block lies in a buffer.

    Attributes:
        cid: The name it is framed under; not checked against the bytes.
        start: Offset of its first byte, behind the CID.
        stop: Offset behind its last byte; the next section begins here.
    """

    cid: Cid
    start: int
    stop: int


def frame(cid: Cid, content: bytes) -> bytes:
    """One section."""
    return encode_varint(len(cid.binary) + len(content)) + cid.binary + content


def encode_varint(number: int) -> bytes:
    """Unsigned LEB128 in its shortest form (multiformats ``unsigned-varint``)."""
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def read_varint(content: bytes, at: int) -> tuple[int, int]:
    """The number at an offset, and the offset behind it.

    Raises:
        Invalid: ``car-form``, if it is cut off, not in its shortest form, or longer than 35 bits.
    """
    number = 0
    for index, byte in enumerate(content[at : at + _VARINT_BYTES]):
        number |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            if byte == 0 and index:
                raise malformed("a length that is not written in its shortest form", at)
            return number, at + index + 1
    raise malformed("a length that is cut off or far too large", at)


def read_section(content: bytes, at: int) -> Section:
    """The section at an offset.

    Raises:
        Invalid: ``car-form``.
    """
    length, start = read_varint(content, at)
    if length == 0:
        raise malformed("an empty section", at)
    stop = start + length
    if stop > len(content):
        raise malformed("a section that is cut off", at)
    size = CID_STARTS.get(content[start : start + 2])
    if size is None or length < size:
        raise malformed("a section without a CID that we use", at)
    try:
        return Section(Cid.from_bytes(content[start : start + size]), start + size, stop)
    except Invalid:
        raise malformed("a section without a CID that we use", at) from None


def malformed(what: str, at: int) -> Invalid:
    """The refusal of a CAR, naming what is wrong and where."""
    return Invalid(
        f"Not a CAR v1 of ours: {what}, at byte {at}.",
        code="car-form",
        hint="Expected: version 1, blocks raw or dag-json, CIDv1 over sha2-256, nothing else.",
        offset=at,
    )
