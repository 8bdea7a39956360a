"""Trusted issuers: the certificates under which somebody decided to believe a signature.

It decides what such a list may contain and whether a signer's chain ends in it at an instant
(RFC 5280 §6, the parts that C2PA §14 uses). There is no built-in list: whom to trust is the
reader's choice. It leaves out revocation and whether the signature holds.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final, Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from rakkan.manifests.certificates import SIGNING_USAGES, display_name, fingerprint, load_certificates
from rakkan.schemas.errors import Invalid

MAX_PEM: Final = 1024 * 1024
MAX_ISSUERS: Final = 512
_URI: Final = re.compile(r"urn:[a-z0-9][a-z0-9-]{1,31}:[A-Za-z0-9._:-]{1,128}")
# Critical extensions that the check below takes into account; any other one makes a chain unusable.
_UNDERSTOOD: Final = (x509.BasicConstraints, x509.KeyUsage, x509.ExtendedKeyUsage)


@dataclass(frozen=True, slots=True)
class TrustedIssuers:
    """A list of issuers, and the name under which a match in it comes back.

    Attributes:
        pem: The certificates, one after the other, sorted, without comments.
        uri: The list's name; a match under any other name (a time-stamp or identity list, the
            engine's own) never counts.
        digest: SHA-256 over the sorted certificates; 32 bytes, stands for the list in verdicts.
        certificates: The same, parsed.
    """

    pem: bytes
    uri: str
    digest: bytes
    certificates: tuple[x509.Certificate, ...] = field(repr=False, compare=False)

    @classmethod
    def load(cls, pem: bytes, uri: str = "") -> Self:
        """Read a list.

        Args:
            pem: Certificates of issuers in PEM form, in any order, with or without comments.
            uri: ``urn:…``; without one the list is named after its digest.

        Raises:
            Invalid: ``issuers-too-large``, ``issuers-empty``, ``issuers-not-issuer``,
                ``issuers-uri``, ``certificate-form``.
        """
        if len(pem) > MAX_PEM:
            raise Invalid(f"A list of issuers has at most {MAX_PEM} bytes.", code="issuers-too-large")
        if b"-----BEGIN CERTIFICATE-----" not in pem:
            raise Invalid(
                "The list of trusted issuers holds no certificate.",
                code="issuers-empty",
                hint="Give a PEM file with issuers' certificates.",
            )
        found = {
            certificate.public_bytes(Encoding.DER): certificate for certificate in load_certificates(pem)
        }
        if len(found) > MAX_ISSUERS:
            raise Invalid(f"A list of issuers has at most {MAX_ISSUERS} of them.", code="issuers-too-large")
        for certificate in found.values():
            if not _may_issue(certificate, below=0):
                raise Invalid(
                    f"{display_name(certificate.subject)!r} is not an issuer's certificate.",
                    code="issuers-not-issuer",
                    hint="Leave artists' own certificates out of the list; give their issuer's.",
                )
        ordered = tuple(found[der] for der in sorted(found))
        digest = hashlib.sha256(b"".join(sorted(found))).digest()
        uri = uri or f"urn:rakkan:issuers:{digest.hex()[:32]}"
        if not _URI.fullmatch(uri):
            raise Invalid(f"{uri[:80]!r} is not a name for a list of issuers.", code="issuers-uri")
        return cls(b"".join(c.public_bytes(Encoding.PEM) for c in ordered), uri, digest, ordered)

    def counts(self, uri: str | None) -> bool:
        """Whether a match that the C2PA engine reports under this name is one in this list."""
        return uri == self.uri

    def vouching(self, chain: Sequence[x509.Certificate], instant: datetime) -> x509.Certificate | None:
        """The trusted issuer that the chain ends in, with every certificate on the way in force.

        Args:
            chain: The signer's certificate, then its issuers', as the signature carries them.
            instant: When the signature is known, or taken, to have been made.

        Returns:
            None if the chain leads to nobody on the list, or breaks a rule on the way.
        """
        if not chain or not in_force(chain[0], instant) or not may_sign(chain[0]):
            return None
        for position, certificate in enumerate(chain):
            if position and not (
                _may_issue(certificate, below=position - 1)
                and in_force(certificate, instant)
                and _issued(chain[position - 1], certificate)
            ):
                return None
            for issuer in self.certificates:
                if position and fingerprint(issuer) == fingerprint(certificate):
                    return issuer
                if (
                    issuer.subject == certificate.issuer
                    and _may_issue(issuer, below=position)
                    and in_force(issuer, instant)
                    and _issued(certificate, issuer)
                ):
                    return issuer
        return None


def in_force(certificate: x509.Certificate, instant: datetime) -> bool:
    """Whether the instant lies inside the certificate's validity."""
    return certificate.not_valid_before_utc <= instant <= certificate.not_valid_after_utc


@lru_cache(maxsize=256)
def may_sign(certificate: x509.Certificate) -> bool:
    """Whether the certificate may sign claims: no authority, digital signatures, a signer's usage."""
    basic, usage, extended = (_extension(certificate, kind) for kind in _UNDERSTOOD)
    return (
        _understood(certificate)
        and not (isinstance(basic, x509.BasicConstraints) and basic.ca)
        and isinstance(usage, x509.KeyUsage)
        and usage.digital_signature
        and isinstance(extended, x509.ExtendedKeyUsage)
        and any(oid in extended for oid in SIGNING_USAGES)
    )


@lru_cache(maxsize=1024)
def _may_issue(certificate: x509.Certificate, *, below: int) -> bool:
    """Whether the certificate may issue others, with ``below`` further issuers between it and the signer."""
    basic, usage, _ = (_extension(certificate, kind) for kind in _UNDERSTOOD)
    return (
        _understood(certificate)
        and isinstance(basic, x509.BasicConstraints)
        and basic.ca
        and (basic.path_length is None or below <= basic.path_length)
        and (not isinstance(usage, x509.KeyUsage) or usage.key_cert_sign)
    )


@lru_cache(maxsize=1024)  # a signature check each; the same few pairs come up in every batch
def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _understood(certificate: x509.Certificate) -> bool:
    return all(not item.critical or isinstance(item.value, _UNDERSTOOD) for item in certificate.extensions)


def _extension(certificate: x509.Certificate, kind: type[x509.ExtensionType]) -> x509.ExtensionType | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
