"""What changed between two consents: each field once, and in which direction."""

from __future__ import annotations

from typing import Any

import pytest

from rakkan.registry.rules.comparing import Stated, compare, direction, stated
from tests.unit.registry.rules import cases

WORKS = frozenset({"sha256:a", "sha256:b"})


def said(**more: Any) -> Stated:
    return stated(cases.consent(**more), WORKS)


def scopes(**uses: str) -> dict[str, Any]:
    names = {"lora": "org.rakkan.finetune_lora", "generative": "cawg.ai_generative_training"}
    return {"scopes": [{"name": names[name], "use": use} for name, use in uses.items()]}


def terms(**more: Any) -> dict[str, Any]:
    base = {"licence": "CC-BY-4.0", "attribution": "name", "shareAlike": False, "commercial": True}
    return {"terms": {**base, **more}}


DENY_MERGE = {"scopes": [*cases.consent_value()["scopes"], {"name": "org.rakkan.merge", "use": "notAllowed"}]}
NO = {"scopes": [{"name": "cawg.data_mining", "use": "notAllowed"}]}
FREE, FLAT = terms(compensation={"model": "free"}), terms(compensation={"model": "flat", "amount": "5"})
CHANGES: list[tuple[dict[str, Any], dict[str, Any], str, str]] = [
    (NO, {**NO, "kind": "reservation"}, "kind", "narrower"),
    (scopes(lora="allowed"), scopes(lora="notAllowed"), "scopes/org.rakkan.finetune_lora", "narrower"),
    (scopes(lora="notAllowed"), scopes(lora="constrained"), "scopes/org.rakkan.finetune_lora", "wider"),
    ({}, DENY_MERGE, "scopes/org.rakkan.merge", "narrower"),
    ({}, {"grantee": [cases.COMMUNITY]}, "grantee", "narrower"),
    ({"grantee": [cases.COMMUNITY]}, {}, "grantee", "wider"),
    ({"grantee": ["did:key:z1"]}, {"grantee": ["did:key:z1", "did:key:z2"]}, "grantee", "wider"),
    ({"grantee": ["did:key:z1"]}, {"grantee": ["did:key:z2"]}, "grantee", "other"),
    ({}, {"validUntil": "2029-01-01T00:00:00Z"}, "validUntil", "wider"),
    ({}, {"validUntil": "2027-01-01T00:00:00Z"}, "validUntil", "narrower"),
    ({}, {"trainBy": "2027-01-01T00:00:00Z"}, "trainBy", "narrower"),
    ({"trainBy": "2027-01-01T00:00:00Z"}, {"trainBy": "2027-02-01T00:00:00Z"}, "trainBy", "wider"),
    ({"trainBy": "2027-01-01T00:00:00Z"}, {}, "trainBy", "wider"),
    ({}, {"bounds": {"runs": 3}}, "bounds/runs", "narrower"),
    ({"bounds": {"runs": 3}}, {"bounds": {"runs": 4}}, "bounds/runs", "wider"),
    ({}, terms(commercial=False), "terms/commercial", "narrower"),
    ({}, terms(shareAlike=True), "terms/shareAlike", "narrower"),
    ({}, terms(attribution="none"), "terms/attribution", "wider"),
    ({}, terms(licence="MIT"), "terms/licence", "other"),
    ({}, terms(outputsLicence="MIT"), "terms/outputsLicence", "other"),
    ({}, terms(compensation={"model": "flat", "amount": "5"}), "terms/compensation", "narrower"),
    (FLAT, FREE, "terms/compensation", "wider"),
    ({}, {"persons": {"depicted": "none", "minors": "unknown"}}, "persons/minors", "other"),
    ({}, {"rightsBasis": {"claim": "created", "coauthorsComplete": True}}, "rightsBasis/claim", "other"),
    ({}, {"jurisdiction": {"deny": ["USA"]}}, "jurisdiction", "other"),
]


@pytest.mark.parametrize(("before", "after", "field", "way"), CHANGES)
def test_each_change_is_told_with_its_direction(
    before: dict[str, Any], after: dict[str, Any], field: str, way: str
) -> None:
    (change,) = compare(said(**before), said(**after))
    assert (change.field, change.direction) == (field, way)


@pytest.mark.parametrize(("before", "after", "field", "way"), CHANGES)
def test_the_other_way_round_it_is_the_other_direction(
    before: dict[str, Any], after: dict[str, Any], field: str, way: str
) -> None:
    (change,) = compare(said(**after), said(**before))
    assert change.direction == {"wider": "narrower", "narrower": "wider", "other": "other"}[way]


def test_the_same_is_no_change_and_silence_is_wider_than_a_no() -> None:
    assert compare(said(), said()) == []
    assert direction([]) == "same"
    broad = said(**scopes(generative="allowed"))
    inherited = {
        each.field: each.direction for each in compare(broad, said(**scopes(generative="notAllowed")))
    }
    assert inherited["scopes/org.rakkan.merge"] == "narrower", "what is narrower follows the broader word"
    silent = said(**scopes(lora="allowed"))
    change = compare(silent, said(**scopes(lora="allowed", generative="notAllowed")))[0]
    assert (change.before, change.direction) == ("not stated", "narrower")


def test_a_sunset_and_its_days() -> None:
    base = cases.consent_value()["withdrawal"]
    sunset = {"withdrawal": {**base, "mode": "sunset", "days": 30}}
    assert {each.field for each in compare(said(), said(**sunset))} == {"withdrawal/mode", "withdrawal/days"}
    longer = compare(said(**sunset), said(withdrawal={**base, "mode": "sunset", "days": 60}))
    assert [(each.field, each.direction) for each in longer] == [("withdrawal/days", "wider")]


def test_works_come_and_go() -> None:
    one = stated(cases.consent(), frozenset({"a", "b"}))
    (change,) = compare(one, stated(cases.consent(), frozenset({"b", "c", "d"})))
    assert (change.before, change.after) == ("2 works", "3 works, 2 of them new, 1 no longer")
    assert change.direction == "other"
    assert direction(compare(one, stated(cases.consent(), frozenset({"a", "b", "c"})))) == "wider"
    assert direction(compare(one, stated(cases.consent(), frozenset({"a"})))) == "narrower"


def test_wider_and_narrower_together_are_mixed() -> None:
    changes = compare(said(), said(validUntil="2029-01-01T00:00:00Z", **terms(commercial=False)))
    assert direction(changes) == "mixed"
