"""Records and facts that the tests of the rules start from: deterministic, and signed for real."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rakkan.registry.rules.case import EMPTY_CASE, Case
from rakkan.registry.rules.consent import ConsentFact
from rakkan.registry.rules.eip712 import Domain, address_of
from rakkan.registry.rules.facts import in_log_order
from rakkan.registry.rules.hearing import hear
from rakkan.registry.rules.links import links_of
from rakkan.registry.rules.notice import with_notice
from rakkan.registry.rules.proofs import sign_did, sign_wallet
from rakkan.registry.rules.question import Question
from rakkan.schemas.consent import Consent
from rakkan.schemas.errors import DomainError
from rakkan.schemas.identity import Address, DidKey, DidPkh
from rakkan.schemas.record import Record, statement_bytes
from rakkan.schemas.statement import Link, Proof, Subject, parse_model
from rakkan.schemas.values import Cid
from rakkan.schemas.verdict import Verdict
from rakkan.schemas.work import Work

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
AUDIENCE = "rakkan/0123456789abcdef"
CHAIN = 31337
DOMAIN = Domain(CHAIN, Address(bytes.fromhex("5fbdb2315678afecb367f032d93f642f64180aa3")))
GATE = Domain(CHAIN, Address(bytes.fromhex("e7f1725e7734ce288f8367e1bb143e90bb3f0512")))

ARTIST = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
WALLET = hashlib.sha256(b"wallet").digest()
AUTHORITY = hashlib.sha256(b"authority").digest()
THIEF = hashlib.sha256(b"thief").digest()

COMMUNITY = f"eip155:{CHAIN}:{GATE.contract}"
SUBJECTS = (Subject(name="work", digest={"c2paClaim": "c1" * 32, "sha256": "5a" * 32}),)


def did(key: Ed25519PrivateKey) -> str:
    return str(DidKey(key.public_key().public_bytes_raw()))


def wallet_did(private_key: bytes) -> str:
    return str(DidPkh(CHAIN, address_of(private_key)))


def consent_value(**more: Any) -> dict[str, Any]:
    return {
        "audience": AUDIENCE,
        "kind": "grant",
        "nonce": "00" * 16,
        "match": "exact",
        "scopes": [
            {"name": "cawg.ai_generative_training", "use": "constrained"},
            {"name": "org.rakkan.finetune_lora", "use": "allowed"},
            {"name": "org.rakkan.style_imitation", "use": "notAllowed"},
        ],
        "grantor": {"id": wallet_did(WALLET), "capacity": "author"},
        "grantee": ["public"],
        "rightsBasis": {"claim": "generated", "coauthorsComplete": True},
        "terms": {"licence": "CC-BY-4.0", "attribution": "name", "shareAlike": False, "commercial": True},
        "withdrawal": {"authority": str(address_of(AUTHORITY)), "mode": "prospective"},
        "persons": {"depicted": "none", "minors": "none"},
        "validFrom": "2026-01-01T00:00:00Z",
        "validUntil": "2028-01-01T00:00:00Z",
        "notice": {"lang": "en", "sha256": "0" * 64},
        **more,
    }


def consent(subjects: Sequence[Subject] = SUBJECTS, **more: Any) -> Consent:
    return with_notice(subjects, parse_model(Consent, consent_value(**more)))


def consent_statement(subjects: Sequence[Subject] = SUBJECTS, **more: Any) -> bytes:
    return statement_bytes("consent", subjects, consent(subjects, **more))


def wallet_consent(**more: Any) -> Record:
    statement = consent_statement(**more)
    return Record.build(statement, [sign_wallet(statement, DOMAIN, WALLET)])


def did_consent(**more: Any) -> Record:
    statement = consent_statement(**{"grantor": {"id": did(ARTIST)}, **more})
    return Record.build(statement, [sign_did(statement, ARTIST)])


def work_statement(**more: Any) -> bytes:
    value = {
        "audience": AUDIENCE,
        "creator": did(ARTIST),
        "making": "generated",
        "stampedAt": "2026-11-22T12:00:00Z",
        "asset": {"mediaType": "image/png", "width": 8, "height": 8},
        **more,
    }
    return statement_bytes("work", SUBJECTS, parse_model(Work, value))


def work_record(**more: Any) -> Record:
    statement = work_statement(**more)
    return Record.build(statement, [sign_did(statement, ARTIST)])


def verdict_statement(**more: Any) -> bytes:
    value = {
        "audience": AUDIENCE,
        "gate": {"chainId": GATE.chain_id, "address": str(GATE.contract)},
        "subject": "a1" * 32,
        "policy": Link.to(Cid.of(b"{}")).to_json(),
        "auditVersion": "rakkan-audit/1",
        "asOf": {"logSize": 12, "logRoot": "b2" * 32},
        "issuedAt": "2026-11-22T12:00:00Z",
        "validUntil": "2027-02-20T12:00:00Z",
        "outcome": "approved",
        "counts": {"items": 3, "pass": 3, "fail": 0, "undetermined": 0},
        "clauses": [],
        "findings": {"root": "c3" * 32, "size": 3},
        "reliance": {"root": "d4" * 32, "size": 2},
        **more,
    }
    subject = Subject(name="dataset", digest={"datasetRoot": "e5" * 32})
    return statement_bytes("verdict", [subject], parse_model(Verdict, value))


def linked(record: Record, other: Record | None) -> dict[bytes, Record]:
    """The other record under the name by which this one links something."""
    try:
        names = links_of(record.predicate) if other is not None else ()
    except DomainError:
        return {}
    return {digest: other for _, digest in names if other is not None}


def changed(statement: bytes, proofs: Sequence[Proof]) -> Record:
    """A record of other bytes under the proofs of another one."""
    return Record.build(statement, proofs)


def fact(
    name: int = 0,
    *,
    log_index: int | None = -1,
    known_from: datetime = NOW - timedelta(days=30),
    withdrawn_at: datetime | None = None,
    withdrawn_item_at: datetime | None = None,
    scopes: Mapping[str, str] | None = None,
    **more: Any,
) -> ConsentFact:
    """A fact about some work; ``name`` tells records apart and orders them in the log."""
    if scopes is not None:
        more["scopes"] = [{"name": scope, "use": use} for scope, use in scopes.items()]
    return ConsentFact(
        record_id=hashlib.sha256(b"record %d" % name).digest(),
        envelope=hashlib.sha256(b"envelope %d" % name).digest(),
        log_index=name if log_index == -1 else log_index,
        consent=parse_model(Consent, consent_value(**more)),
        known_from=known_from,
        withdrawn_at=withdrawn_at,
        withdrawn_item_at=withdrawn_item_at,
    )


def superseding(name: int) -> dict[str, Any]:
    """The ``supersedes`` field that names the fact of this name."""
    return {"supersedes": Cid.of(b"envelope %d" % name).link}


def in_force(
    facts: Sequence[ConsentFact],
    *,
    used_at: datetime,
    known_at: datetime | None = None,
    case: Case = EMPTY_CASE,
) -> tuple[ConsentFact, ...]:
    """The consents that count before any of them is weighed, in log order."""
    return in_log_order(hear(facts, Question.of("", "", used_at, known_at, case=case)).counting)
