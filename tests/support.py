"""What tests build with: records signed for real, homes founded for real."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rakkan.registry.rules.notice import notice_text
from rakkan.registry.rules.proofs import sign_did
from rakkan.schemas.consent import Consent
from rakkan.schemas.identity import DidKey
from rakkan.schemas.instant import format_instant
from rakkan.schemas.record import Record, statement_bytes
from rakkan.schemas.statement import Subject, parse_model
from rakkan.schemas.work import Work

ORIGIN = "rakkan/0123456789abcdef"
NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


def did_of(key: Ed25519PrivateKey) -> str:
    """The ``did:key`` of a private key."""
    return str(DidKey(key.public_key().public_bytes_raw()))


def work_record(
    key: Ed25519PrivateKey, *, origin: str = ORIGIN, claim: str = "", sha256: str = "", **more: Any
) -> Record:
    """A signed work."""
    value = {
        "audience": origin,
        "creator": did_of(key),
        "making": "generated",
        "stampedAt": format_instant(NOW),
        "asset": {"mediaType": "image/png", "width": 8, "height": 8},
        **more,
    }
    digest = {"c2paClaim": claim or secrets.token_hex(32), "sha256": sha256 or secrets.token_hex(32)}
    statement = statement_bytes("work", [Subject(name="work", digest=digest)], parse_model(Work, value))
    return Record.build(statement, [sign_did(statement, key)])


def consent_record(
    key: Ed25519PrivateKey,
    digest: dict[str, str],
    *,
    origin: str = ORIGIN,
    kind: str = "grant",
    use: str = "allowed",
    **more: Any,
) -> Record:
    """A signed grant (or reservation) of generative training to the public."""
    value: dict[str, Any] = {
        "audience": origin,
        "kind": kind,
        "nonce": secrets.token_hex(16),
        "scopes": [{"name": "cawg.ai_generative_training", "use": use}],
        "grantor": {"id": did_of(key), "capacity": "author"},
        "grantee": ["public"],
        "rightsBasis": {"claim": "generated", "coauthorsComplete": True},
        "withdrawal": {"authority": "0x" + "11" * 20, "mode": "prospective"},
        "persons": {"depicted": "none", "minors": "none"},
        "validFrom": format_instant(NOW - timedelta(days=1)),
        "validUntil": format_instant(NOW + timedelta(days=365)),
        "notice": {"lang": "en", "sha256": "0" * 64},
        **more,
    }
    subjects = [Subject(name="work", digest=digest)]
    value["notice"]["sha256"] = hashlib.sha256(
        notice_text(subjects, parse_model(Consent, value)).encode()
    ).hexdigest()
    statement = statement_bytes("consent", subjects, parse_model(Consent, value))
    return Record.build(statement, [sign_did(statement, key)])
