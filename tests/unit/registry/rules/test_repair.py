"""Repair: no larger part of a dataset passes, and what is called repaired does."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rakkan.registry.rules.audit import audit
from rakkan.registry.rules.case import Case
from rakkan.registry.rules.consent import ConsentFact
from rakkan.registry.rules.finding import ItemEvidence
from rakkan.registry.rules.policy.document import Policy
from rakkan.registry.rules.repair import Repair, repair
from rakkan.schemas.verdict import Decision
from tests.unit.registry.rules.cases import COMMUNITY, NOW
from tests.unit.registry.rules.casework import NO, actors, at, by, case, identified
from tests.unit.registry.rules.clausework import clause, terms
from tests.unit.registry.rules.test_finding import FED, ITEM, SHARE, policy_of

KNOWN = case(actors=actors(*(identified(name) for name in ("ann", "eve", "bob"))))
GRANTS: dict[str, tuple[ConsentFact, ...]] = {
    "ann": (by(0, "ann"),),
    "eve": (by(1, "eve"),),
    "bob": (by(2, "bob"),),
    "stranger": (by(3, "cid"),),
    "nothing": (),
    "no": (by(4, "ann", scopes=NO),),
    "gone": (by(5, "ann", withdrawn_at=at(-1)),),
    "other licence": (by(6, "eve", **terms("CC-BY-NC-4.0")),),
}


def dataset(*names: str, works: bool = True, about: Case = KNOWN) -> list[ItemEvidence]:
    return [
        ItemEvidence(place.to_bytes(32), FED, ITEM if works or place % 2 else None, GRANTS[name], about)
        for place, name in enumerate(names)
    ]


def repaired(items: list[ItemEvidence], policy: Policy) -> Repair:
    return repair(items, policy, grantee_self=COMMUNITY, instant=NOW)


def dropped(*names: str, clauses: list[dict[str, Any]]) -> tuple[list[str], bool]:
    found = repaired(dataset(*names), policy_of(*clauses))
    return [names[int.from_bytes(each.finding.item)] for each in found.dropped], found.approved


@pytest.mark.parametrize(
    ("names", "clauses", "expected"),
    [
        (["ann", "no", "nothing"], [SHARE], ["no", "nothing"]),
        (["ann", "eve"], [SHARE], []),
        (["ann", "ann", "ann", "nothing"], [{**SHARE, "minBp": 7500}], []),
        (["ann", "ann", "nothing", "nothing"], [{**SHARE, "minBp": 6000}], ["nothing"]),
        (["ann", "gone"], [SHARE, clause("consent.unrevoked")], ["gone"]),
        (["ann", "ann", "ann", "eve"], [SHARE, clause("duplicate.per_grantor")], ["ann", "ann"]),
        (["eve", "other licence"], [SHARE, clause("licence.in")], ["other licence"]),
        (["ann", "eve", "stranger"], [clause("consent.share")], ["stranger"]),
    ],
)
def test_what_is_dropped(names: list[str], clauses: list[dict[str, Any]], expected: list[str]) -> None:
    assert dropped(*names, clauses=clauses) == (expected, True)


def test_of_one_kind_the_first_stay() -> None:
    found = repaired(dataset("ann", "ann", "ann", "eve"), policy_of(SHARE, clause("duplicate.per_grantor")))
    assert [int.from_bytes(each.item) for each in found.kept] == [0, 3]


@pytest.mark.parametrize(
    ("names", "clauses", "code"),
    [
        (["no", "nothing"], [SHARE], "dataset-empty"),
        ([], [SHARE], "dataset-empty"),
        (["ann"], [], "policy-empty"),
        (["ann", "ann"], [SHARE, clause("grantor.distinct")], "clause-failed"),
        (["ann"], [clause("licence.in")], "dataset-empty"),
    ],
)
def test_what_cannot_be_repaired_is_not_called_so(
    names: list[str], clauses: list[dict[str, Any]], code: str
) -> None:
    found = repaired(dataset(*names), policy_of(*clauses))
    assert (found.approved, found.result.code) == (False, code)


CHOICES = [
    {**SHARE, "minBp": 10000},
    {**SHARE, "minBp": 7000},
    clause("consent.share"),
    clause("consent.denied", maxBp=2500),
    clause("consent.unrevoked"),
    clause("licence.in"),
    clause("provenance.unknown", maxBp=3000),
    clause("duplicate.per_grantor"),
    clause("duplicate.per_grantor", maxBp=7000),
    clause("grantor.distinct"),
]


@settings(max_examples=60, deadline=None)
@given(
    names=st.lists(st.sampled_from(sorted(GRANTS)), max_size=6),
    more=st.lists(st.sampled_from(CHOICES), max_size=3),
    works=st.booleans(),
)
def test_no_larger_part_passes(names: list[str], more: list[dict[str, Any]], works: bool) -> None:
    items, policy = (
        dataset(*names, works=works),
        policy_of(SHARE if works else {**SHARE, "minBp": 6000}, *more),
    )
    found = repaired(items, policy)

    def passes(part: tuple[ItemEvidence, ...]) -> bool:
        return audit(part, policy, grantee_self=COMMUNITY, instant=NOW).decision is Decision.APPROVED

    best = next(
        (size for size in range(len(items), -1, -1) if any(map(passes, combinations(items, size)))), 0
    )
    assert found.approved is (best > 0)
    if best:
        assert len(found.kept) == best
    assert len(found.kept) + len(found.dropped) == len(items)


def test_of_parts_of_one_size_one_with_enough_people_is_found() -> None:
    for names in (("ann", "ann", "eve"), ("eve", "ann", "ann"), ("ann", "eve", "eve"), ("eve", "eve", "ann")):
        policy = policy_of(SHARE, clause("provenance.unknown", maxBp=5000), clause("grantor.distinct"))
        found = repaired(dataset(*names, works=False), policy)
        assert (found.approved, len(found.kept)) == (True, 2)


def test_many_items_of_few_kinds() -> None:
    names = ["ann"] * 3000 + ["eve"] * 500 + ["bob"] * 500 + ["nothing"] * 200 + ["no"] * 100
    found = repaired(dataset(*names), policy_of(SHARE, clause("duplicate.per_grantor", maxBp=4000)))
    assert found.approved
    assert len(found.kept) == 1666  # 666 of ann's beside the thousand of others: at most two fifths
