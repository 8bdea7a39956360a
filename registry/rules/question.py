"""One question about one work: what is asked, as of when, and which records may be heard on it.

It decides when a record that somebody else's consent leans on (a mandate, a release, a co-author's
consent) is fit to be leaned on, and when a yes is in doubt. It leaves out precedence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Self

from rakkan.registry.rules.actors import Known
from rakkan.registry.rules.case import EMPTY_CASE, Case
from rakkan.registry.rules.facts import ConsentFact, addressed, folded, is_withdrawn, seen, stated_use
from rakkan.schemas.consent import Use
from rakkan.schemas.instant import format_instant
from rakkan.schemas.values import Cid, Digest


@dataclass(slots=True)
class Question:
    """What is asked, and what was found out on the way to an answer.

    Attributes:
        scope: The scope asked for.
        asked: Who asks, folded.
        used_at: When the work is used.
        moment: The same as text; instants have one text form, so their order is that of text.
        known_at: What was known then, or None for everything.
        policy: The policy under which it is asked.
        case: All that is known besides the consents.
        known: What was known of actors.
        void: Envelopes cancelled from the start.
        doubt: By envelope, why the yes of a record is in doubt.
        replaced: Envelopes of records that later ones replace.
    """

    scope: str
    asked: str
    used_at: datetime
    moment: str
    known_at: datetime | None
    policy: Cid | None
    case: Case
    known: Known
    void: frozenset[bytes] = frozenset()
    doubt: Mapping[bytes, str] = field(default_factory=dict)
    replaced: frozenset[bytes] = frozenset()

    @classmethod
    def of(
        cls,
        scope: str,
        grantee: str,
        used_at: datetime,
        known_at: datetime | None,
        policy: Cid | None = None,
        case: Case = EMPTY_CASE,
    ) -> Self:
        """A question that nobody has heard yet; arguments as of ``rakkan.registry.rules.consent.effective``."""
        known = case.actors.as_known(known_at)
        return cls(scope, folded(grantee), used_at, _moment(used_at), known_at, policy, case, known)

    def fault(self, fact: ConsentFact) -> str:
        """Why a yes of this record is in doubt: a code, or nothing."""
        if self.doubt and fact.envelope in self.doubt:
            return self.doubt[fact.envelope]
        return "" if self.known.empty else self.known.key_fault(fact.consent.grantor.id, fact.known_from)

    def usable(self, fact: ConsentFact, kind: str) -> bool:
        """Whether another consent may lean on this one, for the scope and the grantee asked."""
        consent = fact.consent
        return (
            consent.kind == kind
            and seen(fact, self.known_at)
            and fact.log_index is not None
            and consent.valid_from <= self.moment < consent.valid_until
            and fact.envelope not in self.void
            and fact.envelope not in self.replaced
            and not is_withdrawn(fact, self.used_at, self.known_at)
            and stated_use(consent, self.scope) is Use.ALLOWED
            and (kind == "mandate" or bool(addressed(consent, self.asked)))
            and not self.fault(fact)
        )

    def about_the_work(self, fact: ConsentFact) -> bool:
        """Whether its subjects name the work, or a collection that holds it."""
        return not self.digests.isdisjoint(fact.subjects)

    @property
    def digests(self) -> frozenset[Digest]:
        """By which the work was known, and the roots of the collections that it was known to belong to."""
        digests, known_at = self.case.digests, self.known_at
        if known_at is None or not self.case.named:
            return digests
        return digests - {name for name, since in self.case.named.items() if since > known_at}


@lru_cache(maxsize=16)
def _moment(instant: datetime) -> str:
    return format_instant(instant)  # asked for every item of a dataset
