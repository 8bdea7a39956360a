"""Stamping: what comes out is the same picture with a credential that says what was asked, and no more."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from rakkan.manifests import _c2pa
from rakkan.manifests.claim import Making
from rakkan.manifests.container import manifest_store, walk
from rakkan.manifests.errors import SigningFailed, UnreadableManifest
from rakkan.manifests.image import CheckedImage
from rakkan.manifests.jumbf import identify, parse
from rakkan.manifests.read import read_manifest
from rakkan.manifests.stamp import StampedImage, stamp
from rakkan.schemas.values import Cid, Digest
from tests.unit.manifests.credentials import (
    FORMS,
    NOW,
    actions,
    checked,
    definition,
    forged,
    issuers,
    picture,
    short_lived,
    signer,
    stamped,
)
from tests.unit.manifests.pictures import chunk, encoded, png_with, scene

XMP = (
    b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    b'xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/" xmlns:dcterms="http://purl.org/dc/terms/" '
    b'xmpMM:InstanceID="xmp.iid:private-instance" dcterms:provenance="http://127.0.0.1:%d/private.c2pa"/>'
    b'</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)


def states(image: StampedImage) -> tuple[str, bool]:
    report = read_manifest(checked(image.content), issuers())
    return report.state, report.identity == image.identity


def pixels(content: bytes) -> bytes:
    with Image.open(BytesIO(content)) as opened:
        return opened.convert("RGBA").tobytes()


class TestOutput:
    @pytest.mark.parametrize("form", FORMS)
    def test_is_the_same_picture_with_a_trusted_credential(self, form: str) -> None:
        source, image = picture(form), stamped(form)
        assert states(image) == ("trusted", True)
        assert image.media_type == FORMS[form]
        assert pixels(image.content) == pixels(source.content)
        assert image.sha256 == Digest.of(image.content)
        assert manifest_store(walk(image.content)) == image.store
        assert identify(image.store) == image.identity
        assert not image.had_credential
        assert len(image.content) - len(source.content) < 4096

    @pytest.mark.parametrize("form", FORMS)
    def test_every_byte_but_the_manifest_is_the_inputs(self, form: str) -> None:
        source, image = picture(form).content, stamped(form).content
        before = [source[part.start : part.end] for part in walk(source).parts]
        after = [image[part.start : part.end] for part in walk(image).parts]
        assert [part for part in after if part in before] == before
        assert len(after) == len(before) + 1

    def test_says_what_was_asked(self) -> None:
        consent = Cid.of(b"a consent")
        image = stamp(picture(), definition(consents=(consent,)), signer())
        terms = read_manifest(checked(image.content), issuers()).terms
        assert terms.provenance is not None
        assert terms.provenance.consents == (consent,)
        assert terms.provenance.origin == "rakkan/0123456789abcdef"
        assert set(terms.uses.values()) == {"notAllowed"}
        assert [each.name for each in terms.actions] == ["c2pa.created"]
        assert terms.actions[0].agent == "ComfyUI"

    @pytest.mark.parametrize(
        "mode",
        ["L", "RGBA", "P", "1", "LA"],
    )
    def test_kinds_of_png(self, mode: str) -> None:
        source = checked(encoded("PNG", scene(mode=mode)))
        assert states(stamp(source, definition(), signer())) == ("trusted", True)

    @pytest.mark.parametrize(
        ("form", "options"),
        [
            ("JPEG", {"progressive": True}),
            ("JPEG", {"quality": 5, "subsampling": 2}),
            ("WEBP", {"lossless": True}),
            ("WEBP", {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"}),
            ("WEBP", {"save_all": True, "append_images": [scene((48, 32), "L").convert("RGB")]}),
            ("PNG", {"save_all": True, "append_images": [scene((48, 32), "L").convert("RGB")]}),
        ],
    )
    def test_kinds_of_files(self, form: str, options: dict[str, Any]) -> None:
        source = picture(form, **options)
        image = stamp(source, definition(), signer())
        assert states(image) == ("trusted", True)
        assert pixels(image.content) == pixels(source.content)

    def test_generator_texts_stay_in_the_picture_and_out_of_the_manifest(self) -> None:
        texts = PngImagePlugin.PngInfo()
        texts.add_text("parameters", "a private prompt")
        source = picture("PNG", "/home/ada/private folder/private name.png", pnginfo=texts)
        image = stamp(source, definition(), signer())
        assert b"a private prompt" in image.content
        assert b"private" not in image.store
        assert b"/home" not in image.store


class TestIngredients:
    @pytest.mark.parametrize("form", FORMS)
    @pytest.mark.parametrize("making", ["generated", "edited"])
    def test_a_credential_becomes_the_parents(self, form: str, making: Making) -> None:
        before = stamped(form)
        after = stamp(checked(before.content), definition(making), signer(), issuers=issuers())
        assert after.had_credential
        assert states(after) == ("trusted", True)
        assert after.identity.manifests == (before.identity.label, after.identity.label)
        assert after.identity.c2pa_claim != before.identity.c2pa_claim
        report = read_manifest(checked(after.content), issuers())
        (parent,) = report.ingredients
        assert (parent.relationship, parent.manifest) == ("parentOf", before.identity.label)
        assert (parent.recognised, parent.outcome.value, parent.codes) == (True, "pass", ())
        names = [each.name for each in report.terms.actions]
        assert names == (["c2pa.opened"] if making == "generated" else ["c2pa.opened", "c2pa.edited"])

    def test_a_strangers_credential_stays_and_is_called_that(self) -> None:
        theirs = forged(picture(), by=signer("Eve", "Other"))
        after = stamp(checked(theirs), definition(), signer(), issuers=issuers())
        report = read_manifest(checked(after.content), issuers())
        (parent,) = report.ingredients
        assert (parent.recognised, parent.signer, parent.outcome.value) == (False, "Eve, Self-issued", "pass")
        assert report.state == "trusted"
        assert "1 signed by an issuer not recognised" in report.check("ingredients").detail

    def test_stamping_again_and_again_keeps_the_line(self) -> None:
        image = stamped("PNG")
        for _ in range(3):
            image = stamp(checked(image.content), definition(), signer(), issuers=issuers())
        assert len(image.identity.manifests) == 4
        report = read_manifest(checked(image.content), issuers())
        assert report.state == "trusted"
        assert [each.depth for each in report.ingredients] == [1, 2, 3]

    @pytest.mark.parametrize(
        ("making", "relations"),
        [("generated", ["inputTo", "inputTo"]), ("edited", ["parentOf", "inputTo"])],
    )
    def test_parents_given_by_the_artist(self, making: Making, relations: list[str]) -> None:
        others = (picture("JPEG"), checked(stamped("WEBP").content))
        after = stamp(picture(), definition(making), signer(), parents=others, issuers=issuers())
        assert states(after) == ("trusted", True)
        report = read_manifest(checked(after.content), issuers())
        found = sorted(each.relationship for each in report.ingredients)
        assert found == sorted(relations)
        assert {each.manifest for each in report.ingredients} == {"", stamped("WEBP").identity.label}

    def test_a_credential_comes_before_the_parents_given(self) -> None:
        after = stamp(
            checked(stamped("PNG").content),
            definition("edited"),
            signer(),
            parents=(picture("JPEG"),),
            issuers=issuers(),
        )
        report = read_manifest(checked(after.content), issuers())
        assert {(each.relationship, bool(each.manifest)) for each in report.ingredients} == {
            ("parentOf", True),
            ("inputTo", False),
        }

    def test_every_ingredient_is_attributed(self) -> None:
        after = stamp(checked(stamped("PNG").content), definition(), signer(), parents=(picture("JPEG"),))
        active = parse(after.store).active
        assert list(active.labels(created=False)) == []
        assert len(list(active.labels("c2pa.ingredient.v3", created=True))) == 2

    def test_a_parents_addresses_and_ids_stay_private(self) -> None:
        parent = checked(encoded("JPEG", xmp=XMP % 9))
        for making in ("generated", "edited"):
            after = stamp(picture(), definition(making), signer(), parents=(parent,))
            assert b"private" not in after.store
            assert states(after)[0] == "trusted"

    def test_a_credentialed_parents_addresses_stay_private(self) -> None:
        """Its id is in its own claim (C2PA demands the XMP's there), and goes where its credential goes."""
        parent = stamp(checked(encoded("JPEG", xmp=XMP % 9)), definition(), signer())
        after = stamp(picture(), definition("edited"), signer(), parents=(checked(parent.content),))
        assert b"private.c2pa" not in after.store
        assert after.store.count(b"private") == 1

    def test_a_tampered_credential_stays_as_a_fault(self) -> None:
        before = bytearray(stamped("JPEG").content)
        before[-40] ^= 1
        after = stamp(checked(bytes(before)), definition(), signer(), issuers=issuers())
        report = read_manifest(checked(after.content), issuers())
        assert report.state == "intact"
        assert report.check("ingredients").outcome.value == "fail"
        assert "assertion.dataHash.mismatch" in report.ingredients[0].codes

    def test_too_many_parents_are_refused(self) -> None:
        with pytest.raises(SigningFailed) as caught:
            stamp(picture(), definition(), signer(), parents=(picture(),) * 17)
        assert caught.value.code == "signing-ingredients"


class TestRefusals:
    def test_a_certificate_that_has_ended(self) -> None:
        with pytest.raises(SigningFailed) as caught:
            stamp(picture(), definition(), short_lived(-60))
        assert caught.value.code == "signing-refused"

    def test_a_broken_credential_in_the_input(self) -> None:
        broken = checked(png_with(chunk(b"caBX", b"\0\0\0\x10jumbnothing!")))
        with pytest.raises(UnreadableManifest):
            stamp(broken, definition(), signer())
        ours = bytearray(stamped("PNG").content)
        ours[ours.index(b"jumdc2pa") + 30] ^= 0xFF
        with pytest.raises(UnreadableManifest):
            stamp(checked(bytes(ours)), definition(), signer())

    def test_a_key_that_the_engine_does_not_take(self) -> None:
        odd = type(signer())("es512", signer().chain_pem, signer().key_pem, signer().digest, NOW)
        with pytest.raises(SigningFailed) as caught:
            stamp(picture(), definition(), odd)
        assert caught.value.code in {"signing-key", "signing-refused"}
        assert "PRIVATE" not in str(caught.value)

    @pytest.mark.parametrize("what", ["picture", "signer", "store"])
    def test_work_that_is_not_as_asked_never_leaves(self, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """The engine's work is exchanged for other work, as a fault in it would."""
        other = {
            "picture": lambda: _sign(checked(encoded("PNG", scene((49, 32)))), "Ada"),
            "signer": lambda: _sign(picture(), "Eve"),
            "store": lambda: (_sign(picture(), "Ada")[0], _sign(picture(), "Ada")[1]),
        }[what]()
        monkeypatch.setattr(_c2pa, "sign", lambda *_: other)
        with pytest.raises(SigningFailed) as caught:
            stamp(picture(), definition(), signer())
        assert caught.value.code == "signing-unverified"

    def test_work_without_our_assertions_never_leaves(self, monkeypatch: pytest.MonkeyPatch) -> None:
        bare = forged(picture(), actions())
        store = manifest_store(walk(bare))
        monkeypatch.setattr(_c2pa, "sign", lambda *_: (bare, store))
        with pytest.raises(SigningFailed, match="assertion"):
            stamp(picture(), definition(), signer())


_engine_sign = _c2pa.sign


def _sign(image: CheckedImage, name: str) -> tuple[bytes, bytes]:
    return _engine_sign(image.content, image.media_type, definition().definition, signer(name))


class TestProcesses:
    def test_signing_goes_on_in_a_forked_child_and_in_the_parent(self) -> None:
        assert states(stamp(picture(), definition(), signer(), issuers=issuers()))[0] == "trusted"
        reader, writer = os.pipe()
        child = os.fork()
        if not child:  # pragma: no cover - the child's coverage is not seen
            signal.alarm(30)
            answer = b"failed"
            try:
                answer = states(stamp(picture("JPEG"), definition(), signer()))[0].encode()
                gc.collect()
            finally:
                os.write(writer, answer)
                os._exit(0)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            answer = pipe.read()
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert answer == b"trusted"
        assert states(stamp(picture(), definition(), signer()))[0] == "trusted"

    def test_a_pool_of_forked_workers_signs(self) -> None:
        stamp(picture(), definition(), signer())
        context = multiprocessing.get_context("fork")
        with context.Pool(2) as pool:
            assert pool.map(_state_of_one, ["PNG", "JPEG", "WEBP"] * 2) == ["trusted"] * 6

    def test_a_lock_held_while_forking_does_not_hold_the_child(self) -> None:
        with _c2pa._CONTEXTS._lock:
            context = multiprocessing.get_context("fork")
            process = context.Process(target=_state_of_one, args=("PNG",))
            process.start()
        process.join(30)
        assert process.exitcode == 0

    def test_contexts_are_kept_and_bounded(self) -> None:
        stamp(picture(), definition(), signer())
        kept = len(_c2pa._CONTEXTS._made)
        stamp(picture(), definition(), signer())
        assert len(_c2pa._CONTEXTS._made) == kept
        for number in range(20):
            stamp(picture(), definition(), signer(f"Artist {number}"))
        assert len(_c2pa._CONTEXTS._made) <= 16

    def test_threads_share_a_context(self) -> None:
        with ThreadPoolExecutor(4) as pool:
            assert set(pool.map(_state_of_one, ["PNG", "JPEG"] * 10)) == {"trusted"}


def _state_of_one(form: str) -> str:
    return states(stamp(picture(form), definition(), signer()))[0]


def test_no_socket_is_opened_whatever_the_picture_points_to() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        hits: list[object] = []

        def count() -> None:
            listener.settimeout(5)
            try:
                while True:
                    connection, address = listener.accept()
                    hits.append(address)
                    connection.close()
            except OSError:
                return

        thread = threading.Thread(target=count)
        thread.start()
        port = listener.getsockname()[1]
        address = f"http://127.0.0.1:{port}/private.c2pa"
        pointing = checked(encoded("JPEG", xmp=XMP % port))
        remote = checked(forged(picture("JPEG"), remote_url=address, embed=False))
        both = checked(forged(picture("JPEG"), remote_url=address))
        for image in (pointing, remote, both):
            read_manifest(image, issuers())
            done = stamp(
                image, definition("edited"), signer(), parents=(pointing, remote, both), issuers=issuers()
            )
            read_manifest(checked(done.content), issuers())
        time.sleep(0.1)
        probe = socket.create_connection(("127.0.0.1", port), timeout=5)  # the listener does listen
        probe.close()
        time.sleep(0.1)
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(10)
    assert len(hits) == 1
