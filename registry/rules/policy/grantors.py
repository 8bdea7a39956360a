"""Clauses about who grants: how many different people, how much of the dataset each, and who may not.

Wallets are not persons: everybody whom nobody identified counts as one here (DESIGN §4), so that filling a
dataset from many new wallets gains nothing.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field
from typing_extensions import override

from rakkan.registry.rules.facts import ConsentFact
from rakkan.registry.rules.policy.clause import (
    FULL,
    Clause,
    ConsentClause,
    Measure,
    Reason,
    ShareLimit,
    Tally,
    at_most,
    at_most_words,
)
from rakkan.schemas.errors import Invalid
from rakkan.schemas.identity import Address, parse_did
from rakkan.schemas.statement import DidText
from rakkan.schemas.verdict import Outcome

if TYPE_CHECKING:
    from rakkan.registry.rules.policy.view import ItemView


def _canonical(did: str) -> str:
    """The one form that records have: an address with its checksum."""
    head, _, address = did.rpartition(":")
    return f"{head}:{Address.parse(address)}" if did.startswith("did:pkh:") else did


def _an_actor(did: str) -> str:
    """As it was written, if somebody can be named so: a mistyped name would refuse nobody."""
    try:
        parse_did(_canonical(did))
    except Invalid as error:
        raise ValueError(error.message) from error
    return did


def _key(did: str) -> str:
    """What tells keys apart: of a wallet its address, whichever the chain and the case of its letters."""
    return did.rpartition(":")[2].lower() if did.startswith("did:pkh:") else did


class _Counted(Clause):
    """A clause that is judged over all items, and says of each only whether its grantor is known to it."""

    counts_people: ClassVar[bool] = True

    @override
    def on_item(self, view: ItemView) -> Reason:
        if not view.asks_for_consent:
            return Reason(Outcome.UNDETERMINED, "no-share-clause")
        if not view.relied:
            return Reason(Outcome.NOT_APPLICABLE, "no-consent-relied-on")
        return Reason(Outcome.PASS, "grantor-counted", tuple(view.relied))


class GrantorShare(_Counted, ShareLimit):
    """At most ``maxBp`` of the items rely on the grants of any one person."""

    clause: Literal["duplicate.per_grantor"]

    @override
    def on_set(self, tally: Tally) -> Measure:
        """An item without a grant that is relied on may become anybody's."""
        counted = Counter(person for persons in tally.grantors for person in persons)
        open_items = sum(not persons for persons in tally.grantors)
        return at_most(max(counted.values(), default=0), open_items, tally.total, self.max_bp)

    @override
    def sentence(self) -> str:
        return f"{at_most_words(self.max_bp)} rely on any one person; all unidentified people count as one."


class GrantorsDistinct(_Counted):
    """The items rely on the grants of at least ``min`` different people."""

    clause: Literal["grantor.distinct"]
    min: int = Field(ge=1, le=1_000_000)

    @property
    @override
    def tolerated(self) -> int:
        """No one person has too much: to drop items never helps."""
        return FULL

    @property
    @override
    def people_needed(self) -> int:
        return self.min

    @override
    def on_set(self, tally: Tally) -> Measure:
        people = len({person for persons in tally.grantors for person in persons})
        open_items = sum(not persons for persons in tally.grantors)
        outcome = Outcome.FAIL
        if not tally.total:
            outcome = Outcome.UNDETERMINED
        elif people >= self.min:
            outcome = Outcome.PASS
        elif people + open_items >= self.min:
            outcome = Outcome.UNDETERMINED
        return Measure(outcome, people, self.min)

    @override
    def sentence(self) -> str:
        return f"At least {self.min} different people grant; all unidentified people count as one."

    @override
    def observed(self, measure: Measure, items: int) -> str:
        return f"{measure.observed} people grant, at least {self.min} asked"


class SourceDenylist(ConsentClause):
    """No item relies on a grant by, or in the name of, one of these people, whichever of their keys it is.

    Nor on one that a co-author of theirs or an agent among them lets count. A wallet is the same on every chain.
    """

    clause: Literal["source.denylist"]
    grantors: tuple[Annotated[DidText, AfterValidator(_an_actor)], ...] = Field(
        min_length=1, max_length=256, strict=False
    )
    leans: ClassVar[bool] = True

    @override
    def on_consent(self, fact: ConsentFact, view: ItemView) -> Reason:
        kin = view.question.known.kin
        refused = {_key(name) for did in self.grantors for name in (did, kin(_canonical(did)))}
        said = (fact.consent.grantor.id, view.principal(fact))
        names = {_key(name) for did in said for name in (did, kin(did))}
        # who is shown and agrees to it grants nothing
        if names & refused and fact.consent.kind != "likeness":
            return Reason(Outcome.FAIL, "grantor-refused", (fact,))
        return Reason(Outcome.PASS, "grantor-not-refused", (fact,))

    @override
    def sentence(self) -> str:
        return f"No item relies on a grant by one of {len(self.grantors)} people whom the policy refuses."
