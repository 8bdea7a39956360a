"""Credentials: the W3C's own vector for ``eddsa-jcs-2022``, and consents that come back whole."""

from __future__ import annotations

import copy
import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rakkan.registry.rules import multibase
from rakkan.registry.rules.credential import (
    add_proof,
    check_credential,
    check_proof,
    credential,
    hash_data,
    sign,
)
from rakkan.schemas.errors import DomainError, Invalid, Refused
from tests.support import NOW, consent_record, did_of, work_record

# vc-di-eddsa 1.0 (W3C Recommendation), B.2 "Representation: eddsa-jcs-2022", examples 29 to 38
W3C_PUBLIC = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
W3C_SECRET = "z3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq"
W3C_CONTEXT = ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"]
W3C_DOCUMENT: dict[str, Any] = {
    "@context": W3C_CONTEXT,
    "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
    "type": ["VerifiableCredential", "AlumniCredential"],
    "name": "Alumni Credential",
    "description": "A minimum viable example of an Alumni Credential.",
    "issuer": "https://vc.example/issuers/5678",
    "validFrom": "2023-01-01T00:00:00Z",
    "credentialSubject": {"id": "did:example:abcdefgh", "alumniOf": "The School of Examples"},
}
W3C_OPTIONS = {
    "type": "DataIntegrityProof",
    "cryptosuite": "eddsa-jcs-2022",
    "created": "2023-02-24T23:36:38Z",
    "verificationMethod": f"did:key:{W3C_PUBLIC}#{W3C_PUBLIC}",
    "proofPurpose": "assertionMethod",
}
W3C_OPTIONS_HASH = "66ab154f5c2890a140cb8388a22a160454f80575f6eae09e5a097cabe539a1db"
W3C_DOCUMENT_HASH = "59b7cb6251b8991add1ce0bc83107e3db9dbbab5bd2c28f687db1a03abc92f19"
W3C_PROOF = "z2HnFSSPPBzR36zdDgK8PbEHeXbR56YF24jwMpt3R1eHXQzJDMWS93FCzpvJpwTWd3GAVFuUfjoJdcnTMuVor51aX"
OTHER_METHOD = f"https://vc.example/issuers/5678#{W3C_PUBLIC}"
OTHER_PROOF = "z63t83Y53KfzJ5ZosfKTnqfMcKB2dmTrfjSaQjeNNjAD5srBowQfmWqeRb8rRjmeEuCBEsddF9LsVogtuTsijJKh4"

KEY, STRANGER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()


def w3c_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(multibase.decode(W3C_SECRET)[2:])


def test_the_vector_of_the_recommendation() -> None:
    key = w3c_key()
    assert multibase.encode(b"\xed\x01" + key.public_key().public_bytes_raw()) == W3C_PUBLIC
    options = {**W3C_OPTIONS, "@context": W3C_CONTEXT}
    assert hash_data(W3C_DOCUMENT, options).hex() == W3C_OPTIONS_HASH + W3C_DOCUMENT_HASH
    signed = add_proof(W3C_DOCUMENT, W3C_OPTIONS, key)
    assert signed["proof"] == {**options, "proofValue": W3C_PROOF}
    check_proof(signed, key.public_key().public_bytes_raw())


def test_the_vector_of_its_repository() -> None:
    """Another verification method, from ``TestVectors/eddsa-jcs-2022/signedJCS.json``."""
    signed = add_proof(W3C_DOCUMENT, {**W3C_OPTIONS, "verificationMethod": OTHER_METHOD}, w3c_key())
    assert signed["proof"]["proofValue"] == OTHER_PROOF


def test_a_second_computation_agrees() -> None:
    record = consent_record(KEY, {"sha256": "ab" * 32})
    signed = sign(credential(record, did_of(KEY)), KEY, NOW)
    options = {name: value for name, value in signed["proof"].items() if name != "proofValue"}
    unsecured = {name: value for name, value in signed.items() if name != "proof"}
    data = b"".join(hashlib.sha256(rfc8785.dumps(each)).digest() for each in (options, unsecured))
    KEY.public_key().verify(multibase.decode(signed["proof"]["proofValue"]), data)


def issued(key: Ed25519PrivateKey = KEY, **more: Any) -> dict[str, Any]:
    record = consent_record(KEY, {"sha256": "ab" * 32}, **more)
    return sign(credential(record, did_of(key)), key, NOW)


