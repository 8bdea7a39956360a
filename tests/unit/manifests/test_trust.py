"""Trusted issuers: who is on a list, and whose chain ends there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from rakkan.manifests import _c2pa
from rakkan.manifests._c2pa_settings import common
from rakkan.manifests.certificates import CLAIM_SIGNING, load_certificates
from rakkan.manifests.trust import TrustedIssuers, in_force, may_sign
from rakkan.schemas.errors import Invalid
from tests.unit.manifests.credentials import NOW, artist, authority, issuers, stamped

YEAR = timedelta(days=365)


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


class Maker:
    """Certificates of every shape, each issued by the one before."""

    def __init__(self) -> None:
        self.keys: dict[str, ec.EllipticCurvePrivateKey] = {}

    def issue(
        self,
        subject: str,
        issuer: str,
        *,
        ca: bool = True,
        path_length: int | None = None,
        signing: bool | None = None,
        usages: Iterable[ObjectIdentifier] = (),
        start: datetime = NOW,
        end: datetime = NOW + YEAR,
        key_of: str = "",
        critical_stranger: bool = False,
        basic: bool = True,
        key_usage: bool = True,
    ) -> x509.Certificate:
        key = self.keys.setdefault(subject, ec.generate_private_key(ec.SECP256R1()))
        signer = self.keys.setdefault(key_of or issuer, ec.generate_private_key(ec.SECP256R1()))
        builder = (
            x509.CertificateBuilder()
            .subject_name(named(subject))
            .issuer_name(named(issuer))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(end)
        )
        if basic:
            builder = builder.add_extension(
                x509.BasicConstraints(ca, path_length if ca else None), critical=True
            )
        if key_usage:
            issuing = ca if signing is None else signing
            usage = x509.KeyUsage(
                digital_signature=not ca,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=issuing,
                crl_sign=False,
                encipher_only=False,
                decipher_only=False,
            )
            builder = builder.add_extension(usage, critical=True)
        if usages:
            builder = builder.add_extension(x509.ExtendedKeyUsage(list(usages)), critical=False)
        if critical_stranger:
            stranger = x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x05\x00")
            builder = builder.add_extension(stranger, critical=True)
        return builder.sign(signer, hashes.SHA256())


def pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(each.public_bytes(Encoding.PEM) for each in certificates)


def leaf(maker: Maker, issuer: str = "root", **changes: object) -> x509.Certificate:
    arguments: dict[str, object] = {"ca": False, "usages": (CLAIM_SIGNING,)}
    return maker.issue("leaf", issuer, **(arguments | changes))  # type: ignore[arg-type]


class TestLoading:
    def test_order_doubles_and_comments_do_not_matter(self) -> None:
        one, two = authority("One").certificate_pem, authority("Two").certificate_pem
        first = TrustedIssuers.load(one + two)
        second = TrustedIssuers.load(b"# a comment\n" + two + b"more\n" + one + two)
        assert first == second
        assert len(first.certificates) == 2
        assert first.digest != TrustedIssuers.load(one).digest
        assert first.uri == f"urn:rakkan:issuers:{first.digest.hex()[:32]}"

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"", "issuers-empty"),
            (b"nothing", "issuers-empty"),
            (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "certificate-form"),
            (b"-----BEGIN CERTIFICATE-----" + b" " * 1024 * 1024, "issuers-too-large"),
        ],
    )
    def test_what_is_no_list_is_refused(self, content: bytes, code: str) -> None:
        with pytest.raises(Invalid) as caught:
            TrustedIssuers.load(content)
        assert caught.value.code == code

    def test_an_artists_own_certificate_is_no_issuer(self) -> None:
        with pytest.raises(Invalid) as caught:
            TrustedIssuers.load(artist().chain_pem)
        assert caught.value.code == "issuers-not-issuer"

    @pytest.mark.parametrize(
        "uri", ["system_anchors", "user_anchors", "urn:x", "http://127.0.0.1/", "urn:rakkan:a\nb"]
    )
    def test_names_that_are_not_ours_to_give_are_refused(self, uri: str) -> None:
        with pytest.raises(Invalid) as caught:
            TrustedIssuers.load(authority().certificate_pem, uri)
        assert caught.value.code == "issuers-uri"

    def test_a_match_counts_under_the_lists_own_name_alone(self) -> None:
        listed = TrustedIssuers.load(authority().certificate_pem, "urn:rakkan:issuers")
        assert listed.counts("urn:rakkan:issuers")
        for other in (None, "", "system_anchors", "urn:rakkan:time-stamps", "urn:rakkan:issuers2"):
            assert not listed.counts(other)


class TestVouching:
    def test_our_own_chain(self) -> None:
        chain = load_certificates(artist().chain_pem)
        found = issuers().vouching(chain, NOW)
        assert found == chain[1]
        assert issuers().vouching(chain[:1], NOW) == chain[1]
        assert issuers("Other").vouching(chain, NOW) is None

    def test_a_namesake_is_not_the_issuer(self) -> None:
        chain = load_certificates(artist("Ada", "Namesake").chain_pem)
        other = Maker().issue("x", "x")
        forged = TrustedIssuers.load(pem(other))
        assert forged.vouching(chain, NOW) is None
        maker, impostor = Maker(), Maker()
        root, fake = maker.issue("root", "root"), impostor.issue("root", "root")
        assert TrustedIssuers.load(pem(root)).vouching([leaf(impostor), fake], NOW) is None
        assert TrustedIssuers.load(pem(root)).vouching([leaf(maker), root], NOW) == root

    def test_intermediates_are_walked(self) -> None:
        maker = Maker()
        root, middle = maker.issue("root", "root"), maker.issue("middle", "root")
        chain = [leaf(maker, "middle"), middle]
        assert TrustedIssuers.load(pem(root)).vouching(chain, NOW) == root
        assert TrustedIssuers.load(pem(middle)).vouching(chain, NOW) == middle
        assert TrustedIssuers.load(pem(root)).vouching(chain[:1], NOW) is None
        assert TrustedIssuers.load(pem(root)).vouching([], NOW) is None

    def test_path_length_is_kept(self) -> None:
        maker = Maker()
        root, middle = maker.issue("root", "root", path_length=0), maker.issue("middle", "root")
        assert TrustedIssuers.load(pem(root)).vouching([leaf(maker, "middle"), middle], NOW) is None
        assert TrustedIssuers.load(pem(root)).vouching([leaf(maker)], NOW) == root
        maker = Maker()
        root = maker.issue("root", "root", path_length=1)
        upper, lower = maker.issue("upper", "root", path_length=0), maker.issue("lower", "upper")
        assert TrustedIssuers.load(pem(root)).vouching([leaf(maker, "lower"), lower, upper], NOW) is None

    @pytest.mark.parametrize(
        "changes",
        [
            {"ca": False},
            {"signing": False},
            {"basic": False},
            {"critical_stranger": True},
            {"end": NOW + timedelta(days=1)},
            {"start": NOW + timedelta(days=20)},
            {"key_of": "somebody"},
        ],
    )
    def test_an_intermediate_that_breaks_a_rule_breaks_the_chain(self, changes: dict[str, object]) -> None:
        maker, when = Maker(), NOW + timedelta(days=10)
        root = maker.issue("root", "root")
        good = maker.issue("middle", "root")
        bad = maker.issue("middle", "root", **changes)  # type: ignore[arg-type]
        listed, end = TrustedIssuers.load(pem(root)), leaf(maker, "middle")
        assert listed.vouching([end, good], when) == root
        assert listed.vouching([end, bad], when) is None

    @pytest.mark.parametrize(
        "changes",
        [
            {"ca": True},
            {"usages": ()},
            {"usages": (ExtendedKeyUsageOID.TIME_STAMPING,)},
            {"usages": (ExtendedKeyUsageOID.OCSP_SIGNING,)},
            {"usages": (ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,)},
            {"key_usage": False},
            {"critical_stranger": True},
        ],
    )
    def test_a_signer_that_breaks_a_rule_is_not_vouched_for(self, changes: dict[str, object]) -> None:
        maker = Maker()
        root, end = maker.issue("root", "root"), leaf(maker, "root", **changes)
        assert not may_sign(end)
        assert TrustedIssuers.load(pem(root)).vouching([end], NOW) is None

    def test_time_is_the_instant_asked_for(self) -> None:
        chain = load_certificates(artist().chain_pem)
        for instant, expected in (
            (NOW, True),
            (NOW + timedelta(days=364), True),
            (NOW + timedelta(days=366), False),
            (NOW - timedelta(days=1), False),
        ):
            assert (issuers().vouching(chain, instant) is not None) is expected
            assert in_force(chain[0], instant) is expected

    def test_a_trusted_issuer_that_has_ended_vouches_no_more(self) -> None:
        maker = Maker()
        root = maker.issue("root", "root", end=NOW + timedelta(days=1))
        listed = TrustedIssuers.load(pem(root))
        assert listed.vouching([leaf(maker)], NOW) == root
        assert listed.vouching([leaf(maker)], NOW + timedelta(days=2)) is None


class TestEngineSettings:
    def test_a_setting_that_the_engine_would_ignore_is_refused(self) -> None:
        for tree in (
            {"verify": {"verify_cert_anchors": True}},
            {"trust": {"allowed_list": ""}},
            {"cawg_trust": {"trust_anchors": ""}},
            {"builder": {"thumbnail": {"enable": False}}},
        ):
            with pytest.raises(ValueError, match="has no setting"):
                _c2pa.settings(tree)

    def test_network_is_off_and_every_check_is_on(self) -> None:
        tree = _c2pa.settings(common(issuers()))
        assert tree["core"]["allowed_network_hosts"] == []
        assert tree["verify"] == {
            "remote_manifest_fetch": False,
            "ocsp_fetch": False,
            "verify_trust": True,
            "verify_after_reading": True,
            "verify_after_sign": True,
        }

    def test_the_engine_finds_the_list_under_its_name(self) -> None:
        image = stamped("PNG")
        listed = TrustedIssuers.load(authority().certificate_pem, "urn:rakkan:test-list")
        reading = _c2pa.read(image.content, image.media_type, listed)
        assert (reading.state, reading.trust_uri) == ("Trusted", "urn:rakkan:test-list")
        reading = _c2pa.read(image.content, image.media_type, issuers("Other"))
        assert reading.state == "Valid"
        assert reading.failure == {"signingCredential.untrusted"}

    def test_the_pinned_engine_is_the_one_whose_answers_we_know(self) -> None:
        # A new engine may add status codes and settings: read its notes, then change this line.
        assert _c2pa.engine_version() == "0.91.3"
