"""X.509 certificates: those an artist gets at ``init``, and those found in a signature.

It decides the profile of our own issuing authority and artist certificates (C2PA §14.5, RFC 5280)
and how a certificate is described. It leaves out which issuers are trusted
(``rakkan.manifests.trust``). A certificate of one's own making shows control of a key; the name in
it is a claim, and says so.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from rakkan.manifests.boxes import malformed
from rakkan.schemas.errors import Invalid

CLAIM_SIGNING: Final = ObjectIdentifier("1.3.6.1.4.1.62558.2.1")
DOCUMENT_SIGNING: Final = ObjectIdentifier("1.3.6.1.5.5.7.3.36")
SIGNING_USAGES: Final = (CLAIM_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION, DOCUMENT_SIGNING)
"""Extended key usages of a claim signer (C2PA §14.5.1); one of them must be there."""

MAX_DAYS: Final = 366
AUTHORITY_DAYS: Final = 3650
RENEWAL_DAYS: Final = 30
_SKEW: Final = timedelta(minutes=5)  # clocks of readers that run behind
# What the library raises for certificates that break the rules; warnings where they are made errors.
BROKEN: Final = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
    Warning,
)
_ISSUING: Final = "Issuing authority"
_MAX_DER: Final = 16 * 1024
_MAX_NAME: Final = 64  # ub-common-name, RFC 5280 appendix A.1


@dataclass(frozen=True, slots=True)
class Authority:
    """An issuing authority: what ``init`` makes once.

    Attributes:
        key_pem: Private key, PKCS#8, unencrypted; never printed.
        certificate_pem: Its self-issued certificate: what others put into their trusted issuers.
    """

    key_pem: bytes = field(repr=False)
    certificate_pem: bytes


@dataclass(frozen=True, slots=True)
class ArtistCertificate:
    """An artist's certificate.

    Attributes:
        key_pem: Private key, PKCS#8, unencrypted; never printed.
        chain_pem: The artist's certificate, then its issuer's.
    """

    key_pem: bytes = field(repr=False)
    chain_pem: bytes


def new_authority(common_name: str, now: datetime) -> Authority:
    """Make a P-256 authority that issues artist certificates and nothing else, for ten years.

    Raises:
        Invalid: ``certificate-name``.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(common_name, _ISSUING)
    builder = _builder(
        name, name, key.public_key(), key.public_key(), now, now + timedelta(days=AUTHORITY_DAYS)
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(issuing=True), critical=True)
    return Authority(_pem(key), _certificate_pem(builder.sign(key, hashes.SHA256())))


def issue_artist(
    authority: Authority, name: str, now: datetime, days: int = 365, *, key_pem: bytes = b""
) -> ArtistCertificate:
    """Issue a P-256 certificate that may sign C2PA claims.

    Args:
        authority: Whose key signs it.
        name: How the artist wants to be called; public in every stamped image. Nobody checked it.
        now: When it begins to hold.
        days: How long it holds, at most :data:`MAX_DAYS` and never longer than the authority.
        key_pem: The artist's key, where one certificate follows another; else a new one is made.

    Raises:
        Invalid: ``certificate-name``, ``certificate-days``, ``certificate-key``.
    """
    if not 1 <= days <= MAX_DAYS:
        raise Invalid(f"A certificate holds 1 to {MAX_DAYS} days, not {days}.", code="certificate-days")
    (issuer,) = load_certificates(authority.certificate_pem)
    issuer_key = serialization.load_pem_private_key(authority.key_pem, password=None)
    if (
        not isinstance(issuer_key, ec.EllipticCurvePrivateKey)
        or issuer_key.public_key() != issuer.public_key()
    ):
        raise Invalid("The authority's key and certificate do not belong together.", code="certificate-key")
    key = (
        serialization.load_pem_private_key(key_pem, password=None)
        if key_pem
        else ec.generate_private_key(ec.SECP256R1())
    )
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise Invalid("The artist's key is not one of ours.", code="certificate-key")
    end = min(now + timedelta(days=days), issuer.not_valid_after_utc)
    builder = _builder(_name(name), issuer.subject, key.public_key(), issuer_key.public_key(), now, end)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(issuing=False), critical=True)
    usages = [CLAIM_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION]
    builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    certificate = builder.sign(issuer_key, hashes.SHA256())
    return ArtistCertificate(_pem(key), _certificate_pem(certificate) + authority.certificate_pem)


