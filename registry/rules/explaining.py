"""Why an answer is what it is: every record that bears on a work, what it says to the question, or why nothing.

It decides how an answer of ``rakkan.registry.rules.consent`` is taken apart: the answer itself comes from
``effective`` alone, the parts from the same hearing. It leaves out words for people.

A record **decides** (the answer relies on it), **speaks** (it counts, and another one decides), is **silent** (its
code says why it says nothing), is **leaned on** (a mandate, a release, a co-author's consent), **claims** the work,
**relies** on one of them (a training run), **objects** to another record, is about an **actor**, or was **unknown** at the instant asked about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Final

from rakkan.registry.rules import voices
from rakkan.registry.rules.budget import spending
from rakkan.registry.rules.case import EMPTY_CASE, Case
from rakkan.registry.rules.claims import claimant
from rakkan.registry.rules.consent import Effective, effective
from rakkan.registry.rules.facts import ConsentFact, is_withdrawn, seen
from rakkan.registry.rules.hearing import Heard, hear
from rakkan.registry.rules.mandates import leaned_on, principal
from rakkan.registry.rules.question import Question
from rakkan.registry.rules.voices import Voice
from rakkan.registry.rules.words import Word, said
from rakkan.schemas.keychange import KeyChange
from rakkan.schemas.values import Cid

_KEYS: Final = ("key-compromised", "key-rotated")


@dataclass(frozen=True, slots=True)
class Explanation:
    """An answer, and everything that was heard for it.

    Attributes:
        answer: As :func:`rakkan.registry.rules.consent.effective` gives it.
        voices: Each record once: consents on the work first, then what they lean on, claims, objections, actors.
    """

    answer: Effective
    voices: tuple[Voice, ...]


def explain(
    facts: Iterable[ConsentFact],
    *,
    scope: str,
    grantee: str,
    used_at: datetime,
    known_at: datetime | None = None,
    policy: Cid | None = None,
    case: Case = EMPTY_CASE,
) -> Explanation:
    """The answer of ``effective`` to the same question, taken apart; arguments as there."""
    facts = tuple({fact.record_id: fact for fact in facts}.values())
    answer = effective(
        facts, scope=scope, grantee=grantee, used_at=used_at, known_at=known_at, policy=policy, case=case
    )
    question = Question.of(scope, grantee, used_at, known_at, policy, case)
    hearing = _Hearing(question, hear(facts, question), answer, facts)
    return Explanation(answer, tuple(hearing.voices()))


class _Hearing:
    """One question, heard; what is asked of it again and again."""

    def __init__(
        self, question: Question, heard: Heard, answer: Effective, facts: tuple[ConsentFact, ...]
    ) -> None:
        self.question, self.heard, self.facts = question, heard, facts
        self.relied = {fact.record_id for fact in answer.relied}
        self.records: dict[bytes, bytes] = {}  # record id by envelope
        case = question.case
        joined = tuple(each for group in case.coauthors.values() for each in group)
        self.leaned: tuple[ConsentFact, ...] = (*case.mandates.values(), *case.releases.values(), *joined)
        for each in (*facts, *self.leaned):
            self.records[each.envelope] = each.record_id
        relying = (each for told in case.runs.values() for each in told)
        for record in (*case.claims, *relying, *case.disputes, *case.rulings, *case.actors.records):
            self.records[record.envelope] = record.record_id

    def voices(self) -> Iterator[Voice]:
        """Every record once."""
        told: set[bytes] = set()
        question = self.question
        heard = (
            self._consents(),
            self._leaned(),
            voices.claims(question, self.heard.ranking),
            voices.runs(question, self.facts),
            voices.objections(question, self.records),
            voices.actors(question),
        )
        for voice in chain.from_iterable(heard):
            if voice.record_id not in told:
                told.add(voice.record_id)
                yield voice

    def _consents(self) -> Iterator[Voice]:
        silent = {fact.record_id: code for code, each in self.heard.silent.items() for fact in each}
        for fact in self.facts:
            if not seen(fact, self.question.known_at):
                yield self._voice(fact, "unknown", "unknown")
            elif fact.record_id in silent:
                yield self._voice(fact, "silent", silent[fact.record_id])
            else:
                yield self._spoken(fact)

    def _spoken(self, fact: ConsentFact) -> Voice:
        named = principal(fact, self.question)
        word = said(fact, self.question, self.heard.ranking, self.question.known.person(named))
        if isinstance(word, Word):
            part = "decides" if fact.record_id in self.relied else "speaks"
            return self._voice(fact, part, word.code, tuple(each.record_id for each in word.supports))
        return self._voice(fact, "silent", word)

    def _voice(self, fact: ConsentFact, part: str, code: str, leaning: tuple[bytes, ...] = ()) -> Voice:
        named = principal(fact, self.question)
        return Voice(
            record_id=fact.record_id,
            kind=fact.consent.kind,
            part=part,
            code=code,
            by=fact.consent.grantor.id,
            person=named if named != fact.consent.grantor.id else "",
            known_from=fact.known_from,
            at=self._since(fact, code),
            because=leaning or tuple(dict.fromkeys(self._because(fact, code))),
        )

    def _since(self, fact: ConsentFact, code: str) -> datetime | None:
        if code == "withdrawn":
            return min(each for each in (fact.withdrawn_at, fact.withdrawn_item_at) if each is not None)
        if code == "key-compromised":
            return self.question.known.compromised_since(fact.consent.grantor.id)
        return None

    def _because(self, fact: ConsentFact, code: str) -> Iterator[bytes]:
        """The records for which a consent is silent."""
        case, person = self.question.case, self.question.known.person
        if code == "superseded":
            yield from (
                each.record_id
                for each in (*self.facts, *self.leaned)
                if each.consent.supersedes is not None and each.consent.supersedes.cid.digest == fact.envelope
            )
        elif code in ("void", "suspended"):
            grantor = person(fact.consent.grantor.id)
            mine = {each.envelope for each in case.claims if person(claimant(each)) == grantor}
            yield from voices.objecting(self.question, {fact.envelope, *mine})
        elif code in _KEYS:
            yield from (
                each.record_id
                for each in case.actors.records
                if isinstance(each.predicate, KeyChange) and each.predicate.actor == fact.consent.grantor.id
            )
        elif code in ("claims-conflict", "claimant-other", "claim-void"):
            yield from (each.record_id for each in case.claims)
        elif code == "mandate-broken":
            yield from self._chain(fact)
        elif code == "budget-spent":
            yield from (each.record_id for each in spending(fact, self.question))
        elif code == "coauthors-missing":
            yield from (each.record_id for each in case.coauthors.get(fact.envelope, ()))
        elif code in ("release-missing", "guardian-missing"):
            linked = (case.releases.get(link.cid.digest) for link in fact.consent.persons.releases)
            yield from (each.record_id for each in linked if each is not None)

    def _chain(self, fact: ConsentFact) -> Iterator[bytes]:
        below, mandates = fact, self.question.case.mandates
        for _ in range(len(mandates)):
            link = below.consent.mandate
            above = mandates.get(link.cid.digest) if link is not None else None
            if above is None:
                return
            yield above.record_id
            below = above

    def _leaned(self) -> Iterator[Voice]:
        for fact in self.leaned:
            if not seen(fact, self.question.known_at):
                yield self._voice(fact, "unknown", "unknown")
                continue
            usable = self.question.usable(fact, fact.consent.kind)
            if fact.consent.kind == "mandate":
                usable = usable and leaned_on(fact, self.question) is not None
            yield self._voice(fact, "leaned-on", "holds" if usable else self._unusable(fact))

    def _unusable(self, fact: ConsentFact) -> str:
        """Why a consent is not fit to be leaned on, the first reason that there is."""
        question, consent = self.question, fact.consent
        moment, known_at = question.moment, question.known_at
        for code, holds in (
            ("void", fact.envelope in question.void),
            ("superseded", fact.envelope in question.replaced),
            ("unlogged", fact.log_index is None),
            ("not-yet-valid", moment < consent.valid_from),
            ("expired", moment >= consent.valid_until),
            ("withdrawn", is_withdrawn(fact, question.used_at, known_at)),
        ):
            if holds:
                return code
        return question.fault(fact) or "scope-unstated"
