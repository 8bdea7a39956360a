"""Disputes, rulings, and likeness to earlier works: who may pause what, until when, and what ends it."""

from __future__ import annotations

from typing import Any

import pytest

from rakkan.registry.rules.case import Similar
from rakkan.registry.rules.disputes import DEADLINE
from rakkan.registry.rules.facts import RecordFact
from rakkan.schemas.values import Cid
from tests.unit.registry.rules.cases import in_force
from tests.unit.registry.rules.casework import (
    DAY,
    LORA,
    NO,
    WORK,
    actors,
    ask,
    at,
    by,
    case,
    claim,
    dispute,
    identified,
    key,
    link,
    ruling,
    said,
    who,
)

ALLOWED, SUSPENDED = ("allowed", "granted-to-public"), ("undetermined", "suspended")
SIMILAR = ("undetermined", "similar-unresolved")


def _case(*records: RecordFact, **more: Any) -> dict[str, Any]:
    kinds = [type(each.predicate).__name__ for each in records]
    split = {
        name: tuple(each for each, kind in zip(records, kinds, strict=True) if kind == wanted)
        for name, wanted in (("disputes", "Dispute"), ("rulings", "Ruling"), ("claims", "Authorship"))
    }
    return {"case": case(**{**split, **more})}


def test_a_dispute_pauses_from_when_it_is_known_until_a_fixed_deadline() -> None:
    about = _case(dispute("zoe", "0", days=-1))
    for used, expected in (
        (-1.1, ALLOWED),
        (-1, SUSPENDED),
        (0, SUSPENDED),
        (12.9, SUSPENDED),
        (13, ALLOWED),
    ):
        assert said(by(0), used=used, **about) == expected
    assert DEADLINE == 14 * DAY
    assert said(by(0), known_at=at(-1.1), **about) == ALLOWED
    assert said(by(0, scopes=NO), **about) == ("denied", "not-allowed")
    assert said(by(0), by(1), **about) == ALLOWED  # the other one is not disputed
    assert said(by(1), **about) == ALLOWED
    assert said(by(0, withdrawn_at=at(-1)), **about) == ("denied", "withdrawn")
    assert said(by(0, kind="reservation", scopes=NO), **about) == ("denied", "reserved")


def test_one_dispute_per_accuser_and_work() -> None:
    known = actors(identified("zoe"), identified("yan"))
    again = dispute("zoe", "0", days=-16), dispute("zoe", "0", days=-1), dispute("zoe", "1", days=-1)
    assert said(by(0), **_case(*again, actors=known)) == ALLOWED  # the first has run out
    both = ask(by(0), by(1), **_case(*again, actors=known))
    assert both.relied == (by(0), by(1))  # nor on another record of the same work
    assert said(by(0), **_case(*again, dispute("yan", "0"), actors=known)) == SUSPENDED
    new_key = actors(identified("zoe"), key("rotate", "zoe", successor="zed"))
    assert said(by(0), **_case(again[0], dispute("zed", "0"), actors=new_key)) == ALLOWED


def test_all_accusers_whom_nobody_identified_are_one() -> None:
    crowd = [dispute(f"wallet {number}", "0", days=-40 + number) for number in range(40)]
    assert said(by(0), used=-27, **_case(*crowd)) == SUSPENDED
    assert said(by(0), used=-26, **_case(*crowd)) == ALLOWED
    assert said(by(0), **_case(*crowd)) == ALLOWED


