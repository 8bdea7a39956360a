"""Findings that know the case of an item: what is relied on, under which policy, and until when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from rakkan.registry.rules.audit import audit
from rakkan.registry.rules.case import EMPTY_CASE, Case
from rakkan.registry.rules.consent import ConsentFact
from rakkan.registry.rules.finding import ItemEvidence, ItemJudge, JudgedItem
from rakkan.registry.rules.policy.document import Policy
from rakkan.schemas.canonical import parse_canonical
from rakkan.schemas.values import Cid
from tests.unit.registry.rules.cases import COMMUNITY, NOW
from tests.unit.registry.rules.casework import (
    WORK,
    by,
    case,
    claim,
    dispute,
    link,
    ruling,
    text,
    who,
)
from tests.unit.registry.rules.test_finding import FED, ITEM, MINORS, SHARE, UNREVOKED, VALID, policy_of

MANDATE = by(50, kind="mandate", grantee=[who("eve")], subjects={WORK}, validUntil=text(40))
UNDER = by(0, "eve", mandate=link("50"))
WITH = case(mandates={MANDATE.envelope: MANDATE})


def _judge(
    *facts: ConsentFact, about: Case = EMPTY_CASE, clauses: tuple[dict[str, Any], ...] = (SHARE,)
) -> JudgedItem:
    policy = policy_of(*clauses)
    evidence = ItemEvidence(ITEM, FED, ITEM, facts, about)
    return ItemJudge(policy, grantee_self=COMMUNITY, instant=NOW).judge(evidence)


def _code(judged: JudgedItem) -> str:
    return str(parse_canonical(judged.document)["reasons"][-1]["code"])


def test_a_verdict_relies_on_the_mandate_too() -> None:
    judged = _judge(UNDER, about=WITH)
    assert judged.relied == (UNDER, MANDATE)
    assert {leaf.record_id for leaf in judged.reliance} == {UNDER.record_id, MANDATE.record_id}
    assert _code(_judge(UNDER)) == "mandate-broken"


def test_a_verdict_outlives_neither_the_mandate_nor_the_last_day_for_training() -> None:
    def until(fact: ConsentFact, about: Case = EMPTY_CASE) -> tuple[str, ...]:
        evidence = ItemEvidence(ITEM, FED, ITEM, (fact,), about)
        return audit([evidence], policy_of(SHARE), grantee_self=COMMUNITY, instant=NOW).relied_until

    assert until(by(0)) == ("2028-01-01T00:00:00Z",)
    assert until(by(0, trainBy=text(9))) == (text(9),)
    assert until(UNDER, WITH) == (text(40), "2028-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("fact", "about", "outcome"),
    [
        (by(0), EMPTY_CASE, "pass"),
        (by(0, trainBy=text(31)), EMPTY_CASE, "pass"),
        (by(0, trainBy=text(29)), EMPTY_CASE, "fail"),
        (UNDER, WITH, "pass"),
        (
            UNDER,
            case(
                mandates={
                    MANDATE.envelope: by(
                        50, kind="mandate", grantee=[who("eve")], subjects={WORK}, validUntil=text(29)
                    )
                }
            ),
            "fail",
        ),
    ],
)
def test_validity_is_that_of_the_shortest(fact: ConsentFact, about: Case, outcome: str) -> None:
    assert _judge(fact, about=about, clauses=(SHARE, VALID)).outcomes[-1].value == outcome


def test_of_two_grants_the_one_that_lasts_longest_with_all_it_leans_on() -> None:
    plain = by(1, validUntil=text(60))
    assert _judge(UNDER, plain, about=WITH).relied == (plain,)


def test_a_grant_bound_to_a_policy_counts_for_that_audit_alone() -> None:
    mine, other = policy_of(SHARE), policy_of(SHARE, MINORS)

    def outcome(policy: Policy, bound: Cid) -> str:
        evidence = ItemEvidence(ITEM, FED, ITEM, (by(0, bounds={"policy": bound.link}),))
        judged = ItemJudge(policy, grantee_self=COMMUNITY, instant=NOW).judge(evidence)
        return judged.outcomes[0].value

    assert outcome(mine, mine.cid) == outcome(other, other.cid) == "pass"
    assert outcome(mine, other.cid) == outcome(other, mine.cid) == "undetermined"


@pytest.mark.parametrize(
    ("facts", "about", "code"),
    [
        ((by(0),), case(claims=(claim("zoe"),)), "claimant-other"),
        ((by(0),), case(disputes=(dispute("zoe", "0"),)), "suspended"),
        ((by(0),), case(rulings=(ruling("void", "0"),)), "void"),
        ((by(0), by(1, "zoe")), case(claims=(claim("ann"), claim("zoe"))), "claims-conflict"),
    ],
)
def test_the_case_of_an_item_is_heard(facts: tuple[ConsentFact, ...], about: Case, code: str) -> None:
    judged = _judge(*facts, about=about)
    assert (judged.outcomes[0].value, _code(judged), judged.relied) == ("undetermined", code, ())


def test_what_is_void_shows_no_minors_and_was_never_withdrawn() -> None:
    loud = by(1, persons={"depicted": "none", "minors": "yes"})
    gone = by(2, withdrawn_at=NOW - timedelta(days=1))
    void = case(rulings=(ruling("void", "1"), ruling("void", "2")))
    assert _code(_judge(by(0), loud, about=void, clauses=(SHARE, MINORS))) == "no-minors"
    assert _code(_judge(by(0), loud, clauses=(SHARE, MINORS))) == "minors-shown"
    assert _code(_judge(gone, about=void, clauses=(UNREVOKED,))) == "nothing-withdrawn"
    assert _code(_judge(gone, clauses=(UNREVOKED,))) == "withdrawn"
