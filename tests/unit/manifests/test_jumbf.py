"""Our own walk of a manifest store: strict about every byte, and sure about identity."""

from __future__ import annotations

import hashlib

import cbor2
import pytest

from rakkan.manifests.container import manifest_store
from rakkan.manifests.errors import UnreadableManifest
from rakkan.manifests.jumbf import identify, parse
from rakkan.manifests.uri import base_label, manifest_of, split_assertion
from rakkan.schemas.values import Digest
from tests.unit.manifests.bare import TAIL, box, claim, described, manifest, refused, store
from tests.unit.manifests.credentials import (
    actions,
    checked,
    forged,
    picture,
    stamped,
    training,
)


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


def test_uris() -> None:
    assert split_assertion("self#jumbf=c2pa.assertions/c2pa.actions.v2") == ("", "c2pa.actions.v2")
    assert split_assertion("self#jumbf=/c2pa/urn:c2pa:1/c2pa.assertions/a__2") == ("urn:c2pa:1", "a__2")
    assert split_assertion("self#jumbf=/c2pa/urn:c2pa:1/c2pa.signature") == ("", "")
    assert split_assertion(None) == ("", "")
    assert manifest_of("self#jumbf=/c2pa/urn:c2pa:1/c2pa.signature") == "urn:c2pa:1"
    assert manifest_of("self#jumbf=/c2pa/urn:c2pa:1") == "urn:c2pa:1"
    assert manifest_of(["self#jumbf=/c2pa/x"]) == manifest_of("http://127.0.0.1/") == ""
    assert (base_label("a.b__12"), base_label("a.b__x"), base_label("a__b")) == ("a.b", "a.b", "a")
