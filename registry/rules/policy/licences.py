"""Clauses about licences: which are accepted, and whether what is trained may go out under another one.

It decides which licences let adapted works be published under which. The table is small on purpose: a
pair that is not in it is undetermined, never compatible. Sources: the licence texts (CC BY 4.0 §3(a)(4),
CC BY-SA 4.0 §3(b)(1), CC BY-NC 4.0 §1(i), CC BY-ND 4.0 §2(a)(1)(B)), and the list of licences compatible with
BY-SA that Creative Commons keeps (GPL 3.0 and Free Art 1.3). Whether a trained model is an adapted work at all is a question of law that
nobody has settled; a community that uses ``licence.output`` takes the cautious view.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from pydantic import Field
from typing_extensions import override

from rakkan.registry.rules.facts import ConsentFact
from rakkan.registry.rules.policy.clause import ConsentClause, Licence, Reason
from rakkan.schemas.consent import Terms
from rakkan.schemas.verdict import Outcome

if TYPE_CHECKING:
    from rakkan.registry.rules.policy.view import ItemView

_FREE: Final = ("CC0-1.0", "CC-PDDC", "LicenseRef-PublicDomainMark-1.0")
_SHARE_ALIKE: Final = ("CC-BY-SA-4.0", "CC-BY-NC-SA-4.0")

# Under which other licences an adapted work may go out.
_ADAPTED: Final = {
    **dict.fromkeys(_FREE, frozenset[str]()),
    "CC-BY-4.0": frozenset({"CC-BY-SA-4.0", "CC-BY-NC-4.0", "CC-BY-NC-SA-4.0"}),
    "CC-BY-SA-4.0": frozenset({"GPL-3.0-only", "LAL-1.3"}),
    "CC-BY-NC-4.0": frozenset({"CC-BY-NC-SA-4.0"}),
    "CC-BY-NC-SA-4.0": frozenset[str](),
}


# Which let everybody use what goes out under them for money.
_COMMERCIAL: Final = (*_FREE, "CC-BY-4.0", "CC-BY-SA-4.0", "GPL-3.0-only", "LAL-1.3")


class _LicenceClause(ConsentClause):
    """A clause about the licence that a consent states; one that states none leaves it open."""

    def on_terms(self, terms: Terms) -> tuple[Outcome, str]:
        """What it says about the terms of a consent: outcome and code."""
        raise NotImplementedError

    @override
    def on_consent(self, fact: ConsentFact, view: ItemView) -> Reason:
        terms = fact.consent.terms
        if terms is None:
            return Reason(Outcome.UNDETERMINED, "licence-unstated", (fact,))
        outcome, code = self.on_terms(terms)
        return Reason(outcome, code, (fact,))


class LicenceIn(_LicenceClause):
    """Each item's consent is under one of these licences."""

    clause: Literal["licence.in"]
    licences: tuple[Licence, ...] = Field(min_length=1, max_length=64, strict=False)

    @override
    def on_terms(self, terms: Terms) -> tuple[Outcome, str]:
        if terms.licence in self.licences:
            return Outcome.PASS, "licence-accepted"
        return Outcome.FAIL, "licence-other"

    @override
    def sentence(self) -> str:
        return f"Each item's consent is under one of these licences: {', '.join(self.licences)}."


class LicenceNot(_LicenceClause):
    """No item's consent is under one of these licences, whatever the case of their letters."""

    clause: Literal["licence.not"]
    licences: tuple[Licence, ...] = Field(min_length=1, max_length=64, strict=False)

    @override
    def on_terms(self, terms: Terms) -> tuple[Outcome, str]:
        if terms.licence.casefold() in {each.casefold() for each in self.licences}:
            return Outcome.FAIL, "licence-refused"
        return Outcome.PASS, "licence-not-refused"

    @override
    def sentence(self) -> str:
        return f"No item's consent is under one of these licences: {', '.join(self.licences)}."


class LicenceOutput(_LicenceClause):
    """Each item's consent lets what is made from it go out under this licence; share-alike comes through.

    So does a term that keeps commercial use out. A consent that states the licence of outputs itself is taken at its word.
    """

    clause: Literal["licence.output"]
    licence: Licence

    @override
    def on_terms(self, terms: Terms) -> tuple[Outcome, str]:
        if terms.outputs_licence is not None:
            same = terms.outputs_licence == self.licence
            return (Outcome.PASS, "licence-same") if same else (Outcome.FAIL, "licence-incompatible")
        licence, share_alike = terms.licence, terms.share_alike
        accepted = _ADAPTED.get(licence)
        if _of_commons(licence, "ND"):
            return Outcome.FAIL, "licence-incompatible"
        if not terms.commercial and self.licence in _COMMERCIAL:
            return Outcome.FAIL, "licence-noncommercial"
        if not terms.commercial and not _of_commons(self.licence, "NC") and licence != self.licence:
            return Outcome.UNDETERMINED, "licence-unknown"
        if licence == self.licence:
            return Outcome.PASS, "licence-same"
        if share_alike and licence not in _SHARE_ALIKE:
            return Outcome.FAIL, "licence-share-alike"
        if licence in _FREE or (accepted is not None and self.licence in accepted):
            return Outcome.PASS, "licence-compatible"
        if accepted is None or self.licence not in _ADAPTED:
            return Outcome.UNDETERMINED, "licence-unknown"
        return Outcome.FAIL, "licence-incompatible"

    @override
    def sentence(self) -> str:
        return f"What is made from each item may go out under {self.licence}."

    @override
    def warnings(self) -> list[str]:
        if self.licence in _ADAPTED:
            return []
        return [f"We know of few licences whether works under them may go out under {self.licence}."]


def _of_commons(licence: str, element: str) -> bool:
    """Whether it is a licence of Creative Commons with this element, of whichever version, country or case."""
    words = licence.upper().split("-")
    return "CC" in words and element in words