def check(document: dict[str, Any], now: Any = NOW) -> Any:
    return check_credential(json.dumps(document).encode(), now)


def test_a_consent_comes_back_whole() -> None:
    record = consent_record(KEY, {"sha256": "ab" * 32})
    document = sign(credential(record, did_of(KEY)), KEY, NOW)
    checked = check(document)
    assert checked.issuer == did_of(KEY)
    assert checked.record.statement == record.statement
    assert checked.record.envelope == record.envelope
    assert document["credentialSubject"][0]["id"].startswith("ni:///sha-256;")


def test_somebody_else_may_attest_the_record() -> None:
    checked = check(issued(STRANGER))
    assert checked.issuer == did_of(STRANGER)
    assert checked.record.predicate.grantor.id == did_of(KEY)


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [path for key, each in value.items() for path in paths(each, (*at, key))]
    if isinstance(value, list):
        return [path for index, each in enumerate(value) for path in paths(each, (*at, index))]
    return [at]


def test_every_changed_value_is_refused() -> None:
    document = issued()
    every = paths(document)
    assert len(every) > 40
    for path in every:
        changed = copy.deepcopy(document)
        holder = changed
        for step in path[:-1]:
            holder = holder[step]
        old = holder[path[-1]]
        holder[path[-1]] = (not old) if isinstance(old, bool) else f"{old}x" if isinstance(old, str) else 7
        with pytest.raises(DomainError):
            check(changed)


def resigned(**changes: Any) -> dict[str, Any]:
    record = consent_record(KEY, {"sha256": "ab" * 32})
    return sign({**credential(record, did_of(KEY)), **changes}, KEY, NOW)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"validUntil": "2099-01-01T00:00:00Z"}, "credential-record"),
        ({"credentialSubject": [{"id": "ni:///sha-256;AAAA"}]}, "credential-record"),
        ({"id": "urn:rakkan:record:other"}, "credential-record"),
        ({"record": {}}, "credential-record"),
        ({"record": None}, "credential-record"),
        ({"extra": "allowed to all"}, "credential-record"),
        ({"issuer": did_of(STRANGER)}, "credential-issuer"),
        ({"issuer": {"id": "https://example.org"}}, "did-method"),
        ({"type": ["Alumni"]}, "credential-form"),
        ({"@context": ["https://www.w3.org/2018/credentials/v1"]}, "credential-form"),
        ({"validFrom": 5}, "credential-form"),
    ],
)
def test_signed_but_wrong(changes: dict[str, Any], code: str) -> None:
    with pytest.raises((Refused, Invalid)) as caught:
        check(resigned(**changes))
    assert caught.value.code == code


@pytest.mark.parametrize("days", [-2, 366])
def test_it_counts_in_its_time_only(days: int) -> None:
    with pytest.raises(Refused) as caught:
        check(issued(), NOW + timedelta(days=days))
    assert caught.value.code == "credential-expired"


def test_proofs_that_are_none() -> None:
    document = issued()
    for proof in (None, [document["proof"]], {}, {**document["proof"], "cryptosuite": "eddsa-rdfc-2022"}):
        with pytest.raises(Refused):
            check({**document, "proof": proof})
    for value in ("", "z", "m" + document["proof"]["proofValue"][1:], "z" + "1" * 200, 5):
        with pytest.raises((Refused, Invalid)):
            check({**document, "proof": {**document["proof"], "proofValue": value}})
    expired = add_proof(
        credential(consent_record(KEY, {"sha256": "ab" * 32}), did_of(KEY)),
        {**{k: v for k, v in document["proof"].items() if k not in ("proofValue", "@context")}, "expires": "2026-01-01T00:00:00Z"},
        KEY,
    )  # fmt: skip
    with pytest.raises(Refused) as caught:
        check(expired)
    assert caught.value.code == "credential-expired"


def test_only_a_consent_becomes_a_credential() -> None:
    with pytest.raises(Invalid) as caught:
        credential(work_record(KEY), did_of(KEY))
    assert caught.value.code == "record-kind"


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"type": "VerifiableCredential"}', b"[" * 99_999])
def test_no_credential_at_all(content: bytes) -> None:
    with pytest.raises(Invalid):
        check_credential(content, NOW)


@pytest.mark.parametrize("content", [b"", b"\0", b"\0\0\1", bytes(range(34)), b"\xff" * 64])
def test_base58_there_and_back(content: bytes) -> None:
    assert multibase.decode(multibase.encode(content)) == content
