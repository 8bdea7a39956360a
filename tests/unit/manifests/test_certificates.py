"""Certificates, signers and the signature over a claim."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from rakkan.manifests.certificates import (
    CLAIM_SIGNING,
    MAX_DAYS,
    display_name,
    fingerprint,
    issue_artist,
    load_certificates,
    new_authority,
    parse_der,
)
from rakkan.manifests.errors import UnreadableManifest
from rakkan.manifests.read import read_manifest
from rakkan.manifests.signer import Signer
from rakkan.manifests.stamp import stamp
from rakkan.manifests.trust import TrustedIssuers
from rakkan.schemas.errors import Invalid
from tests.unit.manifests.credentials import (
    NOW,
    artist,
    authority,
    certificate_for,
    checked,
    definition,
    picture,
    signer,
)

CLAIM = b"claim bytes"


class TestIssuing:
    def test_profile_of_an_artist(self) -> None:
        leaf, issuer = load_certificates(artist().chain_pem)
        extension = leaf.extensions.get_extension_for_class
        assert not extension(x509.BasicConstraints).value.ca
        assert extension(x509.BasicConstraints).critical
        usage = extension(x509.KeyUsage)
        assert usage.critical
        assert usage.value.digital_signature
        assert not usage.value.key_cert_sign
        assert list(extension(x509.ExtendedKeyUsage).value) == [
            CLAIM_SIGNING,
            ExtendedKeyUsageOID.EMAIL_PROTECTION,
        ]
        key_of = extension(x509.AuthorityKeyIdentifier).value.key_identifier
        assert key_of == issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
        assert isinstance(leaf.public_key(), ec.EllipticCurvePublicKey)
        assert leaf.not_valid_after_utc - leaf.not_valid_before_utc <= timedelta(days=MAX_DAYS)
        leaf.verify_directly_issued_by(issuer)
        assert display_name(leaf.subject) == "Ada, Self-issued"

    def test_profile_of_an_authority(self) -> None:
        (certificate,) = load_certificates(authority().certificate_pem)
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
        assert (basic.critical, basic.value.ca, basic.value.path_length) == (True, True, 0)
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
        assert usage.key_cert_sign
        assert not usage.digital_signature
        certificate.verify_directly_issued_by(certificate)

    def test_an_artist_named_as_the_authority_is_still_trusted(self) -> None:
        root = new_authority("Ada", NOW)
        certificate = issue_artist(root, "Ada", NOW)
        done = stamp(picture(), definition(), Signer.load(certificate.chain_pem, certificate.key_pem))
        report = read_manifest(checked(done.content), TrustedIssuers.load(root.certificate_pem))
        assert report.state == "trusted"

    def test_never_outlives_the_authority(self) -> None:
        late = NOW + timedelta(days=3600)
        certificate = issue_artist(authority(), "Ada", late, days=366)
        leaf, issuer = load_certificates(certificate.chain_pem)
        assert leaf.not_valid_after_utc == issuer.not_valid_after_utc

    @pytest.mark.parametrize("name", ["", " Ada", "Ada\n", "A\u202eda", "A\0", "x" * 65, "\ud800"])
    def test_names_that_hide_something_are_refused(self, name: str) -> None:
        for make in (lambda: new_authority(name, NOW), lambda: issue_artist(authority(), name, NOW)):
            with pytest.raises(Invalid) as caught:
                make()
            assert caught.value.code == "certificate-name"

    @pytest.mark.parametrize("name", ["落款", "Zoë O’Brien", "x" * 64])
    def test_names_of_people_are_taken(self, name: str) -> None:
        (leaf, _) = load_certificates(issue_artist(authority(), name, NOW).chain_pem)
        assert display_name(leaf.subject) == f"{name}, Self-issued"

    @pytest.mark.parametrize("days", [0, -1, MAX_DAYS + 1])
    def test_length_is_bounded(self, days: int) -> None:
        with pytest.raises(Invalid) as caught:
            issue_artist(authority(), "Ada", NOW, days=days)
        assert caught.value.code == "certificate-days"

    def test_key_of_another_authority_is_refused(self) -> None:
        mixed = type(authority())(authority("Other").key_pem, authority().certificate_pem)
        with pytest.raises(Invalid) as caught:
            issue_artist(mixed, "Ada", NOW)
        assert caught.value.code == "certificate-key"

    @pytest.mark.parametrize(
        "pem", [b"", b"nothing", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
    )
    def test_text_that_is_no_certificate_is_refused(self, pem: bytes) -> None:
        with pytest.raises(Invalid) as caught:
            load_certificates(pem)
        assert caught.value.code == "certificate-form"

    @pytest.mark.parametrize("der", [b"", b"\x30\x00", None, "text", bytes(20_000)])
    def test_der_that_is_no_certificate_is_refused(self, der: object) -> None:
        with pytest.raises(UnreadableManifest) as caught:
            parse_der(der)
        assert caught.value.code == "signature-chain"


class TestSigner:
    def test_knows_its_certificate(self) -> None:
        leaf = load_certificates(artist().chain_pem)[0]
        assert signer().digest.raw == fingerprint(leaf)
        assert signer().expires == leaf.not_valid_after_utc

    def test_never_shows_the_key(self) -> None:
        lines = artist().key_pem.decode().splitlines()[1:3]  # the third line is the public key's
        shown = repr(signer()) + str(signer()) + repr(artist()) + repr(authority())
        assert not any(line in shown for line in lines)
        assert "PRIVATE" not in shown

    def test_travels_between_processes(self) -> None:
        assert pickle.loads(pickle.dumps(signer())) == signer()

    @pytest.mark.parametrize(
        ("chain", "key", "code"),
        [
            ("Ada", "Bob", "signer-key"),
            ("Ada", "sec1", "signer-key"),
            ("Ada", "encrypted", "signer-key"),
            ("Ada", "nothing", "signer-key"),
            ("Ada", "broken", "signer-key"),
            ("reversed", "Ada", "signer-chain"),
            ("authority", "Ada", "signer-chain"),
            ("nothing", "Ada", "certificate-form"),
            ("long", "Ada", "signer-chain"),
        ],
    )
    def test_what_does_not_fit_is_refused(self, chain: str, key: str, code: str) -> None:
        ada = artist("Ada")
        leaf, issuer = ada.chain_pem.split(b"-----END CERTIFICATE-----\n")[:2]
        end = b"-----END CERTIFICATE-----\n"
        chains = {
            "Ada": ada.chain_pem,
            "reversed": issuer + end + leaf + end,
            "authority": authority().certificate_pem,
            "nothing": b"",
            "long": ada.chain_pem * 100,
        }
        loaded = serialization.load_pem_private_key(ada.key_pem, None)
        assert isinstance(loaded, ec.EllipticCurvePrivateKey)
        pem = serialization.Encoding.PEM
        keys = {
            "Ada": ada.key_pem,
            "Bob": artist("Bob").key_pem,
            "sec1": loaded.private_bytes(
                pem, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
            ),
            "encrypted": loaded.private_bytes(
                pem, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")
            ),
            "nothing": b"",
            "broken": b"-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n",
        }
        with pytest.raises(Invalid) as caught:
            Signer.load(chains[chain], keys[key])
        assert caught.value.code == code
        assert "c2VjcmV0" not in str(caught.value)
        assert caught.value.__cause__ is None or code == "certificate-form"

    @pytest.mark.parametrize("shift", [timedelta(days=366), timedelta(days=-1)])
    def test_a_certificate_out_of_force_is_refused(self, shift: timedelta) -> None:
        with pytest.raises(Invalid) as caught:
            Signer.load(artist().chain_pem, artist().key_pem, now=NOW + shift)
        assert caught.value.code == "signer-expired"
        assert Signer.load(artist().chain_pem, artist().key_pem, now=NOW) == signer()

    def test_a_kind_of_key_that_c2pa_does_not_take_is_refused(self) -> None:
        for key in (ec.generate_private_key(ec.SECP256K1()), dsa.generate_private_key(2048)):
            chain, pem = certificate_for(key)
            with pytest.raises(Invalid) as caught:
                Signer.load(chain, pem)
            assert caught.value.code == "signer-key"


KEYS: dict[str, Callable[[], object]] = {
    "es256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "es384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "es512": lambda: ec.generate_private_key(ec.SECP521R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "ps256": lambda: rsa.generate_private_key(65537, 2048),
}


@pytest.mark.parametrize("algorithm", KEYS)
def test_every_kind_of_key_signs_and_verifies_in_both_readers(algorithm: str) -> None:
    chain, key = certificate_for(KEYS[algorithm]())
    who = Signer.load(chain, key)
    assert who.algorithm == algorithm
    content = bytearray(stamp(picture(), definition(), who).content)
    report = read_manifest(checked(bytes(content)), TrustedIssuers.load(authority().certificate_pem))
    assert report.state == "trusted"
    assert report.signer is not None
    assert report.signer.subject == "Any key, O"


def test_now_is_aware() -> None:
    assert NOW.tzinfo is UTC
    assert datetime.now(UTC) >= NOW
