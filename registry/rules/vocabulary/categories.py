"""Vocabularies of yes and no over a tree of uses, where a use without a word inherits its parent's.

It decides which explicit words carry a consent's stances without ever giving a use a "yes" that it does
not have, and what words taken from a document reserve. How words are spelled is each vocabulary's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rakkan.registry.rules.vocabulary.losses import Losses
from rakkan.registry.rules.vocabulary.model import Reservation, Saying, Stance, reserve


@dataclass(frozen=True, slots=True)
class Category:
    """A use in somebody else's words.

    Attributes:
        label: Its name there.
        scope: The scope of ours that it stands for, apart from what stands below it; None if we have none.
        parent: The label whose word it inherits.
    """

    label: str
    scope: str | None
    parent: str | None = None


def say(saying: Saying, tree: Iterable[Category], losses: Losses) -> dict[str, bool]:
    """The explicit words, in the order of the tree (parents first)."""
    categories = list(tree)
    words: dict[str, bool] = {}
    for each in reversed(categories):  # children first: a "yes" needs every child to speak for itself
        stance = saying.stance(each.scope) if each.scope else Stance.SILENT
        if stance is Stance.RESERVED:
            words[each.label] = False
        elif stance is Stance.ALLOWED:
            if all(child.label in words for child in categories if _below(child, each, categories)):
                words[each.label] = True
            else:
                losses.narrow(
                    each.scope or each.label, f"{each.label}=yes would also allow what was not allowed."
                )
    for each in categories:
        if each.scope and each.label not in words and _inherited(each, categories, words) is False:
            losses.widen(each.scope, f"It inherits the refusal of {each.parent}.")
        if each.scope is None and _inherited(each, categories, words) is False:
            losses.widen(each.label, "It inherits a refusal, and we have no word of our own for it.")
    return {each.label: words[each.label] for each in categories if each.label in words}


def note_scopes(saying: Saying, losses: Losses, sayable: Iterable[str], *, permissions: bool = True) -> None:
    """Losses of the scopes: those without a word in the target, and permissions with conditions.

    Args:
        saying: What is said.
        losses: Where they are noted.
        sayable: Scopes that the target has a word for.
        permissions: Whether the target cannot say conditions, so that such permissions are lost.
    """
    known = set(sayable)
    for scope in saying.consent.scopes:
        stance = saying.stance(scope.name)
        if scope.name not in known:
            losses.cannot_say(scope.name, f"It has no word for it ({scope.use.value}).")
        elif stance is Stance.CONDITIONAL and permissions:
            losses.narrow(scope.name, "Its conditions cannot be said, so no permission is said.")
        elif stance is Stance.SILENT:
            losses.narrow(scope.name, f"A {saying.consent.kind} grants no use.")


def taken(
    about: str, tree: Iterable[Category], words: Mapping[str, bool], losses: Losses
) -> list[Reservation]:
    """What explicit words reserve; every yes is left where it is."""
    categories = list(tree)
    for each in categories:
        if words.get(each.label):
            losses.cannot_hold(each.label, "A permission in a foreign document never counts.")
    reserved = set()
    for each in categories:
        word = words.get(each.label)
        if (word if word is not None else _inherited(each, categories, words)) is False:
            if each.scope:
                reserved.add(each.scope)
            else:
                losses.cannot_hold(each.label, "It refuses a use that we have no scope for.")
    return reserve(about, reserved)


def _inherited(category: Category, categories: Iterable[Category], words: Mapping[str, bool]) -> bool | None:
    by_label = {each.label: each for each in categories}
    parent = category.parent
    while parent is not None:
        if parent in words:
            return words[parent]
        parent = by_label[parent].parent
    return None


def _below(child: Category, ancestor: Category, categories: Iterable[Category]) -> bool:
    by_label = {each.label: each for each in categories}
    parent = child.parent
    while parent is not None:
        if parent == ancestor.label:
            return True
        parent = by_label[parent].parent
    return False
