"""Effective consent: what several grants and reservations on one work mean together, at one instant.

It decides precedence and nothing else; every caller, from crawler answers to verdicts, asks here.
Records are taken as valid (``rakkan.registry.rules.proofs``) and as being about the work in question.

The rules, in order (DESIGN §4; codes in brackets are stable):

1. Only facts known at ``known_at`` are seen; a withdrawal is known from when it was made.
2. A consent that a later one by the same grantor names as superseded does not count from that one's
   ``validFrom`` on [superseded], whatever becomes of the later one. Later is later in the log; what is
   not logged replaces nothing and is not replaced.
3. A consent counts while validFrom ≤ used_at < validUntil [not-yet-valid, expired].
4. Two grantors whose consents count are two claimants: undetermined [claims-conflict], unless each of
   them disallows. Withdrawing does not unmake a claim.
5. Ranks: a grant to the one who asks, then a reservation against them, then a grant to everybody,
   then a reservation against everybody. The first rank that speaks of the scope decides.
6. Within a consent a scope stated by name overrides the broader one it narrows; ``constrained`` is a
   no [constrained] that only such a narrower scope lifts. Within a rank every no wins over every yes.
7. A reservation never grants. An unlogged consent never grants, but it may deny [unlogged].
8. A withdrawn consent grants nothing used at or after the withdrawal; its noes stay. So a withdrawal,
   which nobody can stop, can never turn an answer into a yes. Where nothing else speaks, the answer
   is denied [withdrawn]. Consents given as ``irrevocable`` are not changed by withdrawal; a later
   statement of the same grantor still decides over new uses.
9. Where nothing speaks, the answer is undetermined [no-consent, or why what is known does not count].
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from rakkan.registry.rules.case import EMPTY_CASE, Case
from rakkan.registry.rules.facts import ConsentFact as ConsentFact
from rakkan.registry.rules.facts import folded, in_log_order, stated_use
from rakkan.registry.rules.facts import is_withdrawn as is_withdrawn
from rakkan.schemas.consent import PUBLIC, Use
from rakkan.schemas.instant import format_instant
from rakkan.schemas.values import Cid
from rakkan.schemas.verdict import Answer

_LAST: Final = 4  # the rank of what speaks only when nothing else does
# Of several reasons why nothing speaks, the one that is nearest to a yes is told.
_SILENCE: Final = (
    "unlogged",
    "expired",
    "not-yet-valid",
    "superseded",
    "scope-unstated",
    "grantee-other",
    "no-consent",
)
# Codes of answers, the strictest first.
_CODES: Final = ("not-allowed", "reserved", "constrained", "withdrawn", "granted", "granted-to-public")


@dataclass(frozen=True, slots=True)
class Effective:
    """What holds.

    Attributes:
        answer: Only ``allowed`` grants.
        code: Why, stable and in kebab case.
        relied: The consents that decide, in log order; under ``allowed`` each of them grants by itself.
        assurance: 0–3, how well the grantor is known; 0 while no identity record is judged.
    """

    answer: Answer
    code: str
    relied: tuple[ConsentFact, ...]
    assurance: int = 0


@dataclass(frozen=True, slots=True)
class _Word:
    """What one consent says to the question: a rank (lower decides first), yes or no, and why."""

    rank: int
    grants: bool
    code: str
    fact: ConsentFact


def effective(
    facts: Iterable[ConsentFact],
    *,
    scope: str,
    grantee: str,
    used_at: datetime,
    known_at: datetime | None = None,
    policy: Cid | None = None,  # noqa: ARG001 - judged by the next commits
    case: Case = EMPTY_CASE,  # noqa: ARG001
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
    moment, asked = _moment(used_at), folded(grantee)
    counting, silent = _sort_out(facts, moment, known_at)
    claims: dict[str, list[_Word]] = {}
    for fact in counting:
        words = claims.setdefault(fact.consent.grantor.id, [])
        said = _said(fact, scope, asked, used_at, known_at)
        if isinstance(said, _Word):
            words.append(said)
        else:
            silent.setdefault(said, []).append(fact)
    answers = [_decide(words) for words in claims.values() if words]
    if len(claims) > 1:
        if len(answers) == len(claims) and all(answer.answer is Answer.DENIED for answer in answers):
            return _agreed_denial(answers)
        return Effective(Answer.UNDETERMINED, "claims-conflict", in_log_order(counting))
    if answers:
        return answers[0]
    code = next((code for code in _SILENCE if code in silent), _SILENCE[-1])
    return Effective(Answer.UNDETERMINED, code, in_log_order(silent.get(code, ())))


def in_force(
    facts: Iterable[ConsentFact], *, used_at: datetime, known_at: datetime | None = None
) -> tuple[ConsentFact, ...]:
    """The consents that count by rules 1 to 3, withdrawn ones among them, in log order."""
    return in_log_order(_sort_out(facts, _moment(used_at), known_at)[0])


@lru_cache(maxsize=16)
def _moment(instant: datetime) -> str:
    return format_instant(instant)  # asked for every item of a dataset


def _sort_out(
    facts: Iterable[ConsentFact], moment: str, known_at: datetime | None
) -> tuple[list[ConsentFact], dict[str, list[ConsentFact]]]:
    """The facts that count at this moment, and by code those that do not."""
    known = [fact for fact in facts if known_at is None or fact.known_from <= known_at]
    replaced = _replaced(known, moment)
    counting: list[ConsentFact] = []
    silent: dict[str, list[ConsentFact]] = {}
    for fact in known:
        why_not = _out_of_force(fact, replaced, moment)
        if why_not:
            silent.setdefault(why_not, []).append(fact)
        else:
            counting.append(fact)
    return counting, silent


def _replaced(known: Sequence[ConsentFact], moment: str) -> set[bytes]:
    """Envelopes of the consents that a later one of the same grantor replaces by this moment."""
    if not any(fact.consent.supersedes for fact in known):
        return set()
    named = {fact.envelope: fact for fact in known}
    replaced = set()
    for later in known:
        link = later.consent.supersedes
        earlier = named.get(link.cid.digest) if link is not None else None
        if (
            earlier is not None
            and earlier.consent.grantor.id == later.consent.grantor.id
            and earlier.log_index is not None
            and later.log_index is not None
            and earlier.log_index < later.log_index
            and later.consent.valid_from <= moment
        ):
            replaced.add(earlier.envelope)
    return replaced


def _out_of_force(fact: ConsentFact, replaced: set[bytes], moment: str) -> str:
    if fact.envelope in replaced:
        return "superseded"
    if moment < fact.consent.valid_from:  # instants have one text form, so their order is that of text
        return "not-yet-valid"
    return "expired" if moment >= fact.consent.valid_until else ""


def _said(
    fact: ConsentFact, scope: str, asked: str, used_at: datetime, known_at: datetime | None
) -> _Word | str:
    """What a consent in force says to the question, or why it says nothing."""
    consent = fact.consent
    reserves = consent.kind == "reservation"
    addressed = {folded(grantee) for grantee in consent.grantee}
    if asked in addressed and asked != PUBLIC:
        rank = 1 if reserves else 0
    elif PUBLIC in addressed:
        rank = 3 if reserves else 2
    else:
        return "grantee-other"
    use = stated_use(consent, scope)
    if use is None or (reserves and use is Use.ALLOWED):
        return "scope-unstated"
    if use is not Use.ALLOWED:
        refusal = "reserved" if reserves else "not-allowed"
        return _Word(rank, False, refusal if use is Use.NOT_ALLOWED else "constrained", fact)
    if is_withdrawn(fact, used_at, known_at):
        return _Word(_LAST, False, "withdrawn", fact)
    if fact.log_index is None:
        return "unlogged"
    return _Word(rank, True, "granted" if rank == 0 else "granted-to-public", fact)


def _decide(words: Sequence[_Word]) -> Effective:
    """The first rank that speaks; a no in it wins."""
    rank = min(word.rank for word in words)
    deciding = [word for word in words if word.rank == rank]
    refusals = [word for word in deciding if not word.grants]
    answer = Answer.DENIED if refusals else Answer.ALLOWED
    deciding = refusals or deciding
    code = next(code for code in _CODES if any(word.code == code for word in deciding))
    return Effective(answer, code, in_log_order([word.fact for word in deciding]))


def _agreed_denial(answers: Sequence[Effective]) -> Effective:
    code = next(code for code in _CODES if any(answer.code == code for answer in answers))
    return Effective(Answer.DENIED, code, in_log_order([fact for each in answers for fact in each.relied]))
