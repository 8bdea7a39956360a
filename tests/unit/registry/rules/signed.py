"""Signed records of every kind of a case, for tests: by plain key, valid by themselves."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rakkan.registry.rules.duties import actor_digest
from rakkan.registry.rules.proofs import check_record, sign_did
from rakkan.schemas.canonical import canonical
from rakkan.schemas.errors import DomainError
from rakkan.schemas.record import KINDS, Record
from rakkan.schemas.statement import STATEMENT_TYPE, Link
from tests.unit.registry.rules import cases

WORKS = [{"name": "work", "digest": {"sha256": "5a" * 32}}]
RIGHTS: dict[str, Any] = {"claim": "created", "coauthorsComplete": True}


def key(name: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())


def who(name: str) -> str:
    return cases.did(key(name))


def statement(kind: str, subjects: Sequence[dict[str, Any]], **predicate: Any) -> bytes:
    assert f"urn:rakkan:{kind}:1" in KINDS
    value: dict[str, Any] = {
        "_type": STATEMENT_TYPE,
        "subject": list(subjects),
        "predicateType": f"urn:rakkan:{kind}:1",
        "predicate": {"audience": cases.AUDIENCE, **predicate},
    }
    return canonical(value)


def record(kind: str, subjects: Sequence[dict[str, Any]], *by: str, **predicate: Any) -> Record:
    made = statement(kind, subjects, **predicate)
    return Record.build(made, [sign_did(made, key(each)) for each in by])


def actor_subject(name: str) -> list[dict[str, Any]]:
    return [{"name": "actor", "digest": {"actor": actor_digest(who(name)).hex}}]


def record_subject(target: Record) -> list[dict[str, Any]]:
    return [{"name": "record", "digest": {"record": target.record_id.digest.hex()}}]


def authorship(*by: str, **more: Any) -> Record:
    value: dict[str, Any] = {
        "claimant": who("artist"),
        "claimedAt": "2026-01-01T00:00:00Z",
        "rightsBasis": RIGHTS,
        **more,
    }
    return record("authorship", WORKS, *by, **value)


def identity(*by: str, **more: Any) -> Record:
    value: dict[str, Any] = {
        "actor": who("artist"),
        "method": "site",
        "name": "artist.example",
        "checker": who("checker"),
        "checkedAt": "2026-01-01T00:00:00Z",
        "validUntil": "2027-01-01T00:00:00Z",
        **more,
    }
    return record("identity", actor_subject("artist"), *by, **value)


def key_record(action: str, *by: str, **more: Any) -> Record:
    value: dict[str, Any] = {
        "actor": who("artist"),
        "action": action,
        "statedAt": "2026-06-01T00:00:00Z",
        **more,
    }
    return record("key", actor_subject("artist"), *by, **value)


def guardians(*names: str, threshold: int = 2) -> Record:
    return key_record("guardians", "artist", guardians=[who(each) for each in names], threshold=threshold)


def dispute(target: Record, *by: str, **more: Any) -> Record:
    value: dict[str, Any] = {
        "accuser": who("accuser"),
        "target": link(target),
        "ground": "forged",
        "openedAt": "2026-06-01T00:00:00Z",
        **more,
    }
    return record("dispute", record_subject(target), *by, **value)


def ruling(target: Record, *by: str, **more: Any) -> Record:
    value: dict[str, Any] = {
        "adjudicator": who("judge"),
        "decision": "void",
        "target": link(target),
        "decidedAt": "2026-06-02T00:00:00Z",
        **more,
    }
    return record("ruling", record_subject(target), *by, **value)


def link(target: Record) -> dict[str, str]:
    return Link.to(target.envelope_cid).to_json()


WORK = cases.work_record()
NAMED = guardians("g1", "g2", "g3")
DISPUTE = dispute(WORK, "accuser")
MANDATE = cases.did_consent(kind="mandate", grantee=[who("agent")])
GRANT = cases.did_consent()
KNOWN = {each.envelope_cid.digest: each for each in (WORK, NAMED, DISPUTE, MANDATE, GRANT)}


def refusal(record: Record, linked: dict[bytes, Record] | None = None) -> tuple[str, str]:
    """Code and pointer of the error; empty where it is accepted."""
    known = KNOWN if linked is None else linked
    try:
        check_record(record, audience=cases.AUDIENCE, domain=cases.DOMAIN, linked=known)
    except DomainError as error:
        return error.code, error.pointer
    return "", ""


ACCEPTED: dict[str, tuple[Any, tuple[str, ...]]] = {
    "authorship": (authorship, ("artist",)),
    "identity": (identity, ("artist", "checker")),
    "guardians": (
        lambda *by: key_record("guardians", *by, guardians=[who("g1")], threshold=1),
        ("artist",),
    ),
    "rotate": (lambda *by: key_record("rotate", *by, successor=who("new")), ("artist", "new")),
    "recover": (
        lambda *by: key_record("recover", *by, successor=who("new"), guardianship=link(NAMED)),
        ("new", "g1", "g3"),
    ),
    "compromised": (
        lambda *by: key_record("compromised", *by, since="2026-05-01T00:00:00Z"),
        ("artist",),
    ),
    "compromised by guardians": (
        lambda *by: key_record("compromised", *by, since="2026-05-01T00:00:00Z", guardianship=link(NAMED)),
        ("g2", "g3"),
    ),
    "dispute": (lambda *by: dispute(WORK, *by), ("accuser",)),
    "ruling": (lambda *by: ruling(WORK, *by), ("judge",)),
    "dismissal": (
        lambda *by: ruling(WORK, *by, decision="dismissed", dispute=link(DISPUTE)),
        ("judge",),
    ),
}
