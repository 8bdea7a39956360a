"""Clauses: the parts that policies are made of, and what every one of them must be able to say.

It decides the shape of a clause: closed fields, an answer about one item, an answer about the whole
dataset, a plain sentence, and warnings. The clauses themselves stand beside this file, grouped by what
they are about; ``document.py`` lists them all. A clause never decides what a consent means
(``rakkan.registry.rules.consent``).

All arithmetic is on integers, and limits are compared exactly: one item in a million is more than
0 basis points. For people, ``observed`` is rounded against approval: a share that must be reached is
rounded down, one that must not be exceeded is rounded up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel
from typing_extensions import override

from rakkan.registry.rules.facts import ConsentFact
from rakkan.schemas.verdict import Outcome

if TYPE_CHECKING:
    from rakkan.registry.rules.policy.view import ItemView

SELF: Final = "self"
"""As grantee: the community that the verdict is made for."""

FULL: Final = 10_000
"""Basis points; 10000 are all items."""

BasisPoints = Annotated[int, Field(ge=0, le=FULL)]
Days = Annotated[int, Field(ge=0, le=3650)]
Licence = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.+-]{1,64}$")]

WORST_FIRST: Final = (Outcome.FAIL, Outcome.UNDETERMINED, Outcome.PASS, Outcome.NOT_APPLICABLE)


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
class Tally:
    """What one clause said about every item of a dataset.

    Attributes:
        outcomes: In dataset order.
        grantors: In the same order, the persons on whose grants the item relies; everybody whom nobody
            identified is one. Empty where nothing is relied on.
    """

    outcomes: Sequence[Outcome]
    grantors: Sequence[frozenset[str]]

    @property
    def total(self) -> int:
        """Number of items."""
        return len(self.outcomes)

    def count(self, outcome: Outcome) -> int:
        """Items with this outcome."""
        return self.outcomes.count(outcome)


@dataclass(frozen=True, slots=True)
class Measure:
    """What one clause says about a dataset.

    Attributes:
        outcome: Whether it holds.
        observed: What was counted, in basis points or items; None where there is nothing to count.
        limit: What the policy asks, in the same unit.
    """

    outcome: Outcome
    observed: int | None
    limit: int | None


class Clause(BaseModel):
    """A clause: strict, frozen, and without room for unknown fields.

    Each has a field ``clause`` with its name in the document.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, alias_generator=to_camel)

    counts_people: ClassVar[bool] = False
    """Whether it is judged over the people who grant."""

    @property
    def name(self) -> str:
        """Its name in the document."""
        return name_of(type(self))

    @property
    def question(self) -> tuple[str, str] | None:
        """Scope and grantee for which effective consent must be known, if it asks for any."""
        return None

    @property
    def tolerated(self) -> int:
        """How many items may stand against it, in basis points of all."""
        return 0

    @property
    def people_needed(self) -> int:
        """How many different people have to grant, in all."""
        return 0

    def counts_against(self, outcome: Outcome) -> bool:
        """Whether an item with this outcome stands against it, or could."""
        return outcome in (Outcome.FAIL, Outcome.UNDETERMINED)

    def on_item(self, view: ItemView) -> Reason:
        """What it says about one item."""
        raise NotImplementedError

    def on_choice(
        self,
        fact: ConsentFact,  # noqa: ARG002 - it is all one to most clauses
        leaning: Sequence[ConsentFact],  # noqa: ARG002
        view: ItemView,  # noqa: ARG002
    ) -> Outcome | None:
        """What it would say if the item relied on this consent, which leans on those; None: all one to it."""
        return None

    def rests_on(self, fact: ConsentFact, view: ItemView) -> Sequence[ConsentFact]:  # noqa: ARG002
        """By which other consents it passes, if the item relies on this one: the verdict falls with them, too."""
        return ()

    def on_set(self, tally: Tally) -> Measure:
        """What it says about a dataset: unless it says otherwise, that every item passes."""
        against = tally.count(Outcome.FAIL) + tally.count(Outcome.UNDETERMINED)
        return Measure(worst(tally.outcomes), against, 0)

    def sentence(self) -> str:
        """What it asks, in one plain sentence."""
        raise NotImplementedError

    def observed(self, measure: Measure, items: int) -> str:
        """What was counted, for people."""
        return f"{measure.observed} of {items} items stand against it"

    def warnings(self) -> list[str]:
        """What a community may not have meant by it."""
        return []


