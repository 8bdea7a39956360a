"""Clauses of the catalogue: what they say about all items of a dataset."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rakkan.registry.rules.case import EMPTY_CASE, Case
from rakkan.registry.rules.consent import ConsentFact
from rakkan.registry.rules.policy.document import parse_policy
from rakkan.schemas.verdict import Decision
from tests.unit.registry.rules.casework import (
    LIKENESS,
    NO,
    WORK,
    actors,
    at,
    by,
    case,
    identified,
    link,
)
from tests.unit.registry.rules.clausework import CLAUSES, audited, clause, terms
from tests.unit.registry.rules.test_finding import SHARE, policy_of


def test_how_much_one_person_grants() -> None:
    known = case(actors=actors(identified("ann"), identified("eve")))
    asked = [SHARE, clause("duplicate.per_grantor")]

    def outcome(*names: str, about: Case = known) -> tuple[str, int | None]:
        result = audited(
            *((by(place, name),) for place, name in enumerate(names)), clauses=asked, about=about
        )
        return result.clauses[-1].outcome.value, result.clauses[-1].observed

    assert outcome("ann", "eve") == ("pass", 5000)
    assert outcome("ann", "ann", "eve") == ("fail", 6667)
    assert outcome("bob", "cid", about=EMPTY_CASE) == ("fail", 10000)  # nobody knows them: one person
    assert outcome("ann", "eve", "bob", "cid") == ("pass", 5000)
    lacking = audited((by(0, "ann"),), (), (), clauses=asked, about=known).clauses[-1]
    assert (lacking.outcome.value, lacking.observed) == ("undetermined", 3334)


def test_how_many_people_grant() -> None:
    known = case(actors=actors(identified("ann"), identified("eve")))
    asked = [SHARE, clause("grantor.distinct", min=3)]

    def outcome(*names: str | None) -> tuple[str, int | None]:
        items = [(by(place, name),) if name else () for place, name in enumerate(names)]
        result = audited(*items, clauses=asked, about=known).clauses[-1]
        return result.outcome.value, result.observed

    assert outcome("ann", "eve", "bob") == ("pass", 3)
    assert outcome("ann", "bob", "cid", "dan") == ("fail", 2)  # bob, cid and dan are nobody known
    assert outcome("ann", "eve", None) == ("undetermined", 2)
    assert outcome("ann", None) == ("fail", 1)


@pytest.mark.parametrize("name", CLAUSES)
def test_no_clause_approves_an_empty_dataset(name: str) -> None:
    result = audited(clauses=[clause(name)])
    assert result.decision is Decision.UNDETERMINED
    assert result.clauses[0].outcome.value == "undetermined"


@pytest.mark.parametrize("name", CLAUSES)
def test_nothing_known_is_never_approved_by_a_clause_about_consent(name: str) -> None:
    result = audited((), clauses=[SHARE, clause(name)])
    assert result.decision is not Decision.APPROVED


def test_an_approval_falls_with_the_releases_that_it_passed_by() -> None:
    release = by(9, "model", kind="likeness", scopes={LIKENESS: "allowed"}, subjects={WORK})
    about = case(releases={release.envelope: release})
    grant = by(0, persons={"depicted": "others", "minors": "none", "releases": [link("9")]})
    for clauses, relied in (([SHARE], {grant.record_id}), ([], set())):
        assert {each.record_id for each in audited((grant,), clauses=clauses, about=about).reliance} == relied
    result = audited((grant,), clauses=[SHARE, clause("persons.releases")], about=about)
    assert result.decision is Decision.APPROVED
    assert {each.record_id for each in result.reliance} == {grant.record_id, release.record_id}


_RANK = {Decision.REJECTED: 0, Decision.UNDETERMINED: 1, Decision.APPROVED: 2}
_CLAUSES = st.lists(st.sampled_from(sorted(CLAUSES)), max_size=5, unique=True)
_GRANTS = st.sampled_from(
    [
        (),
        (by(0),),
        (by(0, scopes=NO),),
        (by(0), by(1, "eve")),
        (by(0, withdrawn_at=at(-1)),),
        (by(0, **terms("CC-BY-ND-4.0")),),
        (by(0, persons={"depicted": "others", "minors": "unknown"}),),
    ]
)


@given(names=_CLAUSES, more=st.sampled_from(sorted(CLAUSES)), items=st.lists(_GRANTS, max_size=4))
def test_one_more_clause_never_helps(
    names: list[str], more: str, items: list[tuple[ConsentFact, ...]]
) -> None:
    asked = [SHARE, *map(clause, names)]
    without = audited(*items, clauses=asked).decision
    assert _RANK[audited(*items, clauses=[*asked, clause(more)]).decision] <= _RANK[without]


@pytest.mark.parametrize("name", CLAUSES)
def test_a_clause_says_what_it_asks_and_survives_its_own_bytes(name: str) -> None:
    policy = policy_of(clause(name))
    assert parse_policy(policy.canonical) == policy
    assert json.loads(policy.canonical)["all"] == [clause(name)]
    (sentence,) = policy.sentences
    assert sentence.endswith(".")
    assert policy.clauses[0].warnings() == []
