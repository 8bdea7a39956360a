"""CAR v1: one canonical form, checked against libipld, and everything else refused."""

from __future__ import annotations

import hashlib
import io
import tracemalloc
from collections.abc import Callable

import cbor2
import libipld
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rakkan.registry.content.car import CarLimits, read_car, stream_car, write_car
from rakkan.registry.content.sections import encode_varint, frame, read_varint
from rakkan.registry.ports import Block
from rakkan.schemas.errors import DomainError, Integrity, Invalid
from rakkan.schemas.values import RAW, Cid

ONE, TWO = Block.of(b'{"a":1}'), Block.of(b"raw bytes", RAW)

blocks = st.lists(
    st.tuples(st.binary(max_size=200), st.booleans()).map(
        lambda pair: Block.of(pair[0], RAW) if pair[1] else Block.of(pair[0])
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda block: block.cid,
)


def header(value: object) -> bytes:
    """A header written by an independent CBOR encoder."""
    encoded = cbor2.dumps(value)
    return encode_varint(len(encoded)) + encoded


def link(binary: bytes) -> cbor2.CBORTag:
    return cbor2.CBORTag(42, b"\0" + binary)


def car(*sections: bytes, roots: tuple[Cid, ...] = (ONE.cid,)) -> bytes:
    return header({"roots": [link(cid.binary) for cid in roots], "version": 1}) + b"".join(sections)


FIRST, SECOND = frame(ONE.cid, ONE.content), frame(TWO.cid, TWO.content)


def test_the_writer_agrees_with_a_general_cbor_encoder() -> None:
    assert write_car(ONE.cid, [ONE, TWO]) == car(FIRST, SECOND)
    many = [Block.of(str(number).encode()) for number in range(700)]
    for count in (1, 23, 24, 255, 256, 700):
        roots = tuple(block.cid for block in many[:count])
        written = write_car(roots, many)
        assert written.startswith(car(roots=roots))
        assert read_car(written).roots == roots


def test_the_bytes_are_these_for_ever() -> None:
    assert (
        write_car(ONE.cid, [ONE]).hex()
        == (
            "3ba265726f6f747381d82a582600" + ONE.cid.binary.hex() + "6776657273696f6e01"  # header
            "2c" + ONE.cid.binary.hex() + b'{"a":1}'.hex()
        )
    )
    assert hashlib.sha256(write_car((ONE.cid, TWO.cid), [ONE, TWO])).hexdigest() == (
        "ff90ce2a6252f1102f3f5a26097caeee684503abc3a67a8e612ade2ded8f5484"
    )


@given(blocks, st.data())
def test_what_is_written_is_read(written: list[Block], data: st.DataObject) -> None:
    roots = data.draw(st.lists(st.sampled_from([block.cid for block in written]), min_size=1, unique=True))
    content = write_car(roots, [*written, *written])  # repeated blocks are written once
    read = read_car(content)
    assert read.roots == tuple(roots)
    assert list(read.blocks.items()) == [(block.cid, block.content) for block in written]
    file = io.BytesIO()
    stream_car(file, roots, iter(written))
    assert file.getvalue() == content


@given(blocks)
def test_libipld_reads_the_same_header(written: list[Block]) -> None:
    # the header alone: libipld reads no raw or dag-json block; Kubo reads whole files in tests/ports
    roots = [block.cid for block in written]
    content = write_car(roots, written)
    head, found = libipld.decode_car(header_of(content))
    assert head["version"] == 1
    assert [libipld.encode_cid(cid) for cid in head["roots"]] == [str(root) for root in roots]
    assert found == {}


def header_of(content: bytes) -> bytes:
    length, start = read_varint(content, 0)
    return content[: start + length]


RAW_CID = TWO.cid.binary
REFUSED: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "header length of zero": lambda: b"\0" + car(FIRST)[1:],
    "header length beyond the file": lambda: b"\xff\x7f" + car(FIRST)[1:],
    "header length too short": lambda: bytes([car(FIRST)[0] - 1]) + car(FIRST)[1:],
    "header length padded": lambda: bytes([car(FIRST)[0] | 0x80, 0]) + car(FIRST)[1:],
    "header length of 2^63": lambda: b"\xff" * 8 + b"\x7f" + car(FIRST)[1:],
    "version 2 pragma": lambda: header({"version": 2}) + bytes(40) + FIRST,
    "version 0": lambda: header({"roots": [link(ONE.cid.binary)], "version": 0}) + FIRST,
    "version 2 with roots": lambda: header({"roots": [link(ONE.cid.binary)], "version": 2}) + FIRST,
    "version as text": lambda: header({"roots": [link(ONE.cid.binary)], "version": "1"}) + FIRST,
    "version true": lambda: header({"roots": [link(ONE.cid.binary)], "version": True}) + FIRST,
    "keys in the other order": lambda: header({"version": 1, "roots": [link(ONE.cid.binary)]}) + FIRST,
    "a third key": lambda: header({"roots": [link(ONE.cid.binary)], "version": 1, "zzzzzzzz": 0}) + FIRST,
    "no roots key": lambda: header({"version": 1}) + FIRST,
    "no root": lambda: car(FIRST, roots=()),
    "a root twice": lambda: car(FIRST, roots=(ONE.cid, ONE.cid)),
    "a root that is not in the file": lambda: car(SECOND),
    "only a header": lambda: car(),
    "root without tag": lambda: header({"roots": [b"\0" + ONE.cid.binary], "version": 1}) + FIRST,
    "root under another tag": lambda: (
        header({"roots": [cbor2.CBORTag(43, b"\0" + ONE.cid.binary)], "version": 1}) + FIRST
    ),
    "root without multibase prefix": lambda: (
        header({"roots": [cbor2.CBORTag(42, ONE.cid.binary)], "version": 1}) + FIRST
    ),
    "root as CIDv0": lambda: header({"roots": [link(b"\x12\x20" + ONE.cid.digest)], "version": 1}) + FIRST,
    "root as text": lambda: header({"roots": [str(ONE.cid)], "version": 1}) + FIRST,
    "array of indefinite length": lambda: car(FIRST).replace(b"roots\x81", b"roots\x9f"),
    "array length in two bytes": lambda: (
        bytes([car()[0] + 1]) + car(FIRST)[1:].replace(b"roots\x81", b"roots\x98\x01")
    ),
    "header not CBOR": lambda: b"\x05hello" + FIRST,
    "header cut inside the first key": lambda: b"\x04\xa2\x65ro",
    "header with junk behind": lambda: bytes([car()[0] + 1]) + car()[1:] + b"\0" + FIRST,
    "section of length zero at the end": lambda: car(FIRST, b"\0"),
    "section of length zero in between": lambda: car(FIRST, b"\0", SECOND),
    "null padding": lambda: car(FIRST, bytes(64)),
    "junk behind": lambda: car(FIRST, b"junk"),
    "last byte cut off": lambda: car(FIRST)[:-1],
    "section without CID": lambda: car(FIRST, b"\x01\x01"),
    "section length shorter than its CID": lambda: car(FIRST, b"\x24" + RAW_CID[:20]),
    "section length padded": lambda: car(bytes([FIRST[0] | 0x80, 0]) + FIRST[1:]),
    "section as CIDv0": lambda: car(FIRST, frame_bytes(b"\x12\x20" + hashlib.sha256(b"x").digest(), b"x")),
    "codec dag-cbor": lambda: car(FIRST, frame_bytes(b"\x01\x71" + RAW_CID[2:], TWO.content)),
    "codec dag-pb": lambda: car(FIRST, frame_bytes(b"\x01\x70" + RAW_CID[2:], TWO.content)),
    "codec varint padded": lambda: car(FIRST, frame_bytes(b"\x01\xd5\x00" + RAW_CID[2:], TWO.content)),
    "CID version 2": lambda: car(FIRST, frame_bytes(b"\x02" + RAW_CID[1:], TWO.content)),
    "identity hash": lambda: car(FIRST, frame_bytes(b"\x01\x55\x00\x01x", b"x")),
    "sha2-512": lambda: car(
        FIRST, frame_bytes(b"\x01\x55\x13\x40" + hashlib.sha512(TWO.content).digest(), TWO.content)
    ),
    "digest cut to 16 bytes": lambda: car(
        FIRST, frame_bytes(b"\x01\x55\x12\x10" + RAW_CID[4:20], TWO.content)
    ),
    "a second CAR behind the first": lambda: car(FIRST) + car(SECOND, roots=(TWO.cid,)),
}


