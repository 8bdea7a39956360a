"""What changes from one policy to another, clause by clause, and whether it asks for more or less.

It decides which clauses are the same question asked with another limit, and the direction of each
change. Where a direction is not clear it says so: ``other`` is never shown as harmless. What the change
does to a dataset is found by judging it (``rakkan.registry.flows.judge.simulating``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from rakkan.registry.rules.policy.clause import Clause
from rakkan.registry.rules.policy.document import Policy

Direction = Literal["stricter", "looser", "other"]

# Fields whose larger value asks for more (1) or for less (-1); of lists, whose longer one does.
_LARGER: Final = {"min_bp": 1, "min_assurance": 1, "days": 1, "min": 1, "max_bp": -1}
_LONGER: Final = {
    ("licence.in", "licences"): -1,
    ("licence.not", "licences"): 1,
    ("withdrawal.mode", "modes"): -1,
    ("generator.outputs_trainable", "models"): -1,
    ("source.denylist", "grantors"): 1,
}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is not the same.

    Attributes:
        direction: Whether the newer policy asks for more by it.
        before: What the older one says, in a sentence; empty if it says nothing.
        after: What the newer one says.
    """

    direction: Direction
    before: str
    after: str


def difference(before: Policy, after: Policy) -> list[Change]:
    """What changes, removed clauses first, then changed and new ones in the newer policy's order."""
    older, newer = _by_question(before.clauses), _by_question(after.clauses)
    changes = [
        Change("looser", each.sentence(), "") for question, each in older.items() if question not in newer
    ]
    for question, clause in newer.items():
        earlier = older.get(question)
        if earlier is None:
            changes.append(Change("stricter", "", clause.sentence()))
        elif earlier != clause:
            changes.append(Change(_direction(earlier, clause), earlier.sentence(), clause.sentence()))
    if before.valid_days != after.valid_days:
        direction: Direction = "looser" if after.valid_days > before.valid_days else "stricter"
        changes.append(Change(direction, _standing(before), _standing(after)))
    return changes


def _by_question(clauses: Sequence[Clause]) -> Mapping[tuple[Any, ...], Clause]:
    """Clauses by what they ask; a second one with the same question stands by its place among them."""
    found: dict[tuple[Any, ...], Clause] = {}
    for clause in clauses:
        key: tuple[Any, ...] = (clause.name, clause.question)
        while key in found:
            key = (*key, "again")
        found[key] = clause
    return found


def _direction(before: Clause, after: Clause) -> Direction:
    directions: set[Direction] = {
        _of_field(before.name, name, getattr(before, name), getattr(after, name))
        for name in type(before).model_fields
        if getattr(before, name) != getattr(after, name)
    }
    return directions.pop() if len(directions) == 1 else "other"


def _of_field(clause: str, name: str, before: Any, after: Any) -> Direction:  # noqa: ANN401 - as models have them
    sign = _LARGER.get(name)
    if sign is not None:
        return "stricter" if sign * ((after or 0) - (before or 0)) > 0 else "looser"
    sign = _LONGER.get((clause, name))
    if sign is None:
        return "other"
    if set(before) < set(after):
        return "stricter" if sign > 0 else "looser"
    if set(before) > set(after):
        return "looser" if sign > 0 else "stricter"
    return "other"


def _standing(policy: Policy) -> str:
    return f"An approval stands for {policy.valid_days} days."
