"""Claims: whose yes counts for a work on which works or authorship claims are on record.

It decides the order among claimants. Claims are assertions; nothing here says who made the work. The
rules:

1. A claim ranks by (assurance of the claimant, highest first; proven date, earliest first). A proven date
   is the block time of an anchor or of a revealed commitment; a date that a record states itself proves
   nothing, and a claim that nothing proves comes after all that are.
2. Only the highest claimant grants, and only if they stand above everybody else: a lower claim is shown
   and does not suspend; an equal or higher one does [claims-conflict] until an adjudicator settles it.
3. What is in doubt (an identification that is not logged, a claim by a key in other hands) raises nobody
   above a rival, but keeps a rival from being passed.
4. Who claims nothing on a work that others claim grants nothing [claimant-other], nor does one whose only
   claims are void [claim-void]. A grant by the highest claimant while their claim is disputed is paused
   [suspended]; if every claim of theirs is by a key in other hands, it does not count [key-compromised].
5. What anybody else says of a work whose highest claimant answers is shown and does not suspend: they rank
   lower, or nobody would stand above all others. Who objects proves a higher claim, or disputes, which
   has a deadline (``disputes``). Where the highest claimant does not answer, a no counts from whoever
   says it: a denial, or a conflict if the highest has consents that count [claims-conflict].
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from rakkan.registry.rules.facts import RecordFact, seen
from rakkan.registry.rules.question import Question
from rakkan.schemas.authorship import Authorship
from rakkan.schemas.identification import Assurance
from rakkan.schemas.work import Work

_NEVER: Final = datetime.max.replace(tzinfo=UTC)

Key = tuple[bool, int, datetime]  # smaller ranks higher: claims nothing, -assurance, proven date


@dataclass(frozen=True, slots=True)
class Claim:
    """What one person claims on a work.

    Attributes:
        person: By the name that all their keys share.
        assurance: How well they are known at the instant of use.
        proven_at: The earliest date that is proven, or None.
        records: The claims, void ones left out.
        sure: Their rank by what counts.
        possible: Their rank if all that is in doubt counted.
        fault: Why their yes is in doubt, or nothing.
    """

    person: str
    assurance: Assurance
    proven_at: datetime | None
    records: tuple[RecordFact, ...]
    sure: Key
    possible: Key
    fault: str = ""


class Ranking:
    """The claims on one work, by rank.

    Args:
        question: What is asked; ``void`` is read, ``doubt`` is not.

    Attributes:
        any: Whether anybody ever claimed it.
        claims: What is claimed, the highest first.
        highest: The person who stands above all others, or None.
    """

    def __init__(self, question: Question) -> None:
        self._question = question
        known = [each for each in question.case.claims if seen(each, question.known_at)]
        mine: dict[str, list[RecordFact]] = {}
        self.any = bool(known)
        self.highest: str | None = None
        self._suspended: dict[str, str] = {}
        self._voided: set[str] = set()
        for each in known:
            person = question.known.person(claimant(each))
            if each.envelope in question.void:
                self._voided.add(person)
            else:
                mine.setdefault(person, []).append(each)
        self.claims = tuple(
            sorted((self._claim(*each) for each in mine.items()), key=lambda each: (each.sure, each.person))
        )
        self._by_person = {each.person: each for each in self.claims}

    def settle(self, doubt: Mapping[bytes, str]) -> None:
        """Find the one above all others, once it is known which claims are suspended."""
        for each in self.claims[:1]:
            if all(each.sure < other.possible for other in self.claims[1:]):
                self.highest = each.person
        self._suspended = {
            each.person: doubt[record.envelope]
            for each in self.claims
            for record in each.records
            if record.envelope in doubt
        }

    def why_not(self, person: str) -> str:
        """Why this person's yes does not count: a code, or nothing."""
        claim = self._by_person.get(person)
        if claim is None:
            return "claim-void" if person in self._voided else "claimant-other"
        if person != self.highest:
            return "claims-conflict"
        return self._suspended.get(person) or claim.fault

    def may_object(self, accuser: str, owner: str) -> bool:
        """Whether an accuser ranks as high as the one whose record they dispute, or higher."""
        known, at = self._question.known, self._question.used_at
        theirs = [each.possible for each in self.claims if known.kin(each.person) == known.kin(accuser)]
        mine = self._by_person.get(known.person(owner))
        unclaimed: Key = (True, -known.assurance(accuser, at, possible=True), _NEVER)
        return min([*theirs, unclaimed]) <= (
            mine.sure if mine else (True, -known.assurance(owner, at), _NEVER)
        )

    def _claim(self, person: str, records: list[RecordFact]) -> Claim:
        known, at = self._question.known, self._question.used_at
        clean = [each for each in records if not known.key_fault(claimant(each), each.known_from)]
        level, proven = known.assurance(person, at), self._proven(clean or records)
        return Claim(
            person=person,
            assurance=level,
            proven_at=None if proven == _NEVER else proven,
            records=tuple(records),
            sure=(False, -level, proven),
            possible=(False, -known.assurance(person, at, possible=True), self._proven(records)),
            fault="" if clean else known.key_fault(claimant(records[0]), records[0].known_from),
        )

    def _proven(self, records: Iterable[RecordFact]) -> datetime:
        known_at = self._question.known_at
        dates = [each.proven_at for each in records if each.proven_at is not None]
        return min([date for date in dates if known_at is None or date <= known_at], default=_NEVER)


def claimant(fact: RecordFact) -> str:
    """The DID that a claim is made by."""
    said = fact.predicate
    if isinstance(said, Work):
        return said.creator
    assert isinstance(said, Authorship)
    return said.claimant