class ConsentClause(Clause):
    """A clause about each consent that lets an item count as consented.

    A dataset passes if every item passes or relies on no consent: whether it must, a share clause says.
    """

    leans: ClassVar[bool] = False
    """Whether it asks the same of what those consents lean on."""

    def on_consent(self, fact: ConsentFact, view: ItemView) -> Reason:
        """What it says about one consent."""
        raise NotImplementedError

    @override
    def on_item(self, view: ItemView) -> Reason:
        """The worst that it says about a consent relied on."""
        if not view.asks_for_consent:
            return Reason(Outcome.UNDETERMINED, "no-share-clause")
        judged = [self.on_consent(fact, view) for fact in (view.resting if self.leans else view.relied)]
        if not judged:
            return Reason(Outcome.NOT_APPLICABLE, "no-consent-relied-on")
        return min(judged, key=lambda reason: WORST_FIRST.index(reason.outcome))

    @override
    def on_choice(self, fact: ConsentFact, leaning: Sequence[ConsentFact], view: ItemView) -> Outcome | None:
        asked = (fact, *leaning) if self.leans else (fact,)
        return worst([self.on_consent(each, view).outcome for each in asked])


class ShareLimit(Clause):
    """A clause that accepts a share of items of which it does not hold.

    Attributes:
        max_bp: How many at most, in basis points.
    """

    max_bp: BasisPoints

    @property
    @override
    def tolerated(self) -> int:
        return self.max_bp

    @override
    def warnings(self) -> list[str]:
        """That it never fails, if it accepts everything."""
        return [f"{self.name} with {FULL} never fails."] if self.max_bp == FULL else []

    @override
    def observed(self, measure: Measure, items: int) -> str:
        """The share that was found, and the one accepted."""
        return f"{percent(measure.observed or 0)} of the items, at most {percent(self.max_bp)} accepted"


@cache
def name_of(clause: type[Clause]) -> str:
    """The name under which clauses of a kind stand in documents."""
    (name,) = get_args(clause.model_fields["clause"].annotation)
    return str(name)


def worst(outcomes: Sequence[Outcome]) -> Outcome:
    """Of fail, undetermined and pass the first that occurs; where nothing was judged, undetermined."""
    for outcome in (Outcome.FAIL, Outcome.UNDETERMINED, Outcome.PASS):
        if outcome in outcomes:
            return outcome
    return Outcome.UNDETERMINED


def at_least(reached: int, unclear: int, total: int, limit: int) -> Measure:
    """Whether a share of items in basis points is reached, whatever becomes of the unclear ones."""
    if not total:
        return Measure(Outcome.UNDETERMINED, None, limit)
    outcome = Outcome.FAIL
    if reached * FULL >= limit * total:
        outcome = Outcome.PASS
    elif (reached + unclear) * FULL >= limit * total:
        outcome = Outcome.UNDETERMINED
    return Measure(outcome, reached * FULL // total, limit)


def at_most(counted: int, unclear: int, total: int, limit: int) -> Measure:
    """Whether a share of items in basis points is not exceeded, whatever becomes of the unclear ones."""
    if not total:
        return Measure(Outcome.UNDETERMINED, None, limit)
    outcome = Outcome.PASS
    if counted * FULL > limit * total:
        outcome = Outcome.FAIL
    elif (counted + unclear) * FULL > limit * total:
        outcome = Outcome.UNDETERMINED
    return Measure(outcome, -(-counted * FULL // total), limit)


def percent(basis_points: int) -> str:
    """Basis points for people: 10000 is ``100 %``."""
    whole, rest = divmod(basis_points, 100)
    return f"{whole}.{rest:02} %" if rest else f"{whole} %"


def at_most_words(basis_points: int) -> str:
    """A share that must not be exceeded, as the beginning of a sentence."""
    return f"At most {percent(basis_points)} of the items" if basis_points else "None of the items"
