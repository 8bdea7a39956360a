"""Identity credentials made by hand: what the product only reads (CAWG identity 1.3)."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import cbor2
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from rakkan.manifests.aggregators import IdentityTrust
from rakkan.manifests.checks import ATTRIBUTION
from rakkan.manifests.container import manifest_store
from rakkan.manifests.jumbf import ManifestStore, parse
from rakkan.manifests.read import read_manifest
from rakkan.schemas.identity import DidKey
from tests.unit.manifests.credentials import authority, checked, issuers
from tests.unit.manifests.handmade import cose, png_with_store

WALLET = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
SITE = "did:web:aggregator.example"
Links = Mapping[str, dict[str, Any]]
Change = Callable[[dict[str, Any]], None]


@cache
def _key(name: str) -> ed25519.Ed25519PrivateKey:
    assert name
    return ed25519.Ed25519PrivateKey.generate()


def key(name: str = "aggregator") -> ed25519.Ed25519PrivateKey:
    """An aggregator's key; one per name and run."""
    return _key(name)


def public(name: str = "aggregator") -> bytes:
    """Its 32 public bytes."""
    raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
    return key(name).public_key().public_bytes(*raw)


def jwk(name: str = "aggregator") -> dict[str, str]:
    """The same as a JWK."""
    x = urlsafe_b64encode(public(name)).rstrip(b"=").decode()
    return {"kty": "OKP", "crv": "Ed25519", "x": x}


def did_key(name: str = "aggregator") -> str:
    """The key as a DID."""
    return str(DidKey(public(name)))


def did_jwk(name: str = "aggregator") -> str:
    """The same in the other method."""
    return "did:jwk:" + urlsafe_b64encode(json.dumps(jwk(name)).encode()).rstrip(b"=").decode()


def document(did: str = SITE, name: str = "aggregator") -> dict[str, Any]:
    """A DID document."""
    method = {"id": f"{did}#key-0", "type": "JsonWebKey", "controller": did, "publicKeyJwk": jwk(name)}
    return {"@context": "https://www.w3.org/ns/did/v1", "id": did, "assertionMethod": [method]}


def trust(*dids: str, issuers: str = "") -> IdentityTrust:
    """Lists with these aggregators and this authority."""
    documents = [document(did) if did.startswith("did:web:") else {"id": did} for did in dids]
    lists = [json.dumps(documents).encode()] if documents else []
    return IdentityTrust.load([*lists, *([authority(issuers).certificate_pem] if issuers else [])])


def verified(kind: str = "cawg.crypto_wallet", **fields: Any) -> dict[str, Any]:
    """One verified identity."""
    return {
        "type": kind,
        "provider": {"id": "https://wallets.example", "name": "Wallets"},
        "verifiedAt": "2026-05-27T08:40:39.569856Z",
        **({"address": WALLET} if kind == "cawg.crypto_wallet" else {}),
        **fields,
    }


def payload(
    links: Links,
    kind: str = "cawg.identity_claims_aggregation",
    about: Sequence[str] = ("c2pa.hash.data",),
    roles: Sequence[str] = (),
) -> dict[str, Any]:
    """What is signed, in the order in which the SDK writes it."""
    said: dict[str, Any] = {"referenced_assertions": [links[each] for each in about], "sig_type": kind}
    return said | ({"role": list(roles)} if roles else {})


def credential(said: Mapping[str, Any], issuer: str, *identities: dict[str, Any]) -> dict[str, Any]:
    """An identity claims aggregation about a payload."""
    listed = [
        {**each, "hash": b64encode(each["hash"]).decode()} if isinstance(each.get("hash"), bytes) else each
        for each in said["referenced_assertions"]
    ]
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2", "https://cawg.io/identity/1.1/ica/context/"],
        "type": ["VerifiableCredential", "IdentityClaimsAggregationCredential"],
        "issuer": issuer,
        "validFrom": "2026-05-27T11:40:40Z",
        "credentialSubject": {
            "id": "did:web:aggregator.example:user:1",
            "verifiedIdentities": list(identities) or [verified()],
            "c2paAsset": {**said, "referenced_assertions": listed},
        },
    }


def signed(content: object, by: str = "aggregator", header: Mapping[object, object] | None = None) -> bytes:
    """A COSE_Sign1 with the credential inside."""
    protected = cbor2.dumps({1: -8, 3: "application/vc"} if header is None else dict(header))
    inside = content if isinstance(content, bytes) else json.dumps(content).encode()
    raw = key(by).sign(cbor2.dumps(["Signature1", protected, b"", inside]))
    return b"\xd2" + cbor2.dumps([protected, {}, inside, raw])


def sealed(said: Mapping[str, Any], signature: bytes, **fields: Any) -> dict[str, Any]:
    """The assertion."""
    return {"signer_payload": dict(said), "signature": signature, "pad1": bytes(20), "pad2": b"", **fields}


def aggregated(
    links: Links,
    *identities: dict[str, Any],
    issuer: str = "",
    by: str = "aggregator",
    change: Change = lambda _: None,
    header: Mapping[object, object] | None = None,
    **arguments: Any,
) -> dict[str, Any]:
    """An assertion by an aggregator; ``change`` spoils the credential before it is signed."""
    said = payload(links, **arguments)
    made = credential(said, issuer or did_key(by), *identities)
    change(made)
    return sealed(said, signed(made, by, header))


def certified(
    links: Links,
    name: str = "Ada",
    issuer: str = "Test authority",
    *,
    ordered: bool = False,
    **arguments: Any,
) -> dict[str, Any]:
    """An assertion by a certificate; ``ordered`` signs in the order that CAWG asks for."""
    said = payload(links, "cawg.x509.cose", **arguments)
    return sealed(said, cose(cbor2.dumps(said, canonical=ordered), name, issuer))


def picture_with(*make: Callable[[Links], object], **arguments: Any) -> bytes:
    """A picture whose manifest, signed by Ada, holds these identity assertions."""

    def assertions(links: Links) -> list[tuple[str, object]]:
        return [
            (f"cawg.identity__{place}" if place else "cawg.identity", each(links))
            for place, each in enumerate(make)
        ]

    return png_with_store(identities=assertions, **arguments)


def found_in(*make: Callable[[Links], object], **arguments: Any) -> tuple[str, str]:
    """Outcome and code of the one credential; the picture itself stays trusted."""
    report = read_manifest(checked(picture_with(*make, **arguments)), issuers(), identities=believed())
    assert report.state == "trusted"
    (found,) = report.credentials
    assert report.check(ATTRIBUTION).outcome is found.outcome
    return found.outcome.value, found.code


def by_hand(links: Links, change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """An assertion whose payload is changed before it is signed."""
    said = payload(links, "cawg.x509.cose")
    change(said)
    return sealed(said, cose(cbor2.dumps(said)))


def believed() -> IdentityTrust:
    """Lists with the aggregator, and the authority of the artists' own certificates."""
    return trust(did_key(), issuers="Test authority")


def store_of(content: bytes) -> ManifestStore:
    """The store in a picture."""
    store = manifest_store(checked(content).container)
    assert store is not None
    return parse(store)
