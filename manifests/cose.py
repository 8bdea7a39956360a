"""Signatures in manifests (COSE_Sign1, RFC 9052 §4.2; C2PA §13.2), checked a second time by us.

It decides whether bytes are the ones that were signed, independently of the C2PA engine: the claim
that gives an image its identity, and what identity credentials sign. It leaves out whether the signer
is to be trusted (``rakkan.manifests.trust``, ``rakkan.manifests.aggregators``) and time stamps:
without a trusted time-stamp list none counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import cbor2
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from rakkan.manifests.boxes import malformed
from rakkan.manifests.certificates import parse_der
from rakkan.manifests.decoding import read_cbor

_TAGGED: Final = b"\xd2"  # tag 18, COSE_Sign1
_ALGORITHM: Final = 1
_CHAIN: Final = (33, "x5chain")  # the name was written before the number was registered
# RFC 9053 §2.1: curve, bytes of r and of s, digest
_ECDSA: Final[dict[str, tuple[str, int, hashes.HashAlgorithm]]] = {
    "ES256": ("secp256r1", 32, hashes.SHA256()),
    "ES384": ("secp384r1", 48, hashes.SHA384()),
    "ES512": ("secp521r1", 66, hashes.SHA512()),
}
_PSS: Final[dict[str, hashes.HashAlgorithm]] = {
    "PS256": hashes.SHA256(),
    "PS384": hashes.SHA384(),
    "PS512": hashes.SHA512(),
}
_MIN_RSA_BITS: Final = 2048
# C2PA §13.2.1 allows these and no others.
_NAMES: Final = {
    -7: "ES256",
    -35: "ES384",
    -36: "ES512",
    -37: "PS256",
    -38: "PS384",
    -39: "PS512",
    -8: "EdDSA",
}
MAX_CHAIN: Final = 10


@dataclass(frozen=True, slots=True)
class Sign1:
    """A COSE_Sign1 structure, taken apart; nothing in it is checked yet.

    Attributes:
        algorithm: ``ES256``, ``PS256``, ``EdDSA``…; an empty string for one that C2PA does not use.
        protected: The protected header as it was signed.
        header: The same, decoded.
        unprotected: The header that nobody signed.
        payload: What was signed, if it lies inside; None if it lies elsewhere.
        raw: The signature itself.
    """

    algorithm: str
    protected: bytes
    header: Mapping[object, object]
    unprotected: Mapping[object, object]
    payload: bytes | None
    raw: bytes

    def chain(self) -> tuple[x509.Certificate, ...]:
        """The certificates it carries, signer first: one chain; two would let two readers see two signers.

        Raises:
            UnreadableManifest: ``signature-chain``.
        """
        found = [
            header[name] for header in (self.header, self.unprotected) for name in _CHAIN if name in header
        ]
        if len(found) != 1:
            raise malformed(f"the signature carries {len(found)} certificate chains", "signature-chain")
        chain = found[0] if isinstance(found[0], list) else [found[0]]
        if not 0 < len(chain) <= MAX_CHAIN:
            raise malformed(f"the signature carries {len(chain)} certificates", "signature-chain")
        return tuple(parse_der(der) for der in chain)

    def fits(self, key: object, payload: bytes) -> bool:
        """Whether the key signed the payload; a key of another kind or curve than the algorithm's fits nothing."""
        signed = cbor2.dumps(["Signature1", self.protected, b"", payload])
        return _holds(self.algorithm, key, self.raw, signed)


@dataclass(frozen=True, slots=True)
class ClaimSignature:
    """A signature by a certificate's key over bytes that lie elsewhere, taken apart.

    Attributes:
        algorithm: ``ES256``, ``PS256``, ``EdDSA``…
        chain: The certificates it carries, signer first.
        holds: It fits the claim and the first certificate's key.
        answers: OCSP responses that lie beside it, in DER form; nobody signed that they belong there.
    """

    algorithm: str
    chain: tuple[x509.Certificate, ...]
    holds: bool
    answers: tuple[bytes, ...] = ()

    @property
    def signer(self) -> x509.Certificate:
        """The certificate whose key signed."""
        return self.chain[0]


def check_signature(signature: bytes, claim: bytes) -> ClaimSignature:
    """Take a COSE_Sign1 by a certificate apart and verify it over the claim.

    Args:
        signature: The content of the signature box.
        claim: The content of the claim box, exactly as it lies there.

    Raises:
        UnreadableManifest: ``signature-form``, ``signature-algorithm``, ``signature-chain``, ``cbor``.
    """
    found = read_sign1(signature)
    if found.payload is not None:
        raise malformed("the signature is not a COSE_Sign1 structure", "signature-form")
    if not found.algorithm:
        raise malformed("the signature names an algorithm that C2PA does not use", "signature-algorithm")
    chain = found.chain()
    holds = found.fits(chain[0].public_key(), claim)
    return ClaimSignature(found.algorithm, chain, holds, _answers(found.unprotected))


def read_sign1(signature: bytes) -> Sign1:
    """Take a tagged COSE_Sign1 structure apart.

    Raises:
        UnreadableManifest: ``signature-form``, ``cbor``.
    """
    if signature[:1] != _TAGGED:
        raise malformed("the signature is not a COSE_Sign1 structure", "signature-form")
    match read_cbor(signature[1:], integer_keys=True):
        case [bytes() as protected, dict() as unprotected, None | bytes() as payload, bytes() as raw]:
            header = read_cbor(protected, integer_keys=True) if protected else {}
        case _:
            raise malformed("the signature is not a COSE_Sign1 structure", "signature-form")
    if not isinstance(header, dict):
        raise malformed("the signature's header is not a map", "signature-form")
    number = header.get(_ALGORITHM)
    algorithm = _NAMES.get(number, "") if isinstance(number, int) else ""
    return Sign1(algorithm, protected, header, unprotected, payload, raw)


def _answers(unprotected: Mapping[object, object]) -> tuple[bytes, ...]:
    match unprotected.get("rVals"):
        case {"ocspVals": list() as answers}:
            return tuple(each for each in answers if isinstance(each, bytes))
    return ()


def _holds(algorithm: str, key: object, raw: bytes, signed: bytes) -> bool:
    try:
        if algorithm in _ECDSA and isinstance(key, ec.EllipticCurvePublicKey):
            curve, size, digest = _ECDSA[algorithm]
            if key.curve.name != curve or len(raw) != 2 * size:
                return False
            pair = encode_dss_signature(int.from_bytes(raw[:size]), int.from_bytes(raw[size:]))
            key.verify(pair, signed, ec.ECDSA(digest))
        elif algorithm in _PSS and isinstance(key, rsa.RSAPublicKey) and key.key_size >= _MIN_RSA_BITS:
            digest = _PSS[algorithm]
            key.verify(raw, signed, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
        elif algorithm == "EdDSA" and isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(raw, signed)
        else:
            return False
    except InvalidSignature:
        return False
    return True
