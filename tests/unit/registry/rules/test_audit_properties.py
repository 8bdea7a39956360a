"""Audits: what no order, no withdrawal and no missing grant can change for the better."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import timedelta
from types import FrameType
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rakkan.registry.rules.audit import Audit, ItemEvidence, audit
from rakkan.registry.rules.consent import ConsentFact
from rakkan.registry.rules.policy.document import Policy, shipped_policies
from rakkan.schemas.verdict import Decision, Outcome
from tests.unit.registry.rules import cases
from tests.unit.registry.rules.cases import COMMUNITY, NOW, fact
from tests.unit.registry.rules.test_finding import (
    DENIED,
    LICENCE,
    MINORS,
    SHARE,
    TRAIN,
    UNKNOWN,
    UNREVOKED,
    VALID,
    YES,
    policy_of,
)

APPROVED = Decision.APPROVED
WORDS = {Decision.APPROVED: 2, Decision.UNDETERMINED: 1, Decision.REJECTED: 0}


def _item(number: int, *facts: ConsentFact, work: bool = True) -> ItemEvidence:
    item = number.to_bytes(32)
    return ItemEvidence(item, bytes(32), item if work else None, facts)


def _audit(*items: ItemEvidence, policy: Policy) -> Audit:
    return audit(items, policy, grantee_self=COMMUNITY, instant=NOW)


def test_later_facts_are_not_seen() -> None:
    late = fact(1, scopes={TRAIN: "notAllowed"}, known_from=NOW + timedelta(seconds=1))
    items = [_item(1, fact(**YES), late)]
    assert _audit(*items, policy=policy_of(SHARE)).decision == APPROVED
    later = audit(items, policy_of(SHARE), grantee_self=COMMUNITY, instant=NOW + timedelta(seconds=1))
    assert later.decision == Decision.REJECTED


KINDS: tuple[dict[str, Any], ...] = (
    {},
    {"grantee": [COMMUNITY]},
    {"grantee": ["eip155:1:0x" + "22" * 20]},
    {"scopes": {TRAIN: "constrained"}},
    {"scopes": {TRAIN: "notAllowed"}},
    {"kind": "reservation", "scopes": {TRAIN: "notAllowed"}},
    {"grantor": {"id": cases.did(cases.STRANGER)}},
    {"validUntil": "2026-12-01T00:00:00Z"},
    {"terms": None},
    {"persons": {"depicted": "none", "minors": "unknown"}},
    {"persons": {"depicted": "none", "minors": "yes"}},
    {"log_index": None},
    {"withdrawal": {"authority": "0x" + "11" * 20, "mode": "irrevocable"}},
    {"withdrawn_at": NOW},
    {"withdrawn_item_at": NOW + timedelta(days=1)},
    {"known_from": NOW + timedelta(days=1)},
)
FACTS = [fact(number, **{**YES, **more}) for number, more in enumerate(KINDS)]
PLAIN_YES = [fact(100 + number, **{**YES, **more}) for number, more in enumerate(KINDS[:2])]
clauses = st.lists(
    st.sampled_from(
        [
            SHARE,
            {**SHARE, "minBp": 5000},
            {**SHARE, "grantee": "public"},
            DENIED,
            UNREVOKED,
            UNKNOWN,
            LICENCE,
            VALID,
            MINORS,
        ]
    ),
    min_size=1,
    max_size=4,
)
datasets = st.lists(
    st.tuples(st.lists(st.sampled_from(FACTS), max_size=3, unique_by=id), st.booleans()),
    min_size=1,
    max_size=4,
)


def _items(dataset: list[tuple[list[ConsentFact], bool]]) -> list[ItemEvidence]:
    return [_item(number, *facts, work=work) for number, (facts, work) in enumerate(dataset)]


@settings(max_examples=200, deadline=None)
@given(datasets, clauses, st.randoms(use_true_random=False))
def test_the_order_of_items_and_facts_tells_nothing(dataset: Any, policy: Any, chance: Any) -> None:
    items = _items(dataset)
    mixed = [
        replace(each, consents=tuple(chance.sample(each.consents, len(each.consents)))) for each in items
    ]
    chance.shuffle(mixed)
    assert _audit(*mixed, policy=policy_of(*policy)) == _audit(*items, policy=policy_of(*policy))


@settings(max_examples=200, deadline=None)
@given(datasets, clauses, st.integers(0, 3), st.integers(0, 2), st.booleans())
def test_a_withdrawal_never_makes_an_approval(
    dataset: Any, policy: Any, item: int, which: int, whole: bool
) -> None:
    before = _audit(*_items(dataset), policy=policy_of(*policy)).decision
    facts = dataset[item % len(dataset)][0]
    if facts:
        at = which % len(facts)
        changed = {"withdrawn_at" if whole else "withdrawn_item_at": NOW - timedelta(days=1)}
        facts[at] = replace(facts[at], **changed)
    after = _audit(*_items(dataset), policy=policy_of(*policy)).decision
    if before != APPROVED:
        assert after != APPROVED


@settings(max_examples=200, deadline=None)
@given(datasets, clauses, st.integers(0, 3), st.sampled_from(PLAIN_YES))
def test_taking_a_plain_grant_away_never_improves(
    dataset: Any, policy: Any, item: int, grant: ConsentFact
) -> None:
    """Of one and the same claimant, that is: a second claimant's going would end a conflict."""
    for facts, _ in dataset:
        facts[:] = [each for each in facts if each.consent.grantor.id == grant.consent.grantor.id]
    without = _audit(*_items(dataset), policy=policy_of(*policy)).decision
    dataset[item % len(dataset)][0].append(grant)
    with_it = _audit(*_items(dataset), policy=policy_of(*policy)).decision
    assert WORDS[without] <= WORDS[with_it]


@settings(max_examples=200, deadline=None)
@given(datasets, clauses)
def test_an_approval_rests_on_something(dataset: Any, policy: Any) -> None:
    result = _audit(*_items(dataset), policy=policy_of(*policy))
    assert result.counts.items == len(result.findings) == len(result.documents)
    if result.decision == APPROVED:
        assert all(clause.outcome is Outcome.PASS for clause in result.clauses)
        if SHARE in policy:
            assert {each.item for each in result.reliance} == {each.item for each in result.findings}
    passing = {each.item for each in result.findings if each.outcome is Outcome.PASS}
    if SHARE in policy:
        assert passing <= {each.item for each in result.reliance}


def test_work_is_linear() -> None:
    """Counted in calls, which no busy machine changes."""
    policy = shipped_policies()["community-lora"]
    facts = [fact(number, scopes={"org.rakkan.finetune_lora": "allowed"}) for number in range(100)]

    def calls(count: int) -> int:
        items, seen = [_item(number, facts[number % 100]) for number in range(count)], 0

        def count_call(_frame: FrameType, _event: str, _argument: object) -> None:
            nonlocal seen
            seen += 1

        sys.setprofile(count_call)
        try:
            decision = _audit(*items, policy=policy).decision
        finally:
            sys.setprofile(None)
        assert decision == APPROVED
        return seen

    calls(100)  # fills the caches
    small, large = calls(1_000), calls(10_000)
    assert small < large < 10.5 * small
