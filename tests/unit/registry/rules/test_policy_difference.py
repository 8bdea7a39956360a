"""What changes from one policy to another, and whether it asks for more or less."""

from __future__ import annotations

from typing import Any

import pytest

from rakkan.registry.rules.policy.difference import difference
from rakkan.registry.rules.policy.document import shipped_policies
from tests.unit.registry.rules.clausework import clause
from tests.unit.registry.rules.test_finding import policy_of


@pytest.mark.parametrize(
    ("name", "field", "lax", "strict"),
    [
        ("consent.share", "minBp", 9000, 10000),
        ("consent.share", "minAssurance", 1, 2),
        ("consent.denied", "maxBp", 10, 0),
        ("validity.min_remaining_days", "days", 30, 90),
        ("challenge.window", "days", 0, 7),
        ("claim.min_age_days", "days", 0, 7),
        ("grantor.distinct", "min", 2, 3),
        ("duplicate.per_grantor", "maxBp", 5000, 2000),
        ("licence.in", "licences", ["CC0-1.0", "CC-BY-4.0"], ["CC0-1.0"]),
        ("licence.not", "licences", ["MIT"], ["MIT", "ISC"]),
        ("withdrawal.mode", "modes", ["prospective", "sunset"], ["sunset"]),
    ],
)
def test_directions(name: str, field: str, lax: Any, strict: Any) -> None:
    loose, tight = (policy_of(clause(name, **{field: value})) for value in (lax, strict))
    (change,) = difference(loose, tight)
    assert (change.direction, change.before, change.after) == ("stricter", *loose.sentences, *tight.sentences)
    assert [each.direction for each in difference(tight, loose)] == ["looser"]
    assert difference(loose, loose) == []


def test_a_clause_that_comes_or_goes() -> None:
    one, two = (
        policy_of(clause("consent.share")),
        policy_of(clause("consent.share"), clause("persons.minors")),
    )
    assert [(each.direction, each.before) for each in difference(one, two)] == [("stricter", "")]
    assert [(each.direction, each.after) for each in difference(two, one)] == [("looser", "")]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (clause("licence.output"), clause("licence.output", licence="CC-BY-4.0")),
        (clause("licence.in"), clause("licence.in", licences=["MIT"])),
        (clause("consent.share"), clause("consent.share", minBp=9000, minAssurance=2)),
    ],
)
def test_what_is_neither_is_not_shown_as_harmless(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert [each.direction for each in difference(policy_of(before), policy_of(after))] == ["other"]


def test_another_scope_is_another_question() -> None:
    asked = clause("consent.share")
    changes = difference(policy_of(asked), policy_of({**asked, "scope": "cawg.data_mining"}))
    assert [each.direction for each in changes] == ["looser", "stricter"]


def test_a_second_clause_with_the_same_question_counts_too() -> None:
    twice = policy_of(clause("licence.in"), clause("licence.in", licences=["CC0-1.0"]))
    assert [each.direction for each in difference(policy_of(clause("licence.in")), twice)] == ["stricter"]


def test_how_long_an_approval_stands() -> None:
    shipped = shipped_policies()
    changes = difference(shipped["community-lora"], shipped["public-domain-only"])
    assert changes[-1].direction == "looser"
    assert changes[-1].after == "An approval stands for 180 days."
