"""Identity claims aggregations: each way in which one is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rakkan.manifests.aggregation import MAX_IDENTITIES, read_aggregation
from rakkan.manifests.identity import IdentityAssertion, Referred, Refusal
from tests.unit.manifests.identities import credential, did_key, signed, verified

LINKS = {
    "url": "self#jumbf=c2pa.assertions/c2pa.hash.data",
    "hash": bytes(range(32)),
}
SAID = {"referenced_assertions": [LINKS], "sig_type": "cawg.identity_claims_aggregation"}


def assertion(
    change: Callable[[dict[str, Any]], object] = lambda _: None,
    *identities: dict[str, Any],
    header: Mapping[object, object] | None = None,
    inside: object = None,
    algorithm: str | None = None,
    roles: tuple[str, ...] = (),
) -> IdentityAssertion:
    """An assertion whose credential is spoiled before it is signed."""
    made = credential(SAID, did_key(), *identities)
    change(made)
    signature = signed(made if inside is None else inside, header=header)
    referred = (Referred(LINKS["url"], algorithm, LINKS["hash"]),)  # type: ignore[arg-type]
    kind = "cawg.identity_claims_aggregation"
    return IdentityAssertion("cawg.identity", kind, roles, referred, signature, ())


def refusal(found: IdentityAssertion) -> str:
    """The code with which it is refused."""
    with pytest.raises(Refusal) as caught:
        read_aggregation(found, "sha256")
    assert not caught.value.open
    return caught.value.code


class TestSignatureAround:
    @pytest.mark.parametrize(
        ("header", "code"),
        [
            ({1: -8}, "invalid_content_type"),
            ({1: -8, 3: "application/vc+ld+json"}, "invalid_content_type"),
            ({1: -8, 3: 50}, "invalid_content_type"),
            ({3: "application/vc"}, "invalid_alg"),
            ({1: -47, 3: "application/vc"}, "invalid_alg"),
            ({1: "EdDSA", 3: "application/vc"}, "invalid_alg"),
        ],
    )
    def test_its_header(self, header: Mapping[object, object], code: str) -> None:
        assert refusal(assertion(header=header)) == f"cawg.ica.{code}"

    @pytest.mark.parametrize("inside", [b"", b"nonsense", b"[]", b"{}", b'{"a":1,"a":1}', b" " * 70_000])
    def test_what_is_in_it(self, inside: bytes) -> None:
        assert refusal(assertion(inside=inside)) == "cawg.ica.invalid_verifiable_credential"

    @pytest.mark.parametrize("signature", [b"", b"\xd2", b"\x84\x40\xa0\x40\x40"])
    def test_no_signature(self, signature: bytes) -> None:
        found = IdentityAssertion("cawg.identity", "", (), (), signature, ())
        assert refusal(found) == "cawg.ica.invalid_cose_sign1"


def _subject(made: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = made["credentialSubject"]
    return found


class TestCredential:
    @pytest.mark.parametrize(
        ("change", "code"),
        [
            (lambda made: made.pop("@context"), "invalid_verifiable_credential"),
            (lambda made: made["@context"].pop(0), "invalid_verifiable_credential"),
            (lambda made: made["@context"].pop(1), "invalid_verifiable_credential"),
            (lambda made: made.update({"@context": made["@context"][1]}), "invalid_verifiable_credential"),
            (lambda made: made["type"].pop(0), "invalid_verifiable_credential"),
            (lambda made: made["type"].pop(1), "invalid_verifiable_credential"),
            (lambda made: made.update(type="VerifiableCredential"), "invalid_verifiable_credential"),
            (lambda made: made.pop("credentialSubject"), "invalid_verifiable_credential"),
            (lambda made: made.update(credentialSubject=[]), "invalid_verifiable_credential"),
            (
                lambda made: made.update(credentialSubject=[_subject(made), _subject(made)]),
                "invalid_verifiable_credential",
            ),
            (lambda made: made.pop("issuer"), "invalid_issuer"),
            (lambda made: made.update(issuer="https://aggregator.example"), "invalid_issuer"),
            (lambda made: made.update(issuer="did:web:"), "invalid_issuer"),
            (lambda made: made.update(issuer="did:web:a b"), "invalid_issuer"),
            (lambda made: made.update(issuer="did:web:" + "a" * 3000), "invalid_issuer"),
            (lambda made: made.update(issuer={"name": "Aggregator"}), "invalid_issuer"),
            (lambda made: made.pop("validFrom"), "valid_from.missing"),
            (lambda made: made.update(validFrom=None), "valid_from.missing"),
            (lambda made: made.update(validFrom="yesterday"), "valid_from.invalid"),
            (lambda made: made.update(validFrom="2026-05-27"), "valid_from.invalid"),
            (lambda made: made.update(validFrom="2026-05-27T11:40:40"), "valid_from.invalid"),
            (lambda made: made.update(validFrom="2026-02-30T11:40:40Z"), "valid_from.invalid"),
            (lambda made: made.update(validFrom="0001-01-01T00:00:00+23:59"), "valid_from.invalid"),
            (lambda made: made.update(validFrom=1779882040), "valid_from.invalid"),
            (lambda made: made.update(validUntil="never"), "valid_until.invalid"),
            (lambda made: _subject(made).pop("c2paAsset"), "signer_payload.mismatch"),
            (lambda made: _subject(made).update(c2paAsset=[]), "signer_payload.mismatch"),
            (lambda made: _subject(made)["c2paAsset"].pop("sig_type"), "signer_payload.mismatch"),
            (
                lambda made: _subject(made)["c2paAsset"].update(referenced_assertions=[]),
                "signer_payload.mismatch",
            ),
            (
                lambda made: _subject(made)["c2paAsset"]["referenced_assertions"][0].update(hash="AAAA"),
                "signer_payload.mismatch",
            ),
            (
                lambda made: _subject(made)["c2paAsset"]["referenced_assertions"][0].update(alg="sha512"),
                "signer_payload.mismatch",
            ),
            (
                lambda made: _subject(made)["c2paAsset"]["referenced_assertions"].append({}),
                "signer_payload.mismatch",
            ),
            (
                lambda made: _subject(made)["c2paAsset"].update(role=["cawg.creator"]),
                "signer_payload.mismatch",
            ),
            (lambda made: _subject(made).pop("verifiedIdentities"), "verified_identities.missing"),
            (lambda made: _subject(made).update(verifiedIdentities=[]), "verified_identities.missing"),
            (lambda made: _subject(made).update(verifiedIdentities={}), "verified_identities.missing"),
            (lambda made: _subject(made).update(verifiedIdentities=[1]), "verified_identities.invalid"),
            (
                lambda made: _subject(made).update(verifiedIdentities=[verified()] * (MAX_IDENTITIES + 1)),
                "verified_identities.invalid",
            ),
        ],
    )
    def test_what_it_needs(self, change: Callable[[dict[str, Any]], object], code: str) -> None:
        assert refusal(assertion(change)) == f"cawg.ica.{code}"

    def test_an_issuer_may_be_an_object_and_a_subject_a_list_of_one(self) -> None:
        def change(made: dict[str, Any]) -> None:
            made.update(issuer={"id": did_key(), "name": "Aggregator"}, credentialSubject=[_subject(made)])

        assert read_aggregation(assertion(change), "sha256").issuer == did_key()

    def test_the_older_data_model_is_read(self) -> None:
        def change(made: dict[str, Any]) -> None:
            made["@context"][0] = "https://www.w3.org/2018/credentials/v1"
            made["issuanceDate"] = made.pop("validFrom")

        assert read_aggregation(assertion(change), "sha256").identities

    @pytest.mark.parametrize(("inside", "outside"), [("sha256", None), (None, "sha256"), ("sha256",) * 2])
    def test_an_algorithm_that_one_side_leaves_out_is_the_claims(
        self, inside: str | None, outside: str | None
    ) -> None:
        def change(made: dict[str, Any]) -> None:
            if inside:
                _subject(made)["c2paAsset"]["referenced_assertions"][0]["alg"] = inside

        assert read_aggregation(assertion(change, algorithm=outside), "sha256").identities
        if None in (inside, outside):
            with pytest.raises(Refusal):
                read_aggregation(assertion(change, algorithm=outside), "sha512")

    def test_roles_are_repeated_in_order(self) -> None:
        both = ("cawg.creator", "cawg.editor")

        def change(made: dict[str, Any]) -> None:
            _subject(made)["c2paAsset"]["role"] = list(both)

        assert read_aggregation(assertion(change, roles=both), "sha256").identities
        assert refusal(assertion(change, roles=both[::-1])) == "cawg.ica.signer_payload.mismatch"


class TestVerifiedIdentities:
    @pytest.mark.parametrize(
        "entry",
        [
            verified("cawg.document_verification"),
            verified("cawg.social_media"),
            verified("cawg.web_site"),
            verified("cawg.crypto_wallet", address=""),
            verified("cawg.crypto_wallet", address=None),
            verified("cawg.affiliation", provider={"name": ""}),
            verified("cawg.affiliation", provider={}),
            verified("cawg.affiliation", provider="Wallets"),
            verified("cawg.affiliation", provider=None),
            verified("cawg.affiliation", verifiedAt="yesterday"),
            verified("cawg.affiliation", verifiedAt=None),
            verified("cawg.affiliation", name=""),
            verified("cawg.affiliation", uri=1),
            verified("cawg.affiliation", method=""),
            verified(""),
            {**verified(), "type": None},
            {**verified(), "type": ["cawg.crypto_wallet"]},
            {**verified("cawg.web_site", uri="https://ada.example"), "provider": {}},
        ],
    )
    def test_one_without_what_it_needs_fails(self, entry: dict[str, Any]) -> None:
        found = assertion(lambda _: None, verified(), entry)
        assert refusal(found) == "cawg.ica.verified_identities.invalid"

    def test_other_types_are_read_and_said_to_be_unknown(self) -> None:
        found = read_aggregation(
            assertion(lambda _: None, verified("com.example.club", name="Ada")), "sha256"
        )
        (identity,) = found.identities
        assert (
            identity.words == "“Ada” at Wallets, shown in a way that is not known here (checked 2026-05-27)"
        )

    @given(st.recursive(st.none() | st.integers() | st.text(max_size=5), st.lists, max_leaves=5))
    def test_nonsense_is_refused(self, value: object) -> None:
        for change in (
            lambda made: _subject(made).update(verifiedIdentities=value),
            lambda made: _subject(made)["verifiedIdentities"][0].update(provider=value),
            lambda made: made.update(issuer=value),
        ):
            assert refusal(assertion(change)).startswith("cawg.ica.")
