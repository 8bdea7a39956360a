"""Whoever signs claims: a private key and the certificates that speak for it.

It decides that key and certificates fit together and are of a kind that C2PA takes (§13.2, §14.5).
It leaves out where they are kept (``rakkan.registry.keys``). The key never shows in a repr, an
error or a log.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from rakkan.manifests.certificates import fingerprint, load_certificates
from rakkan.manifests.trust import in_force, may_sign
from rakkan.schemas.errors import Invalid
from rakkan.schemas.values import Digest

MAX_PEM: Final = 64 * 1024
_CURVES: Final = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
_HINT: Final = "Use the key and chain that init made, or PEM files from your certificate's issuer."


@dataclass(frozen=True, slots=True)
class Signer:
    """A key that signs claims, checked against its certificates.

    Attributes:
        algorithm: ``es256``, ``es384``, ``es512``, ``ps256`` or ``ed25519``, by the kind of key.
        chain_pem: Certificates, the signer's first.
        key_pem: Private key, PKCS#8, unencrypted.
        digest: SHA-256 of the signer's certificate.
        expires: End of the signer's certificate.
    """

    algorithm: str
    chain_pem: bytes = field(repr=False)
    key_pem: bytes = field(repr=False)
    digest: Digest
    expires: datetime

    @classmethod
    def load(cls, chain_pem: bytes, key_pem: bytes, *, now: datetime | None = None) -> Self:
        """Check a key and its certificates.

        Args:
            chain_pem: Certificates in PEM form, the signer's first.
            key_pem: Private key, PKCS#8 in PEM form, unencrypted.
            now: If given, the certificate must be in force.

        Raises:
            Invalid: ``signer-key``, ``signer-chain``, ``signer-expired``, ``certificate-form``.
        """
        if len(chain_pem) > MAX_PEM or len(key_pem) > MAX_PEM:
            raise Invalid(
                "A key and its certificates have at most 64 KiB each.", code="signer-chain", hint=_HINT
            )
        if b"-----BEGIN PRIVATE KEY-----" not in key_pem:
            raise Invalid("The signing key is not an unencrypted PKCS#8 key.", code="signer-key", hint=_HINT)
        try:
            key = serialization.load_pem_private_key(key_pem, password=None)
        except (ValueError, TypeError):
            # Without the cause: a parser's message may quote what it read.
            raise Invalid("The signing key cannot be read.", code="signer-key", hint=_HINT) from None
        chain = load_certificates(chain_pem)
        if not may_sign(chain[0]):
            raise Invalid("The first certificate may not sign claims.", code="signer-chain", hint=_HINT)
        if chain[0].public_key() != key.public_key():
            raise Invalid(
                "The signing key and its certificate do not belong together.", code="signer-key", hint=_HINT
            )
        if now is not None and not in_force(chain[0], now):
            raise Invalid(
                f"The certificate holds from {chain[0].not_valid_before_utc:%Y-%m-%d} "
                f"to {chain[0].not_valid_after_utc:%Y-%m-%d}.",
                code="signer-expired",
                hint="Where it has ended, `rakkan init` issues a new one; else set the clock.",
            )
        return cls(
            algorithm=_algorithm(key),
            chain_pem=chain_pem,
            key_pem=key_pem,
            digest=Digest("sha256", fingerprint(chain[0])),
            expires=chain[0].not_valid_after_utc,
        )


def _algorithm(key: object) -> str:
    match key:
        case ec.EllipticCurvePrivateKey() if key.curve.name in _CURVES:
            return _CURVES[key.curve.name]
        case ed25519.Ed25519PrivateKey():
            return "ed25519"
        case rsa.RSAPrivateKey() if key.key_size >= 2048:
            return "ps256"
        case _:
            raise Invalid("C2PA does not take this kind of signing key.", code="signer-key", hint=_HINT)
