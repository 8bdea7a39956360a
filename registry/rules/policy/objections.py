"""Clauses about objections: disputes that run, likenesses that nobody cleared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from typing_extensions import override

from rakkan.registry.rules import disputes
from rakkan.registry.rules.policy.clause import Measure, Reason, ShareLimit, Tally, at_most, at_most_words
from rakkan.schemas.verdict import Outcome

if TYPE_CHECKING:
    from rakkan.registry.rules.policy.view import ItemView


class _OpenQuestion(ShareLimit):
    """A clause that counts items about which something is open; that it is open is a fact."""

    @override
    def on_set(self, tally: Tally) -> Measure:
        return at_most(tally.count(Outcome.UNDETERMINED), 0, tally.total, self.max_bp)


class DisputeOpen(_OpenQuestion):
    """At most ``maxBp`` of the items have a consent or claim that a dispute pauses at the instant.

    A dispute without effect (a second one by the same accuser, one by a lower claimant, one that ran
    out) is none; else a stranger could stop every dataset (``rakkan.registry.rules.disputes``).
    """

    clause: Literal["dispute.open"]

    @override
    def on_item(self, view: ItemView) -> Reason:
        heard = view.heard
        paused = {name for name, code in view.question.doubt.items() if code == "suspended"}
        if not paused:
            return Reason(Outcome.PASS, "no-dispute-open")
        return Reason(
            Outcome.UNDETERMINED,
            "dispute-open",
            tuple(each for each in heard.counting if each.envelope in paused),
        )

    @override
    def sentence(self) -> str:
        return f"{at_most_words(self.max_bp)} have an open dispute."


class SimilarUnresolved(_OpenQuestion):
    """At most ``maxBp`` of the items look like an earlier work of somebody else, and nobody cleared it."""

    clause: Literal["similar.unresolved"]

    @override
    def on_item(self, view: ItemView) -> Reason:
        if not view.evidence.case.similar:
            return Reason(Outcome.PASS, "nothing-similar")
        persons = view.claimants or {""}
        assert view.heard is not None  # fills the question
        if any(disputes.unresolved(view.question, person) for person in persons):
            return Reason(Outcome.UNDETERMINED, "similar-unresolved")
        return Reason(Outcome.PASS, "similar-cleared")

    @override
    def sentence(self) -> str:
        return f"{at_most_words(self.max_bp)} look like an earlier work of somebody else and are not cleared."
