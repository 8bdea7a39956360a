"""Repair: the smallest set of items to drop so that a dataset passes its policy.

It decides which items those are. Every clause that counts items asks that so many in ten thousand of those
kept may stand against it; items that stand against the same clauses, granted by the same people, are of one
kind, and how many of each kind to keep is a small integer programme (HiGHS, through SciPy), solved exactly. Of
one kind the first in dataset order are kept. The result is judged again: what is called repaired was approved.
A clause that no dropping satisfies (such as ``grantor.distinct``) is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from rakkan.registry.rules.audit import Audit, ItemEvidence, audit
from rakkan.registry.rules.finding import ItemJudge, JudgedItem
from rakkan.registry.rules.policy.clause import FULL
from rakkan.registry.rules.policy.document import Policy
from rakkan.schemas.errors import Unavailable
from rakkan.schemas.verdict import Decision

Kind = tuple[frozenset[int], frozenset[str]]
"""Which clauses an item stands against, by place in the policy, and who grants it."""


_INFEASIBLE: Final = 2  # a status of ``scipy.optimize.milp``


@dataclass(frozen=True, slots=True)
class Repair:
    """What to drop.

    Attributes:
        dropped: The items to drop, as they were judged, in dataset order.
        kept: The evidence of the items that stay, in the order given.
        result: How those are judged.
    """

    dropped: tuple[JudgedItem, ...]
    kept: tuple[ItemEvidence, ...]
    result: Audit

    @property
    def approved(self) -> bool:
        """Whether what is left passes."""
        return self.result.decision is Decision.APPROVED


def repair(items: Sequence[ItemEvidence], policy: Policy, *, grantee_self: str, instant: datetime) -> Repair:
    """Find the largest part of a dataset that passes; arguments as of ``rakkan.registry.rules.audit.audit``."""
    ordered = sorted(items, key=lambda each: (each.item, each.training_input))
    judge = ItemJudge(policy, grantee_self=grantee_self, instant=instant)
    judged = [judge.judge(each) for each in ordered]
    kinds: dict[Kind, list[int]] = {}
    for place, each in enumerate(judged):
        kinds.setdefault((_against(policy, each), each.grantors), []).append(place)
    counts = _largest(policy, {kind: len(places) for kind, places in kinds.items()})
    stay = {place for kind, places in kinds.items() for place in places[: counts[kind]]}
    kept = tuple(each for place, each in enumerate(ordered) if place in stay)
    return Repair(
        dropped=tuple(each for place, each in enumerate(judged) if place not in stay),
        kept=kept,
        result=audit(kept, policy, grantee_self=grantee_self, instant=instant),
    )


def _against(policy: Policy, judged: JudgedItem) -> frozenset[int]:
    pairs = enumerate(zip(policy.clauses, judged.outcomes, strict=True))
    return frozenset(place for place, (clause, outcome) in pairs if clause.counts_against(outcome))


def _largest(policy: Policy, kinds: dict[Kind, int]) -> dict[Kind, int]:
    """How many of each kind to keep, as many as can be in all."""
    limits = [clause.tolerated for clause in policy.clauses]
    possible = {
        kind: count for kind, count in kinds.items() if all(limits[place] for place in kind[0])
    }  # what a clause tolerates none of is dropped whatever else is
    rows = _rows(policy, list(possible))
    nothing = dict.fromkeys(kinds, 0)
    if not any(any(value > 0 for value in row) for row in rows):
        return nothing | possible
    people = sorted({person for _, grantors in possible for person in grantors})
    granted = [[place for place, kind in enumerate(possible) if person in kind[1]] for person in people]
    needed = max((clause.people_needed for clause in policy.clauses), default=0)
    counts = list(possible.values())
    solved = _solve(rows, counts, granted, needed) if needed else None
    return nothing | dict(zip(possible, solved or _solve(rows, counts, [], 0) or [], strict=True))


def _rows(policy: Policy, kinds: Sequence[Kind]) -> list[list[int]]:
    """For each limit, what one item of each kind adds to it; the sum over all kept may not exceed 0."""
    rows = []
    for place, clause in enumerate(policy.clauses):
        if not clause.counts_people:
            rows.append([FULL * (place in against) - clause.tolerated for against, _ in kinds])
        elif clause.tolerated < FULL:
            people = sorted({person for _, grantors in kinds for person in grantors})
            rows += [
                [FULL * (not grantors or person in grantors) - clause.tolerated for _, grantors in kinds]
                for person in people or [""]  # an item that nobody grants may become anybody's
            ]
    return rows


def _solve(
    rows: Sequence[Sequence[int]], counts: Sequence[int], granted: Sequence[Sequence[int]], needed: int
) -> list[int] | None:
    """Integers between 0 and the counts with the largest sum that meet every row; None if there are none.

    Args:
        rows: For each limit, what one of each kind adds to it.
        counts: How many of each kind there are.
        granted: For each person, the places of the kinds that they grant.
        needed: Of how many of these people something has to be kept.

    Raises:
        Unavailable: ``repair-unsolved``, if the solver gives up.
    """
    import numpy as np  # only when something is repaired
    from scipy.optimize import Bounds, LinearConstraint, milp

    kinds, people = len(counts), len(granted)  # and for each person, whether something of theirs is kept
    limits = np.zeros((len(rows) + people + 1, kinds + people))
    limits[: len(rows), :kinds] = np.array(rows, dtype=float) / FULL
    for row, (person, places) in enumerate(enumerate(granted), start=len(rows)):
        limits[row, kinds + person], limits[row, list(places)] = 1, -1
    limits[-1, kinds:] = -1
    most: Any = np.array([*counts, *[1] * people], dtype=float)  # an array, though its types say a number
    upper: Any = np.array([0.0] * (len(rows) + people) + [-needed])
    found = milp(
        c=np.array([-1.0] * kinds + [0.0] * people),
        constraints=LinearConstraint(limits, -np.inf, upper),
        integrality=np.ones(kinds + people),
        bounds=Bounds(0, most),
        options={"time_limit": 60.0},
    )
    if found.status == _INFEASIBLE:
        return None
    if found.x is None:
        raise Unavailable(
            "No smallest set of items was found in a minute.",
            code="repair-unsolved",
            hint="Drop the items that fail, and judge again.",
        )
    return [round(value) for value in found.x[:kinds]]
