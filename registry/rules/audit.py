"""Audits: whether a dataset is approved under a policy, at one instant.

It decides how findings of single items (``rakkan.registry.rules.finding``) add up to clauses and
those to a decision. Pure: the same items, policy and instant give the same answer, in whatever order
the facts come. It leaves out gathering facts, and making and signing the verdict.

All arithmetic is on integers, and limits are compared exactly: one item in a million is more than
0 basis points. For people, ``observed`` is rounded against approval: a share that must be reached is
rounded down, one that must not be exceeded is rounded up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final

from rakkan.registry.rules.finding import ItemEvidence as ItemEvidence
from rakkan.registry.rules.finding import ItemJudge, JudgedItem, ends, worst
from rakkan.registry.rules.policy import FULL, ConsentDenied, ConsentShare, Policy, ProvenanceUnknown
from rakkan.schemas.errors import Invalid
from rakkan.schemas.verdict import ClauseResult, Counts, Decision, Finding, Outcome, Reliance

MAX_WITNESSES: Final = 20

_DECISIONS: Final = {
    Outcome.FAIL: (Decision.REJECTED, "clause-failed"),
    Outcome.UNDETERMINED: (Decision.UNDETERMINED, "clause-undetermined"),
    Outcome.PASS: (Decision.APPROVED, "every-clause-passed"),
}


@dataclass(frozen=True, slots=True)
class Audit:
    """The answer about a dataset.

    Attributes:
        decision: Approved only if there are items and clauses, and every clause passes.
        code: Why: ``every-clause-passed``, ``clause-failed``, ``clause-undetermined``,
            ``dataset-empty``, ``policy-empty``.
        counts: Items by finding.
        clauses: One result for each clause, in the policy's order.
        findings: In dataset order.
        documents: Canonical finding documents, in the same order.
        reliance: Every consent that lets an item count as consented, and every mandate, release and
            co-author consent that it leans on; sorted, each once. An item may
            be among them whose finding does not pass for another reason.
        relied_until: When those consents, and what they lean on, end for new training; sorted, each once:
            a verdict must not outlive them.
    """

    decision: Decision
    code: str
    counts: Counts
    clauses: tuple[ClauseResult, ...]
    findings: tuple[Finding, ...]
    documents: tuple[bytes, ...]
    reliance: tuple[Reliance, ...]
    relied_until: tuple[str, ...]


def audit(items: Iterable[ItemEvidence], policy: Policy, *, grantee_self: str, instant: datetime) -> Audit:
    """Judge a dataset.

    Args:
        items: Evidence for each pair of item and training input, in any order.
        policy: The policy.
        grantee_self: Whom ``self`` in the policy means: the community's gate (CAIP-10), or ``public``.
        instant: When the use begins; facts recorded later are not seen. Aware.

    Raises:
        Invalid: ``item-twice``, if one pair of item and training input has two evidences.
    """
    ordered = sorted(items, key=lambda each: (each.item, each.training_input))
    pairs = [(each.item, each.training_input) for each in ordered]
    if any(left == right for left, right in pairwise(pairs)):
        raise Invalid("An item with the same training input stands twice.", code="item-twice")
    judge = ItemJudge(policy, grantee_self=grantee_self, instant=instant)
    judged = [judge.judge(each) for each in ordered]
    clauses = tuple(_clause(policy, position, judged) for position in range(len(policy.clauses)))
    decision, code = _DECISIONS[worst([clause.outcome for clause in clauses])]
    if not judged:
        decision, code = Decision.UNDETERMINED, "dataset-empty"
    elif not clauses:
        decision, code = Decision.UNDETERMINED, "policy-empty"
    leaves = {leaf.leaf_data: leaf for each in judged for leaf in each.reliance}
    return Audit(
        decision=decision,
        code=code,
        counts=_count(judged),
        clauses=clauses,
        findings=tuple(each.finding for each in judged),
        documents=tuple(each.document for each in judged),
        reliance=tuple(leaves[data] for data in sorted(leaves)),
        relied_until=tuple(sorted({ends(fact) for each in judged for fact in each.relied})),
    )


def _clause(policy: Policy, position: int, judged: Sequence[JudgedItem]) -> ClauseResult:
    clause = policy.clauses[position]
    outcomes = [each.outcomes[position] for each in judged]
    total = len(outcomes)
    failed, unclear = outcomes.count(Outcome.FAIL), outcomes.count(Outcome.UNDETERMINED)
    observed: int | None
    match clause:
        case ConsentShare(min_bp=limit):
            passed = outcomes.count(Outcome.PASS)
            observed = passed * FULL // total if total else None
            outcome = _at_least(passed, unclear, total, limit)
        case ConsentDenied(max_bp=limit):
            observed = -(-failed * FULL // total) if total else None
            outcome = _at_most(failed, unclear, total, limit)
        case ProvenanceUnknown(max_bp=limit):
            # That no work is registered is a fact: the item stays unclear, the count does not.
            observed = -(-unclear * FULL // total) if total else None
            outcome = _at_most(unclear, 0, total, limit)
        case _:
            observed, limit = failed + unclear, 0
            outcome = worst(outcomes)
    return ClauseResult(
        clause=clause.clause,
        outcome=outcome,
        observed=observed,
        limit=limit,
        witnesses=_witnesses(position, judged),
    )


def _at_least(reached: int, unclear: int, total: int, limit: int) -> Outcome:
    if not total:
        return Outcome.UNDETERMINED
    if reached * FULL >= limit * total:
        return Outcome.PASS
    return Outcome.UNDETERMINED if (reached + unclear) * FULL >= limit * total else Outcome.FAIL


def _at_most(counted: int, unclear: int, total: int, limit: int) -> Outcome:
    if not total:
        return Outcome.UNDETERMINED
    if counted * FULL > limit * total:
        return Outcome.FAIL
    return Outcome.UNDETERMINED if (counted + unclear) * FULL > limit * total else Outcome.PASS


def _witnesses(position: int, judged: Sequence[JudgedItem]) -> tuple[str, ...]:
    """The first items that explain the clause's answer: failing ones, then unclear ones."""
    found: dict[str, None] = {}
    for wanted in (Outcome.FAIL, Outcome.UNDETERMINED):
        for each in judged:
            if each.outcomes[position] is wanted:
                found[each.finding.item.hex()] = None
                if len(found) == MAX_WITNESSES:
                    return tuple(found)
    return tuple(found)


def _count(judged: Sequence[JudgedItem]) -> Counts:
    outcomes = [each.finding.outcome for each in judged]
    counted = {
        word.value: outcomes.count(word) for word in (Outcome.PASS, Outcome.FAIL, Outcome.UNDETERMINED)
    }
    return Counts.model_validate({"items": len(outcomes), **counted})
