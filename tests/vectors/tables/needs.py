"""What a grant needs besides being said: budgets, co-authors, those who are shown. Expected answers, by hand."""

from __future__ import annotations

from typing import Any

from tests.unit.registry.rules.cases import COMMUNITY
from tests.unit.registry.rules.casework import text
from tests.vectors.consent_world import (
    ANOTHER_COMMUNITY as ANOTHER,
)
from tests.vectors.consent_world import (
    ANOTHER_WORK,
    LIKENESS,
    MINING,
    NO,
    TRAIN,
    YES,
    Row,
    Told,
    consent,
    key,
    reserved,
    row,
    ruling,
    run,
    who,
)

GRANTED = "allowed granted-to-public"
ELSEWHERE = {"name": "work", "digest": {"sha256": ANOTHER_WORK.hex}}


def rows() -> list[Row]:
    return [*_budgets(), *_coauthors(), *_persons_shown()]


def _owns(share: int | None, *, complete: bool = False) -> dict[str, Any]:
    rights: dict[str, Any] = {"claim": "created", "coauthorsComplete": complete}
    return {"rightsBasis": rights if share is None else {**rights, "shareBp": share}}


def _budgets() -> list[Row]:
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


def _coauthors() -> list[Row]:
    grant = consent(0, **_owns(6000))
    found = []
    for title, expected, given in (
        ("the rest", GRANTED, {}),
        ("less than the rest", "undetermined coauthors-missing", {**_owns(3999, complete=True)}),
        ("no share stated", "undetermined coauthors-missing", {**_owns(None, complete=True)}),
        ("in no log", "undetermined coauthors-missing", {"logged": False}),
        ("withdrawn", "undetermined coauthors-missing", {"withdrawn": -1}),
        ("another scope", "undetermined coauthors-missing", {"scopes": {MINING: "allowed"}}),
        ("another work", "undetermined coauthors-missing", {"about": ELSEWHERE}),
        ("to somebody else", "undetermined coauthors-missing", {"grantee": [who("zoe")]}),
        ("the grantor again", "undetermined coauthors-missing", {"grantor": "ann"}),
        ("ended", "undetermined coauthors-missing", {"validUntil": text(-1)}),
    ):
        joined = consent(
            5,
            **{
                "grantor": "ben",
                "kind": "co-author",
                "joins": grant.link,
                **_owns(4000, complete=True),
                **given,
            },
        )
        found.append(row(f"co-author: {title}", expected, grant, coauthors=[joined]))
    halves = [
        consent(number, name, kind="co-author", joins=grant.link, **_owns(share, complete=True))
        for number, name, share in ((5, "ben", 2000), (6, "cat", 2000), (7, "ben", 1))
    ]
    return [
        *found,
        row("co-author: two of them", GRANTED, grant, coauthors=halves[:2]),
        row("co-author: smallest share counts", "undetermined coauthors-missing", grant, coauthors=halves),
        row("co-author: nobody", "undetermined coauthors-missing", grant, coauthors=[]),
    ]


def _persons_shown() -> list[Row]:
    person = {LIKENESS: "allowed"}
    release = consent(3, "eve", person, kind="likeness")
    guardian = consent(4, "gus", person, kind="likeness", capacity="guardian")

    def shown(*linked: Told, depicted: str = "others", minors: str = "none") -> Told:
        persons = {"depicted": depicted, "minors": minors, "releases": [each.link for each in linked]}
        return consent(9, scopes={**YES, **person}, persons=persons)

    found = []
    releases: list[tuple[str, str, dict[str, Any]]] = [
        ("agreed", GRANTED, {}),
        ("withdrawn", "undetermined release-missing", {"withdrawn": -1}),
        ("in no log", "undetermined release-missing", {"logged": False}),
        ("about another work", "undetermined release-missing", {"about": ELSEWHERE}),
        ("for another scope", "undetermined release-missing", {"scopes": {TRAIN: "notAllowed"}}),
        ("to somebody else", "undetermined release-missing", {"grantee": [who("zoe")]}),
    ]
    for title, expected, given in releases:
        each = consent(3, "eve", given.pop("scopes", person), kind="likeness", **given)
        found.append(row(f"release: {title}", expected, shown(each), releases=[each], scope=LIKENESS))
    return [
        *found,
        row(
            "release: one of two",
            "undetermined release-missing",
            shown(release, guardian),
            releases=[release],
            scope=LIKENESS,
        ),
        row("release: not asked of training", GRANTED, shown(release), releases=[]),
        row(
            "release: a minor, and no guardian",
            "undetermined guardian-missing",
            shown(release, minors="yes"),
            releases=[release],
            scope=LIKENESS,
        ),
        row(
            "release: a minor, by a guardian",
            GRANTED,
            shown(guardian, minors="yes"),
            releases=[guardian],
            scope=LIKENESS,
        ),
        row(
            "release: who is shown is unknown",
            "undetermined release-missing",
            shown(depicted="unknown"),
            releases=[],
            scope=LIKENESS,
        ),
        row(
            "release: minors unknown",
            "undetermined minors-unknown",
            shown(release, minors="unknown"),
            releases=[release],
            scope=LIKENESS,
        ),
        row(
            "release: replaced",
            "undetermined release-missing",
            shown(release),
            releases=[release, consent(6, "eve", NO, kind="likeness", supersedes=release.link)],
            scope=LIKENESS,
        ),
        row(
            "release: by a stolen key",
            "undetermined release-missing",
            shown(release),
            releases=[release],
            scope=LIKENESS,
            identities=[key("eve", "compromised", ["eve"], since=text(-40))],
        ),
        row(
            "release: the person shown says no",
            "undetermined claims-conflict",
            shown(release),
            reserved(10, "eve", scopes={LIKENESS: "notAllowed"}),
            releases=[release],
            scope=LIKENESS,
        ),
    ]
