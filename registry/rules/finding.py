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

from rakkan.registry.rules.case import EMPTY_CASE, Case
from rakkan.registry.rules.consent import ConsentFact, Effective, effective, in_force, is_withdrawn
from rakkan.registry.rules.policy import (
    SELF,
    ConsentDenied,
    ConsentShare,
    ConsentUnrevoked,
    LicenceIn,
    PersonsMinors,
    Policy,
    ProvenanceUnknown,
    ValidityRemaining,
)
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
        case: All that is known besides.
    """

    item: bytes
    training_input: bytes
    work: bytes | None
    consents: tuple[ConsentFact, ...]
    case: Case = EMPTY_CASE


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
        outcomes: What each clause of the policy says, in order.
        relied: For each satisfied share clause, the consent that satisfies it, and after them the
            mandates, releases and co-author consents that those lean on.
    """

    finding: Finding
    document: bytes
    outcomes: tuple[Outcome, ...]
    relied: tuple[ConsentFact, ...]

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
        self._instant = instant
        self._self = grantee_self
        self._policy = policy.cid
        self._shares = [clause for clause in policy.clauses if isinstance(clause, ConsentShare)]
        self._shared: dict[tuple[Outcome, ...], tuple[Outcome, ...]] = {}  # few differ among millions
        self._least = {
            clause.days: format_instant(instant + timedelta(days=clause.days))
            for clause in policy.clauses
            if isinstance(clause, ValidityRemaining)
        }

    def judge(self, evidence: ItemEvidence) -> JudgedItem:
        """Every clause's answer about one item."""
        answers = self._answers(evidence)
        granted = [answers[share.scope, share.grantee] for share in self._shares]
        allowed = [answer for answer in granted if answer.answer is Answer.ALLOWED]
        relied = [self._choose(answer) for answer in allowed]
        known = in_force(evidence.consents, used_at=self._instant, known_at=self._instant, case=evidence.case)
        leaning = [
            each
            for answer, fact in zip(allowed, relied, strict=True)
            for each in answer.supports.get(fact.record_id, ())
        ]
        resting = [*relied, *leaning]
        all_granted = bool(granted) and len(relied) == len(granted)
        reasons = []
        for clause in self._clauses:
            match clause:
                case ConsentShare():
                    answer = answers[clause.scope, clause.grantee]
                    reasons.append(Reason(_BY_ANSWER[answer.answer], answer.code, answer.relied))
                case ConsentDenied():
                    reasons.append(_refusal(answers[clause.scope, clause.grantee]))
                case ConsentUnrevoked():
                    reasons.append(self._unrevoked(known, all_granted=all_granted))
                case ProvenanceUnknown():
                    reasons.append(_provenance(evidence))
                case LicenceIn():
                    reasons.append(self._on_relied(clause, relied))
                case ValidityRemaining():
                    reasons.append(self._on_relied(clause, resting))
                case PersonsMinors():
                    reasons.append(_minors(known, relied))
        return self._conclude(evidence, reasons, resting)

    def _answers(self, evidence: ItemEvidence) -> dict[tuple[str, str], Effective]:
        answers: dict[tuple[str, str], Effective] = {}
        for clause in self._clauses:
            if isinstance(clause, ConsentShare | ConsentDenied):
                question = (clause.scope, clause.grantee)
                if question not in answers:
                    answers[question] = effective(
                        evidence.consents,
                        scope=clause.scope,
                        grantee=self._self if clause.grantee == SELF else clause.grantee,
                        used_at=self._instant,
                        known_at=self._instant,
                        policy=self._policy,
                        case=evidence.case,
                    )
        return answers

    def _choose(self, answer: Effective) -> ConsentFact:
        """Of consents that each grant by themselves, the one that suits the policy best.

        One is enough, and to rely on more would let a verdict fall with a consent it did not need. It
        must meet licence and validity together: one consent's licence and another's term are no grant.
        """
        if len(answer.relied) == 1:
            return answer.relied[0]
        leaning = answer.supports
        longest = sorted(
            answer.relied,
            key=lambda fact: min(map(ends, (fact, *leaning.get(fact.record_id, ())))),
            reverse=True,  # stable
        )
        return min(longest, key=lambda fact: _WORST_FIRST[::-1].index(worst(self._suits(fact))))

    def _suits(self, fact: ConsentFact) -> list[Outcome]:
        asked = [each for each in self._clauses if isinstance(each, LicenceIn | ValidityRemaining)]
        return [self._on_consent(clause, fact).outcome for clause in asked] or [Outcome.PASS]

    def _on_relied(self, clause: LicenceIn | ValidityRemaining, relied: Sequence[ConsentFact]) -> Reason:
        if not self._shares:
            return Reason(Outcome.UNDETERMINED, "no-share-clause")
        if not relied:
            return Reason(Outcome.NOT_APPLICABLE, "no-consent-relied-on")
        judged = [self._on_consent(clause, fact) for fact in relied]
        return min(judged, key=lambda reason: _WORST_FIRST.index(reason.outcome))

    def _on_consent(self, clause: LicenceIn | ValidityRemaining, fact: ConsentFact) -> Reason:
        if isinstance(clause, ValidityRemaining):
            if ends(fact) >= self._least[clause.days]:
                return Reason(Outcome.PASS, "valid-long-enough", (fact,))
            return Reason(Outcome.FAIL, "valid-too-briefly", (fact,))
        terms = fact.consent.terms
        if terms is None:
            return Reason(Outcome.UNDETERMINED, "licence-unstated", (fact,))
        if terms.licence in clause.licences:
            return Reason(Outcome.PASS, "licence-accepted", (fact,))
        return Reason(Outcome.FAIL, "licence-other", (fact,))

    def _unrevoked(self, known: Sequence[ConsentFact], *, all_granted: bool) -> Reason:
        withdrawn = tuple(
            fact
            for fact in known
            if fact.consent.kind == "grant" and is_withdrawn(fact, self._instant, self._instant)
        )
        if not withdrawn:
            return Reason(Outcome.PASS, "nothing-withdrawn")
        if all_granted:
            return Reason(Outcome.PASS, "granted-otherwise", withdrawn)
        return Reason(Outcome.FAIL, "withdrawn", withdrawn)

    def _conclude(
        self, evidence: ItemEvidence, reasons: Sequence[Reason], relied: Sequence[ConsentFact]
    ) -> JudgedItem:
        outcomes = tuple([reason.outcome for reason in reasons])
        outcome = worst(outcomes)
        document = self._document(evidence, outcome, reasons)
        detail = hashlib.sha256(document).digest()
        finding = Finding(evidence.item, evidence.training_input, outcome, detail)
        return JudgedItem(finding, document, self._shared.setdefault(outcomes, outcomes), tuple(relied))

    def _document(self, evidence: ItemEvidence, outcome: Outcome, reasons: Sequence[Reason]) -> bytes:
        """The canonical JSON, put together by hand: a dataset has millions of them.

        Every string is hexadecimal or one of our own words, so nothing needs escaping; a test holds
        these bytes against the one serializer.
        """
        parts = []
        for clause, reason in zip(self._clauses, reasons, strict=True):
            named = ",".join([f'"{fact.record_id.hex()}"' for fact in reason.consents[:MAX_NAMED]])
            parts.append(f'{{"clause":"{clause.clause}","code":"{reason.code}","consents":[{named}]}}')
        return (
            f'{{"item":"{evidence.item.hex()}","outcome":"{outcome.value}","reasons":[{",".join(parts)}],'
            f'"trainingInput":"{evidence.training_input.hex()}"}}'
        ).encode()


