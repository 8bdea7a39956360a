"""Mandates: whether one who grants in another's name may.

It decides which chain of mandates a consent rests on and whether it holds. The rules:

1. A consent that links a mandate is given in the name of the **principal**, who gave the mandate at the
   root of the chain; they are its claimant.
2. The chain holds if every link is found, at most 8 deep and without a circle; if at each step the one
   below was given by a grantee of the one above (sub-delegation), or by the same person; and if every
   mandate in it is logged, within its time at the instant of use, not withdrawn, replaced, void,
   suspended, or given by a key in other hands.
3. Mandates only narrow: each of them must itself allow the scope that is asked, and be about the work,
   about a collection that holds it, or about all works of the principal. A consent that is broader than
   its mandate counts for the part inside.
4. Where the chain does not hold, the consent grants nothing [mandate-broken]; its noes stand.
"""

from __future__ import annotations

import hashlib
from typing import Final

from rakkan.registry.rules.facts import ConsentFact, seen
from rakkan.registry.rules.question import Question
from rakkan.schemas.values import Digest

MAX_DEPTH: Final = 8


def principal(fact: ConsentFact, question: Question) -> str:
    """The DID in whose name a consent speaks: its grantor, or who stands at the root of its chain."""
    if fact.consent.mandate is None:
        return fact.consent.grantor.id
    chain = _chain(fact, question)
    return chain[-1].consent.grantor.id if chain else fact.consent.grantor.id


def leaned_on(fact: ConsentFact, question: Question) -> tuple[ConsentFact, ...] | None:
    """The mandates under which a consent counts for what is asked, from the nearest; None if it does not.

    Args:
        fact: A consent; one that links no mandate needs none.
        question: What is asked.
    """
    if fact.consent.mandate is None:
        return ()
    chain = _chain(fact, question)
    if not chain:
        return None
    holds = all(question.usable(mandate, "mandate") for mandate in chain)
    person = question.known.person
    author = chain[-1].consent.grantor.id
    for below, above in zip((fact, *chain), chain, strict=False):
        acting = person(below.consent.grantor.id)
        holds = holds and acting in {
            person(did) for did in (*above.consent.grantee, above.consent.grantor.id)
        }
    for mandate in chain:
        holds = holds and (question.about_the_work(mandate) or _about_all_of(mandate, author, question))
    return tuple(chain) if holds else None


def _chain(fact: ConsentFact, question: Question) -> list[ConsentFact]:
    """The mandates from the nearest to the root, whether they still count or not; empty if it is broken."""
    chain: list[ConsentFact] = []
    kin, below = question.known.kin, fact
    while below.consent.mandate is not None:
        above = question.case.mandates.get(below.consent.mandate.cid.digest)
        if above is None or above.consent.kind != "mandate" or not seen(above, question.known_at):
            return []
        if len(chain) == MAX_DEPTH:
            return []
        acting = {kin(did) for did in (*above.consent.grantee, above.consent.grantor.id)}
        if kin(below.consent.grantor.id) not in acting:
            return []
        chain.append(above)
        below = above
    return chain


def _about_all_of(mandate: ConsentFact, author: str, question: Question) -> bool:
    """Whether it covers all works of the person at the root."""
    named = {digest.raw for digest in mandate.subjects if digest.kind == "actor"}
    same = {author, question.known.person(author)}
    return any(Digest("actor", hashlib.sha256(did.encode()).digest()).raw in named for did in same)
