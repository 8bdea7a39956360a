"""Effective consent: what several grants and reservations on one work mean together, at one instant.

It decides precedence and nothing else; every caller, from crawler answers to verdicts, asks here.
Records are taken as valid (``rakkan.registry.rules.proofs``) and as being about the work in question.
Who is one person, whose claim stands, what is suspended, and what a grant needs besides being said is
decided in files of their own, named below, from the case of the work.

The rules, in order (DESIGN §4; codes in brackets are stable):

1. Only facts known at ``known_at`` are seen; a withdrawal is known from when it was made. What was ruled
   void was never given, at any instant [void] (``disputes``).
2. A consent that a later one by the same person names as superseded does not count from that one's
   ``validFrom`` on [superseded], whatever becomes of the later one. Later is later in the log; what is
   not logged replaces nothing and is not replaced. A principal replaces what was said under their
   mandate, not the other way round. Where the later one is in doubt (suspended, by a key in other hands,
   under a mandate that does not hold, by kin), it replaces only the yes; the noes of the earlier stand.
3. A consent counts while validFrom ≤ used_at < validUntil [not-yet-valid, expired].
4. On a work that somebody claims, claimants are ranked, and the answer of the one who stands above all
   others decides; where they do not answer, a no counts from whoever says it (``claims``). Where nobody
   claims it, two persons whose grants or reservations count are two claimants: undetermined
   [claims-conflict], unless each of them disallows. What was only read elsewhere and passed on makes
   nobody a claimant, and denies. Withdrawing does not unmake a claim. Who speaks under a mandate speaks
   for its principal (``mandates``).
5. Ranks: a grant to the one who asks, then a reservation against them, then a grant to everybody,
   then a reservation against everybody. The first rank that speaks of the scope decides.
6. Within a consent a scope stated by name overrides the broader one it narrows; ``constrained`` is a
   no [constrained] that only such a narrower scope lifts. Within a rank every no wins over every yes.
7. A reservation never grants. An unlogged consent never grants, but it may deny [unlogged]. Likeness and
   co-author consents never grant by themselves; their no counts like that of a reservation. A mandate
   says nothing about the work.
8. A withdrawn consent grants nothing used at or after the withdrawal; its noes stay. So a withdrawal,
   which nobody can stop, can never turn an answer into a yes. Where nothing else speaks, the answer
   is denied [withdrawn]. Consents given as ``irrevocable`` are not changed by withdrawal; a later
   statement of the same grantor still decides over new uses.
9. A yes that does not hold says nothing, and its noes stay: it is suspended [suspended], by a key in other
   hands [key-compromised, key-rotated], under a broken mandate [mandate-broken], or lacks what a grant
   needs (``support``).
10. A yes to a work that looks like an earlier one, uncleared, is undetermined [similar-unresolved].
11. Where nothing speaks, the answer is undetermined [no-consent, or why what is known does not count].
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final

from rakkan.registry.rules import disputes
from rakkan.registry.rules.case import EMPTY_CASE, Case
from rakkan.registry.rules.claims import Ranking
from rakkan.registry.rules.facts import ConsentFact as ConsentFact
from rakkan.registry.rules.facts import in_log_order
from rakkan.registry.rules.facts import is_withdrawn as is_withdrawn
from rakkan.registry.rules.hearing import Heard, hear
from rakkan.registry.rules.mandates import principal
from rakkan.registry.rules.question import Question
from rakkan.registry.rules.support import Supports
from rakkan.registry.rules.words import Word, said
from rakkan.schemas.values import Cid
from rakkan.schemas.verdict import Answer

# Of several reasons why nothing speaks, the one that is nearest to a yes is told.
_SILENCE: Final = (
    "suspended",
    "key-compromised",
    "key-rotated",
    "mandate-broken",
    "guardian-missing",
    "minors-unknown",
    "release-missing",
    "coauthors-missing",
    "budget-spent",
    "policy-other",
    "train-by-passed",
    "unlogged",
    "expired",
    "not-yet-valid",
    "superseded",
    "void",
    "claim-void",
    "claimant-other",
    "scope-unstated",
    "grantee-other",
    "no-consent",
)
# Codes of answers, the strictest first.
_CODES: Final = ("not-allowed", "reserved", "constrained", "withdrawn", "granted", "granted-to-public")
_ANSWERS: Final = (Answer.DENIED, Answer.ALLOWED)
_SILENT: Final = 5  # after the last rank
_ELSEWHERE: Final = ""  # nobody's: who speaks was read somewhere else, and is passed on
_NO_SUPPORTS: Final[Mapping[bytes, Supports]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Effective:
    """What holds.

    Attributes:
        answer: Only ``allowed`` grants.
        code: Why, stable and in kebab case.
        relied: The consents that decide, in log order; under ``allowed`` each of them grants by itself.
        assurance: 0–3, of the least known among those relied on, and those they lean on.
        supports: By the recordId of a consent relied on, the mandates, releases and co-author consents
            that it leans on: it falls with each of them. Those that lean on none are left out.
    """

    answer: Answer
    code: str
    relied: tuple[ConsentFact, ...]
    assurance: int = 0
    supports: Mapping[bytes, Supports] = field(default_factory=lambda: _NO_SUPPORTS)


def effective(
    facts: Iterable[ConsentFact],
    *,
    scope: str,
    grantee: str,
    used_at: datetime,
    known_at: datetime | None = None,
    policy: Cid | None = None,
    case: Case = EMPTY_CASE,
) -> Effective:
    """Whether one work may be used, by the rules above.

    Args:
        facts: All consents known on the work, in any order.
        scope: A CAWG scope or one of our own.
        grantee: Who wants to use it; ``public`` asks for anybody.
        used_at: When it is used, aware.
        known_at: What was known then; None sees every fact given.
        policy: The policy under which it is asked; grants may be bound to one.
        case: All that is known besides the consents.
    """
    question = Question.of(scope, grantee, used_at, known_at, policy, case)
    heard = hear(facts, question)
    ranking, silent = heard.ranking, heard.silent
    by_person = _speak(heard, question)
    answers = {person: _decide(words) for person, words in by_person.items() if words}
    if ranking is not None:
        found = _ranked(by_person, answers, ranking, silent)
    else:
        found = _unranked(by_person, answers)
    if found is _CONFLICT:
        found = Effective(Answer.UNDETERMINED, "claims-conflict", in_log_order(heard.counting))
    elif found is None:
        code = next((code for code in _SILENCE if code in silent), _SILENCE[-1])
        found = Effective(Answer.UNDETERMINED, code, in_log_order(silent.get(code, ())))
    return found if case is EMPTY_CASE else _finished(found, question)


def _speak(heard: Heard, question: Question) -> dict[str, list[Word]]:
    """What everybody says, by the person in whose name; who counts and says nothing to it has no words."""
    by_person: dict[str, list[Word]] = {}
    passed_on: list[tuple[str, Word]] = []
    known = question.known
    for fact in heard.counting:
        named = fact.consent.grantor.id if fact.consent.mandate is None else principal(fact, question)
        person = named if known.empty else known.person(named)
        word = said(fact, question, heard.ranking, person)
        if isinstance(word, Word) and fact.consent.derived is None:
            by_person.setdefault(person, []).append(word)
        elif isinstance(word, Word):
            passed_on.append((person, word))
        else:
            heard.silent.setdefault(word, []).append(fact)
            if fact.consent.kind in ("grant", "reservation") and fact.consent.derived is None:
                by_person.setdefault(person, [])
    own = set(by_person)  # who speaks first-hand too passes on words of their own
    for person, word in passed_on:
        by_person.setdefault(person if person in own else _ELSEWHERE, []).append(word)
    return by_person


def _unranked(by_person: Mapping[str, Sequence[Word]], answers: Mapping[str, Effective]) -> Effective | None:
    """Nobody claims the work: every grantor stands for themselves (rule 4)."""
    if len(by_person) < 2:
        return next(iter(answers.values()), None)
    if _ELSEWHERE in answers:
        return _agreed(each for each in answers.values() if each.answer is Answer.DENIED)
    denied = all(answer.answer is Answer.DENIED for answer in answers.values())
    return _agreed(answers.values()) if denied and len(answers) == len(by_person) else _CONFLICT


def _ranked(
    by_person: Mapping[str, Sequence[Word]],
    answers: Mapping[str, Effective],
    ranking: Ranking,
    silent: Mapping[str, object],
) -> Effective | None:
    """Somebody does: the highest of them decides, and over their silence a no counts from everybody."""
    best = answers.get(ranking.highest) if ranking.highest is not None else None
    if best is not None:
        return best
    others = answers.values()
    if "claims-conflict" in silent or (others and ranking.highest in by_person):
        return _CONFLICT
    return _agreed(others) if others else None


def _decide(words: Sequence[Word]) -> Effective:
    """The first rank that speaks; a no in it wins."""
    rank, deciding = _SILENT, list[Word]()
    for word in words:
        if word.rank < rank or (word.rank == rank and deciding[0].grants and not word.grants):
            rank, deciding = word.rank, [word]
        elif word.rank == rank and word.grants is deciding[0].grants:
            deciding.append(word)
    first = deciding[0]
    if len(deciding) == 1 and not first.supports:  # as nearly always
        return Effective(_ANSWERS[first.grants], first.code, (first.fact,))
    relied, code = in_log_order([word.fact for word in deciding]), _strictest(word.code for word in deciding)
    if not first.grants:
        return Effective(Answer.DENIED, code, relied)
    leaning = {word.fact.record_id: word.supports for word in deciding if word.supports}
    return Effective(Answer.ALLOWED, code, relied, supports=leaning or _NO_SUPPORTS)


def _strictest(codes: Iterable[str]) -> str:
    return min(codes, key=_CODES.index)


def _agreed(answers: Iterable[Effective]) -> Effective:
    answers = list(answers)
    code = _strictest(answer.code for answer in answers)
    return Effective(Answer.DENIED, code, in_log_order([fact for each in answers for fact in each.relied]))


def _finished(found: Effective, question: Question) -> Effective:
    """The answer with what the case adds: likeness to earlier works (rule 10), and assurance."""
    if found.answer is Answer.ALLOWED and question.case.similar:
        persons = {question.known.person(principal(fact, question)) for fact in found.relied}
        if any(disputes.unresolved(question, person) for person in persons):
            found = Effective(Answer.UNDETERMINED, "similar-unresolved", found.relied)
    if not found.relied or question.known.empty:
        return found
    resting = [*found.relied, *(each for leaning in found.supports.values() for each in leaning)]
    known, at = question.known, question.used_at
    level = min(known.assurance(fact.consent.grantor.id, at) for fact in resting)
    return Effective(found.answer, found.code, found.relied, int(level), found.supports)


_CONFLICT: Final = Effective(Answer.UNDETERMINED, "claims-conflict", ())
