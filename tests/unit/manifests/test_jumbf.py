"""Our own walk of a manifest store: strict about every byte, and sure about identity."""

from __future__ import annotations

import hashlib
import random
import struct

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rakkan.manifests.boxes import MAX_BOXES, MAX_STORE, read_superbox
from rakkan.manifests.container import manifest_store
from rakkan.manifests.decoding import MAX_BYTES, read_cbor, read_json
from rakkan.manifests.errors import UnreadableManifest
from rakkan.manifests.jumbf import identify, parse
from rakkan.manifests.uri import base_label, manifest_of, split_assertion
from rakkan.schemas.values import Digest
from tests.unit.manifests.credentials import (
    actions,
    checked,
    forged,
    picture,
    stamped,
    training,
)

TAIL = bytes.fromhex("00110010800000aa00389b71")


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, kind) + content


def described(uuid: bytes, label: bytes, *children: bytes, toggles: int = 3, private: bytes = b"") -> bytes:
    return box(
        b"jumb", box(b"jumd", uuid + TAIL + bytes([toggles]) + label + b"\0" + private) + b"".join(children)
    )


def claim(**changes: object) -> bytes:
    fields = {"alg": "sha256", "created_assertions": [], "signature": "self#jumbf=c2pa.signature"}
    return cbor2.dumps(fields | changes)


def manifest(
    *assertions: bytes, fields: bytes = b"", label: bytes = b"urn:c2pa:1", extra: tuple[bytes, ...] = ()
) -> bytes:
    return described(
        b"c2ma",
        label,
        described(b"c2as", b"c2pa.assertions", *assertions),
        described(b"c2cl", b"c2pa.claim.v2", box(b"cbor", fields or claim())),
        described(b"c2cs", b"c2pa.signature", box(b"cbor", b"\xd2\x80")),
        *extra,
    )


def store(*manifests: bytes) -> bytes:
    return described(b"c2pa", b"c2pa", *(manifests or (manifest(),)))


def refused(content: bytes) -> str:
    with pytest.raises(UnreadableManifest) as caught:
        parse(content)
    return caught.value.code


class TestIdentity:
    @pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
    def test_is_the_digest_of_the_active_claim(self, form: str) -> None:
        image = stamped(form)
        active = parse(image.store).active
        assert identify(image.store) == image.identity
        assert image.identity.c2pa_claim == Digest("c2paClaim", hashlib.sha256(active.claim).digest())
        assert active.claim in image.content
        assert image.identity.label == active.label
        assert image.identity.manifests == (active.label,)

    def test_has_the_hard_binding_of_the_file_without_its_manifest(self) -> None:
        image = stamped("PNG")
        at = image.content.index(b"caBX") - 4
        rest = image.content[:at] + image.content[at + len(image.store) + 12 :]
        assert image.identity.hard_binding == Digest("c2paHardBinding", hashlib.sha256(rest).digest())

    def test_differs_between_two_stamps_of_one_picture(self) -> None:
        again = forged(picture())
        first, second = stamped("PNG").identity, identify(store_of(again))
        assert first.c2pa_claim != second.c2pa_claim
        assert first.hard_binding == second.hard_binding

    def test_the_last_manifest_is_active(self) -> None:
        one, two = manifest(label=b"urn:c2pa:1"), manifest(label=b"urn:c2pa:2")
        assert identify(store(one, two)).label == "urn:c2pa:2"
        assert identify(store(one, two)).manifests == ("urn:c2pa:1", "urn:c2pa:2")

    def test_without_a_hard_binding_says_so(self) -> None:
        assert identify(store()).hard_binding is None

    def test_update_manifest_has_the_binding_of_what_it_updates(self) -> None:
        target = {"url": "self#jumbf=/c2pa/urn:c2pa:1", "hash": b"x"}
        ingredient = cbor2.dumps({"relationship": "parentOf", "activeManifest": target})
        links = [{"url": "self#jumbf=c2pa.assertions/c2pa.ingredient.v3", "hash": b"x"}]
        below = bound(b"\x07" * 32)
        update = manifest(
            described(b"cbor", b"c2pa.ingredient.v3", box(b"cbor", ingredient)),
            fields=claim(created_assertions=links),
            label=b"urn:c2pa:2",
        ).replace(b"c2ma" + TAIL, b"c2um" + TAIL)
        assert parse(store(below, update)).active.update
        assert identify(store(below, update)).hard_binding == Digest("c2paHardBinding", b"\x07" * 32)

    def test_update_manifests_in_a_circle_end(self) -> None:
        def update(own: bytes, other: bytes) -> bytes:
            target = {"url": f"self#jumbf=/c2pa/{other.decode()}", "hash": b"x"}
            content = cbor2.dumps({"relationship": "parentOf", "activeManifest": target})
            links = [{"url": "self#jumbf=c2pa.assertions/c2pa.ingredient.v3", "hash": b"x"}]
            return manifest(
                described(b"cbor", b"c2pa.ingredient.v3", box(b"cbor", content)),
                fields=claim(created_assertions=links),
                label=own,
            ).replace(b"c2ma" + TAIL, b"c2um" + TAIL)

        assert identify(store(update(b"a", b"b"), update(b"b", b"a"))).hard_binding is None

    @pytest.mark.parametrize("digest", [b"\x07" * 31, b"\x07" * 64, "text", None])
    def test_binding_that_is_no_sha256_is_none(self, digest: object) -> None:
        assert identify(store(bound(digest))).hard_binding is None


