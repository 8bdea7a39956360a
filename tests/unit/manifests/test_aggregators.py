"""Lists of whom to believe about names: certificates and DID documents."""

from __future__ import annotations

import contextlib
import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from rakkan.manifests.aggregators import (
    MAX_AGGREGATORS,
    MAX_DOCUMENT,
    IdentityTrust,
    own_keys,
    primary_did,
    read_jwk,
)
from rakkan.schemas.errors import Invalid
from tests.unit.manifests.credentials import artist, authority
from tests.unit.manifests.identities import SITE, did_jwk, did_key, document, jwk, key


def load(*documents: Any) -> IdentityTrust:
    """A list from JSON values."""
    return IdentityTrust.load([json.dumps(each).encode() for each in documents])


def number(value: int, size: int) -> str:
    """An integer as JWKs write it."""
    return urlsafe_b64encode(value.to_bytes(size)).rstrip(b"=").decode()


class TestLists:
    def test_documents_as_aggregators_publish_them(self) -> None:
        named = {
            "id": "did:web:named.example",
            "verificationMethod": [{"id": "#key-1", "publicKeyMultibase": did_key()[8:]}],
            "assertionMethod": ["did:web:named.example#key-1"],
        }
        both = load(document(), [named, {"id": did_key()}, {"id": did_jwk()}])
        assert set(both.aggregators) == {SITE, "did:web:named.example", did_key(), did_jwk()}
        for did in both.aggregators:
            (found,) = both.keys_of(did)
            assert found == key().public_key()
        assert both.issuers is None
        assert both.keys_of("did:web:other.example") == ()

    def test_certificates_and_documents_may_be_mixed(self) -> None:
        found = IdentityTrust.load([authority().certificate_pem, json.dumps(document()).encode()])
        assert found.issuers is not None
        assert list(found.aggregators) == [SITE]

    def test_two_documents_of_one_did_add_up(self) -> None:
        found = load(document(name="old"), document(name="new"))
        assert found.keys_of(SITE) == (key("old").public_key(), key("new").public_key())

    def test_nothing_is_nobody(self) -> None:
        assert IdentityTrust.load([]) == IdentityTrust()

    @pytest.mark.parametrize(
        "bad",
        [
            {},
            1,
            [1],
            {"id": 1},
            {"id": "aggregator.example"},
            {"id": f"{SITE}#key-0", "assertionMethod": document()["assertionMethod"]},
            {"id": SITE},
            {"id": SITE, "assertionMethod": "#key-0"},
            {"id": SITE, "assertionMethod": ["#key-0"]},
            {"id": SITE, "assertionMethod": [1]},
            {"id": SITE, "assertionMethod": [{}]},
            {"id": SITE, "assertionMethod": [{"publicKeyMultibase": "zQ3sh"}]},
            {"id": SITE, "assertionMethod": [{"publicKeyJwk": {**jwk(), "d": "AAAA"}}]},
            {"id": SITE, "verificationMethod": document()["assertionMethod"]},
            {"id": "did:key:z6Mk"},
            {"id": "did:jwk:e30"},
        ],
    )
    def test_what_is_no_did_document_with_a_key_is_refused(self, bad: Any) -> None:
        with pytest.raises(Invalid) as caught:
            load(bad)
        assert caught.value.code == "aggregators-form"

    def test_other_files_are_refused(self) -> None:
        for content in (b"", b"PEM", b"\xff", artist().key_pem):
            with pytest.raises(Invalid) as caught:
                IdentityTrust.load([content])
            assert caught.value.code == "aggregators-form"
        with pytest.raises(Invalid) as caught:
            IdentityTrust.load([artist().chain_pem])
        assert caught.value.code == "issuers-not-issuer"

    def test_sizes_are_bounded(self) -> None:
        many = [{**document(), "id": f"did:web:{place}.example"} for place in range(MAX_AGGREGATORS + 1)]
        for lists in ([b" " * (MAX_DOCUMENT + 1)], [json.dumps(each).encode() for each in many]):
            with pytest.raises(Invalid) as caught:
                IdentityTrust.load(lists)
            assert caught.value.code == "aggregators-too-large"


class TestKeys:
    def test_every_kind_that_c2pa_signs_with(self) -> None:
        for name, curve, size in (
            ("P-256", ec.SECP256R1(), 32),
            ("P-384", ec.SECP384R1(), 48),
            ("P-521", ec.SECP521R1(), 66),
        ):
            public = ec.generate_private_key(curve).public_key()
            point = public.public_numbers()
            value = {"kty": "EC", "crv": name, "x": number(point.x, size), "y": number(point.y, size)}
            assert read_jwk(value) == public
        wide = rsa.generate_private_key(65537, 2048).public_key()
        numbers = wide.public_numbers()
        assert read_jwk({"kty": "RSA", "n": number(numbers.n, 256), "e": "AQAB"}) == wide

    @pytest.mark.parametrize(
        "value",
        [
            None,
            {},
            {"kty": "oct", "k": "AAAA"},
            {"kty": "OKP", "crv": "X25519", "x": jwk()["x"]},
            {"kty": "OKP", "crv": "Ed25519", "x": "AAAA"},
            {"kty": "OKP", "crv": "Ed25519", "x": 1},
            {"kty": "OKP", "crv": "Ed25519", "x": "+/"},
            {"kty": "OKP", "crv": "Ed25519", "x": "A"},
            {"kty": "OKP", "crv": "Ed25519"},
            {"kty": "EC", "crv": "secp256k1", "x": number(1, 32), "y": number(1, 32)},
            {"kty": "EC", "crv": "P-256", "x": number(1, 32), "y": number(1, 32)},
            {"kty": "EC", "crv": "P-256", "x": number(1, 1), "y": number(1, 32)},
            {"kty": "EC", "crv": ["P-256"], "x": number(1, 32), "y": number(1, 32)},
            {"kty": "RSA", "n": "AQAB", "e": "AAAA"},
        ],
    )
    def test_others_are_refused(self, value: object) -> None:
        with pytest.raises(Invalid) as caught:
            read_jwk(value)
        assert caught.value.code == "did-key"

    def test_dids(self) -> None:
        assert primary_did(f"{SITE}#key-0") == SITE
        for value in (
            None,
            1,
            "",
            "did:",
            "did:web",
            "did:WEB:a",
            "did:web:a/b",
            "did:web:a#b#c",
            "did:web:ä",
        ):
            assert primary_did(value) == ""
        assert own_keys(SITE) == ()

    @given(st.text(max_size=40))
    def test_arbitrary_names_raise_nothing_else(self, text: str) -> None:
        for did in (f"did:key:{text}", f"did:jwk:{text}", primary_did(text)):
            with contextlib.suppress(Invalid):
                own_keys(did)
