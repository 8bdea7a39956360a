"""The hearing: which of the consents on a work count at all, before any of them is weighed.

It decides rules 1 to 3 of ``rakkan.registry.rules.consent`` (what is known, void, replaced, in time), and
brings together what the case says of claims, disputes and rulings. It leaves out precedence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from rakkan.registry.rules import disputes
from rakkan.registry.rules.case import EMPTY_CASE
from rakkan.registry.rules.claims import Ranking, claimant
from rakkan.registry.rules.facts import ConsentFact, seen, without_scopes
from rakkan.registry.rules.mandates import leaned_on, principal
from rakkan.registry.rules.question import Question


@dataclass(slots=True)
class Heard:
    """The consents on a work, sorted.

    Attributes:
        counting: Those that count, in no order.
        silent: By code, those that do not.
        ranking: The claims on the work; None where nobody ever claimed it.
    """

    counting: list[ConsentFact]
    silent: dict[str, list[ConsentFact]]
    ranking: Ranking | None


def hear(facts: Iterable[ConsentFact], question: Question) -> Heard:
    """Sort the consents on a work; what the case says of records goes into the question."""
    known_at, facts = question.known_at, tuple(facts)
    known = [  # seen(), without a call for each of millions
        fact
        for fact in facts
        if known_at is None or (fact.known_from <= known_at and fact.named_from is None)
    ]
    if known_at is not None and len(known) < len(facts):
        known += _named(facts, known, known_at)
    replacing = [fact for fact in known if fact.consent.supersedes is not None]
    ranking = _open(known, question) if question.case is not EMPTY_CASE else None
    heard = Heard([], {}, ranking if ranking is not None and ranking.any else None)
    replaced = _replaced(replacing, known, question) if replacing else ()
    moment, void = question.moment, question.void
    for fact in known:
        consent = fact.consent
        if fact.envelope in void:
            code = "void"
        elif fact.envelope in replaced:
            code = "superseded"
        elif moment < consent.valid_from:
            code = "not-yet-valid"
        elif moment >= consent.valid_until:
            code = "expired"
        else:
            heard.counting.append(fact)
            continue
        heard.silent.setdefault(code, []).append(fact)
    return heard


def _named(
    facts: Iterable[ConsentFact], known: Iterable[ConsentFact], known_at: datetime
) -> list[ConsentFact]:
    """Those that a work record made to be about the work; what it told too late may replace what was, no more."""
    told = [fact for fact in facts if fact.named_from is not None and fact.known_from <= known_at]
    found = [fact for fact in told if fact.named_from is not None and fact.named_from <= known_at]
    unnamed = [fact for fact in told if fact.named_from is not None and fact.named_from > known_at]
    envelopes = {fact.envelope for fact in (*known, *found)} if unnamed else set[bytes]()
    while later := [each for each in unnamed if _link(each) in envelopes and each.envelope not in envelopes]:
        envelopes |= {each.envelope for each in later}
        found += [without_scopes(each) for each in later]
    return found


def _link(fact: ConsentFact) -> bytes | None:
    return None if fact.consent.supersedes is None else fact.consent.supersedes.cid.digest


def _open(known: Iterable[ConsentFact], question: Question) -> Ranking:
    """Read the case: what is void, replaced, suspended, and who ranks where."""
    question.void, question.doubt = disputes.voided(question)
    ranking = Ranking(question)
    claims = [each for each in question.case.claims if seen(each, question.known_at)]
    owners = {each.envelope: claimant(each) for each in claims}
    leaned = list(_leaned_on(question))
    owners.update((each.envelope, principal(each, question)) for each in (*leaned, *known))
    question.doubt = {**question.doubt, **disputes.suspended(question, ranking, owners)}
    ranking.settle(question.doubt)
    for later in leaned:
        named = [
            each for each in leaned if _replaces(later, each, question) and may_replace(later, each, question)
        ]
        question.replaced |= {each.envelope for each in named}
    return ranking


def _leaned_on(question: Question) -> Iterator[ConsentFact]:
    """The mandates, releases and co-author consents that are known."""
    case = question.case
    joined = (each for group in case.coauthors.values() for each in group)
    for each in (*case.mandates.values(), *case.releases.values(), *joined):
        if seen(each, question.known_at):
            yield each


def _replaced(replacing: list[ConsentFact], known: list[ConsentFact], question: Question) -> set[bytes]:
    """Envelopes that a later consent replaces for good; where that is in doubt, their yes is put in doubt."""
    replaced, shaken = set(), {}
    named = {fact.envelope: fact for fact in known}
    for later in replacing:
        link = later.consent.supersedes
        earlier = named.get(link.cid.digest) if link is not None else None
        if (
            earlier is None
            or not _replaces(later, earlier, question)
            or not may_replace(later, earlier, question)
        ):
            continue
        if _surely(later, earlier, question):
            replaced.add(earlier.envelope)
        else:
            shaken[earlier.envelope] = "superseded"
    if shaken:
        question.doubt = {**shaken, **question.doubt}
    return replaced


def _replaces(later: ConsentFact, earlier: ConsentFact, question: Question) -> bool:
    """Whether a record names another that came before it, and does so by this moment."""
    link = later.consent.supersedes
    return (
        link is not None
        and link.cid.digest == earlier.envelope
        and later.envelope not in question.void
        and earlier.log_index is not None
        and later.log_index is not None
        and earlier.log_index < later.log_index
        and later.consent.valid_from <= question.moment
    )


def may_replace(later: ConsentFact, earlier: ConsentFact, question: Question) -> bool:
    """Whether the later one may be by the same person, or by the principal of the earlier one.

    Args:
        later: A consent that names the other one in ``supersedes``.
        earlier: The one that it names.
        question: What is known of actors, and the mandates.
    """
    kin = question.known.kin
    speaker, grantor = kin(later.consent.grantor.id), kin(earlier.consent.grantor.id)
    return speaker == grantor or speaker == kin(principal(earlier, question))


def _surely(later: ConsentFact, earlier: ConsentFact, question: Question) -> bool:
    """Whether it is by the same person, or by the principal, and beyond doubt."""
    person = question.known.person
    speaker = person(later.consent.grantor.id)
    if speaker not in (person(earlier.consent.grantor.id), person(principal(earlier, question))):
        return False
    return not question.fault(later) and leaned_on(later, question) is not None
