"""Claims: whose yes counts, what passes nobody, and whose no."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from rakkan.registry.rules.actors import Actors
from rakkan.registry.rules.facts import RecordFact
from tests.unit.registry.rules.cases import COMMUNITY
from tests.unit.registry.rules.casework import (
    NO,
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

ALLOWED, CONFLICT = ("allowed", "granted-to-public"), ("undetermined", "claims-conflict")
OTHER = ("undetermined", "claimant-other")
RESERVED: dict[str, Any] = {"kind": "reservation", "scopes": NO}


def _claimed(*claims: RecordFact, known: Actors | None = None, **more: Any) -> dict[str, Any]:
    return {"case": case(claims=claims, actors=known or actors(), **more)}


@pytest.mark.parametrize(
    ("ann", "ben", "levels", "granting"),
    [
        (-20, -10, {}, {"ann"}),  # both unidentified: the earlier
        (-10, -20, {}, {"ben"}),
        (-10, -10, {}, set()),  # equal
        (None, None, {}, set()),
        (-10, None, {}, {"ann"}),  # what is proven comes before what is not
        (None, -10, {}, {"ben"}),
        (-10, -20, {"ann": "site"}, {"ann"}),  # assurance before date
        (-10, -20, {"ann": "site", "ben": "site"}, {"ben"}),
        (-10, -20, {"ann": "aggregator", "ben": "site"}, {"ann"}),
        (-20, -10, {"ann": "aggregator", "ben": "steward"}, {"ben"}),
        (None, -10, {"ann": "steward", "ben": "aggregator"}, {"ann"}),
    ],
)
def test_the_highest_claimant_alone_grants(
    ann: float | None, ben: float | None, levels: dict[str, str], granting: set[str]
) -> None:
    known = actors(*(identified(name, method) for name, method in levels.items()))
    about = _claimed(claim("ann", proven=ann), claim("ben", proven=ben), known=known)
    assert said(by(0, "ann"), **about) == (ALLOWED if "ann" in granting else CONFLICT)
    assert said(by(0, "ben"), **about) == (ALLOWED if "ben" in granting else CONFLICT)
    both = ask(by(0, "ann"), by(1, "ben"), **about)
    assert (both.answer.value, both.code) == (ALLOWED if granting else CONFLICT)
    assert {each.consent.grantor.id for each in both.relied} == {
        who(each) for each in granting or ("ann", "ben")
    }


def test_what_a_record_says_of_time_itself_proves_nothing() -> None:
    about = _claimed(claim("ann", proven=None), claim("ben", proven=-1))
    assert said(by(0, "ann"), **about) == CONFLICT
    assert said(by(0, "ben"), **about) == ALLOWED
    assert said(by(0, "ben"), known_at=at(-2), **about) == CONFLICT  # it was not proven then


def test_a_thief_who_registers_first_is_passed_by_an_artist_who_is_known() -> None:
    thief = by(0, "thief")
    first = _claimed(claim("thief", proven=-20))
    assert said(thief, **first) == ALLOWED
    artist = _claimed(claim("thief", proven=-20), claim("ann", proven=-1), known=actors(identified("ann")))
    assert said(thief, **artist) == CONFLICT
    assert said(thief, by(1, "ann", **RESERVED), **artist) == ("denied", "reserved")
    settled = _claimed(
        claim("thief", proven=-20), claim("ann", proven=-1), rulings=(ruling("void", "claim thief"),)
    )
    assert said(thief, **settled) == ("undetermined", "claim-void")
    assert said(thief, by(1, "ann"), **settled) == ALLOWED


def test_who_claims_nothing_grants_nothing_and_says_no_where_the_claimant_does_not_answer() -> None:
    about = _claimed(claim("ann"))
    assert said(by(0, "zoe"), **about) == OTHER
    assert said(by(0, "zoe"), by(1, "ann"), **about) == ALLOWED
    assert said(by(0, "zoe", **RESERVED), by(1, "ann"), **about) == ALLOWED
    assert said(by(0, "zoe", scopes=NO), by(1, "ann"), **about) == ALLOWED
    assert said(by(0, "zoe", scopes=NO), by(1, "ann", grantee=["did:web:other.example"]), **about) == CONFLICT
    assert said(by(0, "zoe", scopes=NO), by(1, "ann", log_index=None), **about) == CONFLICT
    assert said(by(0, "zoe", **RESERVED), **about) == ("denied", "reserved")
    assert said(by(0, "zoe", **RESERVED), by(1, "ann", scopes=NO), **about) == ("denied", "not-allowed")
    assert said(by(0, "zoe", withdrawn_at=at(-1)), by(1, "ann"), **about) == ALLOWED
    assert said(by(0, "zoe", withdrawn_at=at(-1)), **about) == OTHER
    assert said(by(0, "ann", withdrawn_at=at(-1)), **about) == ("denied", "withdrawn")
    assert (
        said(by(0, "zoe", **RESERVED), by(1, "ann"), **_claimed(claim("ann"), rulings=(ruling("void", "0"),)))
        == ALLOWED
    )


def test_a_lower_claim_is_shown_and_does_not_suspend_nor_does_its_no() -> None:
    about = _claimed(claim("ann", proven=-20), claim("ben", proven=-10))
    assert said(by(0, "ann"), by(1, "ben"), **about) == ALLOWED
    assert said(by(0, "ann"), by(1, "ben", scopes=NO), **about) == ALLOWED
    equal = _claimed(claim("ann", proven=-20), claim("ben", proven=-20))
    assert said(by(0, "ann"), by(1, "ben", scopes=NO), **equal) == CONFLICT
    assert said(by(1, "ben", scopes=NO), **about) == ("denied", "not-allowed")


@pytest.mark.parametrize(
    "doubt", [identified("ben", "steward", logged=False), identified("ben", "steward", days=-5)]
)
def test_what_is_in_doubt_raises_nobody_but_keeps_a_rival_from_being_passed(doubt: RecordFact) -> None:
    known = actors(identified("ann", "site"), doubt, key("compromised", "ben", since=-6))
    about = _claimed(claim("ann", proven=-20), claim("ben", proven=-10), known=known)
    assert said(by(0, "ann"), **about) == CONFLICT
    assert said(by(0, "ben", known_from=at(-20)), **about) == CONFLICT
    assert said(by(0, "ann"), **_claimed(claim("ann", proven=-20), known=known)) == ALLOWED


def test_a_claim_by_a_key_in_other_hands() -> None:
    stolen = actors(key("compromised", "ann", since=-30))
    assert said(by(0, "ann", known_from=at(-40)), **_claimed(claim("ann"), known=stolen)) == (
        "undetermined",
        "key-compromised",
    )
    before = claim("ann", days=-31, name="before")
    assert said(by(0, "ann", known_from=at(-40)), **_claimed(claim("ann"), before, known=stolen)) == ALLOWED


def test_all_keys_of_a_person_are_one_claimant() -> None:
    known = actors(key("rotate", "ann", successor="bob"), identified("bob"))
    about = _claimed(claim("ann"), claim("bob"), claim("zoe", proven=-50), known=known)
    assert said(by(0, "ann", known_from=at(-40)), by(1, "bob"), **about) == ALLOWED
    replaced = by(1, "bob", scopes=NO, supersedes=link("0"))
    assert said(by(0, "ann", known_from=at(-40)), replaced, **about) == ("denied", "not-allowed")


def test_a_disputed_claim_pauses_its_grants() -> None:
    about = _claimed(claim("ann"), disputes=(dispute("zoe", "claim ann"),))
    assert said(by(0, "ann"), **about) == ("undetermined", "suspended")
    assert said(by(0, "ann", scopes=NO), **about) == ("denied", "not-allowed")
    assert said(by(0, "ann"), used=14, **about) == ALLOWED


def test_the_order_of_claims_does_not_matter() -> None:
    known = actors(identified("ann", "site"), identified("ben", "site"))
    claims = [claim("ann", proven=-10), claim("ben", proven=-20), claim("zoe", proven=-30)]
    for order in itertools.permutations(claims):
        assert said(by(0, "ben"), by(1, "zoe"), by(2, "ann"), **_claimed(*order, known=known)) == ALLOWED


PASSED_ON: dict[str, Any] = {
    **RESERVED,
    "derived": {"vocabulary": "aipref", "version": "-08", "sha256": "ab" * 32},
    "rightsBasis": {"claim": "unstated", "coauthorsComplete": False},
}


def test_what_was_read_elsewhere_makes_nobody_a_claimant_and_denies() -> None:
    denied = ("denied", "reserved")
    assert said(by(0, "zoe", **PASSED_ON)) == denied
    assert said(by(0, "zoe", **PASSED_ON), by(1, "ben", **PASSED_ON)) == denied
    assert said(by(0, "zoe", **PASSED_ON), by(1, "ann")) == denied, "a grant on a work that nobody claims"
    assert said(by(0, "zoe", **PASSED_ON), by(1, "ann"), by(2, "ben")) == denied
    assert (
        said(by(0, "zoe", **{**PASSED_ON, "scopes": {"cawg.data_mining": "notAllowed"}}), by(1, "ann"))
        == ALLOWED
    )
    about = _claimed(claim("ann"))
    assert said(by(0, "zoe", **PASSED_ON), **about) == denied
    assert said(by(0, "zoe", **PASSED_ON), by(1, "ann"), **about) == ALLOWED, "their own word goes first"
    assert said(by(0, "zoe", **PASSED_ON), by(1, "ann", log_index=None), **about) == CONFLICT


def test_what_somebody_passes_on_beside_words_of_their_own_is_theirs() -> None:
    to_all, to_one = by(0, "ann", **PASSED_ON), by(1, "ann", grantee=[COMMUNITY])
    assert said(to_all, to_one) == ("allowed", "granted"), (
        "the arrangement with one goes before the rule for all"
    )
    assert said(to_all, by(1, "ann", scopes={"cawg.data_mining": "allowed"})) == ("denied", "reserved")
