"""What a grant needs besides being said: policy, budget, training date, co-authors, those who are shown."""

from __future__ import annotations

from typing import Any

import pytest

from rakkan.registry.rules.consent import ConsentFact
from rakkan.schemas.values import Cid, Digest
from tests.unit.registry.rules.casework import (
    LIKENESS,
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
    dispute,
    identified,
    key,
    link,
    relying,
    ruling,
    run,
    said,
    text,
    who,
)

ALLOWED = ("allowed", "granted-to-public")
MISSING = ("undetermined", "coauthors-missing")
POLICY, OTHER = Cid.of(b"policy"), Cid.of(b"another policy")


def test_a_grant_bound_to_a_policy_lapses_with_it() -> None:
    grant = by(0, bounds={"policy": POLICY.link})
    assert said(grant, policy=POLICY) == ALLOWED
    assert said(grant, policy=OTHER) == said(grant) == ("undetermined", "policy-other")
    assert said(by(0), policy=OTHER) == ALLOWED
    assert said(by(0, scopes=NO, bounds={"policy": POLICY.link}), policy=OTHER) == ("denied", "not-allowed")


def test_a_budget_is_spent_by_runs_that_began() -> None:
    grant = by(0, bounds={"runs": 2})
    for began, expected in (
        ((), ALLOWED),
        ((-5,), ALLOWED),
        ((-5, -3), ("undetermined", "budget-spent")),
        ((-5, 0), ("undetermined", "budget-spent")),
        ((-5, 1), ALLOWED),
        ((-5, -4, -3), ("undetermined", "budget-spent")),
    ):
        others = [run("ben", "another", began=-1, name=str(number)) for number in range(9)]
        runs = relying(*(run("ben", "0", began=days, name=str(days)) for days in began), *others)
        assert said(grant, case=case(runs=runs)) == expected
    spent = case(runs=relying(run("ben", "0", began=-5), run("ben", "0", began=-3)))
    assert said(grant, used=-4, case=spent) == ALLOWED  # then there was one left
    assert said(grant, known_at=at(-4), case=spent) == ALLOWED


@pytest.mark.parametrize(
    ("scope", "bounded"),
    [
        (TRAIN, True),
        (LORA, True),
        ("cawg.ai_training", True),
        (MINING, False),
        ("cawg.ai_inference", False),
        ("org.rakkan.output_commercial", False),
        ("org.rakkan.dataset_redistribution", False),
        ("org.example.other", True),
    ],
)
def test_train_by_bounds_new_training_alone(scope: str, bounded: bool) -> None:
    grant = by(0, scopes={scope: "allowed"}, trainBy=text(1))
    assert said(grant, scope=scope) == ALLOWED
    assert said(grant, scope=scope, used=1) == (("undetermined", "train-by-passed") if bounded else ALLOWED)
    assert said(by(0, scopes={scope: "notAllowed"}, trainBy=text(-1)), scope=scope) == (
        "denied",
        "not-allowed",
    )


# --- co-authors ---


def _owns(share: int | None, *, complete: bool = False) -> dict[str, Any]:
    rights: dict[str, Any] = {"claim": "created", "coauthorsComplete": complete}
    return {"rightsBasis": rights if share is None else {**rights, "shareBp": share}}


def _joined(name: int = 50, coauthor: str = "ben", share: int | None = 4000, **more: Any) -> ConsentFact:
    value = {
        "kind": "co-author",
        "joins": link("0"),
        "subjects": {WORK},
        **_owns(share, complete=True),
        **more,
    }
    return by(name, coauthor, **value)


def _with(*joined: ConsentFact, **more: Any) -> dict[str, Any]:
    return {"case": case(coauthors={by(0).envelope: joined}, **more)}


@pytest.mark.parametrize(
    ("own", "joined", "expected"),
    [
        (_owns(None, complete=True), (), ALLOWED),
        (_owns(10_000, complete=True), (), ALLOWED),
        (_owns(None), (), MISSING),
        (_owns(10_000), (), MISSING),  # says itself that somebody may be missing
        (_owns(10_000), (("ben", 1),), ALLOWED),
        (_owns(6000, complete=True), (), MISSING),
        (_owns(6000), (("ben", 4000),), ALLOWED),
        (_owns(6000), (("ben", 3999),), MISSING),
        (_owns(6000, complete=True), (("ben", 4000),), ALLOWED),
        (_owns(6000), (("ben", 2000), ("cleo", 2000)), ALLOWED),
        (_owns(6000), (("ben", 2000), ("ben", 2000)), MISSING),  # one person once
        (_owns(6000), (("ann", 4000),), MISSING),  # not by oneself
        (_owns(6000), (("ben", None),), MISSING),
        (_owns(None), (("ben", 4000),), MISSING),  # an own share that nobody states is none
        (_owns(None), (("ben", 4000), ("cleo", 6000)), ALLOWED),
    ],
)
def test_shares_must_reach_all(
    own: dict[str, Any], joined: tuple[tuple[str, int | None], ...], expected: tuple[str, str]
) -> None:
    consents = [_joined(50 + number, name, share) for number, (name, share) in enumerate(joined)]
    assert said(by(0, **own), **_with(*consents)) == expected
    assert said(by(0, **own), **_with(*reversed(consents))) == expected
    assert said(by(0, scopes=NO, **own), **_with(*consents)) == ("denied", "not-allowed")


def test_two_keys_of_a_person_hold_one_share() -> None:
    same = actors(key("rotate", "ben", successor="bea"))
    two = _joined(50, "ben", 2000, known_from=at(-40)), _joined(51, "bea", 2000)
    assert said(by(0, **_owns(6000)), **_with(*two)) == ALLOWED
    assert said(by(0, **_owns(6000)), **_with(*two, actors=same)) == MISSING


