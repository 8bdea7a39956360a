"""Whom to believe about who somebody is: issuers of identity certificates, and identity claims aggregators.

It decides the form of the two lists (certificates in PEM form; DID documents in JSON) and which keys
speak for an aggregator's DID. Nothing is resolved over a network: a ``did:web`` has the keys of the
document that the reader put on the list, a ``did:key`` or ``did:jwk`` its own, and being able to sign
makes nobody trusted. There is no built-in list. It leaves out what the credentials say
(``rakkan.manifests.aggregation``).
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from rakkan.manifests.decoding import read_json
from rakkan.manifests.errors import UnreadableManifest
from rakkan.manifests.text import plain
from rakkan.manifests.trust import TrustedIssuers
from rakkan.schemas.errors import Invalid
from rakkan.schemas.identity import DidKey, parse_did

PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey

MAX_DOCUMENT: Final = 256 * 1024
MAX_AGGREGATORS: Final = 256
MAX_DID: Final = 2048
ISSUERS_URI: Final = "urn:rakkan:identity-issuers"

_DID: Final = re.compile(rf"(did:[a-z0-9]+:[A-Za-z0-9._%:-]{{1,{MAX_DID}}})(?:#[^\s#]{{0,256}})?", re.ASCII)
_PEM: Final = b"-----BEGIN CERTIFICATE-----"
_CURVES: Final[Mapping[str, tuple[type[ec.EllipticCurve], int]]] = MappingProxyType(
    {"P-256": (ec.SECP256R1, 32), "P-384": (ec.SECP384R1, 48), "P-521": (ec.SECP521R1, 66)}
)
_HINT: Final = "Save the aggregator's DID document (did.json) as it publishes it."


@dataclass(frozen=True, slots=True)
class IdentityTrust:
    """Whose word about a name, an account or a wallet counts.

    Attributes:
        issuers: Issuers of identity certificates; None if no list was given.
        aggregators: Trusted aggregators: DID to the keys on the list, none for a DID that is its own key.
    """

    issuers: TrustedIssuers | None = None
    aggregators: Mapping[str, tuple[PublicKey, ...]] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def load(cls, contents: Iterable[bytes]) -> Self:
        """Put lists together.

        Args:
            contents: Each either certificates of issuers (PEM), or one DID document or a list of them
                (JSON).

        Raises:
            Invalid: ``aggregators-form``, ``aggregators-too-large``; as :meth:`TrustedIssuers.load`.
        """
        pem: list[bytes] = []
        aggregators: dict[str, tuple[PublicKey, ...]] = {}
        for content in contents:
            if _PEM in content:
                pem.append(content)
                continue
            for did, keys in _documents(content):
                aggregators[did] = aggregators.get(did, ()) + keys
        if len(aggregators) > MAX_AGGREGATORS:
            raise Invalid(
                f"At most {MAX_AGGREGATORS} aggregators can be trusted.", code="aggregators-too-large"
            )
        issuers = TrustedIssuers.load(b"\n".join(pem), uri=ISSUERS_URI) if pem else None
        return cls(issuers, MappingProxyType(aggregators))

    def keys_of(self, did: str) -> tuple[PublicKey, ...]:
        """The keys that speak for a DID: those on the list, else the DID's own; empty if none is known.

        Raises:
            Invalid: ``did-key``, if the DID should be a key and is none.
        """
        return self.aggregators.get(did) or own_keys(did)


NOBODY: Final = IdentityTrust()
"""Nobody is believed about anybody."""


def primary_did(value: object) -> str:
    """A DID without its fragment, or an empty string for what is no DID."""
    found = _DID.fullmatch(value) if isinstance(value, str) else None
    return found[1] if found else ""


def own_keys(did: str) -> tuple[PublicKey, ...]:
    """The key that a ``did:key`` (Ed25519) or ``did:jwk`` is; empty for other methods.

    Raises:
        Invalid: ``did-key``.
    """
    if did.startswith("did:key:"):
        return (_multibase(did.removeprefix("did:key:")),)
    if did.startswith("did:jwk:"):
        try:
            return (read_jwk(read_json(_base64url(did.removeprefix("did:jwk:")))),)
        except UnreadableManifest as error:
            raise _no_key("it holds no JSON") from error
    return ()


def read_jwk(value: object) -> PublicKey:
    """A public key in JWK form (RFC 7517, RFC 8037): Ed25519, P-256, P-384, P-521 or RSA.

    Raises:
        Invalid: ``did-key``; also for a key that is not only public.
    """
    if not isinstance(value, dict) or "d" in value or "k" in value:
        raise _no_key("it is no public JWK")
    try:
        match value:
            case {"kty": "OKP", "crv": "Ed25519", "x": x}:
                return ed25519.Ed25519PublicKey.from_public_bytes(_base64url(x))
            case {"kty": "EC", "crv": str() as name, "x": x, "y": y} if name in _CURVES:
                curve, size = _CURVES[name]
                point = _base64url(x), _base64url(y)
                if any(len(part) != size for part in point):
                    raise _no_key("a coordinate has another length")
                across, up = (int.from_bytes(part) for part in point)
                return ec.EllipticCurvePublicNumbers(across, up, curve()).public_key()
            case {"kty": "RSA", "n": n, "e": e}:
                return rsa.RSAPublicNumbers(
                    *(int.from_bytes(_base64url(part)) for part in (e, n))
                ).public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _no_key("its numbers are no key") from error
    raise _no_key("keys of its kind are not used by C2PA")


def _documents(content: bytes) -> Iterator[tuple[str, tuple[PublicKey, ...]]]:
    """DID and keys of each document in the file."""
    if len(content) > MAX_DOCUMENT:
        raise Invalid(
            f"A file of trusted aggregators has at most {MAX_DOCUMENT} bytes.", code="aggregators-too-large"
        )
    try:
        found = read_json(content)
    except UnreadableManifest as error:
        raise Invalid(
            "This is neither a list of certificates nor a DID document.", code="aggregators-form", hint=_HINT
        ) from error
    for place, document in enumerate(found if isinstance(found, list) else [found]):
        did = document.get("id") if isinstance(document, dict) else None
        if not isinstance(document, dict) or not did or primary_did(did) != did:
            raise _bad_document(place, "it has no DID as its id")
        try:
            keys = tuple(_asserting(document, did)) or own_keys(did)
        except Invalid as error:
            raise _bad_document(place, error.message) from error
        if not keys:
            raise _bad_document(place, f"{plain(did, 80)} has no assertionMethod with a key")
        yield did, keys


def _asserting(document: Mapping[str, Any], did: str) -> Iterator[PublicKey]:
    """The keys that may assert for the DID (DID Core §5.3.2), embedded or named."""
    methods = document.get("verificationMethod")
    listed = [each for each in methods if isinstance(each, dict)] if isinstance(methods, list) else []
    named = {_absolute(each.get("id"), did): each for each in listed}
    asserted = document.get("assertionMethod")
    for entry in asserted if isinstance(asserted, list) else []:
        method = named.get(_absolute(entry, did)) if isinstance(entry, str) else entry
        if not isinstance(method, dict):
            raise _no_key("an assertionMethod is not there")
        if "publicKeyMultibase" in method:
            yield _multibase(method["publicKeyMultibase"])
        else:
            yield read_jwk(method.get("publicKeyJwk"))


def _absolute(name: object, did: str) -> str:
    if not isinstance(name, str):
        return ""
    return did + name if name.startswith("#") else name


def _multibase(text: object) -> ed25519.Ed25519PublicKey:
    try:
        did = parse_did(f"did:key:{text}") if isinstance(text, str) and len(text) <= MAX_DID else None
    except Invalid:
        did = None
    if not isinstance(did, DidKey):
        raise _no_key("it is no Ed25519 key")
    return ed25519.Ed25519PublicKey.from_public_bytes(did.public)


def _base64url(text: object) -> bytes:
    if not isinstance(text, str) or not re.fullmatch(r"[A-Za-z0-9_-]+={0,2}", text, re.ASCII):
        raise _no_key("a part of it is not base64url")
    try:
        return urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
    except ValueError as error:
        raise _no_key("a part of it is not base64url") from error


def _no_key(why: str) -> Invalid:
    return Invalid(f"A key of this DID cannot be used: {why}.", code="did-key")


def _bad_document(place: int, why: str) -> Invalid:
    return Invalid(
        f"The DID document cannot be used: {why.rstrip('.')}.",
        code="aggregators-form",
        hint=_HINT,
        pointer=f"/{place}",
    )
