"""Findings: what each clause of a policy says about one item, and why.

It decides the three-valued answer for one item and the document that explains it. It leaves out what
all items together mean (``rakkan.registry.rules.audit``) and precedence among consents
(``rakkan.registry.rules.consent``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from rakkan.registry.rules.consent import ConsentFact, Effective, effective, in_force, is_withdrawn
from rakkan.registry.rules.policy import (
    SELF,
    Clause,
    ConsentDenied,
    ConsentShare,
    ConsentUnrevoked,
    LicenceIn,
    Policy,
    ProvenanceUnknown,
    ValidityRemaining,
)
from rakkan.schemas.canonical import canonical
from rakkan.schemas.instant import format_instant
from rakkan.schemas.verdict import Answer, Finding, Outcome, Reliance

MAX_NAMED: Final = 16
"""Consents that a reason names; a flood of claims must not make a finding too large to write."""

_BY_ANSWER: Final = {
    Answer.ALLOWED: Outcome.PASS,
    Answer.DENIED: Outcome.FAIL,
    Answer.UNDETERMINED: Outcome.UNDETERMINED,
}
_WORST_FIRST: Final = (Outcome.FAIL, Outcome.UNDETERMINED, Outcome.PASS, Outcome.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class ItemEvidence:
    """All that is known of one item of a dataset.

    Attributes:
        item: sha256 of its bytes, 32 bytes.
        training_input: sha256 of its training input, 32 bytes.
        work: sha256 of the statement of the registered, logged work that it is, or None.
        consents: Every consent known on it, in any order.
    """

    item: bytes
    training_input: bytes
    work: bytes | None
    consents: tuple[ConsentFact, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """What one clause says about one item.

    Attributes:
        outcome: ``not-applicable`` if the clause has nothing to judge here.
        code: Why, stable and in kebab case.
        consents: The consents that decided.
    """

    outcome: Outcome
    code: str
    consents: tuple[ConsentFact, ...] = ()


@dataclass(frozen=True, slots=True)
class JudgedItem:
    """One item under a policy.

    Attributes:
        finding: The leaf of the findings tree.
        document: Canonical JSON that explains it; its sha256 is in the finding.
        reasons: One for each clause of the policy, in order.
        relied: For each satisfied share clause, the consent that satisfies it.
    """

    finding: Finding
    document: bytes
    reasons: tuple[Reason, ...]
    relied: tuple[ConsentFact, ...]

    @property
    def reliance(self) -> list[Reliance]:
        """The leaves of the reliance tree that this item needs."""
        return [
            Reliance(
                record_id=fact.record_id,
                item=self.finding.item,
                authority=bytes.fromhex(fact.consent.withdrawal.authority[2:]),
                log_index=fact.log_index if fact.log_index is not None else 0,
                mode=fact.consent.withdrawal.mode.code,
            )
            for fact in self.relied
        ]


class ItemJudge:
    """A policy at an instant, ready to be asked about items.

    Args:
        policy: The policy.
        grantee_self: Whom ``self`` means: the community's gate (CAIP-10).
        instant: When the use begins, and what is known; aware.
    """

    def __init__(self, policy: Policy, *, grantee_self: str, instant: datetime) -> None:
        self._clauses = policy.clauses
        self._self = grantee_self
        self._instant = instant

    def judge(self, evidence: ItemEvidence) -> JudgedItem:
        """Every clause's answer about one item."""
        counting = in_force(evidence.consents, used_at=self._instant, known_at=self._instant)
        answers: dict[tuple[str, str], Effective] = {}
        for clause in self._clauses:
            if isinstance(clause, ConsentShare | ConsentDenied):
                answers.setdefault((clause.scope, clause.grantee), self._effective(evidence, clause))
        relied = self._choose(answers)
        reasons = tuple(
            self._reason(clause, evidence, answers, relied, counting) for clause in self._clauses
        )
        outcome = worst([reason.outcome for reason in reasons])
        document = canonical(
            {
                "item": evidence.item.hex(),
                "trainingInput": evidence.training_input.hex(),
                "outcome": outcome.value,
                "reasons": [
                    {
                        "clause": clause.clause,
                        "code": reason.code,
                        "consents": [fact.record_id.hex() for fact in reason.consents[:MAX_NAMED]],
                    }
                    for clause, reason in zip(self._clauses, reasons, strict=True)
                ],
            }
        )
        detail = hashlib.sha256(document).digest()
        finding = Finding(evidence.item, evidence.training_input, outcome, detail)
        return JudgedItem(finding, document, reasons, tuple(relied or ()))
