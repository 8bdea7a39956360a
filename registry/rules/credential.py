"""A consent as a W3C Verifiable Credential 2.0, with a Data Integrity proof ``eddsa-jcs-2022``.

It decides the document and its proof (vc-di-eddsa 1.0, section 3.3). The issuer is who signs it, by
``did:key``. Where that is not the grantor, it says that a record exists, and carries the record with the
grantor's own proofs. Standing is not in it: whether a consent holds is asked of the registry.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from rakkan.registry.rules import multibase
from rakkan.registry.rules.vocabulary.model import named
from rakkan.schemas.canonical import canonical, parse_strict
from rakkan.schemas.consent import Consent
from rakkan.schemas.errors import DomainError, Invalid, Refused
from rakkan.schemas.identity import DidKey, parse_did
from rakkan.schemas.instant import format_instant, parse_instant
from rakkan.schemas.record import Record

CONTEXT: Final[list[Any]] = [
    "https://www.w3.org/ns/credentials/v2",
    {
        "ProofOfConsent": "urn:rakkan:vocabulary:ProofOfConsent",
        "record": {"@id": "urn:rakkan:vocabulary:record", "@type": "@json"},
        "digest": {"@id": "urn:rakkan:vocabulary:digest", "@type": "@json"},
    },
]
MAX_DOCUMENT: Final = 64 * 1024
_SUITE: Final = {"type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022"}


@dataclass(frozen=True, slots=True)
class CheckedCredential:
    """A credential whose proof holds.

    Attributes:
        issuer: Who signed it.
        record: The consent in it, whose own proofs are not judged here; None in anybody else's credentials.
    """

    issuer: str
    record: Record | None


def credential(record: Record, issuer: str) -> dict[str, Any]:
    """The credential of a consent, without a proof.

    Args:
        record: The consent.
        issuer: DID of who will sign.

    Raises:
        Invalid: ``record-kind``, if the record is no consent.
    """
    consent = record.predicate
    if not isinstance(consent, Consent):
        raise Invalid(f"A {record.kind} record is not a consent.", code="record-kind")
    subjects = [
        {"id": named(next(iter(subject.digests)).raw), "digest": dict(subject.digest)}
        for subject in record.parsed.subject
    ]
    return {
        "@context": CONTEXT,
        "id": f"urn:rakkan:record:{record.record_id}",
        "type": ["VerifiableCredential", "ProofOfConsent"],
        "issuer": issuer,
        "validFrom": consent.valid_from,
        "validUntil": consent.valid_until,
        "credentialSubject": subjects,
        "record": record.to_json(),
    }


def sign(document: Mapping[str, Any], key: Ed25519PrivateKey, created: datetime) -> dict[str, Any]:
    """The document with a proof by this key's ``did:key``.

    Raises:
        Invalid: ``not-canonical``, ``record-too-large``.
    """
    did = str(DidKey(key.public_key().public_bytes_raw()))
    proof = {
        **_SUITE,
        "created": format_instant(created),
        "verificationMethod": f"{did}#{did.removeprefix('did:key:')}",
        "proofPurpose": "assertionMethod",
    }
    return add_proof(document, proof, key)


def add_proof(
    document: Mapping[str, Any], options: Mapping[str, Any], key: Ed25519PrivateKey
) -> dict[str, Any]:
    """The document with a proof of these options."""
    proof = dict(options)
    if "@context" in document:
        proof["@context"] = document["@context"]
    return {
        **document,
        "proof": {**proof, "proofValue": multibase.encode(key.sign(hash_data(document, proof)))},
    }


def hash_data(document: Mapping[str, Any], proof: Mapping[str, Any]) -> bytes:
    """What is signed: sha256 of the proof's options ‖ sha256 of the document, both by JCS."""
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    unsecured = {name: value for name, value in document.items() if name != "proof"}
    return hashlib.sha256(canonical(options)).digest() + hashlib.sha256(canonical(unsecured)).digest()