def ends(fact: ConsentFact) -> str:
    """Until when new training may rely on it."""
    consent = fact.consent
    return consent.valid_until if consent.train_by is None else min(consent.valid_until, consent.train_by)


def worst(outcomes: Sequence[Outcome]) -> Outcome:
    """Of fail, undetermined and pass the first that occurs; where nothing was judged, undetermined."""
    for outcome in (Outcome.FAIL, Outcome.UNDETERMINED, Outcome.PASS):
        if outcome in outcomes:
            return outcome
    return Outcome.UNDETERMINED


def _refusal(answer: Effective) -> Reason:
    """Denied is a refusal; a conflict may hide one; silence is none."""
    if answer.answer is Answer.UNDETERMINED and answer.code != "claims-conflict":
        return Reason(Outcome.PASS, "no-refusal-known")
    return Reason(_BY_ANSWER[answer.answer], answer.code, answer.relied)


def _provenance(evidence: ItemEvidence) -> Reason:
    if evidence.work is None:
        return Reason(Outcome.UNDETERMINED, "work-unregistered")
    return Reason(Outcome.PASS, "work-registered")


def _minors(known: Sequence[ConsentFact], relied: Sequence[ConsentFact]) -> Reason:
    """Anybody who says that minors are shown is heard; only the consents relied on can say that none are."""
    shown = tuple(fact for fact in known if fact.consent.persons.minors == "yes")
    if shown:
        return Reason(Outcome.FAIL, "minors-shown", shown)
    unclear = tuple(fact for fact in relied if fact.consent.persons.minors != "none")
    if unclear or not relied:
        return Reason(Outcome.UNDETERMINED, "minors-unknown", unclear)
    return Reason(Outcome.PASS, "no-minors", tuple(relied))
