"""Whom a picture's own identity credentials name: corroboration, and no more than that."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rakkan.manifests.aggregators import NOBODY, IdentityTrust
from rakkan.manifests.attribution import MAX_CREDENTIALS
from rakkan.manifests.certificates import fingerprint, load_certificates
from rakkan.manifests.checks import ATTRIBUTION
from rakkan.manifests.naming import IdentityCredential
from rakkan.manifests.read import ManifestReport, read_manifest
from rakkan.schemas.identity import Address
from rakkan.schemas.verdict import Outcome
from tests.unit.manifests.credentials import NOW, artist, checked, issuers, signer, training
from tests.unit.manifests.handmade import ingredient, parent
from tests.unit.manifests.identities import (
    SITE,
    WALLET,
    Links,
    aggregated,
    certified,
    did_jwk,
    did_key,
    picture_with,
    trust,
    verified,
)
from tests.unit.manifests.pictures import chunk


def read(content: bytes, believed: IdentityTrust = NOBODY) -> ManifestReport:
    """As a reader who trusts the claim's signer would."""
    report = read_manifest(checked(content), issuers(), identities=believed)
    assert report.state == "trusted"  # whatever the credential says
    return report


def only(report: ManifestReport) -> IdentityCredential:
    """Its one credential."""
    (found,) = report.credentials
    return found


class TestAnAggregatorsCredential:
    @pytest.mark.parametrize("issuer", [SITE, did_key(), did_jwk(), f"{SITE}#key-0"])
    def test_one_that_is_trusted_says_who(self, issuer: str) -> None:
        content = picture_with(lambda links: aggregated(links, issuer=issuer, roles=["cawg.creator"]))
        report = read(content, trust(issuer.partition("#")[0]))
        check, found = report.check(ATTRIBUTION), only(report)
        assert (check.outcome, check.code) == (Outcome.PASS, "cawg.identity.trusted")
        assert f"says as creator: the wallet {WALLET} at Wallets (checked 2026-05-27)" in check.detail
        assert check.detail.endswith("; this does not show who made it.")
        assert (found.holds, found.issuer, found.roles) == (True, issuer.partition("#")[0], ("cawg.creator",))
        assert found.actors == (Address.parse(WALLET),)
        assert found.covers == ("c2pa.hash.data",)
        assert len(found.digest) == 32

    @pytest.mark.parametrize("issuer", [did_key(), did_jwk()])
    def test_one_that_vouches_for_itself_leaves_it_open(self, issuer: str) -> None:
        report = read(picture_with(lambda links: aggregated(links, issuer=issuer)))
        check, found = report.check(ATTRIBUTION), only(report)
        assert (check.outcome, check.code) == (Outcome.UNDETERMINED, "cawg.ica.untrusted_issuer")
        assert "not recognised here" in check.detail
        assert (found.holds, found.actors) == (True, (Address.parse(WALLET),))

    @pytest.mark.parametrize(
        ("issuer", "code"),
        [
            (SITE, "cawg.ica.did_unavailable"),
            ("did:plc:abc", "cawg.ica.did_unsupported_method"),
        ],
    )
    def test_one_whose_key_is_not_known_is_not_repeated(self, issuer: str, code: str) -> None:
        found = only(read(picture_with(lambda links: aggregated(links, issuer=issuer)), trust(did_key())))
        assert (found.outcome, found.code, found.holds) == (Outcome.UNDETERMINED, code, False)
        assert (found.identities, found.actors) == ((), ())
        assert WALLET not in found.detail

    def test_the_key_on_the_list_counts(self) -> None:
        forged = picture_with(lambda links: aggregated(links, issuer=SITE, by="somebody"))
        found = only(read(forged, trust(SITE)))
        assert (found.outcome, found.code, found.holds) == (
            Outcome.FAIL,
            "cawg.ica.signature_mismatch",
            False,
        )

    def test_a_place_to_ask_about_revocation_is_not_asked(self) -> None:
        def revocable(made: dict[str, object]) -> None:
            made["credentialStatus"] = {"id": "http://127.0.0.1:9/1", "type": "BitstringStatusListEntry"}

        found = only(read(picture_with(lambda links: aggregated(links, change=revocable)), trust(did_key())))
        assert (found.outcome, found.code) == (Outcome.UNDETERMINED, "cawg.ica.revocation.unavailable")

    def test_time(self) -> None:
        def brief(made: dict[str, object]) -> None:
            made["validFrom"] = (NOW - timedelta(days=2)).isoformat()
            made["validUntil"] = (NOW - timedelta(days=1)).isoformat()

        image = checked(picture_with(lambda links: aggregated(links, change=brief)))
        believed = trust(did_key())
        found = only(read_manifest(image, issuers(), identities=believed))
        assert (found.outcome, found.code) == (Outcome.UNDETERMINED, "cawg.ica.valid_until.invalid")
        proven = read_manifest(image, issuers(), at=NOW - timedelta(days=1, hours=1), identities=believed)
        assert only(proven).outcome is Outcome.PASS
        early = only(read_manifest(image, issuers(), at=NOW - timedelta(days=3), identities=believed))
        assert (early.outcome, early.code) == (Outcome.FAIL, "cawg.ica.valid_from.invalid")

    def test_words(self) -> None:
        said = (
            verified("cawg.document_verification", name="First Last"),
            verified("cawg.social_media", username="cats929"),
            verified("cawg.affiliation"),
            {
                "type": "cawg.web_site",
                "uri": "https://ada.example",
                "verifiedAt": "2026-05-27T10:00:00+02:00",
            },
        )
        found = only(read(picture_with(lambda links: aggregated(links, *said)), trust(did_key())))
        assert (
            "“First Last” by identity documents, seen by Wallets (checked 2026-05-27), "
            "the account “cats929” at Wallets (checked 2026-05-27), "
            "a member of Wallets (checked 2026-05-27) and 1 more; this does not show who made it."
        ) in found.detail
        assert found.identities[3].words == "the web site https://ada.example (checked 2026-05-27)"

    def test_hostile_words_are_made_plain(self) -> None:
        name = "Ada\u202eadA\x1b[31m\n<script>" + "x" * 10_000
        entry = verified("cawg.social_media", username=name)
        found = only(read(picture_with(lambda links: aggregated(links, entry)), trust(did_key())))
        assert found.identities[0].username.startswith("AdaadA[31m <script>xxx")
        assert len(found.identities[0].username) == 200


