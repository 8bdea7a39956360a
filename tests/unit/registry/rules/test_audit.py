"""Audits: how findings become a decision, by exact arithmetic."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from rakkan.registry.rules.audit import MAX_WITNESSES, Audit, ItemEvidence, audit
from rakkan.registry.rules.consent import ConsentFact
from rakkan.registry.rules.policy.document import Policy, shipped_policies
from rakkan.registry.rules.tree import leaf_hashes, root_of
from rakkan.schemas.canonical import parse_canonical
from rakkan.schemas.errors import Invalid
from rakkan.schemas.verdict import Decision, Outcome
from tests.unit.registry.rules import cases
from tests.unit.registry.rules.cases import COMMUNITY, NOW, fact
from tests.unit.registry.rules.test_finding import (
    DENIED,
    GONE,
    LICENCE,
    MINORS,
    NO,
    SHARE,
    TRAIN,
    UNKNOWN,
    UNREVOKED,
    VALID,
    YES,
    policy_of,
)

FED = bytes(32)
APPROVED, REJECTED, UNDETERMINED = Decision


def _item(number: int, *facts: ConsentFact, work: bool = True, fed: bytes = FED) -> ItemEvidence:
    item = number.to_bytes(32)
    return ItemEvidence(item, fed, item if work else None, facts)


def _audit(*items: ItemEvidence, policy: Policy, **more: Any) -> Audit:
    return audit(items, policy, **{"grantee_self": COMMUNITY, "instant": NOW, **more})


def _many(yes: int, no: int, unclear: int, *, work: bool = True) -> list[ItemEvidence]:
    facts = [fact(**YES)] * yes + [fact(**NO)] * no
    items = [_item(number, each, work=work) for number, each in enumerate(facts)]
    return items + [_item(yes + no + number, work=work) for number in range(unclear)]


# --- what decides ---


def test_nothing_is_undetermined() -> None:
    for policy in (
        policy_of(SHARE),
        policy_of(SHARE, UNKNOWN, UNREVOKED),
        policy_of(DENIED),
        *shipped_policies().values(),
    ):
        empty = _audit(policy=policy)
        assert (empty.decision, empty.code) == (UNDETERMINED, "dataset-empty")
        assert {clause.outcome for clause in empty.clauses} == {Outcome.UNDETERMINED}
        assert root_of(leaf_hashes(each.leaf_data for each in empty.findings)) == root_of(b"")


def test_no_clauses_are_undetermined() -> None:
    result = _audit(_item(1, fact(**YES)), policy=policy_of())
    assert (result.decision, result.code) == (UNDETERMINED, "policy-empty")
    assert result.findings[0].outcome is Outcome.UNDETERMINED


def test_every_clause_must_pass() -> None:
    good, unclear, bad = _item(1, fact(**YES)), _item(2), _item(3, fact(**NO))
    policy = policy_of(SHARE, UNREVOKED)
    assert (_audit(good, policy=policy).decision, _audit(good, policy=policy).code) == (
        APPROVED,
        "every-clause-passed",
    )
    assert (_audit(good, unclear, policy=policy).decision) == UNDETERMINED
    assert (_audit(good, unclear, policy=policy).code) == "clause-undetermined"
    assert _audit(good, unclear, bad, policy=policy).decision == REJECTED
    assert _audit(good, unclear, bad, policy=policy).code == "clause-failed"
    gone = _item(4, fact(**YES, **GONE))
    assert [clause.outcome.value for clause in _audit(good, gone, policy=policy).clauses] == ["fail", "fail"]


@pytest.mark.parametrize(
    ("yes", "no", "unclear", "least", "expected", "observed"),
    [
        (19, 1, 0, 9500, "pass", 9500),
        (19, 1, 0, 9501, "fail", 9500),
        (18, 1, 1, 9500, "undetermined", 9000),
        (18, 2, 0, 9500, "fail", 9000),
        (17, 2, 1, 9500, "fail", 8500),
        (2, 1, 0, 6666, "pass", 6666),
        (2, 1, 0, 6667, "fail", 6666),
        (2, 0, 1, 6667, "undetermined", 6666),
        (0, 1, 0, 0, "pass", 0),
        (3, 0, 0, 10000, "pass", 10000),
        (199, 1, 0, 10000, "fail", 9950),
    ],
)
def test_shares_are_counted_exactly(
    yes: int, no: int, unclear: int, least: int, expected: str, observed: int
) -> None:
    result = _audit(*_many(yes, no, unclear), policy=policy_of({**SHARE, "minBp": least}))
    (clause,) = result.clauses
    assert (clause.outcome.value, clause.observed, clause.limit) == (expected, observed, least)


@pytest.mark.parametrize(
    ("unclear", "total", "most", "expected", "observed"),
    [
        (0, 10, 0, "pass", 0),
        (1, 30_000, 0, "fail", 1),  # rounded down it would be nothing
        (5, 100, 500, "pass", 500),
        (6, 100, 500, "fail", 600),
        (1, 3, 3333, "fail", 3334),
        (1, 3, 3334, "pass", 3334),
        (3, 3, 10000, "pass", 10000),
    ],
)
def test_unknown_provenance_is_counted_exactly(
    unclear: int, total: int, most: int, expected: str, observed: int
) -> None:
    items = [_item(number, work=number >= unclear) for number in range(total)]
    result = _audit(*items, policy=policy_of({**UNKNOWN, "maxBp": most}))
    (clause,) = result.clauses
    assert (clause.outcome.value, clause.observed, clause.limit) == (expected, observed, most)


@pytest.mark.parametrize(
    ("no", "conflicts", "most", "expected"),
    [
        (0, 0, 0, "pass"),
        (1, 0, 0, "fail"),
        (0, 1, 0, "undetermined"),
        (1, 1, 1000, "undetermined"),
        (1, 0, 1000, "pass"),
    ],
)
def test_refusals_are_counted_and_silence_is_none(no: int, conflicts: int, most: int, expected: str) -> None:
    other = fact(1, **YES, grantor={"id": cases.did(cases.STRANGER)})
    items = [_item(number, fact(**NO)) for number in range(no)]
    items += [_item(number, fact(**YES), other) for number in range(no, no + conflicts)]
    items += [_item(number) for number in range(no + conflicts, 10)]
    (clause,) = _audit(*items, policy=policy_of({**DENIED, "maxBp": most})).clauses
    assert clause.outcome.value == expected


def test_shipped_policies_decide_as_they_say() -> None:
    lora = fact(scopes={"org.rakkan.finetune_lora": "allowed"})
    good = [_item(number, lora) for number in range(20)]
    strict, research, free = (
        shipped_policies()[name] for name in ("community-lora", "permissive-research", "reservation-free")
    )
    assert _audit(*good, policy=strict).decision == APPROVED
    assert _audit(*good[:19], _item(19, replace(lora, **GONE)), policy=strict).decision == REJECTED
    assert _audit(*good[:19], _item(19), policy=strict).decision == UNDETERMINED
    assert _audit(*good[:19], _item(19, lora, work=False), policy=strict).decision == REJECTED
    assert _audit(*_many(19, 0, 1), policy=research).decision == APPROVED
    assert _audit(*_many(18, 0, 2), policy=research).decision == UNDETERMINED
    assert _audit(*_many(19, 1, 0), policy=research).decision == REJECTED
    assert _audit(*_many(0, 0, 5), policy=free).decision == APPROVED
    assert _audit(*_many(4, 1, 0), policy=free).decision == REJECTED


# --- what is told ---


def test_findings_come_in_dataset_order_whatever_comes_in() -> None:
    items = [_item(2, fact(**NO)), _item(1, fact(**YES), fed=b"\1" * 32), _item(1), _item(3, fact(**YES))]
    result = _audit(*items, policy=policy_of(SHARE))
    assert [(each.item[-1], each.training_input[0], each.outcome.value) for each in result.findings] == [
        (1, 0, "undetermined"),
        (1, 1, "pass"),
        (2, 0, "fail"),
        (3, 0, "pass"),
    ]
    assert [parse_canonical(each)["outcome"] for each in result.documents] == [
        "undetermined",
        "pass",
        "fail",
        "pass",
    ]
    assert result.counts.to_json() == {"items": 4, "pass": 2, "fail": 1, "undetermined": 1}


def test_witnesses_are_the_failing_items_first() -> None:
    result = _audit(*_many(2, 3, 4), policy=policy_of(SHARE))
    assert [int(each, 16) for each in result.clauses[0].witnesses] == [2, 3, 4, 5, 6, 7, 8]
    many = _audit(*_many(0, 30, 5), policy=policy_of(SHARE))
    assert len(many.clauses[0].witnesses) == MAX_WITNESSES
    twice = _audit(_item(1), _item(1, fed=b"\1" * 32), policy=policy_of(SHARE))
    assert len(twice.clauses[0].witnesses) == 1
    assert _audit(*_many(2, 0, 0), policy=policy_of(SHARE)).clauses[0].witnesses == ()


def test_an_item_stands_once() -> None:
    with pytest.raises(Invalid) as error:
        _audit(_item(1, fact(**YES)), _item(1), policy=policy_of(SHARE))
    assert error.value.code == "item-twice"


def test_reliance_is_on_every_consent_that_counted_sorted_and_unique() -> None:
    one, two = fact(1, **YES), fact(2, **YES, validUntil="2027-01-01T00:00:00Z")
    result = _audit(
        _item(9, one),
        _item(8, one),
        _item(8, one, fed=b"\1" * 32),
        _item(7, two, work=False),
        _item(6, fact(3, **NO)),
        _item(5, fact(4, **YES, **GONE)),
        policy=policy_of({**SHARE, "minBp": 1}, {**UNKNOWN, "maxBp": 10000}),
    )
    assert result.decision == APPROVED
    leaves = [each.leaf_data for each in result.reliance]
    assert leaves == sorted(set(leaves))
    assert {(each.record_id, each.item[-1]) for each in result.reliance} == {
        (one.record_id, 8),
        (one.record_id, 9),
        (two.record_id, 7),  # its finding is unclear, but its consent carries the share
    }
    assert {len(leaf) for leaf in leaves} == {93}
    assert {(each.log_index, each.mode) for each in result.reliance} == {(1, 0), (2, 0)}
    assert result.relied_until == ("2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z")


def test_the_instant_of_a_withdrawal_is_already_too_late() -> None:
    item = _item(1, fact(**YES, withdrawn_at=NOW))
    assert _audit(item, policy=policy_of(SHARE)).decision == REJECTED
    assert _audit(item, policy=policy_of(SHARE), instant=NOW - timedelta(seconds=1)).decision == APPROVED


def test_these_bytes_never_change() -> None:
    """A verdict made today is found again by anybody, at any time."""
    items = [
        _item(1, fact(1, **YES)),
        _item(2, fact(2, scopes={TRAIN: "allowed"}, grantee=[COMMUNITY]), work=False),
        _item(3, fact(3, **NO)),
        _item(4, fact(4, **YES, **GONE)),
        _item(5),
    ]
    result = _audit(*items, policy=policy_of(SHARE, UNREVOKED, UNKNOWN, LICENCE, VALID, MINORS, DENIED))
    findings = root_of(leaf_hashes(each.leaf_data for each in result.findings)).hex()
    reliance = root_of(leaf_hashes(each.leaf_data for each in result.reliance)).hex()
    assert [clause.to_json() for clause in result.clauses] == [
        {
            "clause": "consent.share",
            "outcome": "fail",
            "observed": 4000,
            "limit": 10000,
            "witnesses": _names(3, 4, 5),
        },
        {"clause": "consent.unrevoked", "outcome": "fail", "observed": 1, "limit": 0, "witnesses": _names(4)},
        {
            "clause": "provenance.unknown",
            "outcome": "fail",
            "observed": 2000,
            "limit": 0,
            "witnesses": _names(2),
        },
        {"clause": "licence.in", "outcome": "pass", "observed": 0, "limit": 0, "witnesses": []},
        {
            "clause": "validity.min_remaining_days",
            "outcome": "pass",
            "observed": 0,
            "limit": 0,
            "witnesses": [],
        },
        {
            "clause": "persons.minors",
            "outcome": "undetermined",
            "observed": 3,
            "limit": 0,
            "witnesses": _names(3, 4, 5),
        },
        {
            "clause": "consent.denied",
            "outcome": "fail",
            "observed": 4000,
            "limit": 0,
            "witnesses": _names(3, 4),
        },
    ]
    assert findings == "77d365a9dd058a045599c3cfea186358efda3cf8fe94984e9b2ef685a8e5c024"
    assert reliance == "f03d018385610d9cc04f1a862a97474df541c1df08796c7aff6aeda4f95d9ee5"


def _names(*numbers: int) -> list[str]:
    return [f"{number:064x}" for number in numbers]
