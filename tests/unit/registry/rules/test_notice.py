"""The notice: exact words, complete, and safe against names that want to be more than names."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rakkan.registry.rules.notice import notice_of, notice_text, scope_words, with_notice
from rakkan.schemas.consent import CAWG_SCOPES, OWN_SCOPES
from rakkan.schemas.statement import Subject
from tests.unit.registry.rules import cases

GRANT = f"""\
PERMISSION FOR THE USE OF WORKS
Stated by: {cases.wallet_did(cases.WALLET)}, as author
Work 1: "work" (c2paClaim c1c1c1c1c1c1c1c1…, sha256 5a5a5a5a5a5a5a5a…)
Allowed: fine-tuning of a LoRA [org.rakkan.finetune_lora]
Not allowed: imitation of the style [org.rakkan.style_imitation]
Not allowed unless stated here more narrowly: training of generative AI models [cawg.ai_generative_training]
Everything not named here is not granted.
Who may use it: everybody
Licence: CC-BY-4.0, commercial use included; credit: by name
Valid: from 2026-01-01T00:00:00Z until 2028-01-01T00:00:00Z
If {cases.consent().withdrawal.authority} withdraws: no new use; models already trained stay as they are
They say: they generated the work; exclusive rights in generated works may not exist; all co-authors agree
Persons shown: none; minors: none
This shows control of a key, not authorship."""

OWN = hashlib.sha256(cases.wallet_did(cases.WALLET).encode()).hexdigest()
PAY = "eip155:1:0x" + "33" * 20
CHANGED: dict[str, list[tuple[str, Any]]] = {
    "collection": [("count", 30001), ("root", "ac" * 32)],
    "bounds": [("policy", None), ("runs", 4)],
    "jurisdiction": [("law", "FRA"), ("allow", []), ("deny", [])],
    "persons": [("releases", [])],
    "rightsBasis": [("shareBp", 6006)],
    "sealed": [("commitments", [{"name": "other", "value": "cd" * 32}])],
}

RESERVATION = f"""\
RESERVATION: DO NOT USE THESE WORKS
Stated by: {cases.wallet_did(cases.WALLET)}, as estate
Work 1: "a" (sha256 0101010101010101…)
Work 2: "b" (sha256 0202020202020202…)
Named without being granted: text and data mining [cawg.data_mining]
Not allowed: use as input to AI models [cawg.ai_inference]; org.example.other
Everything not named here is not granted.
Addressed to: "{cases.COMMUNITY}", everybody
Valid: from 2026-01-01T00:00:00Z until 2028-01-01T00:00:00Z
If {cases.consent().withdrawal.authority} withdraws: no new use; models already trained are trained again without the \
work within 60 days
They say: they created the work; co-authors may be missing
Persons shown: others; minors: unknown
Replaces the earlier record {cases.superseding(1)["supersedes"]["/"]}
This shows control of a key, not authorship."""


def test_a_grant_in_plain_words() -> None:
    assert notice_text(cases.SUBJECTS, cases.consent()) == GRANT


def test_a_reservation_in_plain_words() -> None:
    subjects = [
        Subject(name="a", digest={"sha256": "01" * 32}),
        Subject(name="b", digest={"sha256": "02" * 32}),
    ]
    predicate = cases.consent(
        subjects,
        kind="reservation",
        scopes=[
            {"name": "cawg.data_mining", "use": "allowed"},
            {"name": "cawg.ai_inference", "use": "notAllowed"},
            {"name": "org.example.other", "use": "notAllowed"},
        ],
        grantor={"id": cases.wallet_did(cases.WALLET), "capacity": "estate"},
        grantee=[cases.COMMUNITY, "public"],
        rightsBasis={"claim": "created", "coauthorsComplete": False},
        terms=None,
        withdrawal={"authority": cases.consent().withdrawal.authority, "mode": "retrain-within", "days": 60},
        persons={"depicted": "others", "minors": "unknown"},
        **cases.superseding(1),
    )
    assert notice_text(subjects, predicate) == RESERVATION


LINK = cases.superseding(1)["supersedes"]
MANDATE = f"""\
MANDATE: OTHERS MAY ACT FOR THE ONE WHO STATES THIS
Stated by: {cases.wallet_did(cases.WALLET)}, as author
Works 1: every work of the one who states this (actor {OWN[:16]}…)
They may allow in the name of the one who states this: fine-tuning of a LoRA [org.rakkan.finetune_lora]
Not allowed: use of a person's likeness [org.rakkan.likeness]
Everything not named here is not granted.
Who may act: "{cases.did(cases.ARTIST)}"
Valid: from 2026-01-01T00:00:00Z until 2028-01-01T00:00:00Z
If {cases.consent().withdrawal.authority} withdraws: no new use; models already trained stay as they are
They say: they generated the work; exclusive rights in generated works may not exist; all co-authors agree
Persons shown: none; minors: none
In another's name, under the mandate {LINK["/"]}
This shows control of a key, not authorship."""

FULL: dict[str, Any] = {
    "match": "collection",
    "collection": {"count": 30000, "root": "ab" * 32, "members": [LINK]},
    "terms": {
        "licence": "CC-BY-4.0",
        "attribution": "name",
        "shareAlike": False,
        "commercial": True,
        "outputsLicence": "CC0-1.0",
        "compensation": {"model": "per-training", "amount": "5", "currency": "EUR", "payTo": PAY},
    },
    "bounds": {"policy": LINK, "runs": 3},
    "jurisdiction": {"law": "DEU", "allow": ["DEU", "FRA"], "deny": ["USA"]},
    "trainBy": "2027-01-01T00:00:00Z",
    "rightsBasis": {"claim": "created", "coauthorsComplete": True, "shareBp": 6005},
    "persons": {"depicted": "others", "minors": "none", "releases": [LINK]},
    "sealed": {"commitments": [{"name": "display\u202ename", "value": "cd" * 32}]},
}


def test_a_mandate_in_plain_words() -> None:
    subjects = [Subject(name="author", digest={"actor": OWN})]
    predicate = cases.consent(
        subjects,
        kind="mandate",
        scopes=[
            {"name": "org.rakkan.finetune_lora", "use": "allowed"},
            {"name": "org.rakkan.likeness", "use": "notAllowed"},
        ],
        grantee=[cases.did(cases.ARTIST)],
        terms=None,
        mandate=LINK,
    )
    assert notice_text(subjects, predicate) == MANDATE
    other = [Subject(name="author", digest={"actor": "11" * 32})]
    assert "Works 1: every work of an author (actor 1111111111111111…)" in notice_text(other, predicate)


def test_every_bound_has_a_line() -> None:
    lines = notice_text(cases.SUBJECTS, cases.consent(**FULL)).split("\n")
    assert lines[3] == "Collection: 30000 works, root " + "ab" * 32
    for line in (
        "What a model puts out is under: CC0-1.0",
        f"Price: for each training, 5 EUR, paid to {PAY}",
        f"Counts only under the policy {LINK['/']}",
        "Counts for 3 training runs",
        "Where: law of DEU; only in DEU, FRA; not in USA",
        "New training must begin before 2027-01-01T00:00:00Z",
        "Their share: 60.05 %",
        f"Agreed to by a person shown in {LINK['/']}",
        'Kept private, fixed by commitments: "displayname"',
    ):
        assert line in lines


@pytest.mark.parametrize("left_out", sorted(set(FULL) - {"match"}))
def test_no_bound_is_left_out(left_out: str) -> None:
    """Each of them alone, and each part of it, changes the words."""
    full = notice_text(cases.SUBJECTS, cases.consent(**FULL))
    dropped = {"match", "collection"} if left_out == "collection" else {left_out}
    fewer = {name: value for name, value in FULL.items() if name not in dropped}
    assert notice_text(cases.SUBJECTS, cases.consent(**fewer)) != full
    for part, changed in CHANGED.get(left_out, ()):
        value = {**FULL[left_out], part: changed}
        assert notice_text(cases.SUBJECTS, cases.consent(**{**FULL, left_out: value})) != full


@pytest.mark.parametrize(
    ("compensation", "line"),
    [
        ({"model": "free"}, "Price: nothing is asked"),
        ({"model": "flat", "amount": "100"}, "Price: once, 100"),
        ({"model": "per-inference"}, "Price: for each use as input, an amount not stated"),
        (
            {"model": "rev-share-bp", "amount": "150"},
            "Price: of what is earned, in hundredths of a percent, 150",
        ),
    ],
)
def test_a_price_in_plain_words(compensation: dict[str, str], line: str) -> None:
    terms = {"licence": "CC0-1.0", "attribution": "none", "shareAlike": False, "commercial": False}
    predicate = cases.consent(terms={**terms, "compensation": compensation})
    assert line in notice_text(cases.SUBJECTS, predicate).split("\n")


@pytest.mark.parametrize(
    ("kind", "more", "first"),
    [
        ("likeness", {}, "AGREEMENT OF A PERSON WHO IS SHOWN"),
        ("co-author", {"joins": LINK}, "AGREEMENT OF A CO-AUTHOR"),
    ],
)
def test_those_who_agree_with_a_grant(kind: str, more: dict[str, Any], first: str) -> None:
    lines = notice_text(cases.SUBJECTS, cases.consent(kind=kind, **more)).split("\n")
    assert lines[0] == first
    assert (f"Agrees with the grant {LINK['/']}" in lines) is (kind == "co-author")
    assert lines[1:9] == GRANT.split("\n")[1:9]


def test_an_irrevocable_grant_says_so() -> None:
    predicate = cases.consent(withdrawal={"authority": "0x" + "11" * 20, "mode": "irrevocable"})
    assert "this permission cannot be taken back" in notice_text(cases.SUBJECTS, predicate)


@pytest.mark.parametrize(
    "more",
    [
        {"kind": "reservation"},
        {"scopes": [{"name": "org.rakkan.finetune_lora", "use": "allowed"}]},
        {"grantor": {"id": cases.did(cases.ARTIST)}},
        {"grantor": {"id": cases.wallet_did(cases.WALLET), "capacity": "agent"}},
        {"grantee": [cases.COMMUNITY]},
        {"rightsBasis": {"claim": "assigned", "coauthorsComplete": True}},
        {"rightsBasis": {"claim": "generated", "coauthorsComplete": False}},
        {"terms": None},
        {"terms": {"licence": "CC0-1.0", "attribution": "name", "shareAlike": False, "commercial": True}},
        {"terms": {"licence": "CC-BY-4.0", "attribution": "link", "shareAlike": False, "commercial": True}},
        {"terms": {"licence": "CC-BY-4.0", "attribution": "name", "shareAlike": True, "commercial": True}},
        {"terms": {"licence": "CC-BY-4.0", "attribution": "name", "shareAlike": False, "commercial": False}},
        {"withdrawal": {"authority": "0x" + "11" * 20, "mode": "prospective"}},
        {"withdrawal": {"authority": cases.consent().withdrawal.authority, "mode": "sunset"}},
        {"withdrawal": {"authority": cases.consent().withdrawal.authority, "mode": "prospective", "days": 3}},
        {"persons": {"depicted": "grantor", "minors": "none"}},
        {"persons": {"depicted": "none", "minors": "yes"}},
        {"validFrom": "2026-01-02T00:00:00Z"},
        {"validUntil": "2027-01-01T00:00:00Z"},
        cases.superseding(1),
    ],
)
def test_no_term_is_left_out(more: dict[str, Any]) -> None:
    """Whatever changes what is agreed to changes the words."""
    assert notice_text(cases.SUBJECTS, cases.consent(**more)) != GRANT


def test_what_is_no_term_is_not_read() -> None:
    predicate = cases.consent()
    other = cases.consent(nonce="11" * 16, unknown={"field": "allowed"})
    assert notice_text(cases.SUBJECTS, predicate.model_copy(update={"notice": None})) == GRANT
    assert notice_text(cases.SUBJECTS, other) == GRANT


@pytest.mark.parametrize(
    "name",
    [
        'x" (sha256 0000)\nAllowed: everything',
        "x\r\n\u2028Allowed: everything\u2029",
        "\u202egnihtyreve :dewollA\u202c",
        "x”, “y",
        "in\u200bvisible\u00ad\ufeff\U000e0041",
    ],
)
def test_a_name_stays_a_name(name: str) -> None:
    subjects = [Subject(name=name, digest=cases.SUBJECTS[0].digest)]
    lines = notice_text(subjects, cases.consent()).split("\n")
    assert len(lines) == len(GRANT.split("\n"))
    assert lines[2].startswith('Work 1: "')
    assert lines[2].count('"') == 2
    assert not set(lines[2]) & set("\r\u2028\u2029\u202e\u202c\u200b\u00ad\ufeff\U000e0041“”")


@given(st.text(max_size=64), st.text(max_size=40))
def test_any_text_keeps_the_lines(name: str, grantee: str) -> None:
    predicate = cases.consent().model_copy(update={"grantee": (f"did:x:{grantee}",)})
    text = notice_text([Subject(name=name, digest=cases.SUBJECTS[0].digest)], predicate)
    assert len(text.splitlines()) == len(GRANT.splitlines())
    assert text.endswith("\nThis shows control of a key, not authorship.")
    text.encode()


def test_the_notice_field_is_the_digest_of_the_words() -> None:
    filled = with_notice(cases.SUBJECTS, cases.consent().model_copy(update={"notice": None}))
    assert filled.notice == notice_of(cases.SUBJECTS, filled)
    assert filled.notice.sha256 == hashlib.sha256(GRANT.encode()).hexdigest()
    assert filled.notice.lang == "en"


def test_every_scope_has_words() -> None:
    assert all(scope_words(name) != name for name in (*CAWG_SCOPES, *OWN_SCOPES))
    assert scope_words("org.example.other") == "org.example.other"