def check_proof(document: Mapping[str, Any], public: bytes) -> None:
    """Check an ``eddsa-jcs-2022`` proof against a public key of 32 bytes.

    Raises:
        Refused: ``credential-proof``.
        Invalid: ``not-canonical``, ``multibase-form``.
    """
    proof = document.get("proof")
    if not isinstance(proof, dict) or any(proof.get(name) != value for name, value in _SUITE.items()):
        raise Refused("It has no single proof of the suite eddsa-jcs-2022.", code="credential-proof")
    unsecured = dict(document)
    if "@context" in proof:
        ours, theirs = _listed(document.get("@context")), _listed(proof["@context"])
        if ours[: len(theirs)] != theirs:
            raise Refused("Its proof was made in another context.", code="credential-proof")
        unsecured["@context"] = proof["@context"]
    value = proof.get("proofValue")
    signature = multibase.decode(value if isinstance(value, str) else "")
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, hash_data(unsecured, proof))
    except InvalidSignature:
        raise Refused("Its proof does not hold.", code="credential-proof") from None


def check_credential(content: bytes, now: datetime) -> CheckedCredential:
    """Check a credential that was issued by a ``did:key``.

    Args:
        content: The JSON document.
        now: Credentials count from ``validFrom`` until ``validUntil``, proofs until they expire.

    Raises:
        Refused: ``credential-proof``, ``credential-issuer``, ``credential-expired``, ``credential-record``.
        Invalid: ``not-json``, ``credential-form``, ``did-form`` and other codes of malformed parts.
    """
    document = parse_strict(content, limit=MAX_DOCUMENT)
    if not isinstance(document, dict) or "VerifiableCredential" not in _listed(document.get("type")):
        raise Invalid("Not a verifiable credential.", code="credential-form", pointer="/type")
    if _listed(document.get("@context"))[:1] != [CONTEXT[0]]:
        raise Invalid("Not a credential of VC 2.0.", code="credential-form", pointer="/@context")
    issuer = document.get("issuer")
    issuer = issuer.get("id") if isinstance(issuer, dict) else issuer
    did = parse_did(issuer if isinstance(issuer, str) else "")
    proof = document.get("proof")
    if not isinstance(did, DidKey) or not isinstance(proof, dict):
        raise Refused(
            "Only credentials of a did:key with one proof are checked here.", code="credential-issuer"
        )
    if proof.get("verificationMethod") != f"{did}#{str(did).removeprefix('did:key:')}":
        raise Refused("Its proof is not by its issuer.", code="credential-issuer")
    if proof.get("proofPurpose") != "assertionMethod":
        raise Refused("Its proof was made for another purpose.", code="credential-proof")
    check_proof(document, did.public)
    _in_force(document, proof, now)
    return CheckedCredential(str(did), _record(document))


def _in_force(document: Mapping[str, Any], proof: Mapping[str, Any], now: datetime) -> None:
    bounds = ((document, "validFrom", True), (document, "validUntil", False), (proof, "expires", False))
    for holder, name, lower in bounds:
        if name not in holder:
            continue
        if not isinstance(holder[name], str):
            raise Invalid(f"{name} is not a time.", code="credential-form", pointer=f"/{name}")
        instant = parse_instant(holder[name])
        if (now < instant) if lower else (now >= instant):
            raise Refused(f"It does not count now: {name} is {holder[name]}.", code="credential-expired")


def _record(document: Mapping[str, Any]) -> Record | None:
    carried: Any = document.get("record")
    if "ProofOfConsent" not in _listed(document.get("type")):
        return None
    try:
        statement = canonical(carried["statement"])
        envelope = canonical({"statement": {"/": carried["recordId"]}, "proofs": carried["proofs"]})
        record = Record.parse(statement, envelope)
    except (TypeError, KeyError, DomainError) as error:
        raise Refused(f"Its record is not whole: {error}.", code="credential-record") from error
    consent = record.predicate
    same = isinstance(consent, Consent) and credential(record, "") == {
        **{name: value for name, value in document.items() if name != "proof"},
        "issuer": "",
    }
    if not same:
        raise Refused("It says something else than its record.", code="credential-record")
    return record


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]