def bound(digest: object) -> bytes:
    links = [{"url": "self#jumbf=c2pa.assertions/c2pa.hash.data", "hash": b"x"}]
    content = cbor2.dumps({"alg": "sha256", "hash": digest})
    return manifest(
        described(b"cbor", b"c2pa.hash.data", box(b"cbor", content)), fields=claim(created_assertions=links)
    )


def store_of(content: bytes) -> bytes:
    found = manifest_store(checked(content).container)
    assert found is not None
    return found


class TestClaim:
    def test_created_and_gathered_are_told_apart(self) -> None:
        content = forged(picture(), actions(), training(created=False, ai_training="notAllowed"))
        active = parse(store_of(content)).active
        assert list(active.labels(created=True)) == ["c2pa.actions.v2", "c2pa.hash.data"]
        assert list(active.labels(created=False)) == ["cawg.training-mining"]
        assert list(active.labels("cawg.training-mining")) == ["cawg.training-mining"]

    def test_assertions_read_as_signed(self) -> None:
        active = parse(stamped("PNG").store).active
        assert active.read("org.rakkan.provenance") == {
            "origin": "rakkan/0123456789abcdef",
            "consents": [],
            "parents": [],
        }

    @pytest.mark.parametrize("label", ["c2pa.hash.data", "org.rakkan.provenance", "cawg.training-mining"])
    def test_an_altered_assertion_is_named(self, label: str) -> None:
        content = bytearray(stamped("JPEG").store)
        payload = parse(bytes(content)).active.assertions[label].payload
        content[content.index(bytes(payload)) + len(payload) - 1] ^= 1
        assert parse(bytes(content)).active.misfits() == (label,)

    def test_an_unlisted_and_a_missing_assertion_are_named(self) -> None:
        links = [{"url": "self#jumbf=c2pa.assertions/not.there", "hash": b"x" * 32}]
        there = described(b"cbor", b"not.listed", box(b"cbor", cbor2.dumps({})))
        active = parse(store(manifest(there, fields=claim(created_assertions=links)))).active
        assert active.misfits() == ("not.listed", "not.there")

    def test_an_assertion_listed_twice_is_named(self) -> None:
        there = described(b"cbor", b"org.x", box(b"cbor", cbor2.dumps({})))
        link = {"url": "self#jumbf=c2pa.assertions/org.x", "hash": hashlib.sha256(there[8:]).digest()}
        once = parse(store(manifest(there, fields=claim(created_assertions=[link])))).active
        twice = parse(
            store(manifest(there, fields=claim(created_assertions=[link], gathered_assertions=[link])))
        ).active
        assert once.misfits() == ()
        assert twice.misfits() == ("listed twice",)

    def test_an_assertion_of_another_manifest_does_not_count(self) -> None:
        there = described(b"cbor", b"org.x", box(b"cbor", cbor2.dumps({})))
        link = {
            "url": "self#jumbf=/c2pa/urn:c2pa:other/c2pa.assertions/org.x",
            "hash": hashlib.sha256(there[8:]).digest(),
        }
        active = parse(store(manifest(there, fields=claim(created_assertions=[link])))).active
        assert active.misfits() == ("org.x",)

    @pytest.mark.parametrize(
        "link",
        [
            "text",
            {"url": 7, "hash": b""},
            {"url": "self#jumbf=c2pa.databoxes/x", "hash": b""},
            {"url": "self#jumbf=c2pa.assertions/a/b", "hash": b""},
            {"url": "http://127.0.0.1/c2pa.assertions/a", "hash": b""},
            {"url": "self#jumbf=c2pa.assertions/a", "hash": "text"},
            {"url": "self#jumbf=c2pa.assertions/a", "hash": b"", "alg": "md5"},
            {"url": "self#jumbf=c2pa.assertions/a", "hash": b"", "alg": ["sha256"]},
            {"url": "self#jumbf=c2pa.assertions/a", "hash": b"", "alg": {}},
        ],
    )
    def test_links_of_another_form_are_refused(self, link: object) -> None:
        assert refused(store(manifest(fields=claim(created_assertions=[link])))) == "claim-form"

    def test_too_many_links_are_refused(self) -> None:
        links = [{"url": f"self#jumbf=c2pa.assertions/a__{n}", "hash": b""} for n in range(5000)]
        assert refused(store(manifest(fields=claim(created_assertions=links)))) == "claim-form"

    @pytest.mark.parametrize("redacted", ["text", [7], {"a": 1}])
    def test_redactions_of_another_form_are_refused(self, redacted: object) -> None:
        assert refused(store(manifest(fields=claim(redacted_assertions=redacted)))) == "claim-form"

    def test_reading_something_else_is_refused(self) -> None:
        active = parse(stamped("PNG").store).active
        with pytest.raises(UnreadableManifest, match="not there"):
            active.read("org.nothing")
        picture_box = described(b"cbor", b"org.x", box(b"bidb", b"\x89PNG"))
        with pytest.raises(UnreadableManifest, match="neither CBOR nor JSON"):
            parse(store(manifest(picture_box))).active.read("org.x")


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
        for read in (read_cbor, read_json):
            with pytest.raises(UnreadableManifest):
                read(bytes(MAX_BYTES + 1))

    @pytest.mark.parametrize("content", [b'{"a":1,"a":2}', b"[" * 100_000, b"\xff", b"{} {}", b""])
    def test_json_with_traps_is_refused(self, content: bytes) -> None:
        with pytest.raises(UnreadableManifest):
            read_json(content)

    @given(st.binary(max_size=64))
    def test_arbitrary_bytes_raise_nothing_else(self, content: bytes) -> None:
        for read in (read_cbor, read_json):
            try:
                read(content)
            except UnreadableManifest:
                continue


def test_uris() -> None:
    assert split_assertion("self#jumbf=c2pa.assertions/c2pa.actions.v2") == ("", "c2pa.actions.v2")
    assert split_assertion("self#jumbf=/c2pa/urn:c2pa:1/c2pa.assertions/a__2") == ("urn:c2pa:1", "a__2")
    assert split_assertion("self#jumbf=/c2pa/urn:c2pa:1/c2pa.signature") == ("", "")
    assert split_assertion(None) == ("", "")
    assert manifest_of("self#jumbf=/c2pa/urn:c2pa:1/c2pa.signature") == "urn:c2pa:1"
    assert manifest_of("self#jumbf=/c2pa/urn:c2pa:1") == "urn:c2pa:1"
    assert manifest_of(["self#jumbf=/c2pa/x"]) == manifest_of("http://127.0.0.1/") == ""
    assert (base_label("a.b__12"), base_label("a.b__x"), base_label("a__b")) == ("a.b", "a.b", "a")
