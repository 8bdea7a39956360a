"""Stamping: what comes out is the same picture with a credential that says what was asked, and no more."""

from __future__ import annotations

import socket
import threading
import time
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from rakkan.manifests import _c2pa
from rakkan.manifests.container import manifest_store, walk
from rakkan.manifests.errors import SigningFailed, UnreadableManifest
from rakkan.manifests.image import CheckedImage
from rakkan.manifests.jumbf import identify
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