class TestACertificate:
    @pytest.mark.parametrize("ordered", [False, True])
    def test_one_under_a_trusted_issuer_says_who(self, ordered: bool) -> None:
        content = picture_with(
            lambda links: certified(links, "Grace", "Names", ordered=ordered, roles=["cawg.editor"])
        )
        report = read(content, trust(issuers="Names"))
        check, found = report.check(ATTRIBUTION), only(report)
        assert (check.outcome, check.code) == (Outcome.PASS, "cawg.identity.trusted")
        assert "says that “Grace, Self-issued” as editor signed it too" in check.detail
        assert (found.subject, found.holds) == ("Grace, Self-issued", True)

    @pytest.mark.parametrize("listed", ["", "Test authority"])
    def test_one_by_somebody_else_is_named_and_not_trusted(self, listed: str) -> None:
        content = picture_with(lambda links: certified(links, "Grace", "Names"))
        check = read(content, trust(issuers=listed)).check(ATTRIBUTION)
        assert (check.outcome, check.code) == (Outcome.UNDETERMINED, "cawg.x509.credential.untrusted")
        assert "Somebody who goes by “Grace, Self-issued”" in check.detail

    def test_issuers_of_claims_are_not_believed_about_names(self) -> None:
        """Ada's own certificate, whose issuer makes the claim trusted."""
        found = only(read(picture_with(certified)))
        assert (found.outcome, found.code) == (Outcome.UNDETERMINED, "cawg.x509.credential.untrusted")

    def test_it_can_name_an_actor(self) -> None:
        found = only(read(picture_with(lambda links: certified(links, WALLET, "Names"))))
        assert found.actors == (Address.parse(WALLET),)

    def test_revoked(self) -> None:
        image = checked(picture_with(lambda links: certified(links, "Grace", "Names")))
        for certificate in load_certificates(artist("Grace", "Names").chain_pem):
            report = read_manifest(
                image, issuers(), revoked={fingerprint(certificate)}, identities=trust(issuers="Names")
            )
            assert report.state == "trusted"
            assert only(report).code == "cawg.identity.credential_revoked"
            assert only(report).outcome is Outcome.FAIL

    def test_time(self) -> None:
        image = checked(picture_with(lambda links: certified(links, "Grace", "Names")))
        end = signer("Grace", "Names").expires
        for at, outcome in (
            (NOW, Outcome.PASS),
            (end + timedelta(seconds=1), Outcome.UNDETERMINED),
            (NOW - timedelta(days=400), Outcome.FAIL),
        ):
            found = only(read_manifest(image, issuers(), at=at, identities=trust(issuers="Names")))
            assert found.outcome is outcome
            assert outcome is Outcome.PASS or found.code == "cawg.x509.signature.outside_validity"