def frame_bytes(cid: bytes, content: bytes) -> bytes:
    return encode_varint(len(cid) + len(content)) + cid + content


@pytest.mark.parametrize("fault", REFUSED)
def test_every_other_form_is_refused(fault: str) -> None:
    assert read_car(car(FIRST, SECOND)).blocks[TWO.cid] == TWO.content
    with pytest.raises(Invalid) as caught:
        read_car(REFUSED[fault]())
    assert caught.value.code == "car-form"


@pytest.mark.parametrize(
    "content",
    [
        car(frame(ONE.cid, b'{"a":2}')),
        car(FIRST, frame(TWO.cid, ONE.content)),
        car(FIRST, frame(ONE.cid, b'{"a":2}')),  # a block again, with other bytes
        car(FIRST, frame(TWO.cid, b"")),
    ],
)
def test_bytes_under_a_foreign_cid_are_refused(content: bytes) -> None:
    with pytest.raises(Integrity) as caught:
        read_car(content)
    assert caught.value.code == "block-digest"


def test_a_block_that_comes_twice_alike_is_one_block() -> None:
    assert read_car(car(FIRST, SECOND, FIRST)) == read_car(car(FIRST, SECOND))


@pytest.mark.parametrize(
    "limits",
    [
        CarLimits(content=len(car(FIRST, SECOND)) - 1),
        CarLimits(blocks=1),
        CarLimits(block=8),
        CarLimits(roots=1),
    ],
)
def test_limits(limits: CarLimits) -> None:
    content = car(FIRST, SECOND, roots=(ONE.cid, TWO.cid))
    assert len(read_car(content, limits=CarLimits(len(content), 2, 9, 2)).blocks) == 2
    with pytest.raises(Invalid) as caught:
        read_car(content, limits=limits)
    assert caught.value.code == "car-too-large"


