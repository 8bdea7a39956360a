"""What a grant needs besides being said: budgets, co-authors, those who are shown. Expected answers, by hand."""

from __future__ import annotations

from typing import Any

from tests.unit.registry.rules.casework import text
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
    who,
)
from tests.vectors.tables import budgets

GRANTED = "allowed granted-to-public"
ELSEWHERE = {"name": "work", "digest": {"sha256": ANOTHER_WORK.hex}}


def rows() -> list[Row]:
    return [*budgets.rows(), *_coauthors(), *_persons_shown()]


def _owns(share: int | None, *, complete: bool = False) -> dict[str, Any]:
    rights: dict[str, Any] = {"claim": "created", "coauthorsComplete": complete}
    return {"rightsBasis": rights if share is None else {**rights, "shareBp": share}}


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
