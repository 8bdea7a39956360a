"""JUMBF boxes: every length exact, every byte accounted for, or the store is refused."""

from __future__ import annotations

import random
import struct

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rakkan.manifests.boxes import MAX_BOXES, MAX_STORE, read_superbox
from rakkan.manifests.errors import UnreadableManifest
from rakkan.manifests.jumbf import identify, parse
from tests.unit.manifests.bare import TAIL, box, claim, described, manifest, refused, store
from tests.unit.manifests.credentials import (
    stamped,
)


class TestStrictness:
    def test_a_plain_store_is_read(self) -> None:
        assert parse(store()).active.label == "urn:c2pa:1"

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"", "jumbf-length"),
            (b"\0" * 8, "jumbf-length"),
            (store() + b"\0", "jumbf-length"),
            (store()[:-1], "jumbf-length"),
            (box(b"free", store()), "jumbf-length"),
            (b"\0\0\0\1jumb" + struct.pack(">Q", len(store()) + 8) + store()[8:], "jumbf-length"),
            (b"\0\0\0\0" + store()[4:], "jumbf-length"),
            (described(b"c2pa", b"c2pa"), "manifest-form"),
            (described(b"c2pa", b"other", manifest()), "manifest-form"),
            (described(b"xxxx", b"c2pa", manifest()), "manifest-form"),
            (described(b"c2pa", b"c2pa", manifest(), box(b"cbor", b"\xa0")), "manifest-form"),
            (described(b"c2pa", b"c2pa", box(b"cbor", b"\xa0")), "manifest-form"),
            (store(manifest(), manifest()), "jumbf-duplicate"),
            (store(manifest(extra=(box(b"cbor", b"\xa0"),))), "manifest-form"),
            (store(manifest(extra=(box(b"free", b"\0\1\0"),))), "jumbf-kind"),
            (store(manifest(extra=(box(b"mdat", b""),))), "jumbf-kind"),
            (store(manifest(extra=(box(b"brob", b""),))), "manifest-compressed"),
            (
                store(manifest(extra=(described(b"c2cl", b"c2pa.claim", box(b"cbor", claim())),))),
                "manifest-form",
            ),
            (store(manifest(extra=(described(b"zzzz", b"org.x"),))), "manifest-form"),
            (store(described(b"c2ma", b"urn:c2pa:1")), "manifest-form"),
            (store(described(b"c2cm", b"urn:c2pa:1")), "manifest-compressed"),
            (store(described(b"zzzz", b"urn:c2pa:1")), "manifest-form"),
            (store(manifest(fields=claim() + b"\0")), "cbor"),
            (store(manifest(fields=b"\x80")), "claim-form"),
            (store(manifest(fields=cbor2.dumps({b"alg": 1}))), "claim-form"),
            (store(manifest(fields=b"\xa2\x63alg\x00\x63alg\x01")), "cbor"),
            (described(b"c2pa", b"c2pa", manifest(), toggles=2), "jumbf-description"),
            (described(b"c2pa", b"c2pa", manifest(), toggles=7), "jumbf-description"),
            (described(b"c2pa", b"c2pa", manifest(), toggles=0x83), "jumbf-description"),
            (described(b"c2pa", b"c2pa", manifest(), private=b"x"), "jumbf-description"),
            (described(b"c2pa", b"c2pa", manifest(), toggles=0x13), "jumbf-length"),
            (
                described(b"c2pa", b"c2pa", manifest(), toggles=0x13, private=box(b"c2sh", b"")),
                "jumbf-description",
            ),
            (
                described(b"c2pa", b"c2pa", manifest(), toggles=0x13, private=box(b"free", b"x")),
                "jumbf-description",
            ),
            (described(b"c2pa", b"", manifest()), "jumbf-description"),
            (described(b"c2pa", b"c2\xffpa", manifest()), "jumbf-description"),
            (described(b"c2pa", b"c2\npa", manifest()), "jumbf-description"),
            (described(b"c2pa", b"c2/pa", manifest()), "jumbf-description"),
            (described(b"c2pa", b"c" * 257, manifest()), "jumbf-description"),
            (box(b"jumb", box(b"cbor", b"")), "jumbf-description"),
            (box(b"jumb", box(b"jumd", b"c2pa" + TAIL)), "jumbf-description"),
        ],
    )
    def test_what_is_not_exact_is_refused(self, content: bytes, code: str) -> None:
        assert refused(content) == code

    def test_a_salt_and_empty_padding_are_taken(self) -> None:
        salted = described(b"c2pa", b"c2pa", manifest(), toggles=0x13, private=box(b"c2sh", b"s" * 16))
        assert parse(salted).active.label == "urn:c2pa:1"
        assert parse(store(manifest(extra=(box(b"free", b"\0\0"),)))).active.label == "urn:c2pa:1"

    def test_depth_and_number_are_bounded(self) -> None:
        deep = described(b"zzzz", b"end")
        for _ in range(2000):
            deep = described(b"zzzz", b"level", deep)
        assert refused(deep) == "jumbf-depth"
        many = box(b"free", b"") * (MAX_BOXES + 1)
        assert refused(described(b"c2pa", b"c2pa", many)) == "jumbf-boxes"
        assert refused(bytes(MAX_STORE + 1)) == "manifest-too-large"

    def test_every_cut_is_refused(self) -> None:
        content = stamped("PNG").store
        for length in range(0, len(content), 7):
            with pytest.raises(UnreadableManifest):
                parse(content[:length])

    def test_garbage_never_escapes(self) -> None:
        chance = random.Random(7)
        content = stamped("PNG").store
        for _ in range(2000):
            spoiled = bytearray(content)
            for _ in range(chance.randrange(1, 20)):
                spoiled[chance.randrange(len(spoiled))] = chance.randrange(256)
            try:
                active = parse(bytes(spoiled)).active
                active.misfits()
                identify(bytes(spoiled))
            except UnreadableManifest:
                pass

    @given(st.binary(max_size=200))
    def test_arbitrary_bytes_are_refused(self, content: bytes) -> None:
        with pytest.raises(UnreadableManifest):
            read_superbox(content)
