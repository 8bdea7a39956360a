"""Effective consent: records that replace others, the log, and claimants who contradict each other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from rakkan.registry.rules.consent import ConsentFact, Effective, effective
from tests.unit.registry.rules import cases
from tests.unit.registry.rules.cases import COMMUNITY, NOW, fact, in_force, superseding

TRAIN, MINING = "cawg.ai_generative_training", "cawg.data_mining"
DAY = timedelta(days=1)
OTHER_COMMUNITY = "eip155:1:0x" + "22" * 20
ANOTHER: dict[str, Any] = {"grantor": {"id": cases.did(cases.STRANGER)}}
YES, NO = {TRAIN: "allowed"}, {TRAIN: "notAllowed"}
RESERVE: dict[str, Any] = {"kind": "reservation", "scopes": NO}
SPECIFIC: dict[str, Any] = {"grantee": [COMMUNITY]}


def _ask(*facts: ConsentFact, **more: Any) -> Effective:
    return effective(facts, scope=TRAIN, grantee=COMMUNITY, used_at=NOW, **more)


def _said(*facts: ConsentFact, **more: Any) -> tuple[str, str]:
    answer = _ask(*facts, **more)
    return answer.answer.value, answer.code


# --- supersession ---


def test_the_later_record_replaces_the_earlier() -> None:
    old, new = fact(0, scopes=YES), fact(1, scopes=NO, **superseding(0))
    assert _said(old, new) == ("denied", "not-allowed")
    assert _said(fact(0, scopes=NO), fact(1, scopes=YES, **superseding(0)))[0] == "allowed"
    silent = fact(1, scopes={MINING: "allowed"}, **superseding(0))
    assert _said(old, silent) == ("undetermined", "superseded")
    assert _said(old, fact(1, scopes=NO, **superseding(7)))[0] == "denied"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"log_index": 5}, {"log_index": 4}, "allowed"),  # not later
        ({"log_index": 5}, {"log_index": 5}, "allowed"),
        ({"log_index": 5}, {"log_index": None}, "allowed"),
        ({}, {"known_from": NOW + DAY}, "allowed"),  # not known
        ({}, {"validFrom": "2026-12-01T00:00:00Z"}, "allowed"),  # not yet
        ({}, {"validFrom": "2026-11-22T12:00:00Z"}, "undetermined"),
        ({}, {"validUntil": "2026-11-01T00:00:00Z"}, "undetermined"),  # over, and the old one stays replaced
        ({}, {"withdrawn_at": NOW - DAY}, "undetermined"),
    ],
)
def test_when_a_record_replaces_another(old: dict[str, Any], new: dict[str, Any], expected: str) -> None:
    facts = fact(0, scopes=YES, **old), fact(1, scopes={MINING: "allowed"}, **superseding(0), **new)
    assert _said(*facts, known_at=NOW)[0] == expected
    assert _said(*reversed(facts), known_at=NOW)[0] == expected


def test_nobody_replaces_the_consent_of_another() -> None:
    mine, theirs = fact(0, scopes=NO), fact(1, scopes=YES, **ANOTHER, **superseding(0))
    assert _said(mine, theirs) == ("undetermined", "claims-conflict")
    assert mine in in_force([mine, theirs], used_at=NOW)


def test_a_chain_of_replacements_leaves_the_last() -> None:
    facts = [fact(0, scopes=YES), fact(1, scopes=NO, **superseding(0)), fact(2, scopes=YES, **superseding(1))]
    assert _ask(*facts).relied == (facts[2],)
    assert in_force(facts, used_at=NOW) == (facts[2],)


# --- the log ---


def test_what_is_not_logged_never_grants_but_may_deny() -> None:
    assert _said(fact(scopes=YES, log_index=None)) == ("undetermined", "unlogged")
    assert _said(fact(scopes=NO, log_index=None)) == ("denied", "not-allowed")
    assert _said(fact(scopes=YES), fact(1, scopes=NO, log_index=None)) == ("denied", "not-allowed")
    assert _said(fact(scopes=YES, log_index=None), fact(1, scopes=YES)) == ("allowed", "granted-to-public")
    assert _said(fact(0, scopes=YES, log_index=0)) == ("allowed", "granted-to-public")


# --- claimants ---


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        ({"scopes": YES}, {"scopes": YES}, ("undetermined", "claims-conflict")),
        ({"scopes": YES}, {"scopes": NO}, ("undetermined", "claims-conflict")),
        ({"scopes": YES}, RESERVE, ("undetermined", "claims-conflict")),
        ({"scopes": NO}, {"scopes": NO}, ("denied", "not-allowed")),
        ({"scopes": NO}, RESERVE, ("denied", "not-allowed")),
        (RESERVE, RESERVE, ("denied", "reserved")),
        (RESERVE, {"scopes": YES, "withdrawn_at": NOW - DAY}, ("denied", "reserved")),
        ({"scopes": NO}, {"scopes": {MINING: "allowed"}}, ("undetermined", "claims-conflict")),
        ({"scopes": YES}, {"scopes": {MINING: "allowed"}}, ("undetermined", "claims-conflict")),
        ({"scopes": YES}, {"scopes": YES, "grantee": [OTHER_COMMUNITY]}, ("undetermined", "claims-conflict")),
        ({"scopes": YES}, {"scopes": YES, "log_index": None}, ("undetermined", "claims-conflict")),
        (
            {"scopes": YES},
            {"scopes": YES, "validUntil": "2026-11-01T00:00:00Z"},
            ("allowed", "granted-to-public"),
        ),
        (
            {"scopes": YES},
            {"scopes": YES, "validFrom": "2027-11-01T00:00:00Z"},
            ("allowed", "granted-to-public"),
        ),
        ({"scopes": YES, **SPECIFIC}, RESERVE, ("undetermined", "claims-conflict")),
    ],
)
def test_two_claimants(mine: dict[str, Any], theirs: dict[str, Any], expected: tuple[str, str]) -> None:
    facts = [fact(0, **mine), fact(1, **{**theirs, **ANOTHER})]
    assert _said(*facts) == expected
    assert _said(*reversed(facts)) == expected


def test_a_thief_who_registers_first_gains_nothing() -> None:
    thief, artist = fact(0, scopes=YES, **ANOTHER), fact(1, **RESERVE)
    assert _said(thief)[0] == "allowed"  # nobody else is known: a signature is not authorship
    assert _said(thief, artist) == ("undetermined", "claims-conflict")
