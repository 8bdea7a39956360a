"""Findings: what each clause of a policy says about one item, and why.

It decides which consents an item relies on and the document that explains the answer. It leaves out
what each clause asks (``rakkan.registry.rules.policy``), what all items together mean
(``rakkan.registry.rules.audit``) and precedence among consents (``rakkan.registry.rules.consent``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from rakkan.registry.rules.consent import Effective, effective
from rakkan.registry.rules.facts import ConsentFact
from rakkan.registry.rules.policy.clause import SELF, Clause, Reason, worst
from rakkan.registry.rules.policy.consents import ConsentShare, ends
from rakkan.registry.rules.policy.document import Policy
from rakkan.registry.rules.policy.view import ItemEvidence as ItemEvidence
from rakkan.registry.rules.policy.view import ItemView
from rakkan.schemas.verdict import Answer, Finding, Outcome, Reliance

MAX_NAMED: Final = 16
"""Consents that a reason names; a flood of claims must not make a finding too large to write."""

_BEST_FIRST: Final = (Outcome.PASS, Outcome.UNDETERMINED, Outcome.FAIL)

T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True, slots=True)
class JudgedItem:
    """One item under a policy.

    Attributes:
        finding: The leaf of the findings tree.
        document: Canonical JSON that explains it; its sha256 is in the finding.
        outcomes: What each clause of the policy says, in order.
        relied: For each satisfied share clause, the consent that satisfies it, and after them the
            mandates, releases and co-author consents that those lean on.
        grantors: In whose names the former are given, if the policy counts them; everybody whom nobody
            identified is one.
    """

    finding: Finding
    document: bytes
    outcomes: tuple[Outcome, ...]
    relied: tuple[ConsentFact, ...]
    grantors: frozenset[str]

    @property
    def reliance(self) -> list[Reliance]:
        """The leaves of the reliance tree that this item needs."""
        return [
            Reliance(
                record_id=fact.record_id,
                item=self.finding.item,
                authority=bytes.fromhex(fact.consent.withdrawal.authority[2:]),
                log_index=fact.log_index,
                mode=fact.consent.withdrawal.mode.code,
            )
            for fact in self.relied
            if fact.log_index is not None  # as it is in every consent that grants
        ]


class ItemJudge:
    """A policy at an instant, ready to be asked about items.

    Args:
        policy: The policy.
        grantee_self: Whom ``self`` means: the community's gate (CAIP-10), or ``public``.
        instant: When the use begins, and what is known; aware.
    """

    def __init__(self, policy: Policy, *, grantee_self: str, instant: datetime) -> None:
        self._clauses = policy.clauses
        self._names = [clause.name for clause in policy.clauses]
        self._instant = instant
        self._self = grantee_self
        self._policy = policy.cid
        self._shares = [clause for clause in policy.clauses if isinstance(clause, ConsentShare)]
        self._questions = {each.question for each in policy.clauses if each.question is not None}
        self._resting = [each for each in policy.clauses if type(each).rests_on is not Clause.rests_on]
        self._counting = any(each.counts_people for each in policy.clauses)
        self._kept: dict[Hashable, Hashable] = {}  # few outcomes and grantors differ among millions

    def judge(self, evidence: ItemEvidence) -> JudgedItem:
        """Every clause's answer about one item."""
        view = ItemView(
            evidence,
            instant=self._instant,
            grantee=self._self,
            answers={question: self._answer(evidence, *question) for question in sorted(self._questions)},
            asks_for_consent=bool(self._shares),
        )
        self._rely(view)
        return self._conclude(view, [clause.on_item(view) for clause in self._clauses])

    def _answer(self, evidence: ItemEvidence, scope: str, grantee: str) -> Effective:
        return effective(
            evidence.consents,
            scope=scope,
            grantee=self._self if grantee == SELF else grantee,
            used_at=self._instant,
            known_at=self._instant,
            policy=self._policy,
            case=evidence.case,
        )

    def _rely(self, view: ItemView) -> None:
        """Choose for each share clause that is satisfied the one consent that satisfies it."""
        satisfied, relied, leaning = [], [], list[ConsentFact]()
        for share in self._shares:
            answer = view.answers[share.question]
            if answer.answer is not Answer.ALLOWED:
                continue
            chosen = self._choose(answer, share, view)
            if chosen is not None:
                satisfied.append(share)
                relied.append(chosen)
                leaning += self._leaning(answer, chosen, view)
        view.satisfied, view.relied, view.leaning = satisfied, relied, leaning
        view.all_granted = bool(self._shares) and len(satisfied) == len(self._shares)

    def _choose(self, answer: Effective, share: ConsentShare, view: ItemView) -> ConsentFact | None:
        """Of consents that each grant by themselves, the one that suits the policy best.

        One is enough, and to rely on more would let a verdict fall with a consent it did not need. It
        must meet licence and validity together: one consent's licence and another's term are no grant.
        """
        leaning = answer.supports
        known = [
            fact
            for fact in answer.relied
            if share.known_well_enough((fact, *leaning.get(fact.record_id, ())), view)
        ]
        if len(known) < 2:
            return known[0] if known else None
        longest = sorted(
            known,
            key=lambda fact: min(map(ends, (fact, *self._leaning(answer, fact, view)))),
            reverse=True,  # stable
        )
        return min(longest, key=lambda fact: self._unsuited(fact, self._leaning(answer, fact, view), view))

    def _leaning(self, answer: Effective, fact: ConsentFact, view: ItemView) -> list[ConsentFact]:
        """What a consent leans on, for the answer and for the clauses, each once."""
        found = list(answer.supports.get(fact.record_id, ()))
        for clause in self._resting:
            found += [each for each in clause.rests_on(fact, view) if each not in found]
        return found

    def _unsuited(self, fact: ConsentFact, leaning: Sequence[ConsentFact], view: ItemView) -> int:
        """How badly the clauses would take it if the item relied on this consent; 0 is well."""
        said = [clause.on_choice(fact, leaning, view) for clause in self._clauses]
        outcomes = [outcome for outcome in said if outcome is not None]
        return _BEST_FIRST.index(worst(outcomes)) if outcomes else 0

    def _conclude(self, view: ItemView, reasons: Sequence[Reason]) -> JudgedItem:
        evidence = view.evidence
        outcomes = tuple([reason.outcome for reason in reasons])
        outcome = worst(outcomes)
        document = self._document(evidence, outcome, reasons)
        detail = hashlib.sha256(document).digest()
        finding = Finding(evidence.item, evidence.training_input, outcome, detail)
        grantors = view.persons(view.relied) if self._counting else frozenset[str]()
        return JudgedItem(finding, document, self._once(outcomes), tuple(view.resting), self._once(grantors))

    def _once(self, value: T) -> T:
        """The same object for the same value."""
        kept = self._kept.setdefault(value, value)
        assert isinstance(kept, type(value))
        return kept

    def _document(self, evidence: ItemEvidence, outcome: Outcome, reasons: Sequence[Reason]) -> bytes:
        """The canonical JSON, put together by hand: a dataset has millions of them.

        Every string is hexadecimal or one of our own words, so nothing needs escaping; a test holds
        these bytes against the one serializer.
        """
        parts = []
        for clause, reason in zip(self._names, reasons, strict=True):
            named = ",".join([f'"{fact.record_id.hex()}"' for fact in reason.consents[:MAX_NAMED]])
            parts.append(f'{{"clause":"{clause}","code":"{reason.code}","consents":[{named}]}}')
        return (
            f'{{"item":"{evidence.item.hex()}","outcome":"{outcome.value}","reasons":[{",".join(parts)}],'
            f'"trainingInput":"{evidence.training_input.hex()}"}}'
        ).encode()
