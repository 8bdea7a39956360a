"""Clauses about people who are shown: no minors, and releases of everybody else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal

from typing_extensions import override

from rakkan.registry.rules.facts import ConsentFact
from rakkan.registry.rules.policy.clause import Clause, Reason
from rakkan.registry.rules.support import releases, unreleased
from rakkan.schemas.verdict import Outcome

if TYPE_CHECKING:
    from rakkan.registry.rules.policy.view import ItemView


_LACKING: Final = {
    "release-missing": Outcome.FAIL,
    "guardian-missing": Outcome.FAIL,
    "minors-unknown": Outcome.UNDETERMINED,
}


class PersonsMinors(Clause):
    """No item shows minors, and each grantor says so."""

    clause: Literal["persons.minors"]

    @override
    def on_item(self, view: ItemView) -> Reason:
        """Anybody who says that minors are shown is heard; only the consents relied on can say that none are."""
        shown = tuple(fact for fact in view.known if fact.consent.persons.minors == "yes")
        if shown:
            return Reason(Outcome.FAIL, "minors-shown", shown)
        unclear = tuple(fact for fact in view.relied if fact.consent.persons.minors != "none")
        if unclear or not view.relied:
            return Reason(Outcome.UNDETERMINED, "minors-unknown", unclear)
        return Reason(Outcome.PASS, "no-minors", tuple(view.relied))

    @override
    def on_choice(self, fact: ConsentFact, leaning: Sequence[ConsentFact], view: ItemView) -> Outcome:
        return Outcome.PASS if fact.consent.persons.minors == "none" else Outcome.UNDETERMINED

    @override
    def sentence(self) -> str:
        return "No item shows minors, and each grantor says so."


class PersonsReleases(Clause):
    """Nobody but the grantor is shown, or everybody who is has released it: of minors, a guardian."""

    clause: Literal["persons.releases"]

    @override
    def on_item(self, view: ItemView) -> Reason:
        """A release is one that the consent relied on links; who else says that somebody is shown is heard."""
        relied = tuple(view.relied)
        unclear = tuple(fact for fact in relied if fact.consent.persons.depicted == "unknown")
        if unclear or not relied:
            return Reason(Outcome.UNDETERMINED, "persons-unknown", unclear)
        for code, outcome in _LACKING.items():
            lacking = tuple(fact for fact in relied if self._lacks(fact, view) == code)
            if lacking:
                return Reason(outcome, code, lacking)
        shown = [fact for fact in relied if fact.consent.persons.depicted == "others"]
        says = tuple(fact for fact in view.known if fact.consent.persons.depicted == "others")
        if says and not shown:
            return Reason(Outcome.UNDETERMINED, "persons-disputed", says)
        return Reason(Outcome.PASS, "released" if shown else "nobody-else-shown", relied)

    @override
    def on_choice(self, fact: ConsentFact, leaning: Sequence[ConsentFact], view: ItemView) -> Outcome:
        if fact.consent.persons.depicted == "unknown":
            return Outcome.UNDETERMINED
        return _LACKING.get(self._lacks(fact, view), Outcome.PASS)

    @override
    def rests_on(self, fact: ConsentFact, view: ItemView) -> Sequence[ConsentFact]:
        return releases(fact, view.likeness)

    def _lacks(self, fact: ConsentFact, view: ItemView) -> str:
        """What a consent that says who is shown lacks: a code, or nothing."""
        code = unreleased(fact, view.likeness)
        # where nobody else is shown, whether minors are is asked by ``persons.minors``
        return code if code == "release-missing" or fact.consent.persons.depicted == "others" else ""

    @override
    def sentence(self) -> str:
        return "Nobody but the grantor is shown, or everybody who is has agreed to it."
