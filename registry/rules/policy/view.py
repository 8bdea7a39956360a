"""One item as the clauses of a policy see it: what is known of it, and which consents it relies on.

It decides which of several consents an item relies on, once for all clauses, and what is looked at only
if a clause asks. It leaves out what clauses make of it, and precedence among consents
(``rakkan.registry.rules.consent``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from rakkan.registry.rules.case import EMPTY_CASE, Case
from rakkan.registry.rules.claims import claimant
from rakkan.registry.rules.consent import Effective
from rakkan.registry.rules.facts import ConsentFact, RecordFact, in_log_order
from rakkan.registry.rules.hearing import Heard, hear
from rakkan.registry.rules.mandates import principal
from rakkan.registry.rules.question import Question
from rakkan.registry.rules.support import LIKENESS
from rakkan.schemas.work import Work

if TYPE_CHECKING:
    from rakkan.registry.rules.policy.clause import Clause


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


class ItemView:
    """One item under a policy at an instant.

    Args:
        evidence: What is known of it.
        instant: When the use begins, and what is known; aware.
        grantee: Whom ``self`` in the policy means.
        answers: Effective consent, by scope and grantee as the policy names them.
        asks_for_consent: Whether the policy has a share clause.

    Attributes:
        relied: For each satisfied share clause, the consent that satisfies it; set by the judge.
        leaning: The mandates, releases and co-author consents that those lean on.
        satisfied: The share clauses that it satisfies; as ``relied``.
        all_granted: Whether there are share clauses and each of them is satisfied.
    """

    def __init__(
        self,
        evidence: ItemEvidence,
        *,
        instant: datetime,
        grantee: str,
        answers: Mapping[tuple[str, str], Effective],
        asks_for_consent: bool,
    ) -> None:
        self.evidence = evidence
        self.instant = instant
        self.grantee = grantee
        self.answers = answers
        self.asks_for_consent = asks_for_consent
        self.relied: Sequence[ConsentFact] = ()
        self.leaning: Sequence[ConsentFact] = ()
        self.satisfied: Sequence[Clause] = ()
        self.all_granted = False
        # Looked at once, if at all: an audit has millions of views.
        self._question: Question | None = None
        self._likeness: Question | None = None
        self._heard: Heard | None = None
        self._known: tuple[ConsentFact, ...] | None = None

    @property
    def resting(self) -> list[ConsentFact]:
        """All that it would fall with."""
        return [*self.relied, *self.leaning]

    @property
    def question(self) -> Question:
        """What is known of the work at the instant, whatever is asked; filled by the hearing."""
        if self._question is None:
            self._question = Question.of("", "", self.instant, self.instant, case=self.evidence.case)
        return self._question

    @property
    def likeness(self) -> Question:
        """The question whether the community may use the likeness of who is shown, heard."""
        if self._likeness is None:
            case = self.evidence.case
            self._likeness = Question.of(LIKENESS, self.grantee, self.instant, self.instant, case=case)
            hear(self.evidence.consents, self._likeness)
        return self._likeness

    @property
    def heard(self) -> Heard:
        """Which consents count at the instant, who claims the work, and (in the question) what is paused."""
        if self._heard is None:
            self._heard = hear(self.evidence.consents, self.question)
        return self._heard

    @property
    def known(self) -> tuple[ConsentFact, ...]:
        """The consents that count, withdrawn ones among them, in log order."""
        if self._known is None:
            self._known = in_log_order(self.heard.counting)
        return self._known

    @property
    def work(self) -> Work | None:
        """What the work states about itself: its first record by the one who stands above all other claimants.

        Else, where nobody does or they registered none, the record that was registered first, unless it is void:
        a stranger who registers somebody's picture does not say how it was made.
        """
        theirs = sorted(
            (each for each in self.claims if each.log_index is not None),
            key=lambda each: (each.log_index or 0, each.record_id),
        )
        registered = [each for each in self.evidence.case.claims if each.record_id == self.evidence.work]
        for fact in (*theirs, *registered):
            if isinstance(fact.predicate, Work) and fact.envelope not in self.question.void:
                return fact.predicate
        return None

    @property
    def claims(self) -> tuple[RecordFact, ...]:
        """The claims of the one who stands above all other claimants; empty where nobody does."""
        ranking = self.heard.ranking
        if ranking is None or ranking.highest is None:
            return ()
        return ranking.claims[0].records

    @property
    def claimants(self) -> frozenset[str]:
        """Who stands above all other claimants, and in whose name consents relied on are given."""
        person = self.question.known.person
        speaking = [claimant(each) for each in self.claims] + [self.principal(each) for each in self.relied]
        return frozenset(person(did) for did in speaking)

    def principal(self, fact: ConsentFact) -> str:
        """In whose name a consent is given."""
        return principal(fact, self.question)

    def persons(self, facts: Sequence[ConsentFact]) -> frozenset[str]:
        """In whose names these consents are given; everybody whom nobody identified is one."""
        return self.question.known.persons([self.principal(fact) for fact in facts], self.instant)

    def assurance(self, facts: Sequence[ConsentFact]) -> int:
        """How well the least known of those who gave these consents is known, 0–3."""
        known = self.question.known
        return min((known.assurance(fact.consent.grantor.id, self.instant) for fact in facts), default=0)
