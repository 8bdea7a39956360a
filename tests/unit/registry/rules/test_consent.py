"""Effective consent: tables of precedence."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from rakkan.registry.rules.consent import ConsentFact, Effective, effective, is_withdrawn
from rakkan.schemas.consent import OWN_SCOPES
from rakkan.schemas.instant import parse_instant
from rakkan.schemas.verdict import Answer
from tests.unit.registry.rules import cases
from tests.unit.registry.rules.cases import COMMUNITY, NOW, fact

LORA, TRAIN, STYLE, MINING = (
    "org.rakkan.finetune_lora",
    "cawg.ai_generative_training",
    "org.rakkan.style_imitation",
    "cawg.data_mining",
)
DAY = timedelta(days=1)
OTHER_COMMUNITY = "eip155:1:0x" + "22" * 20
ANOTHER: dict[str, Any] = {"grantor": {"id": cases.did(cases.STRANGER)}}
YES, NO = {TRAIN: "allowed"}, {TRAIN: "notAllowed"}
RESERVE: dict[str, Any] = {"kind": "reservation", "scopes": NO}


def _ask(*facts: ConsentFact, scope: str = TRAIN, grantee: str = COMMUNITY, **more: Any) -> Effective:
    return effective(facts, scope=scope, grantee=grantee, **{"used_at": NOW, **more})


def _said(*facts: ConsentFact, **more: Any) -> tuple[str, str]:
    answer = _ask(*facts, **more)
    return answer.answer.value, answer.code


# --- scopes within one consent ---


@pytest.mark.parametrize(
    ("scopes", "scope", "expected"),
    [
        ({TRAIN: "allowed"}, TRAIN, ("allowed", "granted-to-public")),
        ({TRAIN: "allowed"}, LORA, ("allowed", "granted-to-public")),
        ({TRAIN: "notAllowed"}, LORA, ("denied", "not-allowed")),
        ({TRAIN: "constrained"}, TRAIN, ("denied", "constrained")),
        ({TRAIN: "constrained"}, LORA, ("denied", "constrained")),
        ({TRAIN: "constrained", LORA: "allowed"}, LORA, ("allowed", "granted-to-public")),
        ({TRAIN: "constrained", LORA: "allowed"}, TRAIN, ("denied", "constrained")),
        ({TRAIN: "constrained", LORA: "allowed"}, STYLE, ("denied", "constrained")),
        ({TRAIN: "notAllowed", LORA: "allowed"}, LORA, ("allowed", "granted-to-public")),
        ({TRAIN: "allowed", LORA: "notAllowed"}, LORA, ("denied", "not-allowed")),
        ({TRAIN: "allowed", LORA: "constrained"}, LORA, ("denied", "constrained")),
        ({LORA: "allowed"}, TRAIN, ("undetermined", "scope-unstated")),
        ({LORA: "allowed"}, STYLE, ("undetermined", "scope-unstated")),
        ({MINING: "allowed"}, TRAIN, ("undetermined", "scope-unstated")),
        ({TRAIN: "allowed"}, "org.example.other", ("undetermined", "scope-unstated")),
        ({"org.example.other": "allowed"}, "org.example.other", ("allowed", "granted-to-public")),
    ],
)
def test_a_narrower_scope_stated_by_name_overrides_the_broader(
    scopes: dict[str, str], scope: str, expected: tuple[str, str]
) -> None:
    assert _said(fact(scopes=scopes), scope=scope) == expected


def test_a_scope_stated_twice_is_the_strictest() -> None:
    for first, second in (("allowed", "notAllowed"), ("notAllowed", "allowed"), ("constrained", "allowed")):
        uses = [{"name": TRAIN, "use": first}, {"name": TRAIN, "use": second}]
        stated = replace(fact(), consent=cases.consent(scopes=uses))
        assert _ask(stated).answer is Answer.DENIED


@pytest.mark.parametrize("narrow", sorted(OWN_SCOPES))
def test_each_own_scope_follows_the_one_it_narrows(narrow: str) -> None:
    assert _said(fact(scopes={OWN_SCOPES[narrow]: "allowed"}), scope=narrow)[0] == "allowed"
    assert _said(fact(scopes={OWN_SCOPES[narrow]: "notAllowed"}), scope=narrow)[0] == "denied"


# --- ranks ---

SPECIFIC: dict[str, Any] = {"grantee": [COMMUNITY]}


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ([], ("undetermined", "no-consent")),
        ([{"scopes": YES}], ("allowed", "granted-to-public")),
        ([{"scopes": YES, **SPECIFIC}], ("allowed", "granted")),
        ([{"scopes": YES, "grantee": [OTHER_COMMUNITY]}], ("undetermined", "grantee-other")),
        ([{"scopes": YES, "grantee": [OTHER_COMMUNITY, COMMUNITY]}], ("allowed", "granted")),
        ([{"scopes": YES, "grantee": ["public", COMMUNITY]}], ("allowed", "granted")),
        ([RESERVE], ("denied", "reserved")),
        ([{**RESERVE, "scopes": {TRAIN: "constrained"}}], ("denied", "constrained")),
        ([{**RESERVE, "scopes": YES}], ("undetermined", "scope-unstated")),
        ([RESERVE, {"scopes": YES}], ("allowed", "granted-to-public")),
        ([RESERVE, {"scopes": YES, **SPECIFIC}], ("allowed", "granted")),
        ([{**RESERVE, **SPECIFIC}, {"scopes": YES}], ("denied", "reserved")),
        ([{**RESERVE, **SPECIFIC}, {"scopes": YES, **SPECIFIC}], ("allowed", "granted")),
        ([{**RESERVE, "grantee": [OTHER_COMMUNITY]}, {"scopes": YES}], ("allowed", "granted-to-public")),
        ([{"scopes": NO}, {"scopes": YES, **SPECIFIC}], ("allowed", "granted")),
        ([{"scopes": YES}, {"scopes": NO, **SPECIFIC}], ("denied", "not-allowed")),
        ([{"scopes": YES}, {"scopes": NO}], ("denied", "not-allowed")),
        ([{"scopes": YES, **SPECIFIC}, {"scopes": NO, **SPECIFIC}], ("denied", "not-allowed")),
        ([{"scopes": NO}, {"scopes": YES, "grantee": [OTHER_COMMUNITY]}], ("denied", "not-allowed")),
        ([{"scopes": {MINING: "allowed"}, **SPECIFIC}, {"scopes": NO}], ("denied", "not-allowed")),
        ([{"scopes": {MINING: "allowed"}, **SPECIFIC}, {"scopes": YES}], ("allowed", "granted-to-public")),
    ],
)
def test_ranks(terms: list[dict[str, Any]], expected: tuple[str, str]) -> None:
    facts = [fact(number, **each) for number, each in enumerate(terms)]
    assert _said(*facts) == expected
    assert _said(*reversed(facts)) == expected


def test_anybody_gets_only_what_everybody_gets() -> None:
    assert _said(fact(scopes=YES, **SPECIFIC), grantee="public") == ("undetermined", "grantee-other")
    assert _said(fact(scopes=YES), grantee="public") == ("allowed", "granted-to-public")
    assert _said(fact(**{**RESERVE, **SPECIFIC}), fact(1, scopes=YES), grantee="public")[0] == "allowed"


@pytest.mark.parametrize("spelling", [COMMUNITY.lower(), "eip155:31337:0x" + COMMUNITY[15:].upper()])
def test_an_address_is_the_same_in_any_case(spelling: str) -> None:
    """Else a no could be missed over a capital letter."""
    facts = [fact(scopes=YES), fact(1, scopes=NO, grantee=[spelling])]
    assert _said(*facts)[0] == "denied"
    assert _said(fact(scopes=YES, grantee=[COMMUNITY]), grantee=spelling)[0] == "allowed"
    assert _said(fact(scopes=YES, grantee=["did:web:A"]), grantee="did:web:a")[0] == "undetermined"


# --- time ---

FROM, UNTIL = "2026-01-01T00:00:00Z", "2028-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("used_at", "expected"),
    [
        (parse_instant(FROM) - timedelta(microseconds=1), ("undetermined", "not-yet-valid")),
        (parse_instant(FROM), ("allowed", "granted-to-public")),
        (parse_instant(UNTIL) - timedelta(microseconds=1), ("allowed", "granted-to-public")),
        (parse_instant(UNTIL), ("undetermined", "expired")),
    ],
)
def test_validity_is_half_open(used_at: datetime, expected: tuple[str, str]) -> None:
    assert _said(fact(scopes=YES), used_at=used_at) == expected


def test_a_no_ends_with_its_validity_too() -> None:
    late = parse_instant(UNTIL)
    assert _said(fact(**RESERVE), fact(1, scopes=YES), used_at=late) == ("undetermined", "expired")
    assert (
        _said(fact(**RESERVE), fact(1, scopes=YES, validUntil="2029-01-01T00:00:00Z"), used_at=late)[0]
        == "allowed"
    )


def test_only_what_was_known_counts() -> None:
    known = NOW - timedelta(days=30)
    one = fact(scopes=YES, known_from=known)
    assert _said(one, known_at=known)[0] == "allowed"
    assert _said(one, known_at=known - timedelta(seconds=1)) == ("undetermined", "no-consent")
    assert _said(one, fact(1, scopes=NO, known_from=NOW), known_at=NOW - DAY)[0] == "allowed"
    assert _said(one, fact(1, scopes=NO, known_from=NOW), known_at=NOW)[0] == "denied"
    assert _said(one, fact(1, scopes=NO, known_from=NOW + DAY))[0] == "denied"  # no limit: all facts


# --- withdrawal ---


@pytest.mark.parametrize("which", ["withdrawn_at", "withdrawn_item_at"])
def test_withdrawal_acts_forward(which: str) -> None:
    taken_back: dict[str, Any] = {which: NOW}
    one = fact(scopes=YES, **taken_back)
    assert _said(one, used_at=NOW - timedelta(seconds=1))[0] == "allowed"
    assert _said(one, used_at=NOW) == ("denied", "withdrawn")
    assert _said(one, used_at=NOW + DAY) == ("denied", "withdrawn")
    assert _said(one, used_at=NOW + DAY, known_at=NOW - DAY)[0] == "allowed"  # not known then
    assert _said(one, used_at=NOW + DAY, known_at=NOW)[0] == "denied"


def test_the_earlier_of_two_withdrawals_counts() -> None:
    one = fact(scopes=YES, withdrawn_at=NOW + DAY, withdrawn_item_at=NOW)
    assert is_withdrawn(one, NOW)
    assert not is_withdrawn(one, NOW - DAY)
    assert not is_withdrawn(one, NOW, NOW - DAY)
    assert not is_withdrawn(fact(), NOW + 999 * DAY)


def test_what_is_irrevocable_stays() -> None:
    terms = {"authority": "0x" + "11" * 20, "mode": "irrevocable"}
    one = fact(scopes=YES, withdrawal=terms, withdrawn_at=NOW - DAY, withdrawn_item_at=NOW - DAY)
    assert _said(one)[0] == "allowed"
    assert _said(one, fact(1, scopes=NO))[0] == "denied"  # a later no of the same grantor still decides


@pytest.mark.parametrize("mode", ["prospective", "sunset", "retrain-within"])
def test_every_other_mode_ends_new_use(mode: str) -> None:
    terms = {"authority": "0x" + "11" * 20, "mode": mode, "days": 30}
    assert _said(fact(scopes=YES, withdrawal=terms, withdrawn_at=NOW - DAY)) == ("denied", "withdrawn")


def test_what_else_was_granted_stays_granted() -> None:
    gone = fact(scopes=YES, **SPECIFIC, withdrawn_at=NOW - DAY)
    assert _said(gone, fact(1, scopes=YES)) == ("allowed", "granted-to-public")
    assert _said(gone, fact(1, scopes=NO)) == ("denied", "not-allowed")
    assert _said(gone, fact(1, **RESERVE)) == ("denied", "reserved")


def test_a_withdrawal_never_grants() -> None:
    """Nobody can stop a withdrawal, so taking back a no must not be a yes."""
    withdrawn: dict[str, Any] = {"withdrawn_at": NOW - DAY}
    assert _said(fact(**RESERVE, **withdrawn)) == ("denied", "reserved")
    assert _said(fact(scopes=NO, **withdrawn), fact(1, scopes=YES)) == ("denied", "not-allowed")
    assert _said(fact(scopes=YES, **ANOTHER, **withdrawn), fact(1, scopes=YES)) == (
        "undetermined",
        "claims-conflict",
    )


# --- what is told beside the answer ---


def test_the_consents_that_decide_are_named_in_log_order() -> None:
    yes, more, no = fact(2, scopes=YES), fact(1, scopes=YES), fact(3, scopes=NO)
    unlogged = fact(4, scopes=NO, log_index=None)
    assert _ask(yes, more).relied == (more, yes)
    assert _ask(yes, more, yes).relied == (more, yes)
    assert _ask(yes, unlogged, more, no).relied == (no, unlogged)
    assert _ask(yes, fact(5, scopes=YES, **ANOTHER)).relied == (yes, fact(5, scopes=YES, **ANOTHER))
    assert _ask().relied == ()
    assert _ask(yes).assurance == 0


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (
            [{"scopes": YES, "log_index": None}, {"scopes": YES, "validUntil": "2026-11-01T00:00:00Z"}],
            "unlogged",
        ),
        (
            [
                {"scopes": YES, "validUntil": "2026-11-01T00:00:00Z"},
                {"scopes": YES, "grantee": [OTHER_COMMUNITY]},
            ],
            "expired",
        ),
        ([{"scopes": {MINING: "allowed"}}, {"scopes": YES, "grantee": [OTHER_COMMUNITY]}], "scope-unstated"),
    ],
)
def test_of_several_silences_the_nearest_to_a_yes_is_told(facts: list[dict[str, Any]], code: str) -> None:
    assert _ask(*[fact(number, **each) for number, each in enumerate(facts)]).code == code