class TestTogether:
    def test_without_a_credential_nothing_is_different(self) -> None:
        report = read(picture_with())
        assert (report.credentials, report.check(ATTRIBUTION).code) == ((), "attributed")

    def test_the_worst_decides_and_all_are_told(self) -> None:
        def broken(links: Links) -> object:
            return {**certified(links), "pad1": b"\1"}

        believed = trust(did_key(), issuers="Names")

        def check(*make: object) -> tuple[str, str]:
            found = read(picture_with(*make), believed).check(ATTRIBUTION)  # type: ignore[arg-type]
            return found.outcome.value, found.code

        def names(links: Links) -> object:
            return certified(links, "Grace", "Names")

        assert check(aggregated, names) == ("pass", "cawg.identity.trusted")
        assert check(aggregated, certified) == ("undetermined", "cawg.x509.credential.untrusted")
        assert check(certified, broken, aggregated) == ("fail", "cawg.identity.pad.invalid")

    def test_gathered_consent_stays_the_first_fault(self) -> None:
        said = training(ai_training="allowed")
        report = read_manifest(
            checked(
                picture_with(
                    lambda links: {**certified(links), "pad1": b"\1"},
                    assertions=[(said["label"], said["data"])],
                    gathered=[said["label"]],
                )
            ),
            issuers(),
        )
        assert (report.state, report.check(ATTRIBUTION).code) == ("intact", "consent-gathered")
        assert not any(report.terms.uses.values())  # covered by a credential or not

    def test_only_so_many_are_read(self) -> None:
        report = read(picture_with(*[aggregated] * (MAX_CREDENTIALS + 2)), trust(did_key()))
        assert len(report.credentials) == MAX_CREDENTIALS + 1
        assert report.check(ATTRIBUTION).code == "identities-too-many"
        assert "There are 14 more identity credentials in it." in report.check(ATTRIBUTION).detail

    def test_a_changed_picture_names_nobody(self) -> None:
        content = picture_with(aggregated)
        content = content[:-12] + chunk(b"tEXt", b"Comment\0added later") + content[-12:]
        report = read_manifest(checked(content), issuers(), identities=trust(did_key()))
        assert (report.state, report.credentials) == ("invalid", ())
        assert WALLET not in report.check(ATTRIBUTION).detail

    def test_another_pictures_credential_fails(self) -> None:
        """Cut out of one picture and carried along in another one that its holder never saw."""
        theirs: list[object] = []

        def once(links: Links) -> object:
            theirs.append(aggregated(links))
            return theirs[0]

        first = picture_with(once)
        other = parent(label="urn:c2pa:00000000-0000-4000-8000-000000000000")
        second = picture_with(
            lambda _: theirs[-1], assertions=[("c2pa.ingredient.v3", ingredient(other))], below=[other[1]]
        )
        assert first != second
        found = only(read(second, trust(did_key())))
        assert (found.outcome, found.code) == (Outcome.FAIL, "cawg.identity.assertion.mismatch")
