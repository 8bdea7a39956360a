"""Actors: which keys are one person, which are in other hands, and how well a person is known.

It decides this from identity and key records, for one community and one state of knowledge. It leaves
out what follows for consents and claims. The rules:

1. Only records known at ``known_at`` are seen. What makes an answer kinder (a successor, an
   identification) counts once it is logged; what makes it stricter counts at once.
2. A key is **compromised** since T by a statement of the key itself, of a successor, or of
   ``threshold`` guardians. What the key stated and became known at or after T does not count, whatever
   date it bears; of several statements the earliest T holds.
3. Guardians are the ones last named before the loss: before T for a statement about T, and for a
   recovery before the earliest T that is known, else before the recovery itself. So guardians whom
   a thief names have no say, and neither have those whom an earlier guardianship named.
4. A **successor** is the same person: by ``rotate`` (both keys signed, the old one not compromised by
   then), or by ``recover`` (the new key and ``threshold`` guardians signed). A key has one successor,
   the first; from then on the old key states nothing new [key-rotated].
5. A successor who does not count (rule 2 or 4, or not logged) is **kin**: not the same person where that
   would help, but where it would hurt.
6. **Assurance** is the highest level of the identifications of the person that were checked at or
   before the instant and have not expired: by a checker whom the community trusts, signed by checker and
   actor. A vouch counts as level 1, by another person who is identified at 1 or more by another method;
   so there are no circles of vouches.
7. What is doubtful (not logged, or by a key that is compromised) counts in ``possible`` alone: how well a
   rival may be known after all.
8. Everybody at level 0 together counts as one person in caps, quorums and diversity.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from typing import Final

from rakkan.registry.rules.facts import RecordFact, seen
from rakkan.schemas.identification import METHODS, Assurance, Identification
from rakkan.schemas.instant import format_instant, parse_instant
from rakkan.schemas.keychange import KeyChange

UNIDENTIFIED: Final = ""
"""Stands among persons for everybody whom nobody identified."""

_MAX_KEPT: Final = 64  # states of knowledge kept ready; an audit asks for one, a history for a few


class Actors:
    """Identity and key records of any number of actors, read once and asked often.

    Args:
        records: Records of kind identity and key, in any order; others are passed over.
        checkers: DIDs whose identity checks the community trusts.
    """

    __slots__ = ("_kept", "checkers", "records")

    def __init__(self, records: Iterable[RecordFact] = (), checkers: Iterable[str] = ()) -> None:
        self.records = tuple(records)
        self.checkers = frozenset(checkers)
        self._kept: dict[datetime | None, Known] = {}

    def as_known(self, known_at: datetime | None) -> Known:
        """What was known of them then."""
        if not self.records:
            return _NOTHING
        known = self._kept.get(known_at)
        if known is None:
            if len(self._kept) >= _MAX_KEPT:
                self._kept.clear()
            known = Known([each for each in self.records if seen(each, known_at)], self.checkers)
            self._kept[known_at] = known
        return known


class Known:
    """What is known of actors in one state of knowledge.

    Args:
        records: Those that are known, in any order.
        checkers: DIDs whose identity checks count.
    """

    def __init__(self, records: Iterable[RecordFact], checkers: frozenset[str]) -> None:
        ordered = sorted(
            {each.record_id: each for each in records}.values(),
            key=lambda r: (r.known_from, r.log_index is None, r.log_index or 0, r.record_id),
        )
        self._keys = [(fact, fact.predicate) for fact in ordered if isinstance(fact.predicate, KeyChange)]
        self._identities = [
            (fact, fact.predicate) for fact in ordered if isinstance(fact.predicate, Identification)
        ]
        self._checkers = checkers
        self._levels: dict[tuple[str, str, bool], Assurance] = {}
        self.empty = not ordered

    def person(self, did: str) -> str:
        """One name for all keys of a person."""
        return self._people[0].get(did, did)

    def kin(self, did: str) -> str:
        """The same, where doubtful successors are counted too (rule 5)."""
        return self._people[1].get(did, did)

    def compromised_since(self, did: str) -> datetime | None:
        """Since when this key is in other hands, or None."""
        return self._compromised.get(did)

    def key_fault(self, did: str, known_from: datetime) -> str:
        """Why what this key stated, known from then, does not count: a code, or nothing."""
        since = self._compromised.get(did)
        if since is not None and known_from >= since:
            return "key-compromised"
        left = self._retired.get(did)
        return "key-rotated" if left is not None and known_from > left else ""

    def assurance(self, did: str, at: datetime, *, possible: bool = False) -> Assurance:
        """How well the person behind a key is known at an instant.

        Args:
            did: Any of their keys.
            at: The instant.
            possible: Count what is doubtful too (rule 7).
        """
        moment = format_instant(at)
        asked = (self.kin(did) if possible else self.person(did), moment, possible)
        if asked not in self._levels:
            direct = self._level(asked[0], moment, possible=possible, vouches=False)
            vouched = self._level(asked[0], moment, possible=possible, vouches=True)
            self._levels[asked] = max(direct, vouched)
        return self._levels[asked]

    def persons(self, dids: Iterable[str], at: datetime) -> frozenset[str]:
        """The persons behind these keys, everybody unidentified as one."""
        return frozenset(
            self.person(did) if self.assurance(did, at) else UNIDENTIFIED for did in frozenset(dids)
        )

    def _level(self, person: str, moment: str, *, possible: bool, vouches: bool) -> Assurance:
        same = self.kin if possible else self.person
        best = Assurance.UNIDENTIFIED
        for fact, identity in self._identities:
            level = METHODS[identity.method]
            if (
                same(identity.actor) != person
                or (identity.method == "vouch") is not vouches
                or level <= best
                or not {identity.actor, identity.checker} <= fact.signers
                or not identity.checked_at <= moment < identity.valid_until
                or (self._doubtful(fact, identity.actor, identity.checker) and not possible)
            ):
                continue
            if vouches:
                voucher, itself = same(identity.checker), self.kin(identity.checker) == self.kin(person)
                if itself or not self._level(voucher, moment, possible=possible, vouches=False):
                    continue
            elif identity.checker not in self._checkers:
                continue
            best = level
        return best

    def _doubtful(self, fact: RecordFact, *dids: str) -> bool:
        return fact.log_index is None or any(self.key_fault(did, fact.known_from) for did in dids)

    @cached_property
    def _guardianships(self) -> dict[str, list[RecordFact]]:
        named: dict[str, list[RecordFact]] = {}
        for fact, change in self._keys:
            if change.action == "guardians" and change.actor in fact.signers:
                named.setdefault(change.actor, []).append(fact)
        return named

    def _guardians_agree(self, fact: RecordFact, change: KeyChange, before: datetime | None = None) -> bool:
        """Whether enough of the guardians signed whom the actor had last named before then.

        Without ``before``, whether those signed whom the record links, whenever they were named.
        """
        named = self._guardianships.get(change.actor, [])
        linked = change.guardianship.cid.digest if change.guardianship is not None else b""
        if before is not None:
            named = [each for each in named if each.known_from < before][-1:]
        for each in named:
            guardianship = each.predicate
            if each.envelope == linked and isinstance(guardianship, KeyChange):
                agreed = fact.signers.intersection(guardianship.guardians) - {change.actor}
                return len(agreed) >= (guardianship.threshold or len(guardianship.guardians))
        return False

    def _successor_agreed(self, fact: RecordFact, change: KeyChange) -> bool:
        if change.successor is None or change.successor not in fact.signers:
            return False
        return (
            change.actor in fact.signers if change.action == "rotate" else self._guardians_agree(fact, change)
        )

    @cached_property
    def _compromised(self) -> dict[str, datetime]:
        successors: dict[str, set[str]] = {}
        for fact, change in self._keys:
            if change.successor is not None and self._successor_agreed(fact, change):
                successors.setdefault(change.actor, set()).add(change.successor)
        lost: dict[str, datetime] = {}
        for fact, change in self._keys:
            if change.action != "compromised" or change.since is None:
                continue
            since = parse_instant(change.since)
            may_say = {change.actor} | _reached(change.actor, successors)
            if may_say & fact.signers or self._guardians_agree(fact, change, since):
                lost[change.actor] = min(since, lost.get(change.actor, since))
        return lost

    @cached_property
    def _successions(self) -> tuple[list[tuple[str, str]], list[tuple[str, str]], dict[str, datetime]]:
        """Successors that count, all of them, and since when the keys that have one are retired."""
        sure: list[tuple[str, str]] = []
        every: list[tuple[str, str]] = []
        retired: dict[str, datetime] = {}
        for fact, change in self._keys:
            successor = change.successor
            if successor is None or not self._successor_agreed(fact, change):
                continue
            every.append((change.actor, successor))
            lost, taken = self._compromised.get(change.actor), self._compromised.get(successor)
            if change.action == "rotate":
                counts = lost is None or fact.known_from < lost
            else:
                before = fact.known_from if lost is None else min(lost, fact.known_from)
                counts = self._guardians_agree(fact, change, before)
            stolen = taken is not None and fact.known_from >= taken
            if counts and fact.log_index is not None and change.actor not in retired and not stolen:
                sure.append((change.actor, successor))
                retired[change.actor] = fact.known_from
        return sure, every, retired

    @cached_property
    def _people(self) -> tuple[dict[str, str], dict[str, str]]:
        sure, every, _ = self._successions
        return _joined(sure), _joined(every)

    @cached_property
    def _retired(self) -> dict[str, datetime]:
        return self._successions[2]


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """For each name in the pairs the least name that it hangs together with."""
    groups: dict[str, set[str]] = {}
    for left, right in pairs:
        group = groups.get(left, {left}) | groups.get(right, {right})
        groups.update((each, group) for each in group)
    return {each: min(group) for each, group in groups.items()}


def _reached(start: str, steps: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    todo = list(steps.get(start, ()))
    while todo:
        each = todo.pop()
        if each not in found:
            found.add(each)
            todo.extend(steps.get(each, ()))
    return found


_NOTHING: Final = Known((), frozenset())
NOBODY: Final = Actors()
"""Nothing is known of anybody."""
