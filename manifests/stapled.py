"""Revocation answers that a signature carries (OCSP, RFC 6960; C2PA §13, ``rVals``), checked by us.

It decides whether one of them proves that an issuer took a certificate back. The C2PA engine looks at
them only beside a time stamp, and then at no signature. Nobody is asked over the network. That one says
"good" proves nothing here: its bearer chose from when it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from rakkan.manifests.certificates import BROKEN

MAX_ANSWERS: Final = 8
MAX_BYTES: Final = 1 << 16


def revoked_at(
    answers: Sequence[bytes], chain: Sequence[x509.Certificate], issuer: x509.Certificate | None
) -> datetime | None:
    """When the first of these certificates was taken back, by its issuer's signed word; None without proof.

    Args:
        answers: OCSP responses in DER form, from anybody; those that cannot be read say nothing.
        chain: The signer's certificate, then its issuers'.
        issuer: Who issued the last of them, if known.
    """
    links = list(zip(chain, [*chain[1:], *([issuer] if issuer else [])], strict=False))
    times = [
        moment
        for answer in answers[:MAX_ANSWERS]
        if len(answer) <= MAX_BYTES
        for certificate, above in links
        for moment in _revocations(answer, certificate, above)
    ]
    return min(times, default=None)


def _revocations(der: bytes, certificate: x509.Certificate, issuer: x509.Certificate) -> Iterator[datetime]:
    try:
        answer = ocsp.load_der_ocsp_response(der)
        if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            return
        found = [
            single.revocation_time_utc
            for single in answer.responses
            if single.certificate_status is ocsp.OCSPCertStatus.REVOKED
            and single.revocation_reason is not x509.ReasonFlags.remove_from_crl
            and single.serial_number == certificate.serial_number
            and single.issuer_name_hash == _digest(single.hash_algorithm, issuer.subject.public_bytes())
        ]
        if found and _is_signed(answer, issuer):
            yield from (moment for moment in found if moment is not None)
    except BROKEN:
        return


def _is_signed(answer: ocsp.OCSPResponse, issuer: x509.Certificate) -> bool:
    """By the issuer, or by whom it made a responder."""
    return any(
        _holds(answer, each)
        for each in (issuer, *answer.certificates)
        if each == issuer or _may(each, issuer)
    )


def _may(responder: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        responder.verify_directly_issued_by(issuer)
        usages = responder.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (*BROKEN, x509.ExtensionNotFound, InvalidSignature):
        return False
    return ExtendedKeyUsageOID.OCSP_SIGNING in usages


def _holds(answer: ocsp.OCSPResponse, responder: x509.Certificate) -> bool:
    key, signature, signed = responder.public_key(), answer.signature, answer.tbs_response_bytes
    digest = answer.signature_hash_algorithm
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, signed)
        elif isinstance(key, ec.EllipticCurvePublicKey) and digest is not None:
            key.verify(signature, signed, ec.ECDSA(digest))
        elif isinstance(key, rsa.RSAPublicKey) and digest is not None:
            key.verify(signature, signed, padding.PKCS1v15(), digest)
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _digest(algorithm: hashes.HashAlgorithm, content: bytes) -> bytes:
    digest = hashes.Hash(algorithm)
    digest.update(content)
    return digest.finalize()