@pytest.mark.parametrize(
    ("judgement", "expected"),
    [
        (ruling("dismissed", "0", of="d"), ALLOWED),
        (ruling("dismissed", "0", of="d", by="zoe"), SUSPENDED),
        (ruling("dismissed", "0", of="d", by="steward"), SUSPENDED),
        (ruling("dismissed", "0", of="other"), SUSPENDED),
        (ruling("dismissed", "0", of="d", logged=False), SUSPENDED),
        (ruling("dismissed", "0", of="d", days=1), SUSPENDED),
        (ruling("void", "0", of="d"), ("undetermined", "void")),
    ],
)
def test_what_ends_a_dispute(judgement: RecordFact, expected: tuple[str, str]) -> None:
    about = _case(dispute("zoe", "0", days=-2, name="d"), judgement)
    assert said(by(0), **about) == expected
    if expected == ALLOWED:
        assert said(by(0), used=-1.5, **about) == SUSPENDED  # it was paused then
        late = _case(dispute("zoe", "0", days=-2, name="d"), judgement, dispute("zoe", "0", days=-0.5))
        assert said(by(0), **late) == ALLOWED  # also after dismissal


def test_a_stolen_adjudicator_key_helps_nobody() -> None:
    stolen = actors(key("compromised", "judge", since=-5))
    about = _case(dispute("zoe", "0", days=-2, name="d"), ruling("dismissed", "0", of="d"), actors=stolen)
    assert said(by(0), **about) == SUSPENDED
    fact = by(0, kind="reservation", scopes=NO)
    assert said(fact, **_case(ruling("void", "0"), actors=stolen)) == ("denied", "reserved")
    assert said(by(0), **_case(ruling("void", "0"), actors=stolen)) == SUSPENDED
    assert said(by(0), **_case(ruling("void", "0", logged=False))) == SUSPENDED


@pytest.mark.parametrize(
    ("ann", "zoe", "levels", "expected"),
    [
        (None, None, {}, SUSPENDED),  # nobody claims it: equal
        (None, None, {"ann": "site"}, ALLOWED),
        (None, None, {"zoe": "site"}, SUSPENDED),
        (-10, None, {}, ALLOWED),
        (-10, None, {"zoe": "steward"}, ALLOWED),  # who claims nothing ranks below who does
        (-20, -10, {}, ALLOWED),
        (-10, -10, {}, SUSPENDED),
        (-20, -10, {"zoe": "site"}, SUSPENDED),
    ],
)
def test_only_an_equal_or_higher_claimant_says_that_somebody_is_not_the_author(
    ann: float | None, zoe: float | None, levels: dict[str, str], expected: tuple[str, str]
) -> None:
    known = actors(*(identified(name, method) for name, method in levels.items()))
    claims = [claim(name, proven=days) for name, days in (("ann", ann), ("zoe", zoe)) if days is not None]
    accused = dispute("zoe", "0", ground="not-the-author")
    assert said(by(0), **_case(accused, *claims, actors=known)) == expected
    assert said(by(0), **_case(dispute("zoe", "0", ground="forged"), *claims, actors=known))[0] != "allowed"


def test_an_accusation_that_does_not_count_uses_nothing_up() -> None:
    known = actors(identified("zoe", days=-50), identified("ann", "steward", days=-50))
    early = dispute("zoe", "0", ground="not-the-author", days=-20)
    assert said(by(0), **_case(early, dispute("zoe", "0", days=-1), claim("ann"), actors=known)) == SUSPENDED


def test_an_item_of_a_collection_is_disputed_or_ruled_about_alone() -> None:
    items: list[tuple[dict[str, Any], bool]] = [
        ({"item": WORK.hex}, False),
        ({"item": "11" * 32}, True),
        ({}, False),
    ]
    for more, expected in items:
        assert (said(by(0), **_case(dispute("zoe", "0", **more))) == ALLOWED) is expected
        assert (said(by(0), **_case(ruling("void", "0", **more))) == ALLOWED) is expected


def test_void_acts_backward_for_whoever_knows_of_it() -> None:
    about = _case(ruling("void", "0", days=-1))
    assert said(by(0), used=-20, **about) == ("undetermined", "void")
    assert said(by(0), used=-20, known_at=at(-1.1), **about) == ALLOWED
    assert said(by(0), used=-20, known_at=at(-1), **about) == ("undetermined", "void")
    assert said(by(0), **_case(ruling("void", "0", by="zoe"))) == ALLOWED
    assert in_force([by(0), by(1)], used_at=at(0), **about) == (by(1),)


