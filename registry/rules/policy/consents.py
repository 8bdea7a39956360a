"""Clauses about consent: how many items are allowed, how many refused, what was taken back, how it ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal

from pydantic import Field, StringConstraints
from typing_extensions import override

from rakkan.registry.rules.facts import ConsentFact, is_withdrawn
from rakkan.registry.rules.notice import scope_words
from rakkan.registry.rules.policy.clause import (
    FULL,
    SELF,
    BasisPoints,
    Clause,
    ConsentClause,
    Days,
    Measure,
    Reason,
    ShareLimit,
    Tally,
    at_least,
    at_most,
    at_most_words,
    percent,
)
from rakkan.schemas.consent import CAWG_SCOPES, OWN_SCOPES, PUBLIC, Grantee, WithdrawalMode
from rakkan.schemas.instant import format_instant
from rakkan.schemas.verdict import Answer, Outcome

if TYPE_CHECKING:
    from datetime import datetime

    from rakkan.registry.rules.policy.view import ItemView

Scope = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(\.[a-z0-9_]+)+$", max_length=96)]

_KNOWN_SCOPES: Final = frozenset({*CAWG_SCOPES, *OWN_SCOPES})
_BY_ANSWER: Final = {
    Answer.ALLOWED: Outcome.PASS,
    Answer.DENIED: Outcome.FAIL,
    Answer.UNDETERMINED: Outcome.UNDETERMINED,
}
_ASSURANCE: Final = (
    "whoever they are",
    "who control a site or name",
    "whose identity was checked",
    "whose rights were shown",
)


class _AboutScope(Clause):
    """A clause that asks for effective consent."""

    scope: Scope
    grantee: Literal["self"] | Grantee

    @property
    @override
    def question(self) -> tuple[str, str]:
        return self.scope, self.grantee

    @override
    def warnings(self) -> list[str]:
        found = []
        if self.scope not in _KNOWN_SCOPES:
            found.append(f"{self.scope} is not a scope we know: a consent must name it exactly.")
        if self.grantee not in (SELF, PUBLIC):
            found.append(f"Consent is asked for {self.grantee} alone, whoever uses the policy.")
        return [*found, *super().warnings()]

    @property
    def _asked(self) -> str:
        words = {SELF: "the community that asks", PUBLIC: "everybody"}
        return f"{scope_words(self.scope)} by {words.get(self.grantee, self.grantee)}"


class ConsentShare(_AboutScope):
    """At least ``minBp`` of the items are allowed for this scope and grantee.

    ``minAssurance`` asks that everybody who gave the consent relied on, or one that it leans on, is
    known at least so well; absent, nobody has to be known.
    """

    clause: Literal["consent.share"]
    min_bp: BasisPoints
    min_assurance: int | None = Field(default=None, ge=1, le=3)

    @override
    def on_item(self, view: ItemView) -> Reason:
        answer = view.answers[self.question]
        if answer.answer is Answer.ALLOWED and not any(each is self for each in view.satisfied):
            return Reason(Outcome.UNDETERMINED, "assurance-too-low", answer.relied)
        return Reason(_BY_ANSWER[answer.answer], answer.code, answer.relied)

    @override
    def on_set(self, tally: Tally) -> Measure:
        passed, unclear = tally.count(Outcome.PASS), tally.count(Outcome.UNDETERMINED)
        return at_least(passed, unclear, tally.total, self.min_bp)

    @property
    @override
    def tolerated(self) -> int:
        return FULL - self.min_bp

    def known_well_enough(self, facts: Sequence[ConsentFact], view: ItemView) -> bool:
        """Whether everybody who gave these consents is known as well as is asked."""
        return self.min_assurance is None or view.assurance(facts) >= self.min_assurance

    @override
    def sentence(self) -> str:
        items = "All items" if self.min_bp == FULL else f"At least {percent(self.min_bp)} of the items"
        known = f", by people {_ASSURANCE[self.min_assurance]}" if self.min_assurance else ""
        return f"{items} are allowed for {self._asked}{known}."

    @override
    def observed(self, measure: Measure, items: int) -> str:
        return f"{percent(measure.observed or 0)} of the items, at least {percent(self.min_bp)} asked"

    @override
    def warnings(self) -> list[str]:
        found = []
        if 0 < self.min_bp < FULL:
            lacking = percent(FULL - self.min_bp)
            found.append(f"Up to {lacking} of the items may lack consent for {scope_words(self.scope)}.")
        return [*found, *super().warnings()]


class ConsentDenied(_AboutScope, ShareLimit):
    """At most ``maxBp`` of the items are refused for this scope and grantee; silence is no refusal."""

    clause: Literal["consent.denied"]

    @override
    def on_item(self, view: ItemView) -> Reason:
        """Denied is a refusal; a conflict may hide one; silence is none."""
        answer = view.answers[self.question]
        if answer.answer is Answer.UNDETERMINED and answer.code != "claims-conflict":
            return Reason(Outcome.PASS, "no-refusal-known")
        return Reason(_BY_ANSWER[answer.answer], answer.code, answer.relied)

    @override
    def on_set(self, tally: Tally) -> Measure:
        failed, unclear = tally.count(Outcome.FAIL), tally.count(Outcome.UNDETERMINED)
        return at_most(failed, unclear, tally.total, self.max_bp)

    @override
    def sentence(self) -> str:
        return f"{at_most_words(self.max_bp)} are refused for {self._asked}."


class ConsentUnrevoked(Clause):
    """No item has a consent that was withdrawn and not given anew."""

    clause: Literal["consent.unrevoked"]

    @override
    def on_item(self, view: ItemView) -> Reason:
        withdrawn = tuple(
            fact
            for fact in view.known
            if fact.consent.kind == "grant" and is_withdrawn(fact, view.instant, view.instant)
        )
        if not withdrawn:
            return Reason(Outcome.PASS, "nothing-withdrawn")
        if view.all_granted:
            return Reason(Outcome.PASS, "granted-otherwise", withdrawn)
        return Reason(Outcome.FAIL, "withdrawn", withdrawn)

    @override
    def sentence(self) -> str:
        return "No item has a consent that was withdrawn and not given anew."


class ValidityRemaining(ConsentClause):
    """Each item's consent, and what it leans on, stays valid for this many more days."""

    clause: Literal["validity.min_remaining_days"]
    days: Days
    leans: ClassVar[bool] = True

    @override
    def on_consent(self, fact: ConsentFact, view: ItemView) -> Reason:
        if ends(fact) >= _later(view.instant, self.days):
            return Reason(Outcome.PASS, "valid-long-enough", (fact,))
        return Reason(Outcome.FAIL, "valid-too-briefly", (fact,))

    @override
    def sentence(self) -> str:
        return f"Each item's consent stays valid for {self.days} more days or longer."


