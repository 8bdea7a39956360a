"""Revocation answers really signed, and put beside a signature as their bearer would: nobody signs that place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from rakkan.manifests.certificates import Authority, load_certificates
from rakkan.manifests.container import manifest_store, walk
from rakkan.manifests.jumbf import parse
from tests.unit.manifests.credentials import with_fixed_crc

REVOKED, GOOD, UNKNOWN = (
    ocsp.OCSPCertStatus.REVOKED,
    ocsp.OCSPCertStatus.GOOD,
    ocsp.OCSPCertStatus.UNKNOWN,
)


def answer(
    authority: Authority,
    certificate: x509.Certificate,
    status: ocsp.OCSPCertStatus = REVOKED,
    *,
    when: datetime | None = None,
    reason: x509.ReasonFlags | None = x509.ReasonFlags.key_compromise,
    by: ec.EllipticCurvePrivateKey | None = None,
    bringing: x509.Certificate | None = None,
) -> bytes:
    """What an authority answers about a certificate, in DER form.

    Args:
        authority: In whose name, and with whose key if there is no other.
        certificate: The one asked about.
        status: Of that.
        when: Of its revocation; an hour ago.
        reason: For that.
        by: Another key that signs.
        bringing: The certificate of that key.
    """
    now = datetime.now(UTC)
    (issuer,) = load_certificates(authority.certificate_pem)
    revoked = status is REVOKED
    builder = ocsp.OCSPResponseBuilder().add_response(
        certificate,
        issuer,
        hashes.SHA256(),
        status,
        now - timedelta(minutes=1),
        now + timedelta(days=3),
        (when or now - timedelta(hours=1)) if revoked else None,
        reason if revoked else None,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, bringing or issuer)
    if bringing is not None:
        builder = builder.certificates([bringing])
    signed = builder.sign(by or key_of(authority), hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.DER)


def key_of(authority: Authority) -> ec.EllipticCurvePrivateKey:
    """The authority's key."""
    key = serialization.load_pem_private_key(authority.key_pem, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def responder(authority: Authority, *, may: bool) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """Somebody to whom an authority gave a certificate, for answering in its place or for something else."""
    (issuer,) = load_certificates(authority.certificate_pem)
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    usage = ExtendedKeyUsageOID.OCSP_SIGNING if may else ExtendedKeyUsageOID.EMAIL_PROTECTION
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Responder")]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .sign(key_of(authority), hashes.SHA256())
    )
    return key, certificate


def stapled(png: bytes, *answers: bytes) -> bytes:
    """The same signed PNG with these answers in its signature box, where there was padding before."""
    store = manifest_store(walk(png))
    assert store is not None
    signature = parse(store).active.signature
    protected, header, payload, raw = cbor2.loads(signature[1:])

    def with_padding(size: int) -> bytes:
        fields: dict[str, Any] = {**header, "rVals": {"ocspVals": list(answers)}, "pad": bytes(size)}
        return signature[:1] + cbor2.dumps([protected, fields, payload, raw])

    spare = len(signature) - len(with_padding(0))
    sizes = range(max(spare - 8, 0), spare + 1)
    changed = next(each for size in sizes if len(each := with_padding(size)) == len(signature))
    assert png.count(signature) == 1
    return with_fixed_crc(png.replace(signature, changed))