def follow(authority: Authority, last: ArtistCertificate, now: datetime) -> ArtistCertificate | None:
    """The certificate that follows an artist's last one, of the same name and key; None while that holds.

    It is issued in the last :data:`RENEWAL_DAYS` days and later, as long as the authority holds.

    Raises:
        Invalid: ``certificate-form``, ``certificate-key``.
    """
    artist, issuer = load_certificates(last.chain_pem)[0], load_certificates(authority.certificate_pem)[0]
    due = artist.not_valid_after_utc - timedelta(days=RENEWAL_DAYS)
    if now < due or issuer.not_valid_after_utc <= max(now, artist.not_valid_after_utc):
        return None
    names = artist.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return issue_artist(authority, str(names[0].value), now, key_pem=last.key_pem)


def load_certificates(pem: bytes) -> tuple[x509.Certificate, ...]:
    """All certificates of a PEM text, in order.

    Raises:
        Invalid: ``certificate-form``.
    """
    try:
        found = tuple(x509.load_pem_x509_certificates(pem))
        for certificate in found:
            _touch(certificate)
    except BROKEN as error:
        raise Invalid(
            "These are not certificates in PEM form.",
            code="certificate-form",
            hint="A certificate begins with -----BEGIN CERTIFICATE-----.",
        ) from error
    return found


def parse_der(der: object) -> x509.Certificate:
    """A certificate as it lies in a signature.

    Raises:
        UnreadableManifest: ``signature-chain``.
    """
    if not isinstance(der, bytes) or len(der) > _MAX_DER:
        raise malformed("a certificate in the signature is not a byte string of its size", "signature-chain")
    return _parse_der(der)


@lru_cache(maxsize=256)  # the same few issuers and artists sign thousands of pictures
def _parse_der(der: bytes) -> x509.Certificate:
    try:
        certificate = x509.load_der_x509_certificate(der)
        _touch(certificate)
    except BROKEN as error:
        raise malformed("a certificate in the signature cannot be read", "signature-chain") from error
    return certificate


@lru_cache(maxsize=256)
def fingerprint(certificate: x509.Certificate) -> bytes:
    """SHA-256 of the certificate's DER bytes; 32 bytes."""
    return certificate.fingerprint(hashes.SHA256())


def display_name(name: x509.Name) -> str:
    """Common name and organisation, as written by whoever made the certificate; not sanitised."""
    parts = [
        str(attribute.value)
        for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)
        for attribute in name.get_attributes_for_oid(oid)[:1]
    ]
    return ", ".join(parts)


def _touch(certificate: x509.Certificate) -> None:
    """Read what is parsed only on use, so that a broken part shows here and not later."""
    certificate.public_key()
    _ = certificate.subject, certificate.issuer, certificate.extensions
    _ = certificate.not_valid_before_utc, certificate.not_valid_after_utc


def _name(text: str, *units: str) -> x509.Name:
    """The name asked for; the organisation says that nobody vouches for it.

    An authority's name carries a unit, so that it differs from an artist's of the same name: a
    certificate whose issuer and subject are alike passes for self-signed and is refused.
    """
    seen = not any(unicodedata.category(sign)[0] == "C" for sign in text)
    if not 1 <= len(text) <= _MAX_NAME or text != text.strip() or not seen:
        raise Invalid(
            f"A name in a certificate has 1 to {_MAX_NAME} visible characters.", code="certificate-name"
        )
    parts = [(NameOID.ORGANIZATION_NAME, "Self-issued")]
    parts += [(NameOID.ORGANIZATIONAL_UNIT_NAME, unit) for unit in units]
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in [*parts, (NameOID.COMMON_NAME, text)]])


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    issuer_key: ec.EllipticCurvePublicKey,
    start: datetime,
    end: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start - _SKEW)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    )


def _usage(*, issuing: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not issuing,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=issuing,
        crl_sign=issuing,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _certificate_pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