def test_what_is_void_was_never_given() -> None:
    void = _case(ruling("void", "1"))
    assert said(by(0), by(1, "zoe"), **void) == ALLOWED
    assert said(by(0), by(1, kind="reservation", scopes=NO), **void) == ALLOWED
    assert said(by(0), by(1, scopes={LORA: "allowed"}, supersedes=link("0")), **void) == ALLOWED


def test_a_doubtful_record_replaces_only_the_yes() -> None:
    paused = _case(dispute("zoe", "1"))
    assert said(by(0, scopes=NO), by(1, supersedes=link("0")), **paused) == ("denied", "not-allowed")
    assert said(by(0), by(1, scopes={LORA: "allowed"}, supersedes=link("0")), **paused) == (
        "undetermined",
        "superseded",
    )


# --- likeness to earlier works ---

EARLIER = Cid.parse(link("earlier")["/"]).digest


def _similar(*holders: str, reserved: bool = False, days: float = -5) -> dict[str, Any]:
    return {"similar": (Similar(EARLIER, frozenset(map(who, holders)), reserved, at(days)),)}


def test_a_work_like_an_earlier_one_of_somebody_else_is_undetermined() -> None:
    assert said(by(0), **_case(**_similar("ann"))) == ALLOWED
    assert said(by(0), **_case(**_similar("zoe"))) == SIMILAR
    assert said(by(0), **_case(**_similar("ann", "zoe"))) == SIMILAR
    assert said(by(0), **_case(**_similar())) == SIMILAR  # nobody knows whose
    assert said(by(0), **_case(**_similar("ann", reserved=True))) == SIMILAR
    assert said(by(0), known_at=at(-6), **_case(**_similar("zoe"))) == ALLOWED
    assert said(by(0, scopes=NO), **_case(**_similar("zoe"))) == ("denied", "not-allowed")
    assert said(by(0, scopes={LORA: "allowed"}), **_case(**_similar("zoe"))) == (
        "undetermined",
        "scope-unstated",
    )
    rotated = actors(key("rotate", "ann", successor="bob"))
    assert said(by(0, "bob"), **_case(**_similar("ann"), actors=rotated)) == ALLOWED


@pytest.mark.parametrize(
    ("judgement", "holders", "clears"),
    [
        (ruling("cleared", "claim ann", by="steward"), ("zoe",), True),
        (ruling("cleared", "claim ann", by="judge"), ("zoe",), True),
        (ruling("cleared", "claim ann", by="zoe"), ("zoe",), True),
        (ruling("cleared", "claim ann", by="zoe"), ("zoe", "yan"), False),
        (ruling("cleared", "claim ann", by="ann"), ("zoe",), False),
        (ruling("cleared", "claim ann", by="ann"), ("ann",), True),
        (ruling("cleared", "claim ann", by="thief"), ("zoe", "thief"), False),
        (ruling("cleared", "claim ann", by="steward", logged=False), ("zoe",), False),
        (ruling("cleared", "claim ann", by="steward", days=1), ("zoe",), False),
        (ruling("cleared", "another", by="steward"), ("zoe",), False),
        (ruling("cleared", "earlier", by="steward"), ("zoe",), False),  # beside which work?
        (ruling("cleared", "earlier", by="steward", item=WORK.hex), ("zoe",), True),
        (ruling("cleared", "earlier", by="steward", item="11" * 32), ("zoe",), False),
        (ruling("void", "another", by="steward"), ("zoe",), False),
    ],
)
def test_who_clears_it(judgement: RecordFact, holders: tuple[str, ...], clears: bool) -> None:
    about = _case(judgement, claim("ann"), **_similar(*holders, reserved=True))
    assert said(by(0), known_at=at(0), **about) == (ALLOWED if clears else SIMILAR)
