"""Simulation: what another policy, or a withdrawal, would have changed in the verdicts made here.

It decides which verdicts are judged again and how two judgements are compared. Each is judged as of its own
instant and log, by what was known then, so that the only difference is the one asked about. Nothing is
signed or kept. What a policy asks is decided in ``rakkan.registry.rules.policy``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from rakkan.registry.flows.judge.gathering import community, gather_items
from rakkan.registry.rules.audit import Audit, ItemEvidence, audit
from rakkan.registry.rules.facts import ConsentFact
from rakkan.registry.rules.policy.document import Policy, parse_policy
from rakkan.registry.service import Registry
from rakkan.registry.store.verdicts import StoredVerdict
from rakkan.schemas.instant import from_unix
from rakkan.schemas.verdict import Decision, Finding, Outcome, Verdict


@dataclass(frozen=True, slots=True)
class Flip:
    """An item whose finding would be another.

    Attributes:
        item: sha256 of its bytes.
        before: Its finding in the verdict.
        after: Its finding under what is supposed.
        document: Canonical JSON that explains the latter.
    """

    item: bytes
    before: Outcome
    after: Outcome
    document: bytes


@dataclass(frozen=True, slots=True)
class Simulated:
    """One verdict, judged again.

    Attributes:
        record_id: sha256 of the verdict's statement.
        root: The dataset's root.
        policy: The policy that it was made under.
        at: Its instant.
        before: What it decided.
        after: What it would decide.
        flips: The items that would change, in dataset order.
    """

    record_id: bytes
    root: bytes
    policy: Policy
    at: datetime
    before: Decision
    after: Audit
    flips: tuple[Flip, ...]


def simulate(
    registry: Registry,
    *,
    policy: Policy | None = None,
    instead_of: bytes | None = None,
    without: Collection[bytes] = (),
) -> Iterator[Simulated]:
    """Judge the verdicts made here again, oldest first.

    Args:
        registry: Where they were made.
        policy: The policy to judge them under; None takes each verdict's own.
        instead_of: sha256 of the policy whose verdicts are meant; None takes all.
        without: Record ids of consents that are supposed to be withdrawn at the instant of each verdict.
    """
    for stored in registry.store.verdicts.all():
        if instead_of in (None, stored.policy):
            yield _again(registry, stored, policy, frozenset(without))


def _again(
    registry: Registry, stored: StoredVerdict, policy: Policy | None, without: frozenset[bytes]
) -> Simulated:
    own = parse_policy(stored.policy_bytes)
    record = registry.store.records.get([stored.record_id])[stored.record_id].record
    verdict = record.predicate
    assert isinstance(verdict, Verdict)
    findings = Finding.read(stored.findings)
    at = from_unix(stored.issued_at)
    pairs = [(each.item, each.training_input) for each in findings]
    evidence = gather_items(registry, pairs, verdict.as_of.log_size)
    supposed = [_supposed(each, without, at) for each in evidence]
    after = audit(supposed, policy or own, grantee_self=_self(registry, verdict), instant=at)
    again = zip(findings, after.findings, after.documents, strict=True)
    return Simulated(
        record_id=stored.record_id,
        root=stored.root,
        policy=own,
        at=at,
        before=verdict.decision,
        after=after,
        flips=tuple(
            Flip(old.item, old.outcome, new.outcome, document)
            for old, new, document in again
            if old.outcome is not new.outcome
        ),
    )


def _self(registry: Registry, verdict: Verdict) -> str:
    """Whom ``self`` meant then: the gate that the verdict was made for, whichever the home has now."""
    gate = verdict.gate
    return community(registry) if gate is None else f"eip155:{gate.chain_id}:{gate.address}"


def _supposed(evidence: ItemEvidence, without: frozenset[bytes], at: datetime) -> ItemEvidence:
    """The same evidence, where those consents are taken back, wherever they stand in it."""
    if not without:
        return evidence

    def taken(fact: ConsentFact) -> ConsentFact:
        return replace(fact, withdrawn_at=at) if fact.record_id in without else fact

    case = evidence.case
    case = replace(
        case,
        mandates={name: taken(fact) for name, fact in case.mandates.items()},
        releases={name: taken(fact) for name, fact in case.releases.items()},
        coauthors={name: tuple(map(taken, facts)) for name, facts in case.coauthors.items()},
    )
    return replace(evidence, consents=tuple(map(taken, evidence.consents)), case=case)