def test_repeated_blocks_count_against_the_limit() -> None:
    with pytest.raises(Invalid, match="2 blocks"):
        read_car(car(FIRST, FIRST, FIRST), limits=CarLimits(blocks=2))


def test_a_hostile_length_allocates_nothing() -> None:
    tracemalloc.start()
    for length in (2**31, 2**34, 2**35 - 1):
        with pytest.raises(Invalid):
            read_car(car(FIRST, encode_varint(length) + RAW_CID))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20


@settings(max_examples=300)
@given(st.data())
def test_any_changed_byte_is_noticed(data: st.DataObject) -> None:
    content = car(FIRST, SECOND)
    at = data.draw(st.integers(0, len(content) - 1))
    mutant = content[:at] + bytes([content[at] ^ data.draw(st.integers(1, 255))]) + content[at + 1 :]
    with pytest.raises((Invalid, Integrity)):
        read_car(mutant)


@given(st.binary(max_size=400), st.integers(0, 120))
def test_noise_raises_only_our_errors(noise: bytes, at: int) -> None:
    good = car(FIRST, SECOND)
    for content in (noise, good[:at] + noise, good + noise):
        try:
            read_car(content)
        except DomainError as error:
            assert error.code in {"car-form", "block-digest"}  # noqa: PT017 - most noise, not all
        else:
            assert content == good or content.startswith(good)


def test_the_writer_refuses_what_the_reader_would() -> None:
    for roots, written in (((), [ONE]), ((ONE.cid, ONE.cid), [ONE]), (TWO.cid, [ONE]), (ONE.cid, [])):
        with pytest.raises(Invalid) as caught:
            write_car(roots, written)
        assert caught.value.code == "car-form"
    with pytest.raises(Integrity):
        write_car(ONE.cid, [Block(ONE.cid, TWO.content)])
