"""Budgets: which training runs spend one of the runs that a grant allows. Expected answers, by hand."""

from __future__ import annotations

from typing import Any

from tests.unit.registry.rules.cases import COMMUNITY
from tests.unit.registry.rules.casework import text
from tests.vectors.consent_world import (
    ANOTHER_COMMUNITY as ANOTHER,
)
from tests.vectors.consent_world import NO, Row, Told, consent, key, row, ruling, run, who

GRANTED = "allowed granted-to-public"


def rows() -> list[Row]:
    grant = consent(0, bounds={"runs": 2})

    def began(*days: float) -> list[Told]:
        return [run("ben", grant, began=each, name=str(each)) for each in days]

    return [
        row("budget: none spent", GRANTED, grant, runs=[]),
        row("budget: one left", GRANTED, grant, runs=began(-5)),
        row("budget: spent", "undetermined budget-spent", grant, runs=began(-5, -3)),
        row("budget: spent at this instant", "undetermined budget-spent", grant, runs=began(-5, 0)),
        row("budget: left then", GRANTED, grant, runs=began(-5, -3), used=-4),
        row("budget: spent as far as known then", GRANTED, grant, runs=began(-5, -3), known=-4),
        row(
            "budget: of another grant",
            GRANTED,
            grant,
            runs=[run("ben", consent(1), name=each) for each in ("one", "two", "three")],
        ),
        row(
            "budget: a no is not spent",
            "denied not-allowed",
            consent(0, scopes=NO, bounds={"runs": 1}),
            runs=[run("ben", consent(0, scopes=NO, bounds={"runs": 1}))],
        ),
        *_who_spends(),
    ]


def _who_spends() -> list[Row]:
    """Budgets of one run: whose runs spend them, and which records are one run."""
    spent, private = "undetermined budget-spent", "allowed granted"
    own = consent(0, grantee=[who("ben")], bounds={"runs": 1})
    ours = consent(0, grantee=[COMMUNITY], bounds={"runs": 1})
    two = consent(0, bounds={"runs": 2})
    once = run("ben", two, began=-5)
    home: dict[str, Any] = {"gates": [COMMUNITY], "trainers": [who("ben")]}
    stolen = key("ben", "compromised", ["ben"], since=text(-6), days=-6)
    moved = key("ben", "rotate", ["ben", "new"], successor=who("new"), days=-20)
    doubtful = key("ben", "rotate", ["ben", "new"], successor=who("new"), days=-20, logged=False)
    return [
        row("budget: spent by who was named", spent, own, runs=[run("ben", own)], asked=who("ben")),
        row(
            "budget: a stranger spends nothing of others",
            private,
            own,
            runs=[run("zoe", own)],
            asked=who("ben"),
        ),
        row(
            "budget: a successor is the same",
            spent,
            own,
            runs=[run("new", own)],
            asked=who("ben"),
            identities=[moved],
        ),
        row(
            "budget: so is one in doubt",
            spent,
            own,
            runs=[run("new", own)],
            asked=who("ben"),
            identities=[doubtful],
        ),
        row("budget: spent by a trainer of the community", spent, ours, runs=[run("ben", ours)], **home),
        row("budget: nobody else trains for it", private, ours, runs=[run("zoe", ours)], **home),
        row("budget: it names nobody, so all may", spent, ours, runs=[run("zoe", ours)], gates=[COMMUNITY]),
        row(
            "budget: whom another community names is not known",
            spent,
            ours,
            runs=[run("zoe", ours)],
            gates=[ANOTHER],
            trainers=[who("ben")],
        ),
        row("budget: told twice is one run", GRANTED, two, runs=[once, run("ben", two, began=-5, days=-2)]),
        row("budget: another beginning is another run", spent, two, runs=[once, run("ben", two, began=-4)]),
        row("budget: another trainer is another run", spent, two, runs=[once, run("zoe", two, began=-5)]),
        row(
            "budget: a later date than today is no way out",
            spent,
            own,
            runs=[run("ben", own, began=90, days=-1)],
            asked=who("ben"),
        ),
        row(
            "budget: not known by then",
            private,
            own,
            runs=[run("ben", own, began=-9)],
            used=-8,
            known=-9.5,
            asked=who("ben"),
        ),
        row(
            "budget: known later, and began before",
            spent,
            own,
            runs=[run("ben", own, began=-9, days=-1)],
            used=-8,
            asked=who("ben"),
        ),
        row(
            "budget: then it was not known",
            private,
            own,
            runs=[run("ben", own, began=-9, days=-1)],
            used=-8,
            known=-8,
            asked=who("ben"),
        ),
        row(
            "budget: not logged counts too",
            spent,
            own,
            runs=[run("ben", own, logged=False)],
            asked=who("ben"),
        ),
        row(
            "budget: a lost key gives nothing back",
            spent,
            own,
            runs=[run("ben", own, began=-5)],
            asked=who("ben"),
            identities=[stolen],
        ),
        row(
            "budget: a run that was ruled void",
            private,
            own,
            runs=[run("ben", own)],
            asked=who("ben"),
            rulings=[ruling("void", run("ben", own))],
        ),
        row(
            "budget: a void by somebody not named",
            spent,
            own,
            runs=[run("ben", own)],
            asked=who("ben"),
            rulings=[ruling("void", run("ben", own), by="zoe")],
        ),
        row(
            "budget: a void that is in no log",
            spent,
            own,
            runs=[run("ben", own)],
            asked=who("ben"),
            rulings=[ruling("void", run("ben", own), logged=False)],
        ),
    ]
