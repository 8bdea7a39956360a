"""What a grant needs besides being said: its bounds, the shares of co-authors, those who are shown.

It decides whether one yes holds for the question asked, and which other consents it then leans on. The
rules, each with its code:

1. A grant bound to a policy counts under that policy alone [policy-other], and a grant with a budget
   until that many runs began under it by the instant of use [budget-spent]; which do is in ``budget``.
2. ``trainBy`` bounds new training: no training may begin then or later [train-by-passed], while use for
   inference, mining and what is narrower than those stays open until ``validUntil``.
3. Shares: the grantor's own and those of co-authors whose consents join the grant must reach 10000 basis
   points, each person counted once, by their smallest [coauthors-missing]. An own share that is not
   stated is all of it if co-authors are said to be complete, else none. Where they are not said to be
   complete, at least one must join. A joining consent that states no share adds none.
4. For the scope ``org.rakkan.likeness`` alone: where others, or nobody knows who, are shown, every release
   that the grant links must count, and there must be one [release-missing]; where minors are shown, one
   of them by a guardian [guardian-missing]; where that is unknown, nobody can tell [minors-unknown].
"""

from __future__ import annotations

from typing import Final

from rakkan.registry.rules.budget import spending
from rakkan.registry.rules.facts import ConsentFact
from rakkan.registry.rules.question import Question
from rakkan.schemas.consent import OWN_SCOPES

LIKENESS: Final = "org.rakkan.likeness"
WHOLE: Final = 10_000

# All others train, or may; a scope that we do not know is taken to.
_NOT_TRAINING: Final = ("cawg.ai_inference", "cawg.data_mining")

Supports = tuple[ConsentFact, ...]


def supports(fact: ConsentFact, question: Question) -> Supports | str:
    """The consents that this yes leans on, or the code of why it does not hold."""
    consent = fact.consent
    if consent.bounds is not None:
        bounds = consent.bounds
        if bounds.policy is not None and (question.policy is None or bounds.policy.cid != question.policy):
            return "policy-other"
        if bounds.runs is not None and len(spending(fact, question)) >= bounds.runs:
            return "budget-spent"
    if consent.train_by is not None and question.moment >= consent.train_by and _trains(question.scope):
        return "train-by-passed"
    rights = consent.rights_basis
    found: Supports = ()
    if rights.share_bp is not None or not rights.coauthors_complete:
        shared = _shares(fact, question)
        if shared is None:
            return "coauthors-missing"
        found = shared
    if question.scope == LIKENESS:
        shown = _shown(fact, question)
        return shown if isinstance(shown, str) else found + shown
    return found


def unreleased(fact: ConsentFact, question: Question) -> str:
    """Why not everybody whom a consent says to be shown, besides its grantor, has agreed (rule 4): a code, or nothing.

    Args:
        fact: The consent.
        question: About the scope ``org.rakkan.likeness``, heard.
    """
    shown = _shown(fact, question)
    return shown if isinstance(shown, str) else ""


def releases(fact: ConsentFact, question: Question) -> Supports:
    """The releases by which everybody has agreed; arguments as of :func:`unreleased`."""
    shown = _shown(fact, question)
    return () if isinstance(shown, str) else shown


def _trains(scope: str) -> bool:
    return OWN_SCOPES.get(scope, scope) not in _NOT_TRAINING


def _shares(fact: ConsentFact, question: Question) -> Supports | None:
    rights, person = fact.consent.rights_basis, question.known.person
    own = rights.share_bp if rights.share_bp is not None else WHOLE * rights.coauthors_complete
    mine = {person(fact.consent.grantor.id)}
    shares: dict[str, ConsentFact] = {}
    for joined in question.case.coauthors.get(fact.envelope, ()):
        link, who = joined.consent.joins, person(joined.consent.grantor.id)
        if link is None or link.cid.digest != fact.envelope or who in mine:
            continue
        if (
            not _share(joined)
            or not question.usable(joined, "co-author")
            or not question.about_the_work(joined)
        ):
            continue
        other = shares.get(who)
        if other is None or (_share(joined), joined.record_id) < (_share(other), other.record_id):
            shares[who] = joined
    reached = own + sum(_share(joined) for joined in shares.values())
    if reached < WHOLE or not (rights.coauthors_complete or shares):
        return None
    return tuple(shares.values())


def _share(joined: ConsentFact) -> int:
    return joined.consent.rights_basis.share_bp or 0


def _shown(fact: ConsentFact, question: Question) -> Supports | str:
    persons, releases = fact.consent.persons, question.case.releases
    linked = [releases.get(link.cid.digest) for link in persons.releases]
    found = [
        each
        for each in linked
        if each is not None and question.usable(each, "likeness") and question.about_the_work(each)
    ]
    complete = len(found) == len(linked)
    if persons.depicted in ("others", "unknown") and not (found and complete):
        return "release-missing"
    if persons.minors == "unknown":
        return "minors-unknown"
    if persons.minors == "yes" and not any(each.consent.grantor.capacity == "guardian" for each in found):
        return "guardian-missing"
    return tuple(found)
