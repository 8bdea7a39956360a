"""Sections are framed in exactly one way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rakkan.registry.content.sections import encode_varint, frame, read_section, read_varint
from rakkan.schemas.errors import Invalid
from rakkan.schemas.values import DAG_JSON, RAW, Cid


@pytest.mark.parametrize(
    ("number", "encoded"),
    [(0, "00"), (1, "01"), (127, "7f"), (128, "8001"), (255, "ff01"), (300, "ac02"), (16384, "808001")],
)
def test_varints_of_the_specification(number: int, encoded: str) -> None:
    assert encode_varint(number).hex() == encoded
    assert read_varint(bytes.fromhex(encoded) + b"tail", 0) == (number, len(encoded) // 2)


@given(st.integers(0, 2**35 - 1), st.binary(max_size=9))
def test_a_varint_comes_back(number: int, before: bytes) -> None:
    content = before + encode_varint(number)
    assert read_varint(content, len(before)) == (number, len(content))


@pytest.mark.parametrize("encoded", ["", "80", "8080808080", "ffffffffff01", "8000", "ff00", "80808000"])
def test_a_varint_cut_off_too_long_or_padded_is_refused(encoded: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_varint(bytes.fromhex(encoded), 0)
    assert caught.value.code == "car-form"


@given(st.binary(max_size=300), st.sampled_from([RAW, DAG_JSON]), st.binary(max_size=5))
def test_a_section_comes_back(content: bytes, codec: int, before: bytes) -> None:
    cid = Cid.of(content, codec)
    framed = before + frame(cid, content)
    section = read_section(framed + b"more", len(before))
    assert section.cid == cid
    assert framed[section.start : section.stop] == content
    assert section.stop == len(framed)


@given(st.binary(max_size=60))
def test_noise_is_a_section_or_refused_with_our_error(noise: bytes) -> None:
    try:
        section = read_section(noise, 0)
    except Invalid as error:
        assert error.code == "car-form"  # noqa: PT017 - noise may also be fine
    else:
        assert section.stop <= len(noise)
