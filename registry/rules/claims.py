"""Whose consent counts for a work: the word of who is on record as its creator, and nobody else's yes.

It decides the least that holds without ranked claims: with one creator on record, only that creator
grants; with several, nobody does until the claim is settled; a "no" counts from whoever says it. With
no work on record, every consent stands for itself and disagreement is judged in
``rakkan.registry.rules.consent``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from rakkan.registry.rules.consent import ConsentFact


def standing(facts: Iterable[ConsentFact], creators: Collection[str]) -> list[ConsentFact]:
    """The facts that count.

    Args:
        facts: Consents known on a work.
        creators: DIDs that registered works under the same identifiers; empty if none did.
    """
    if not creators:
        return list(facts)
    only = next(iter(creators)) if len(set(creators)) == 1 else None
    return [fact for fact in facts if fact.consent.kind != "grant" or fact.consent.grantor.id == only]
