"""Effective consent told a second time, naively, and what may never turn into a yes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rakkan.registry.rules.consent import ConsentFact, effective, is_withdrawn
from rakkan.schemas.consent import OWN_SCOPES
from rakkan.schemas.instant import parse_instant
from rakkan.schemas.verdict import Answer
from tests.unit.registry.rules import cases
from tests.unit.registry.rules.cases import COMMUNITY, NOW, fact, superseding

LORA, TRAIN, STYLE, MINING = (
    "org.rakkan.finetune_lora",
    "cawg.ai_generative_training",
    "org.rakkan.style_imitation",
    "cawg.data_mining",
)
DAY = timedelta(days=1)
OTHER_COMMUNITY = "eip155:1:0x" + "22" * 20
FROM, UNTIL = "2026-01-01T00:00:00Z", "2028-01-01T00:00:00Z"


def _naive(facts: list[ConsentFact], scope: str, grantee: str, used_at: datetime, known_at: datetime) -> str:
    """The rules again, as slowly and plainly as possible, without a line in common."""
    known = {each.record_id: each for each in facts if each.known_from <= known_at}.values()
    standing = []
    for each in known:
        starts, ends = parse_instant(each.consent.valid_from), parse_instant(each.consent.valid_until)
        gone = any(
            later.consent.supersedes is not None
            and later.consent.supersedes.cid.digest == each.envelope
            and later.consent.grantor.id == each.consent.grantor.id
            and None not in (later.log_index, each.log_index)
            and (later.log_index or 0) > (each.log_index or 0)
            and parse_instant(later.consent.valid_from) <= used_at
            for later in known
        )
        if starts <= used_at < ends and not gone:
            standing.append(each)
    grantors = {each.consent.grantor.id for each in standing}
    answers = set()
    for grantor in grantors:
        answers.add(
            _naive_one(
                [each for each in standing if each.consent.grantor.id == grantor],
                scope,
                grantee,
                used_at,
                known_at,
            )
        )
    if answers == {"denied"}:
        return "denied"
    return answers.pop() if len(grantors) == 1 else "undetermined"


def _naive_one(
    facts: list[ConsentFact], scope: str, grantee: str, used_at: datetime, known_at: datetime
) -> str:
    for kind, addressed in (
        ("grant", grantee),
        ("reservation", grantee),
        ("grant", "public"),
        ("reservation", "public"),
    ):
        yes = no = False
        for each in facts:
            listed = each.consent.grantee
            to_me = grantee != "public" and grantee in listed
            if each.consent.kind != kind or not (
                to_me if addressed != "public" else "public" in listed and not to_me
            ):
                continue
            stated = {entry.name: entry.use.value for entry in each.consent.scopes}
            use = stated.get(scope, stated.get(OWN_SCOPES.get(scope, "")))
            no = no or use in ("notAllowed", "constrained")
            taken = [
                m for m in (each.withdrawn_at, each.withdrawn_item_at) if m and m <= used_at and m <= known_at
            ]
            revocable = each.consent.withdrawal.mode.value != "irrevocable"
            yes = yes or (
                use == "allowed"
                and kind == "grant"
                and each.log_index is not None
                and not (taken and revocable)
            )
        if yes or no:
            return "denied" if no else "allowed"
    for each in facts:
        stated = {entry.name: entry.use.value for entry in each.consent.scopes}
        use = stated.get(scope, stated.get(OWN_SCOPES.get(scope, "")))
        mine = grantee in each.consent.grantee or "public" in each.consent.grantee
        taken = [
            m for m in (each.withdrawn_at, each.withdrawn_item_at) if m and m <= used_at and m <= known_at
        ]
        revocable = each.consent.withdrawal.mode.value != "irrevocable"
        if each.consent.kind == "grant" and mine and use == "allowed" and taken and revocable:
            return "denied"
    return "undetermined"


moments = st.sampled_from([None, NOW - DAY, NOW, NOW + DAY])
uses = st.sampled_from(["allowed", "notAllowed", "constrained"])


@st.composite
def fact_lists(draw: st.DrawFn, grantors: int = 2) -> list[ConsentFact]:
    facts = []
    for number in range(draw(st.integers(0, 5))):
        more: dict[str, Any] = {}
        if number and draw(st.integers(0, 2)) == 0:
            more = superseding(draw(st.integers(0, number - 1)))
        facts.append(
            fact(
                number,
                kind=draw(st.sampled_from(["grant", "grant", "reservation"])),
                scopes=draw(
                    st.dictionaries(
                        st.sampled_from([TRAIN, LORA, STYLE, MINING]), uses, min_size=1, max_size=3
                    )
                ),
                grantor={
                    "id": cases.did(
                        [cases.ARTIST, cases.STRANGER][draw(st.integers(0, 9)) >= 12 - 2 * grantors]
                    )
                },
                grantee=draw(
                    st.lists(
                        st.sampled_from(["public", COMMUNITY, OTHER_COMMUNITY]),
                        min_size=1,
                        max_size=2,
                        unique=True,
                    )
                ),
                validFrom=draw(st.sampled_from([FROM, "2026-11-22T12:00:00Z", "2026-11-23T12:00:00Z"])),
                validUntil=draw(st.sampled_from([UNTIL, UNTIL, "2026-11-22T12:00:00Z"])),
                withdrawal={
                    "authority": "0x" + "11" * 20,
                    "mode": draw(st.sampled_from(["prospective", "sunset", "irrevocable"])),
                },
                log_index=draw(st.sampled_from([None, number, number, number, 9 - number])),
                known_from=draw(st.sampled_from([NOW - 9 * DAY, NOW - DAY, NOW, NOW + DAY])),
                withdrawn_at=draw(moments),
                withdrawn_item_at=draw(moments),
                **more,
            )
        )
    return facts


questions = st.tuples(
    st.sampled_from([TRAIN, LORA, STYLE, MINING]),
    st.sampled_from(["public", COMMUNITY, OTHER_COMMUNITY]),
    st.sampled_from([NOW - DAY, NOW, NOW + DAY]),
    st.sampled_from([NOW - DAY, NOW, NOW + DAY]),
)


@settings(max_examples=300, deadline=None)
@given(fact_lists(), questions, st.randoms(use_true_random=False))
def test_agrees_with_the_naive_telling(facts: list[ConsentFact], question: Any, chance: Any) -> None:
    scope, grantee, used_at, known_at = question
    answer = effective(facts, scope=scope, grantee=grantee, used_at=used_at, known_at=known_at)
    assert answer.answer.value == _naive(facts, scope, grantee, used_at, known_at)
    mixed = [*facts, *facts[:2]]
    chance.shuffle(mixed)
    assert effective(mixed, scope=scope, grantee=grantee, used_at=used_at, known_at=known_at) == answer
    if answer.answer is Answer.ALLOWED:
        assert answer.relied
        for each in answer.relied:  # each grants by itself, logged, in force, not withdrawn
            assert each.log_index is not None
            assert not is_withdrawn(each, used_at, known_at)
            alone = effective([each], scope=scope, grantee=grantee, used_at=used_at, known_at=known_at)
            assert alone.answer is Answer.ALLOWED


@settings(max_examples=200, deadline=None)
@given(fact_lists(), questions, st.integers(0, 4), st.booleans())
def test_a_withdrawal_never_turns_an_answer_into_a_yes(
    facts: list[ConsentFact], question: Any, which: int, whole: bool
) -> None:
    scope, grantee, used_at, known_at = question
    before = effective(facts, scope=scope, grantee=grantee, used_at=used_at, known_at=known_at)
    after = list(facts)
    for at, each in enumerate(facts):
        if at == which:
            field, moment = "withdrawn_at" if whole else "withdrawn_item_at", used_at - DAY
            earlier = getattr(each, field)  # is not undone by a later one
            after[at] = replace(each, **{field: min(earlier, moment) if earlier else moment})
    answer = effective(after, scope=scope, grantee=grantee, used_at=used_at, known_at=known_at)
    if before.answer is not Answer.ALLOWED:
        assert answer.answer is not Answer.ALLOWED
