"""Verdicts: gather evidence for every item at one instant, judge it, sign the answer.

It decides what is gathered and as of when. Judgement is pure (``rakkan.registry.rules.audit``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rakkan.registry.flows.accept import accept_one
from rakkan.registry.flows.consent.cases import open_casebook
from rakkan.registry.flows.withdraw.withdrawn import look_up
from rakkan.registry.keys import ATTESTER
from rakkan.registry.ports import ChainHead
from rakkan.registry.rules.audit import Audit, ItemEvidence, audit
from rakkan.registry.rules.case import Case
from rakkan.registry.rules.consent import ConsentFact
from rakkan.registry.rules.dataset import Lock, subject_of
from rakkan.registry.rules.eip712 import Domain, VerdictMessage, sign, verdict_digest
from rakkan.registry.rules.policy.document import Policy, parse_policy
from rakkan.registry.rules.proofs import sign_did
from rakkan.registry.rules.tree import leaf_hash, root_of
from rakkan.registry.service import Registry
from rakkan.registry.store.verdicts import StoredVerdict
from rakkan.schemas.errors import Conflict, NotFound
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
    evidence = gather_items(registry, [(each.sha256, each.training_input) for each in lock.items], size)
    result = audit(evidence, policy, grantee_self=community(registry), instant=instant)
    statement = _statement(registry, lock, policy, result, head, size, root, instant)
    keys = registry.home.keys
    record = Record.build(statement, [sign_did(statement, keys.artist)])
    stored = _store(registry, record, lock, policy, result)
    accept_one(registry, record, publish=True)
    registry.store.verdicts.add(stored)
    return MadeVerdict(record, stored)


def load(registry: Registry, name: str, policy: bytes | None = None) -> MadeVerdict:
    """A verdict by its CID (statement or envelope), or the newest about a dataset root.

    Args:
        registry: Where it was made.
        name: Its CID, or ``datasetRoot:hex``.
        policy: sha256 of the policy that it has to be under; None takes the only one that there is.

    Raises:
        NotFound: ``verdict-unknown``.
        Conflict: ``policy-ambiguous``, as :func:`newest`.
    """
    if name.startswith("datasetRoot:"):
        return newest(registry, Digest.parse(name).raw, policy, name=name)
    digest = Cid.parse(name).digest
    record = registry.store.records.get([digest]).get(digest)
    stored = registry.store.verdicts.get(record.record.record_id.digest) if record else None
    if record is None or stored is None or policy not in (None, stored.policy):
        raise _unknown(name, policy)
    return MadeVerdict(record.record, stored)


def newest(
    registry: Registry, subject_or_root: bytes, policy: bytes | None, *, name: str = "about this dataset"
) -> MadeVerdict:
    """The newest verdict about a dataset: as of the latest block, then the largest log, then made last.

    Args:
        registry: Where it was made.
        subject_or_root: What the gate knows the dataset by, or its root; 32 bytes.
        policy: sha256 of the policy; None takes the only one that there is.
        name: The dataset as it was named, for the sentence.

    Raises:
        NotFound: ``verdict-unknown``.
        Conflict: ``policy-ambiguous``, if it was judged under several and none is named: nobody approves
            under a policy that they have not seen.
    """
    verdicts = registry.store.verdicts
    if policy is None:
        judged = [parse_policy(document) for document in verdicts.policies(subject_or_root)]
        if len(judged) > 1:
            raise Conflict(
                f"This dataset was judged under {len(judged)} policies: "
                f"{', '.join(f'{each.name} ({each.cid})' for each in judged[:8])}.",
                code="policy-ambiguous",
                hint="Name the one that you mean.",
                pointer="/policy",
            )
    stored = verdicts.latest(subject_or_root, policy)
    record = registry.store.records.get([stored.record_id]).get(stored.record_id) if stored else None
    if stored is None or record is None:
        raise _unknown(name, policy)
    return MadeVerdict(record.record, stored)


def _unknown(name: str, policy: bytes | None) -> NotFound:
    under = " under that policy" if policy is not None else ""
    return NotFound(
        f"No verdict {name} is known here{under}.",
        code="verdict-unknown",
        hint="Make it with `rakkan verdict make`.",
    )


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


def gather_items(registry: Registry, items: Sequence[tuple[bytes, bytes]], size: int) -> list[ItemEvidence]:
    """The evidence for every item, in the order given; a handful of queries for any number of items.

    Args:
        registry: Where the records are.
        items: sha256 of each item and of its training input.
        size: Of the log that is known.

    A work has several names, and a withdrawal for this one work is under one of them: each is looked
    for. A record beyond the log's size has no place yet: it may deny, and cannot grant.
    """
    named = {item: Digest("sha256", item) for item, _ in items}
    book = open_casebook(registry, list(named.values()), size=size)
    pairs = {pair for digest in named.values() for pair in book.pairs([digest])}
    withdrawn = {pair: seen.at for pair, seen in look_up(registry, pairs).items() if seen.at is not None}
    evidence: dict[bytes, tuple[bytes | None, tuple[ConsentFact, ...], Case]] = {}
    for item, digest in named.items():
        logged = [each for each in book.works([digest]) if each.log_index is not None]
        first = min(logged, key=lambda each: each.log_index or 0, default=None)
        evidence[item] = (first.record_id if first else None, *book.about([digest], withdrawn))
    return [ItemEvidence(item, training_input, *evidence[item]) for item, training_input in items]


def evidence_now(registry: Registry, lock: Lock) -> tuple[list[ItemEvidence], datetime]:
    """The evidence on which a verdict made now would rest, and its instant; nothing is signed or kept.

    Raises:
        Unavailable: As :func:`make`.
    """
    head = registry.ledger.head() if registry.identity is not None else None
    size, _ = _as_of(registry, head)
    pairs = [(each.sha256, each.training_input) for each in lock.items]
    return gather_items(registry, pairs, size), head.time if head else registry.clock.now()


def preview(registry: Registry, lock: Lock, policy: Policy) -> tuple[Audit, datetime]:
    """How a dataset would be judged now, and as of when; errors as :func:`make`."""
    evidence, instant = evidence_now(registry, lock)
    return audit(evidence, policy, grantee_self=community(registry), instant=instant), instant


def _as_of(registry: Registry, head: ChainHead | None) -> tuple[int, bytes]:
    """Size and root of the log that is known: with a chain, of the newest head anchored in it."""
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


def community(registry: Registry) -> str:
    """Whom ``self`` in a policy means here: the gate (CAIP-10), or ``public`` where there is none."""
    identity = registry.identity
    if identity is None or identity.gate is None:
        return registry.community.gate or "public"
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
