"""Verdicts: gather evidence for every item at one instant, judge it, sign the answer.

It decides what is gathered and as of when. Judgement is pure (``rakkan.registry.rules.audit``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from rakkan.registry.flows.accept import accept_one
from rakkan.registry.flows.consents import facts_about
from rakkan.registry.flows.withdrawn import Pair, look_up
from rakkan.registry.keys import ATTESTER
from rakkan.registry.ports import ChainHead
from rakkan.registry.rules.audit import Audit, ItemEvidence, audit
from rakkan.registry.rules.claims import standing
from rakkan.registry.rules.consent import ConsentFact
from rakkan.registry.rules.dataset import Lock, subject_of
from rakkan.registry.rules.eip712 import Domain, VerdictMessage, sign, verdict_digest
from rakkan.registry.rules.policy import Policy
from rakkan.registry.rules.proofs import sign_did, withdrawal_key
from rakkan.registry.rules.tree import leaf_hash, root_of
from rakkan.registry.service import Registry
from rakkan.registry.store.verdicts import StoredVerdict
from rakkan.schemas.errors import NotFound
from rakkan.schemas.identity import Address
from rakkan.schemas.instant import format_instant, parse_instant, to_unix
from rakkan.schemas.record import Record, statement_bytes
from rakkan.schemas.statement import Link, Subject, parse_model
from rakkan.schemas.values import Cid, Digest
from rakkan.schemas.verdict import AUDIT_VERSION, Verdict


@dataclass(frozen=True, slots=True)
class MadeVerdict:
    """A verdict, its record, and what a gate needs to take it.

    Attributes:
        record: The verdict's record.
        stored: Its evidence and the attester's signature.
    """

    record: Record
    stored: StoredVerdict

    @property
    def verdict(self) -> Verdict:
        """The predicate."""
        predicate: Any = self.record.predicate
        assert isinstance(predicate, Verdict)
        return predicate


def make(registry: Registry, lock: Lock, policy: Policy) -> MadeVerdict:
    """Judge a locked dataset under a policy, as of the newest anchored log head and the newest block.

    The same items, policy, log and block give the same bytes.

    Raises:
        Unavailable: If the chain that the home has cannot be asked: no answer is made up.
    """
    head = registry.ledger.head() if registry.identity is not None else None
    size, root = _as_of(registry, head)
    instant = head.time if head else registry.clock.now()
    evidence = gather_items(registry, lock, size)
    result = audit(evidence, policy, grantee_self=_grantee(registry), instant=instant)
    statement = _statement(registry, lock, policy, result, head, size, root, instant)
    keys = registry.home.keys
    record = Record.build(statement, [sign_did(statement, keys.artist)])
    stored = _store(registry, record, lock, policy, result)
    accept_one(registry, record, publish=True)
    registry.store.verdicts.add(stored)
    return MadeVerdict(record, stored)


def load(registry: Registry, name: str) -> MadeVerdict:
    """A verdict by its CID (statement or envelope), or the newest about a dataset root.

    Raises:
        NotFound: ``verdict-unknown``.
    """
    if name.startswith("datasetRoot:"):
        stored = registry.store.verdicts.latest(Digest.parse(name).raw)
        digest = stored.record_id if stored else b""
    else:
        digest = Cid.parse(name).digest
    record = registry.store.records.get([digest]).get(digest)
    stored = registry.store.verdicts.get(record.record.record_id.digest) if record else None
    if record is None or stored is None:
        raise NotFound(f"No verdict {name} is known here.", code="verdict-unknown")
    return MadeVerdict(record.record, stored)


def message(verdict: Verdict, record_id: bytes) -> VerdictMessage:
    """What the attester signs for the gate, derived from the statement."""
    return VerdictMessage(
        record_id=record_id,
        subject=bytes.fromhex(verdict.subject),
        policy_id=verdict.policy.cid.digest,
        outcome=int(verdict.decision),
        log_size=verdict.as_of.log_size,
        log_root=bytes.fromhex(verdict.as_of.log_root),
        issued_at=to_unix(parse_instant(verdict.issued_at)),
        valid_until=to_unix(parse_instant(verdict.valid_until)),
        findings_root=bytes.fromhex(verdict.findings.root),
        findings_count=verdict.findings.size,
        reliance_root=bytes.fromhex(verdict.reliance.root),
        reliance_count=verdict.reliance.size,
    )


def gather_items(registry: Registry, lock: Lock, size: int) -> list[ItemEvidence]:
    """The evidence for every item, in dataset order; a handful of queries for any number of items."""
    records = registry.store.records
    items = {each.sha256: Digest("sha256", each.sha256) for each in lock.items}
    matches = records.find(list(items.values()), "work")
    works = records.get(sorted({match.record_id for match in matches}))
    names: dict[bytes, set[Digest]] = {item: {digest} for item, digest in items.items()}
    known: dict[bytes, bytes] = {}
    creators: dict[bytes, set[str]] = {}
    for match in matches:
        stored = works[match.record_id]
        work: Any = stored.record.predicate
        if stored.log_index is None or stored.log_index >= size:
            continue
        known.setdefault(match.digest.raw, match.record_id)
        creators.setdefault(match.digest.raw, set()).add(work.creator)
        names[match.digest.raw].update(d for subject in stored.record.parsed.subject for d in subject.digests)
    facts = facts_about(registry, sorted({digest for each in names.values() for digest in each}))
    consents = _consents(registry, names, facts, size)
    return [
        ItemEvidence(
            item.sha256,
            item.training_input,
            known.get(item.sha256),
            tuple(standing(consents[item.sha256], creators.get(item.sha256, ()))),
        )
        for item in lock.items
    ]


def _consents(
    registry: Registry,
    names: Mapping[bytes, Collection[Digest]],
    facts: Mapping[Digest, Sequence[ConsentFact]],
    size: int,
) -> dict[bytes, list[ConsentFact]]:
    """The consents on each item, each once, with all that was taken back of them.

    A work has several names, and a withdrawal for this one work is under one of them: each is looked
    for. A consent beyond the log's size has no place yet: it may deny, and cannot grant.
    """
    found: dict[bytes, dict[bytes, tuple[ConsentFact, list[Pair]]]] = {}
    for item, digests in names.items():
        works = [None, *sorted(digest.raw for digest in digests)]
        about = found.setdefault(item, {})
        for fact in (fact for digest in digests for fact in facts.get(digest, ())):
            authority = Address.parse(fact.consent.withdrawal.authority).raw
            pairs = [(authority, withdrawal_key(fact.record_id, work)) for work in works]
            about[fact.record_id] = fact, [] if fact.consent.kind == "reservation" else pairs
    seen = look_up(
        registry, {pair for about in found.values() for _, pairs in about.values() for pair in pairs}
    )

    def taken_back(pairs: Sequence[Pair]) -> datetime | None:
        moments = [seen[pair].at for pair in pairs if pair in seen]
        return min((moment for moment in moments if moment), default=None)

    return {
        item: [
            replace(
                fact,
                log_index=fact.log_index if fact.log_index is not None and fact.log_index < size else None,
                withdrawn_at=taken_back(pairs[:1]),
                withdrawn_item_at=taken_back(pairs[1:]),
            )
            for fact, pairs in about.values()
        ]
        for item, about in found.items()
    }


def _as_of(registry: Registry, head: ChainHead | None) -> tuple[int, bytes]:
    log = registry.store.log
    if head is None:
        newest = log.head()
        return (newest.size, newest.root) if newest else (0, root_of(b""))
    anchors = log.anchors()
    transactions = registry.store.outbox.get([name for _, _, name in anchors])
    for size, root, name in reversed(anchors):
        done = transactions.get(name)
        if done and done.state in ("mined", "final") and (done.block_number or 0) <= head.number:
            return size, root
    return 0, root_of(b"")


def _grantee(registry: Registry) -> str:
    identity = registry.identity
    if identity is None or identity.gate is None:
        return "public"
    return f"eip155:{identity.chain_id}:{identity.gate}"


def _statement(
    registry: Registry,
    lock: Lock,
    policy: Policy,
    result: Audit,
    head: ChainHead | None,
    size: int,
    root: bytes,
    instant: datetime,
) -> bytes:
    identity = registry.identity
    ends = [instant + timedelta(days=policy.valid_days)]
    ends += [parse_instant(text) for text in result.relied_until]
    value: dict[str, Any] = {
        "audience": registry.origin,
        "subject": subject_of(len(lock.items), lock.root).hex(),
        "policy": Link.to(policy.cid).to_json(),
        "auditVersion": AUDIT_VERSION,
        "asOf": {"logSize": size, "logRoot": root.hex()},
        "issuedAt": format_instant(instant),
        "validUntil": format_instant(min(ends)),
        "outcome": result.decision.word,
        "counts": result.counts.to_json(),
        "clauses": [clause.to_json() for clause in result.clauses],
        "findings": _tree([finding.leaf_data for finding in result.findings]),
        "reliance": _tree([each.leaf_data for each in result.reliance]),
    }
    if head is not None:
        value["asOf"]["block"] = {
            "number": head.number,
            "hash": head.hash.hex(),
            "time": format_instant(head.time),
        }
    if identity is not None and identity.gate is not None:
        value["gate"] = {"chainId": identity.chain_id, "address": str(identity.gate)}
    subject = Subject(name="dataset", digest={"datasetRoot": lock.root.hex()})
    return statement_bytes("verdict", [subject], parse_model(Verdict, value))


def _tree(leaves: list[bytes]) -> dict[str, Any]:
    return {"root": root_of(b"".join(leaf_hash(leaf) for leaf in leaves)).hex(), "size": len(leaves)}


def _store(registry: Registry, record: Record, lock: Lock, policy: Policy, result: Audit) -> StoredVerdict:
    predicate: Any = record.predicate
    verdict = parse_model(Verdict, predicate.to_json())
    identity, attester, signature = registry.identity, None, None
    if identity is not None and identity.gate is not None:
        key = registry.home.keys.wallet(ATTESTER)
        digest = verdict_digest(
            Domain(identity.chain_id, identity.gate), message(verdict, record.record_id.digest)
        )
        attester, signature = registry.home.keys.address(ATTESTER).raw, sign(digest, key)
    return StoredVerdict(
        record_id=record.record_id.digest,
        subject=bytes.fromhex(verdict.subject),
        root=lock.root,
        policy=policy.cid.digest,
        policy_bytes=policy.canonical,
        issued_at=to_unix(parse_instant(verdict.issued_at)),
        attester=attester,
        signature=signature,
        findings=b"".join(finding.leaf_data for finding in result.findings),
        documents=b"\n".join(result.documents),
        reliance=b"".join(each.leaf_data for each in result.reliance),
    )
