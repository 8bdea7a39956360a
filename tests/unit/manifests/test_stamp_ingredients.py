"""Stamping what was made from something: whose credential stays, and what of it stays private."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from rakkan.manifests.claim import Making
from rakkan.manifests.errors import SigningFailed
from rakkan.manifests.jumbf import parse
from rakkan.manifests.read import read_manifest
from rakkan.manifests.stamp import StampedImage, stamp
from tests.unit.manifests.credentials import (
    FORMS,
    checked,
    definition,
    forged,
    issuers,
    picture,
    signer,
    stamped,
)
from tests.unit.manifests.pictures import encoded

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
