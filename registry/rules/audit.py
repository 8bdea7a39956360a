"""Audits: whether a dataset is approved under a policy, at one instant.

It decides how findings of single items (``rakkan.registry.rules.finding``) add up to clauses and
those to a decision. Pure: the same items, policy and instant give the same answer, in whatever order
the facts come. It leaves out what each clause asks (``rakkan.registry.rules.policy``), gathering facts, and
making and signing the verdict.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final

from rakkan.registry.rules.finding import ItemEvidence as ItemEvidence
from rakkan.registry.rules.finding import ItemJudge, JudgedItem
from rakkan.registry.rules.policy.clause import Tally, worst
from rakkan.registry.rules.policy.consents import ends
from rakkan.registry.rules.policy.document import Policy
from rakkan.schemas.errors import Invalid
from rakkan.schemas.verdict import ClauseResult, Counts, Decision, Finding, Outcome, Reliance

MAX_WITNESSES: Final = 20

Grantors = Sequence[frozenset[str]]

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
    grantors = [each.grantors for each in judged]
    clauses = tuple(_clause(policy, position, judged, grantors) for position in range(len(policy.clauses)))
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


def _clause(policy: Policy, position: int, judged: Sequence[JudgedItem], grantors: Grantors) -> ClauseResult:
    clause = policy.clauses[position]
    measure = clause.on_set(Tally([each.outcomes[position] for each in judged], grantors))
    return ClauseResult(
        clause=clause.name,
        outcome=measure.outcome,
        observed=measure.observed,
        limit=measure.limit,
        witnesses=_witnesses(position, judged),
    )


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
