"""CBOR and JSON from strangers: one plain value, or our error."""

from __future__ import annotations

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rakkan.manifests.decoding import MAX_BYTES, read_cbor, read_cbor_map, read_json
from rakkan.manifests.errors import UnreadableManifest


class TestDecoding:
    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"\xa0\xa0",
            b"\xa1\x01\x02",
            b"\x81" * 40 + b"\0",
            b"\xd8\x1c\x81\xd8\x1d\x00",  # a list that contains itself
            b"\xd8\x1c\x80",
            b"\xc2\x42\1\1",
            b"\xd8\x23\x64(a+)",
            b"\xd9\x01\x02\x80",
            b"\xd8\x2a\x41\0",  # a tag that nobody here knows
            b"\xc0\x01",
            b"\x5b\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\x9b\x00\x00\x00\xff\xff\xff\xff\xff",
            b"\x62\xc3\x28",
            b"\xff",
        ],
    )
    def test_cbor_that_is_not_one_plain_value_is_refused(self, content: bytes) -> None:
        with pytest.raises(UnreadableManifest) as caught:
            read_cbor(content)
        assert caught.value.code == "cbor"

    def test_a_date_stays_text(self) -> None:
        assert read_cbor(b"\xc0\x74" + b"2026-11-22T09:30:00Z") == "2026-11-22T09:30:00Z"

    def test_sizes_are_bounded(self) -> None:
        for read in (read_cbor, read_cbor_map, read_json):
            with pytest.raises(UnreadableManifest):
                read(bytes(MAX_BYTES + 1))

    @pytest.mark.parametrize("content", [b'{"a":1,"a":2}', b"[" * 100_000, b"\xff", b"{} {}", b""])
    def test_json_with_traps_is_refused(self, content: bytes) -> None:
        with pytest.raises(UnreadableManifest):
            read_json(content)

    def test_a_map_gives_each_value_with_its_own_bytes(self) -> None:
        inner = bytes.fromhex("bf6162 1900 01 ff".replace(" ", ""))  # not how we would write {"b": 1}
        assert read_cbor_map(b"\xa2\x61a" + inner + b"\x61c\x41\0") == {
            "a": ({"b": 1}, inner),
            "c": (b"\0", b"\x41\0"),
        }
        many = {f"k{number}": number for number in range(300)}
        content = cbor2.dumps(many)
        assert read_cbor_map(content) == {key: (each, cbor2.dumps(each)) for key, each in many.items()}

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"\x80",
            b"\xa1",
            b"\xa1\x61a",
            b"\xa1\x01\x02",
            b"\xa2\x61a\x01\x61a\x01",
            b"\xbf\x61a\x01\xff",
            b"\xbc\x61a\x01",
            b"\xa0\xa0",
            b"\xb8",
            b"\xbb" + b"\xff" * 8 + b"\x61a\x01",
            b"\xc0\xa0",
        ],
    )
    def test_what_is_not_one_map_with_text_keys_is_refused(self, content: bytes) -> None:
        with pytest.raises(UnreadableManifest) as caught:
            read_cbor_map(content)
        assert caught.value.code == "cbor"

    @given(st.binary(max_size=64))
    def test_arbitrary_bytes_raise_nothing_else(self, content: bytes) -> None:
        for read in (read_cbor, read_cbor_map, read_json):
            try:
                read(content)
            except UnreadableManifest:
                continue