@pytest.mark.parametrize(
    "more",
    [
        {"kind": "grant", "joins": None},
        {"joins": link("1")},
        {"scopes": NO},
        {"scopes": {LORA: "allowed"}},
        {"grantee": ["eip155:1:0x" + "22" * 20]},
        {"log_index": None},
        {"validUntil": text(0)},
        {"validFrom": text(1)},
        {"withdrawn_at": at(-1)},
        {"withdrawn_item_at": at(-1)},
        {"subjects": {Digest.of(b"another work")}},
    ],
)
def test_a_joining_consent_that_does_not_count(more: dict[str, Any]) -> None:
    fields: dict[str, Any] = {
        name: value for name, value in more.items() if value is not None or name == "log_index"
    }
    if more.get("joins", "") is None:
        joined = by(50, "ben", **fields, subjects={WORK}, **_owns(4000))
    else:
        joined = _joined(**fields)
    assert said(by(0, **_owns(6000)), **_with(joined)) == MISSING


def test_a_joining_consent_falls_like_any_other() -> None:
    grant = by(0, **_owns(6000))
    assert said(grant, **_with(_joined(), disputes=(dispute("zoe", "50"),))) == MISSING
    assert said(grant, **_with(_joined(), rulings=(ruling("void", "50"),))) == MISSING
    assert said(grant, **_with(_joined(), actors=actors(key("compromised", "ben", since=-40)))) == MISSING
    newer = _joined(60, scopes={LORA: "allowed"}, supersedes=link("50"))
    assert said(grant, **_with(_joined(), newer)) == MISSING
    levels = actors(identified("ann", "steward"), identified("ben", "site"))
    answer = ask(grant, **_with(_joined(), actors=levels))
    assert (answer.assurance, answer.supports) == (1, {grant.record_id: (_joined(),)})
    assert said(grant, known_at=at(-31), **_with(_joined())) == ("undetermined", "no-consent")


# --- those who are shown ---


def _shows(depicted: str = "others", minors: str = "none", *releases: str) -> dict[str, Any]:
    persons = {"depicted": depicted, "minors": minors, "releases": [link(each) for each in releases]}
    return {"persons": persons, "scopes": {LIKENESS: "allowed", TRAIN: "allowed"}}


def _release(name: int = 70, person: str = "pat", **more: Any) -> ConsentFact:
    return by(
        name, person, **{"kind": "likeness", "scopes": {LIKENESS: "allowed"}, "subjects": {WORK}, **more}
    )


def _releases(*releases: ConsentFact, **more: Any) -> dict[str, Any]:
    return {"case": case(releases={each.envelope: each for each in releases}, **more)}


GUARDIAN = _release(71, "kim", capacity="guardian")


@pytest.mark.parametrize(
    ("shown", "code"),
    [
        (_shows("none"), ""),
        (_shows("grantor"), ""),
        (_shows("none", "unknown"), "minors-unknown"),
        (_shows("grantor", "yes"), "guardian-missing"),
        (_shows("others"), "release-missing"),
        (_shows("unknown"), "release-missing"),
        (_shows("others", "none", "70"), ""),
        (_shows("unknown", "none", "70"), ""),
        (_shows("others", "none", "70", "71"), ""),
        (_shows("others", "none", "70", "99"), "release-missing"),  # each person who is shown
        (_shows("others", "unknown", "70"), "minors-unknown"),
        (_shows("others", "yes", "70"), "guardian-missing"),
        (_shows("others", "yes", "70", "71"), ""),
        (_shows("grantor", "yes", "71"), ""),
    ],
)
def test_likeness_needs_those_who_are_shown(shown: dict[str, Any], code: str) -> None:
    about = _releases(_release(), GUARDIAN)
    expected = ("undetermined", code) if code else ALLOWED
    assert said(by(0, **shown), scope=LIKENESS, **about) == expected
    assert said(by(0, **{**shown, "scopes": YES}), scope=LIKENESS, **about) == expected  # through the broader
    assert said(by(0, **shown), scope=TRAIN, **about) == ALLOWED  # other scopes do not ask
    assert (
        said(by(0, **{**shown, "scopes": {LIKENESS: "notAllowed"}}), scope=LIKENESS, **about)[0] == "denied"
    )


@pytest.mark.parametrize(
    "more",
    [
        {"kind": "grant"},
        {"scopes": {LIKENESS: "notAllowed"}},
        {"scopes": {MINING: "allowed"}},
        {"grantee": ["eip155:1:0x" + "22" * 20]},
        {"log_index": None},
        {"validUntil": text(0)},
        {"withdrawn_at": at(-1)},
        {"subjects": set[Digest]()},
    ],
)
def test_a_release_that_does_not_count(more: dict[str, Any]) -> None:
    about = _releases(_release(**more))
    assert said(by(0, **_shows("others", "none", "70")), scope=LIKENESS, **about)[1] == "release-missing"


def test_mandates_likenesses_and_coauthors_never_grant_by_themselves() -> None:
    mandate = by(1, kind="mandate", grantee=[who("eve")])
    for fact in (mandate, _joined(), _release(scopes=YES)):
        assert said(fact)[0] == "undetermined"
        assert said(fact, by(0)) == ALLOWED
        assert ask(fact, by(0)).relied == (by(0),)
    for fact in (_joined(scopes=NO), _release(scopes=NO)):
        assert said(fact) == ("denied", "not-allowed")
        assert said(fact, by(0)) == ("undetermined", "claims-conflict")
