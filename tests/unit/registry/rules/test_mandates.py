"""Mandates: chains from the principal to the agent, and all that breaks them."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from rakkan.registry.rules.consent import ConsentFact
from rakkan.schemas.values import Digest
from tests.unit.registry.rules.casework import (
    LORA,
    MINING,
    NO,
    TRAIN,
    WORK,
    YES,
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
    text,
    who,
)

ALLOWED, BROKEN = ("allowed", "granted-to-public"), ("undetermined", "mandate-broken")


def _mandate(
    name: int = 50, principal: str = "ann", agents: tuple[str, ...] = ("eve",), **more: Any
) -> ConsentFact:
    value = {"kind": "mandate", "grantee": [who(agent) for agent in agents], "subjects": {WORK}, **more}
    return by(name, principal, **value)


def _under(name: int, grantor: str = "eve", mandate: int = 50, **more: Any) -> ConsentFact:
    return by(name, grantor, mandate=link(str(mandate)), **more)


def _with(*mandates: ConsentFact, **more: Any) -> dict[str, Any]:
    return {"case": case(mandates={each.envelope: each for each in mandates}, **more)}


def _author(name: str) -> Digest:
    return Digest("actor", hashlib.sha256(who(name).encode()).digest())


def test_an_agent_grants_in_the_name_of_the_principal() -> None:
    mandate, grant = _mandate(), _under(0)
    answer = ask(grant, **_with(mandate))
    assert (answer.answer.value, answer.relied, answer.supports) == (
        "allowed",
        (grant,),
        {grant.record_id: (mandate,)},
    )
    assert said(grant, by(1, "ann"), **_with(mandate)) == ALLOWED  # one claimant
    assert said(grant, by(1, "dan"), **_with(mandate))[1] == "claims-conflict"
    assert said(grant, **_with(mandate, claims=(claim("ann"),))) == ALLOWED
    assert said(grant, **_with(mandate, claims=(claim("eve"),))) == ("undetermined", "claimant-other")
    assert said(grant) == BROKEN  # found by nobody


@pytest.mark.parametrize(
    "more",
    [
        {"kind": "grant"},
        {"kind": "reservation"},
        {"agents": ("zoe",)},
        {"validFrom": text(1)},
        {"validUntil": text(0)},
        {"log_index": None},
        {"withdrawn_at": at(0)},
        {"withdrawn_item_at": at(-1)},
        {"scopes": NO},
        {"scopes": {MINING: "allowed"}},
        {"scopes": {TRAIN: "constrained", LORA: "allowed"}},
        {"scopes": {LORA: "allowed"}},
        {"subjects": {Digest.of(b"another work")}},
        {"subjects": set[Digest]()},
        {"subjects": {_author("eve")}},
        {"subjects": {Digest("sha256", _author("ann").raw)}},
    ],
)
def test_a_mandate_that_does_not_hold(more: dict[str, Any]) -> None:
    assert said(_under(0), **_with(_mandate(**more))) == BROKEN
    assert said(_under(0, scopes=NO), **_with(_mandate(**more))) == ("denied", "not-allowed")


@pytest.mark.parametrize(
    "more",
    [
        {"validUntil": text(0.1)},
        {"validFrom": text(0)},
        {"withdrawn_at": at(1)},
        {"subjects": {_author("ann")}},
        {"agents": ("zoe", "eve")},
        {"scopes": {TRAIN: "allowed", LORA: "notAllowed"}},
    ],
)
def test_a_mandate_that_holds(more: dict[str, Any]) -> None:
    assert said(_under(0), **_with(_mandate(**more))) == ALLOWED


def test_what_is_known_later_is_not_seen() -> None:
    late = _mandate(known_from=at(1))
    assert said(_under(0), known_at=at(0), **_with(late)) == BROKEN
    assert said(_under(0), known_at=at(1), **_with(late)) == ALLOWED


def test_a_broader_consent_counts_for_the_part_inside() -> None:
    narrow = _with(_mandate(scopes={LORA: "allowed"}))
    assert said(_under(0, scopes=YES), scope=LORA, **narrow) == ALLOWED
    assert said(_under(0, scopes=YES), scope=TRAIN, **narrow) == BROKEN
    out = _with(_mandate(scopes={TRAIN: "allowed", LORA: "notAllowed"}))
    assert said(_under(0, scopes=YES), scope=LORA, **out) == BROKEN


def test_sub_delegation_only_narrows() -> None:
    root = _mandate(50, "ann", ("eve",))
    sub = _mandate(51, "eve", ("sam",), mandate=link("50"))
    grant = _under(0, "sam", 51)
    answer = ask(grant, **_with(root, sub))
    assert answer.supports == {grant.record_id: (sub, root)}
    assert said(grant, by(1, "ann"), **_with(root, sub)) == ALLOWED
    assert said(grant, **_with(sub)) == BROKEN  # a gap
    for changed in ({"scopes": {LORA: "allowed"}}, {"withdrawn_at": at(-1)}, {"subjects": set[Digest]()}):
        more: dict[str, Any] = changed
        assert said(grant, **_with(_mandate(50, "ann", ("eve",), **more), sub)) == BROKEN
        assert said(grant, **_with(root, _mandate(51, "eve", ("sam",), mandate=link("50"), **more))) == BROKEN
    stranger = _mandate(51, "zoe", ("sam",), mandate=link("50"))
    assert said(grant, **_with(root, stranger)) == BROKEN  # given by nobody whom ann named
    own = _mandate(51, "ann", ("sam",), mandate=link("50"), scopes={LORA: "allowed"})
    assert said(grant, scope=LORA, **_with(root, own)) == ALLOWED  # the principal narrows it herself
    everything = _mandate(51, "eve", ("sam",), mandate=link("50"), subjects={_author("eve")})
    assert said(grant, **_with(root, everything)) == BROKEN  # all of eve's works are not ann's


def test_circles_and_depth() -> None:
    first = _mandate(50, "eve", ("eve",), mandate=link("51"))
    second = _mandate(51, "eve", ("eve",), mandate=link("50"))
    assert said(_under(0), **_with(first, second)) == BROKEN
    assert said(_under(0), **_with(_mandate(50, "eve", mandate=link("50")))) == BROKEN
    for depth, expected in ((8, ALLOWED), (9, BROKEN)):
        root = _mandate(50, "a0", ("a1",))
        chain = [
            _mandate(50 + step, f"a{step}", (f"a{step + 1}",), mandate=link(str(49 + step)))
            for step in range(1, depth)
        ]
        grant = _under(0, f"a{depth}", 49 + depth)
        assert said(grant, **_with(root, *chain)) == expected


def test_a_superseded_suspended_void_or_stolen_mandate_is_none() -> None:
    mandate, grant = _mandate(), _under(0)
    newer = _mandate(60, scopes={LORA: "allowed"}, supersedes=link("50"))
    assert said(grant, **_with(mandate, newer)) == BROKEN
    assert said(grant, **_with(mandate, _mandate(60, "zoe", supersedes=link("50")))) == ALLOWED
    assert said(grant, **_with(mandate, disputes=(dispute("dan", "50"),))) == BROKEN
    assert said(grant, **_with(mandate, rulings=(ruling("void", "50"),))) == BROKEN
    stolen = actors(key("compromised", "ann", since=-40))
    assert said(grant, **_with(mandate, actors=stolen)) == BROKEN
    agent = actors(key("compromised", "eve", since=-40))
    assert said(grant, **_with(mandate, actors=agent)) == ("undetermined", "key-compromised")


def test_an_agent_may_have_a_new_key() -> None:
    rotated = actors(key("rotate", "eve", successor="eva"))
    assert said(_under(0, "eva"), **_with(_mandate(), actors=rotated)) == ALLOWED
    assert said(_under(0, "eva"), **_with(_mandate())) == BROKEN


def test_the_principal_replaces_what_an_agent_said_and_not_the_other_way_round() -> None:
    theirs, mine = _under(0), by(1, "ann", scopes={MINING: "allowed"}, supersedes=link("0"))
    assert said(theirs, mine, **_with(_mandate())) == ("undetermined", "superseded")
    refusal = by(0, "ann", kind="reservation", scopes=NO)
    lifted = _under(1, supersedes=link("0"), grantee=["public"])
    assert said(refusal, lifted, **_with(_mandate()))[0] == "allowed"  # by rank: a grant over a reservation
    no = by(0, "ann", scopes=NO)
    assert said(no, lifted, **_with(_mandate())) == ("denied", "not-allowed")
    renewed = _under(1, supersedes=link("0"))
    assert said(_under(0, scopes=NO), renewed, **_with(_mandate()))[0] == "allowed"
    broken = _with(_mandate(scopes={LORA: "allowed"}))
    assert said(_under(0, scopes=NO), renewed, **broken) == ("denied", "not-allowed")


def test_a_record_under_a_broken_mandate_still_takes_the_yes_away_that_it_replaces() -> None:
    later = by(1, scopes={MINING: "allowed"}, supersedes=link("0"), mandate=link("50"))
    assert said(by(0), later) == ("undetermined", "superseded")
    assert said(by(0, scopes=NO), later) == ("denied", "not-allowed")


def test_the_weakest_of_all_who_are_relied_on() -> None:
    known = actors(identified("ann", "steward"), identified("eve", "site"))
    assert ask(_under(0), **_with(_mandate(), actors=known)).assurance == 1
    assert ask(by(0), **_with(actors=known)).assurance == 3