class ChallengeWindow(ConsentClause):
    """Each item's consent has been known for this many days, in which anybody could dispute it.

    One that a work record brought to the work later is known from then on.
    """

    clause: Literal["challenge.window"]
    days: Days
    leans: ClassVar[bool] = True

    @override
    def on_consent(self, fact: ConsentFact, view: ItemView) -> Reason:
        if fact.since + timedelta(days=self.days) <= view.instant:
            return Reason(Outcome.PASS, "challenged-long-enough", (fact,))
        return Reason(Outcome.UNDETERMINED, "challenge-window-open", (fact,))

    @override
    def sentence(self) -> str:
        return f"Each item's consent has been open to challenge for {self.days} days or longer."


class WithdrawalModes(ConsentClause):
    """What a withdrawal means for models already trained is one of these, for each item's consent."""

    clause: Literal["withdrawal.mode"]
    modes: tuple[Annotated[WithdrawalMode, Field(strict=False)], ...] = Field(
        min_length=1, max_length=4, strict=False
    )

    @override
    def on_consent(self, fact: ConsentFact, view: ItemView) -> Reason:
        if fact.consent.withdrawal.mode in self.modes:
            return Reason(Outcome.PASS, "withdrawal-mode-accepted", (fact,))
        return Reason(Outcome.FAIL, "withdrawal-mode-other", (fact,))

    @override
    def sentence(self) -> str:
        return f"Each item's consent, if withdrawn, acts as one of these: {', '.join(self.modes)}."


def ends(fact: ConsentFact) -> str:
    """Until when new training may rely on a consent."""
    consent = fact.consent
    return consent.valid_until if consent.train_by is None else min(consent.valid_until, consent.train_by)


@lru_cache(maxsize=64)
def _later(instant: datetime, days: int) -> str:
    return format_instant(instant + timedelta(days=days))  # asked for every item of a dataset
