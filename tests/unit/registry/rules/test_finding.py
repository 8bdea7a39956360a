"""Findings: what each clause says about one item, and the document that explains it."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest

from rakkan.registry.rules.consent import ConsentFact
from rakkan.registry.rules.finding import MAX_NAMED, ItemEvidence, ItemJudge, JudgedItem
from rakkan.registry.rules.policy.clause import worst
from rakkan.registry.rules.policy.document import Policy, parse_policy
from rakkan.schemas.canonical import canonical, parse_canonical
from rakkan.schemas.verdict import Outcome, Reliance
from tests.unit.registry.rules import cases
from tests.unit.registry.rules.cases import COMMUNITY, NOW, fact

ITEM, FED, WORK = (bytes([number]) * 32 for number in (1, 2, 3))
TRAIN = "cawg.ai_generative_training"
DAY = timedelta(days=1)
YES: dict[str, Any] = {"scopes": {TRAIN: "allowed"}}
NO: dict[str, Any] = {"scopes": {TRAIN: "notAllowed"}}
GONE: dict[str, Any] = {"withdrawn_at": NOW - DAY}
ANOTHER: dict[str, Any] = {"grantor": {"id": cases.did(cases.STRANGER)}}
SHARE: dict[str, Any] = {"clause": "consent.share", "scope": TRAIN, "grantee": "self", "minBp": 10000}
DENIED: dict[str, Any] = {"clause": "consent.denied", "scope": TRAIN, "grantee": "self", "maxBp": 0}
UNREVOKED: dict[str, Any] = {"clause": "consent.unrevoked"}
UNKNOWN: dict[str, Any] = {"clause": "provenance.unknown", "maxBp": 0}
LICENCE: dict[str, Any] = {"clause": "licence.in", "licences": ["CC0-1.0", "CC-BY-4.0"]}
VALID: dict[str, Any] = {"clause": "validity.min_remaining_days", "days": 30}
MINORS: dict[str, Any] = {"clause": "persons.minors"}


def policy_of(*clauses: dict[str, Any]) -> Policy:
    document = {"policy": "rakkan-policy/1", "name": "test", "validDays": 90, "all": clauses}
    return parse_policy(json.dumps(document).encode())


def judge(*facts: ConsentFact, clauses: list[dict[str, Any]], work: bytes | None = WORK) -> JudgedItem:
    judged = ItemJudge(policy_of(*clauses), grantee_self=COMMUNITY, instant=NOW)
    return judged.judge(ItemEvidence(ITEM, FED, work, facts))


def _code(
    clause: dict[str, Any], *facts: ConsentFact, share: bool = True, work: bytes | None = WORK
) -> tuple[str, str]:
    """Outcome and code of one clause, beside a share clause that says what is relied on."""
    judged = judge(*facts, clauses=[*([SHARE] if share else []), clause], work=work)
    reason = parse_canonical(judged.document)["reasons"][-1]
    assert reason["clause"] == clause["clause"]
    return judged.outcomes[-1].value, reason["code"]


def _terms(licence: str) -> dict[str, Any]:
    return {"terms": {"licence": licence, "attribution": "name", "shareAlike": False, "commercial": True}}


@pytest.mark.parametrize(
    ("facts", "share", "denied"),
    [
        ([], ("undetermined", "no-consent"), ("pass", "no-refusal-known")),
        ([fact(**YES)], ("pass", "granted-to-public"), ("pass", "granted-to-public")),
        ([fact(**YES, grantee=[COMMUNITY])], ("pass", "granted"), ("pass", "granted")),
        ([fact(**NO)], ("fail", "not-allowed"), ("fail", "not-allowed")),
        ([fact(**NO, kind="reservation")], ("fail", "reserved"), ("fail", "reserved")),
        ([fact(**YES, **GONE)], ("fail", "withdrawn"), ("fail", "withdrawn")),
        ([fact(**YES, log_index=None)], ("undetermined", "unlogged"), ("pass", "no-refusal-known")),
        (
            [fact(**YES), fact(1, **NO, **ANOTHER)],
            ("undetermined", "claims-conflict"),
            ("undetermined", "claims-conflict"),
        ),
    ],
)
def test_consent(facts: list[ConsentFact], share: tuple[str, str], denied: tuple[str, str]) -> None:
    assert _code(SHARE, *facts) == share
    assert _code(DENIED, *facts) == denied


def test_self_is_the_community_and_anybody_is_the_public() -> None:
    own = fact(**YES, grantee=[COMMUNITY])
    assert _code(SHARE, own)[0] == "pass"
    assert _code({**SHARE, "grantee": "public"}, own)[0] == "undetermined"
    assert _code({**SHARE, "grantee": COMMUNITY}, own)[0] == "pass"


@pytest.mark.parametrize(
    ("facts", "share", "expected"),
    [
        ([], True, ("pass", "nothing-withdrawn")),
        ([fact(**YES)], True, ("pass", "nothing-withdrawn")),
        ([fact(**YES, **GONE)], True, ("fail", "withdrawn")),
        ([fact(**YES, **GONE)], False, ("fail", "withdrawn")),
        ([fact(**YES, withdrawn_item_at=NOW)], True, ("fail", "withdrawn")),
        ([fact(**YES, withdrawn_at=NOW + DAY)], True, ("pass", "nothing-withdrawn")),
        ([fact(**YES, **GONE), fact(1, **YES)], True, ("pass", "granted-otherwise")),
        ([fact(**YES, **GONE), fact(1, **YES)], False, ("fail", "withdrawn")),
        ([fact(**NO, **GONE, kind="reservation")], True, ("pass", "nothing-withdrawn")),
        ([fact(**YES, **GONE, validUntil="2026-11-01T00:00:00Z")], True, ("pass", "nothing-withdrawn")),
    ],
)
def test_unrevoked(facts: list[ConsentFact], share: bool, expected: tuple[str, str]) -> None:
    assert _code(UNREVOKED, *facts, share=share) == expected


def test_provenance() -> None:
    assert _code(UNKNOWN, fact(**YES)) == ("pass", "work-registered")
    assert _code(UNKNOWN, fact(**YES), work=None) == ("undetermined", "work-unregistered")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([fact(**YES, **_terms("CC0-1.0"))], ("pass", "licence-accepted")),
        ([fact(**YES, **_terms("CC-BY-NC-4.0"))], ("fail", "licence-other")),
        ([fact(**YES, **_terms("cc0-1.0"))], ("fail", "licence-other")),
        ([fact(**YES, terms=None)], ("undetermined", "licence-unstated")),
        ([], ("not-applicable", "no-consent-relied-on")),
        ([fact(**NO, **_terms("CC0-1.0"))], ("not-applicable", "no-consent-relied-on")),
        (
            [fact(**YES, **_terms("CC-BY-NC-4.0")), fact(1, **YES, **_terms("CC0-1.0"))],
            ("pass", "licence-accepted"),
        ),
    ],
)
def test_licence(facts: list[ConsentFact], expected: tuple[str, str]) -> None:
    assert _code(LICENCE, *facts) == expected


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        ("2026-12-22T12:00:00Z", ("pass", "valid-long-enough")),
        ("2026-12-22T11:59:59Z", ("fail", "valid-too-briefly")),
    ],
)
def test_validity(until: str, expected: tuple[str, str]) -> None:
    assert _code(VALID, fact(**YES, validUntil=until)) == expected
    assert _code(VALID) == ("not-applicable", "no-consent-relied-on")


@pytest.mark.parametrize("clause", [LICENCE, VALID])
def test_without_a_share_clause_no_consent_is_relied_on(clause: dict[str, Any]) -> None:
    assert _code(clause, fact(**YES), share=False) == ("undetermined", "no-share-clause")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([fact(**YES)], ("pass", "no-minors")),
        (
            [fact(**YES, persons={"depicted": "none", "minors": "unknown"})],
            ("undetermined", "minors-unknown"),
        ),
        ([fact(**YES, persons={"depicted": "others", "minors": "yes"})], ("fail", "minors-shown")),
        ([], ("undetermined", "minors-unknown")),
        ([fact(**NO)], ("undetermined", "minors-unknown")),
        (
            [fact(**YES), fact(1, **NO, **ANOTHER, persons={"depicted": "none", "minors": "yes"})],
            ("fail", "minors-shown"),
        ),
        (
            [
                fact(0, **YES, persons={"depicted": "none", "minors": "yes"}),
                fact(1, **YES, **cases.superseding(0)),
            ],
            ("pass", "no-minors"),
        ),
    ],
)
def test_minors(facts: list[ConsentFact], expected: tuple[str, str]) -> None:
    assert _code(MINORS, *facts) == expected


def test_one_consent_must_meet_licence_and_validity_together() -> None:
    short = fact(0, **YES, **_terms("CC0-1.0"), validUntil="2026-12-01T00:00:00Z")
    other = fact(1, **YES, **_terms("CC-BY-NC-4.0"))
    both = fact(2, **YES, **_terms("CC0-1.0"), validUntil="2027-01-01T00:00:00Z")
    torn = judge(short, other, clauses=[SHARE, LICENCE, VALID])
    assert torn.finding.outcome is Outcome.FAIL
    met = judge(short, other, both, clauses=[SHARE, LICENCE, VALID])
    assert met.finding.outcome is Outcome.PASS
    assert met.relied == (both,)


def test_of_equal_consents_the_longest_then_the_earliest_is_relied_on() -> None:
    early, late = fact(1, **YES), fact(2, **YES)
    longer = fact(3, **YES, validUntil="2029-01-01T00:00:00Z")
    assert judge(late, early, clauses=[SHARE]).relied == (early,)
    assert judge(late, longer, early, clauses=[SHARE]).relied == (longer,)


def test_each_share_clause_relies_on_its_own_consent() -> None:
    public, own = fact(1, **YES), fact(2, scopes={"cawg.data_mining": "allowed"}, grantee=[COMMUNITY])
    mining = {**SHARE, "scope": "cawg.data_mining"}
    judged = judge(public, own, clauses=[SHARE, mining])
    assert judged.relied == (public, own)
    assert judged.reliance == [
        Reliance(
            each.record_id, ITEM, bytes.fromhex(each.consent.withdrawal.authority[2:]), each.log_index or 0, 0
        )
        for each in (public, own)
    ]
    assert judge(public, clauses=[SHARE, mining]).relied == (public,)
    assert judge(own, clauses=[SHARE]).reliance == []


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([], "undetermined"),
        (["pass"], "pass"),
        (["pass", "not-applicable"], "pass"),
        (["not-applicable"], "undetermined"),
        (["pass", "undetermined"], "undetermined"),
        (["undetermined", "fail", "pass"], "fail"),
    ],
)
def test_worst(outcomes: list[str], expected: str) -> None:
    assert worst([Outcome(word) for word in outcomes]).value == expected


def test_the_document_is_canonical_and_its_digest_is_in_the_finding() -> None:
    one, two = fact(1, **YES), fact(2, **YES)
    judged = judge(two, one, clauses=[SHARE, UNREVOKED, UNKNOWN, LICENCE, VALID, MINORS, DENIED], work=None)
    value = {
        "item": ITEM.hex(),
        "trainingInput": FED.hex(),
        "outcome": "undetermined",
        "reasons": [
            {
                "clause": "consent.share",
                "code": "granted-to-public",
                "consents": [one.record_id.hex(), two.record_id.hex()],
            },
            {"clause": "consent.unrevoked", "code": "nothing-withdrawn", "consents": []},
            {"clause": "provenance.unknown", "code": "work-unregistered", "consents": []},
            {"clause": "licence.in", "code": "licence-accepted", "consents": [one.record_id.hex()]},
            {
                "clause": "validity.min_remaining_days",
                "code": "valid-long-enough",
                "consents": [one.record_id.hex()],
            },
            {"clause": "persons.minors", "code": "no-minors", "consents": [one.record_id.hex()]},
            {
                "clause": "consent.denied",
                "code": "granted-to-public",
                "consents": [one.record_id.hex(), two.record_id.hex()],
            },
        ],
    }
    assert judged.document == canonical(value)
    assert judged.finding.detail == hashlib.sha256(canonical(value)).digest()
    assert judged.finding.leaf_data == ITEM + FED + b"\3" + judged.finding.detail


def test_a_flood_of_claims_does_not_grow_the_document() -> None:
    flood = [fact(number, **YES, grantor={"id": f"did:key:z6Mk{number}"}) for number in range(200)]
    judged = judge(*flood, clauses=[SHARE, MINORS])
    reasons = parse_canonical(judged.document)["reasons"]
    assert len(reasons[0]["consents"]) == MAX_NAMED
    assert reasons[0]["code"] == "claims-conflict"


def test_nothing_is_judged_by_no_clauses() -> None:
    assert judge(fact(**YES), clauses=[]).finding.outcome is Outcome.UNDETERMINED
