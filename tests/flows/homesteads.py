"""Homes with people in them, for tests: records signed for a registry, accepted, pinned and logged."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rakkan.registry.flows.accept import accept_one
from rakkan.registry.rules.collection import collect
from rakkan.registry.rules.duties import actor_digest
from rakkan.registry.rules.notice import with_notice
from rakkan.registry.rules.proofs import sign_did
from rakkan.registry.service import Registry
from rakkan.registry.worker import Worker
from rakkan.schemas.canonical import canonical
from rakkan.schemas.consent import Consent
from rakkan.schemas.instant import format_instant
from rakkan.schemas.record import Record
from rakkan.schemas.statement import STATEMENT_TYPE, Link, Subject, parse_model
from rakkan.schemas.values import Digest
from tests.support import did_of

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
TRAIN = "cawg.ai_generative_training"
LIKENESS = "org.rakkan.likeness"


@dataclass
class SetClock:
    """A clock that stands where it was set."""

    at: datetime = START

    def now(self) -> datetime:
        return self.at


def key(name: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())


def who(name: str) -> str:
    return did_of(key(name))


def link(record: Record) -> dict[str, str]:
    return Link.to(record.envelope_cid).to_json()


class People:
    """Everybody who hands records to one registry; each record is accepted and logged at once.

    Args:
        registry: Whose clock is set by ``on``.
    """

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.clock = SetClock()
        registry.clock = self.clock

    def on(self, day: float) -> datetime:
        """Set the clock to so many days after the start."""
        self.clock.at = START + day * DAY
        return self.clock.at

    def hand_in(
        self, statement: bytes, by: Sequence[str], blocks: Sequence[bytes] = (), *, log: bool = True
    ) -> Record:
        record = Record.build(statement, [sign_did(statement, key(each)) for each in by])
        accept_one(self.registry, record, publish=True, blocks=blocks)
        if log:
            Worker(self.registry).settle()
        return record

    def state(
        self, kind: str, subjects: Sequence[Subject], predicate: dict[str, Any], *by: str, log: bool = True
    ) -> Record:
        value = {
            "_type": STATEMENT_TYPE,
            "subject": [each.to_json() for each in subjects],
            "predicateType": f"urn:rakkan:{kind}:1",
            "predicate": {"audience": self.registry.origin, **predicate},
        }
        return self.hand_in(canonical(value), by, log=log)

    def work(self, by: str, digest: Digest, *, log: bool = True, **more: Any) -> Record:
        predicate = {
            "creator": who(by),
            "making": "generated",
            "stampedAt": self._now(),
            "asset": {"mediaType": "image/png", "width": 8, "height": 8},
            **more,
        }
        return self.state("work", [subject(digest)], predicate, by, log=log)

    def consent_statement(
        self, by: str, subjects: Sequence[Subject], *, use: str = "allowed", scope: str = TRAIN, **more: Any
    ) -> bytes:
        value: dict[str, Any] = {
            "audience": self.registry.origin,
            "kind": "grant",
            "nonce": secrets.token_hex(16),
            "scopes": [{"name": scope, "use": use}],
            "grantor": {"id": who(by), "capacity": "author"},
            "grantee": ["public"],
            "rightsBasis": {"claim": "generated", "coauthorsComplete": True},
            "withdrawal": {"authority": "0x" + "11" * 20, "mode": "prospective"},
            "persons": {"depicted": "none", "minors": "none"},
            "validFrom": self._now(),
            "validUntil": format_instant(self.clock.at + 365 * DAY),
            "notice": {"lang": "en", "sha256": "0" * 64},
            **more,
        }
        filled = with_notice(subjects, parse_model(Consent, value))
        return canonical(
            {
                "_type": STATEMENT_TYPE,
                "subject": [each.to_json() for each in subjects],
                "predicateType": "urn:rakkan:consent:1",
                "predicate": filled.to_json(),
            }
        )

    def consent(self, by: str, *digests: Digest, log: bool = True, **more: Any) -> Record:
        statement = self.consent_statement(by, [subject(each) for each in digests], **more)
        return self.hand_in(statement, [by], log=log)

    def collection(self, by: str, digests: Sequence[Digest], *, log: bool = True, **more: Any) -> Record:
        made = collect(digests)
        more |= {"match": "collection", "collection": made.collection.to_json()}
        return self.hand_in(self.consent_statement(by, [made.subject], **more), [by], made.blocks, log=log)

    def key_record(self, action: str, actor: str, *by: str, **more: Any) -> Record:
        predicate = {"actor": who(actor), "action": action, "statedAt": self._now(), **more}
        return self.state("key", [actor_subject(actor)], predicate, *by)

    def lost(self, actor: str, *by: str, since: float) -> Record:
        at = format_instant(START + since * DAY)
        return self.key_record("compromised", actor, *(by or (actor,)), since=at)

    def rotate(self, actor: str, successor: str) -> Record:
        return self.key_record("rotate", actor, actor, successor, successor=who(successor))

    def identify(self, actor: str, method: str = "site", checker: str = "checker") -> Record:
        predicate = {
            "actor": who(actor),
            "method": method,
            "name": f"{actor}.example",
            "checker": who(checker),
            "checkedAt": self._now(),
            "validUntil": format_instant(self.clock.at + 700 * DAY),
        }
        return self.state("identity", [actor_subject(actor)], predicate, actor, checker)

    def claim(self, by: str, *digests: Digest) -> Record:
        predicate = {
            "claimant": who(by),
            "claimedAt": self._now(),
            "rightsBasis": {"claim": "created", "coauthorsComplete": True},
        }
        return self.state("authorship", [subject(each) for each in digests], predicate, by)

    def dispute(self, by: str, target: Record, ground: str = "forged", **more: Any) -> Record:
        predicate = {"accuser": who(by), "target": link(target), "ground": ground, "openedAt": self._now()}
        return self.state("dispute", [record_subject(target)], predicate | more, by)

    def rule(self, decision: str, target: Record, by: str = "judge", **more: Any) -> Record:
        predicate = {
            "adjudicator": who(by),
            "decision": decision,
            "target": link(target),
            "decidedAt": self._now(),
        }
        return self.state("ruling", [record_subject(target)], predicate | more, by)

    def _now(self) -> str:
        return format_instant(self.clock.at)


def subject(digest: Digest) -> Subject:
    return Subject(name="work", digest={digest.kind: digest.hex})


def actor_subject(name: str) -> Subject:
    return Subject(name="actor", digest={"actor": actor_digest(who(name)).hex})


def author_subject(name: str) -> Subject:
    return Subject(name="author", digest={"actor": actor_digest(who(name)).hex})


def record_subject(target: Record) -> Subject:
    return Subject(name="record", digest={"record": target.record_id.digest.hex()})
