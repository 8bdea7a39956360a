"""Disputes and rulings: what pauses a record, for how long, and what cancels it from the start.

It decides this for the records of one case. The rules:

1. A dispute **suspends** what it targets (a consent, or a claim and with it the grants of its claimant):
   a yes that rests on it does not count [suspended], its noes stand. It does so from when the dispute is
   known until 14 days later, whatever the dispute itself says of time.
2. One dispute per accuser and work: the first that counts, and is about a record known here. Later ones of the same person do nothing, also
   on other records of the same work, and also after the first was dismissed or has run out. All accusers
   whom nobody identified are one.
3. On the ground ``not-the-author`` only a dispute by an accuser counts who ranks as high as the one
   accused, or higher (``rakkan.registry.rules.claims``).
4. A ruling counts only by an adjudicator whom the community names. ``dismissed`` ends a dispute from when
   the ruling is known. ``void`` cancels the target as if it had never been given, at every instant, for
   whoever knows of the ruling. What helps somebody (dismissed, cleared) counts once it is logged; a void
   that is not logged, or by a key in other hands, cancels only the yes [suspended].
5. A work that looks like an earlier one which is reserved, or held by somebody else, is not allowed
   [similar-unresolved] until it is **cleared**: by a steward or adjudicator, or by everybody who holds the
   earlier one. Rulings name the later work's record, or the earlier one's with the later as item.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from rakkan.registry.rules.case import Similar
from rakkan.registry.rules.claims import Ranking
from rakkan.registry.rules.facts import RecordFact, seen
from rakkan.registry.rules.question import Question
from rakkan.schemas.dispute import Dispute, Ruling

DEADLINE: Final = timedelta(days=14)


def voided(question: Question) -> tuple[frozenset[bytes], dict[bytes, str]]:
    """Envelopes that are void, and those whose yes is in doubt because a void itself is."""
    void, doubt = set(), {}
    for fact, ruling in _rulings(question, "void"):
        if ruling.adjudicator not in question.case.adjudicators or not _here(ruling.item, question):
            continue
        if _sound(fact, ruling, question):
            void.add(ruling.target.cid.digest)
        else:
            doubt[ruling.target.cid.digest] = "suspended"
    return frozenset(void), doubt


def suspended(question: Question, ranking: Ranking, owners: Mapping[bytes, str]) -> dict[bytes, str]:
    """Envelopes that are paused at the instant of use, each with its code.

    Args:
        question: What is asked.
        ranking: The claims on the work.
        owners: By the envelope of every record of the case, the DID in whose name it was made.
    """
    found: list[tuple[RecordFact, Dispute]] = []
    for fact in question.case.disputes:
        dispute = fact.predicate
        if not isinstance(dispute, Dispute) or not seen(fact, question.known_at):
            continue
        owner = owners.get(dispute.target.cid.digest)
        ranks = dispute.ground != "not-the-author" or (owner and ranking.may_object(dispute.accuser, owner))
        if owner is not None and ranks and _here(dispute.item, question):
            found.append((fact, dispute))
    paused: dict[bytes, str] = {}
    heard: set[frozenset[str]] = set()
    for fact, dispute in sorted(found, key=lambda each: _order(each[0])):
        accuser = question.known.persons([dispute.accuser], fact.known_from)
        if accuser in heard:
            continue
        heard.add(accuser)
        running = fact.known_from <= question.used_at < fact.known_from + DEADLINE
        if running and not _dismissed(fact, question):
            paused[dispute.target.cid.digest] = "suspended"
    return paused


def _order(fact: RecordFact) -> tuple[datetime, bool, int, bytes]:
    """When it is known, then its place in the log."""
    return fact.known_from, fact.log_index is None, fact.log_index or 0, fact.record_id


def unresolved(question: Question, claimant: str) -> bool:
    """Whether the work looks like an earlier one in a way that nobody has cleared (rule 5).

    Args:
        question: What is asked.
        claimant: The person whose yes it would be.
    """
    return any(
        not _cleared(flag, question) for flag in question.case.similar if _concerns(flag, question, claimant)
    )


def _concerns(flag: Similar, question: Question, claimant: str) -> bool:
    if question.known_at is not None and flag.known_from > question.known_at:
        return False
    return flag.reserved or {question.known.person(did) for did in flag.holders} != {claimant}


def _cleared(flag: Similar, question: Question) -> bool:
    case, person = question.case, question.known.person
    mine = {each.envelope for each in case.claims}
    cleared = set()
    for fact, ruling in _rulings(question, "cleared"):
        target = ruling.target.cid.digest
        named = target in mine or (target == flag.earlier and ruling.item is not None)
        if not named or not _here(ruling.item, question) or not _sound(fact, ruling, question):
            continue
        if ruling.adjudicator in case.stewards | case.adjudicators:
            return True
        cleared.add(person(ruling.adjudicator))
    holders = {person(did) for did in flag.holders}
    return bool(holders) and holders <= cleared


def _dismissed(dispute: RecordFact, question: Question) -> bool:
    return any(
        ruling.dispute is not None
        and ruling.dispute.cid.digest == dispute.envelope
        and ruling.adjudicator in question.case.adjudicators
        and fact.known_from <= question.used_at
        and _sound(fact, ruling, question)
        for fact, ruling in _rulings(question, "dismissed")
    )


def _rulings(question: Question, decision: str) -> Iterator[tuple[RecordFact, Ruling]]:
    for fact in question.case.rulings:
        ruling = fact.predicate
        if isinstance(ruling, Ruling) and ruling.decision == decision and seen(fact, question.known_at):
            yield fact, ruling


def _sound(fact: RecordFact, ruling: Ruling, question: Question) -> bool:
    """Whether it may help somebody: logged, and by a key that was not in other hands."""
    fault = question.known.key_fault(ruling.adjudicator, fact.known_from)
    return fact.log_index is not None and ruling.adjudicator in fact.signers and not fault


def _here(item: str | None, question: Question) -> bool:
    """Whether what is said of one item is said of this work."""
    return item is None or bytes.fromhex(item) in {digest.raw for digest in question.digests}
