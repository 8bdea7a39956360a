"""Effective consent with all that a case knows, against a naive reading; and what may never help.

Each property is about adding one thing to what is known: an objection never turns an answer into a yes,
and what was answered about the past with the knowledge of the past stays so for ever.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

from hypothesis import given, note, settings
from hypothesis import strategies as st

from rakkan.registry.rules.consent import effective
from rakkan.schemas.verdict import Answer
from tests.unit.registry.rules.cases import COMMUNITY
from tests.unit.registry.rules.casework import MINING, TRAIN, at
from tests.unit.registry.rules.naive_reading import naive
from tests.unit.registry.rules.world import Event, answer_of, case_of, facts_of, withdrawn, without
from tests.unit.registry.rules.world_strategies import claims, consents, objections, people, targets, worlds

instants = st.tuples(st.sampled_from([-25, -12, 0]), st.sampled_from([-25, -12, 0]))


@settings(max_examples=300, deadline=None)
@given(worlds, instants)
def test_agrees_with_the_naive_reading(events: list[Event], when: tuple[int, int]) -> None:
    answer = answer_of(events, *when)
    note(str(answer.code))
    assert answer.answer.value == naive(events, *when)
    if answer.answer is Answer.ALLOWED:
        case = case_of(events)
        for each in answer.relied:  # each of them grants by itself
            alone = effective(
                [each], scope=TRAIN, grantee=COMMUNITY, used_at=at(when[0]), known_at=at(when[1]), case=case
            )
            assert alone.answer is Answer.ALLOWED


@settings(max_examples=200, deadline=None)
@given(worlds, st.randoms(use_true_random=False), instants)
def test_the_order_of_facts_does_not_matter(events: list[Event], chance: Any, when: tuple[int, int]) -> None:
    mixed = list(events)
    chance.shuffle(mixed)
    assert answer_of(mixed, *when) == answer_of(events, *when)


@settings(max_examples=200, deadline=None)
@given(
    worlds,
    st.one_of(
        objections(9).filter(lambda each: each.what in ("compromised", "similar")),
        consents(9).map(lambda each: replace(each, kind="reservation", yes=False, withdrawn=None)),
        claims(9),
        st.builds(
            Event, what=st.just("dispute"), day=st.just(-1), who=people, number=st.just(9), target=targets
        ),
    ),
    instants,
)
def test_no_objection_turns_an_answer_into_a_yes(
    events: list[Event], objection: Event, when: tuple[int, int]
) -> None:
    """A compromised key, a likeness, a reservation, one more claim by a rival, a later dispute."""
    if objection.what == "claim":
        objection = replace(objection, who="zoe")  # who grants nothing here
    before = answer_of(events, *when)
    after = answer_of([*events, objection], *when)
    assert before.answer is Answer.ALLOWED or after.answer is not Answer.ALLOWED


@settings(max_examples=150, deadline=None)
@given(worlds, st.sampled_from([0, 1, 2, 50]), instants)
def test_no_withdrawal_turns_an_answer_into_a_yes(
    events: list[Event], number: int, when: tuple[int, int]
) -> None:
    given_up = [
        replace(e, withdrawn=None) if e.number == number and e.what in ("consent", "mandate") else e
        for e in events
    ]
    before = answer_of(given_up, *when)
    after = answer_of(withdrawn(given_up, number, -30), *when)
    assert before.answer is Answer.ALLOWED or after.answer is not Answer.ALLOWED


@settings(max_examples=300, deadline=None)
@given(worlds, st.sampled_from(["0", "1", "2"]), instants)
def test_what_is_void_leaves_what_would_be_without_it(
    events: list[Event], target: str, when: tuple[int, int]
) -> None:
    """Nothing is gained by a void that would not hold had the record never been made."""
    events = [each for each in events if each.what not in ("void", "dispute", "dismissed")]
    void = answer_of([*events, Event("void", -40, target=target)], *when)
    never = answer_of(without(events, int(target)), *when)
    assert void.answer is never.answer
    assert void.relied == never.relied or void.answer is Answer.UNDETERMINED


@settings(max_examples=300, deadline=None)
@given(worlds, instants)
def test_taking_a_plain_grant_away_never_helps(events: list[Event], when: tuple[int, int]) -> None:
    mine = [replace(each, who="ann", under=None) if each.what == "consent" else each for each in events]
    for each in mine:
        if each.what == "consent" and each.yes and each.kind == "grant":
            fewer = answer_of(without(mine, each.number), *when)
            assert fewer.answer is not Answer.ALLOWED or answer_of(mine, *when).answer is Answer.ALLOWED


@settings(max_examples=150, deadline=None)
@given(worlds, instants, st.sampled_from([MINING, "cawg.ai_inference", "org.rakkan.output_commercial"]))
def test_another_scope_or_grantee_is_never_allowed(
    events: list[Event], when: tuple[int, int], scope: str
) -> None:
    """Everything in these worlds speaks of training, and of the public or one community."""
    assert answer_of(events, *when, scope=scope).answer is not Answer.ALLOWED
    specific = [replace(each, public=False) if each.what == "consent" else each for each in events]
    for grantee in (
        "public",
        "eip155:1:0x" + "22" * 20,
        COMMUNITY[:-1] + "0",
        COMMUNITY.replace("31337", "1"),
    ):
        answer = effective(
            facts_of(specific),
            scope=TRAIN,
            grantee=grantee,
            used_at=at(when[0]),
            known_at=at(when[1]),
            case=case_of(specific),
        )
        assert answer.answer is Answer.UNDETERMINED


def test_every_small_world_agrees_with_the_naive_reading() -> None:
    """The product of one or two consents with every state of claims, disputes and keys."""
    kinds = [("grant", True), ("grant", False), ("reservation", False)]
    states: list[list[Event]] = [
        [],
        [Event("dispute", -5, "zoe", target="0")],
        [Event("dispute", -30, "zoe", target="0")],
        [Event("dispute", -5, "zoe", target="0"), Event("dismissed", -2)],
        [Event("void", -5, target="0")],
        [Event("compromised", -2, "ann", since=-20)],
        [Event("compromised", -2, "ann", since=-5)],
        [Event("rotate", -15, "ann", target="ann2")],
        [Event("rotate", -5, "ann", target="ann2")],
        [Event("similar", -5, "zoe")],
    ]
    claimed: list[list[Event]] = [
        [],
        [Event("claim", -30, "ann", proven=-29)],
        [Event("claim", -30, "ann", proven=-29), Event("claim", -30, "ben", 1, proven=-20)],
        [Event("claim", -30, "ann", proven=-29), Event("claim", -30, "ben", 1, proven=-29)],
        [Event("claim", -30, "ben", 1, proven=-29), Event("identified", -30, "ann", method="site")],
    ]
    seen: set[str] = set()
    for first, second, state, claim, taken, to_me, other in itertools.product(
        kinds, [None, *kinds], states, claimed, (None, -3), (True, False), ("ann", "ben", "ann2")
    ):
        events = [
            Event("consent", -10, "ann", 0, kind=first[0], yes=first[1], public=not to_me, withdrawn=taken)
        ]
        if second is not None:
            events.append(Event("consent", -9, other, 1, kind=second[0], yes=second[1]))
        elif other != "ann":
            continue
        answer = answer_of([*events, *state, *claim], 0, 0)
        assert answer.answer.value == naive([*events, *state, *claim], 0, 0), (events, state, claim)
        seen.add(answer.code)
    assert {"granted", "granted-to-public", "claims-conflict", "suspended", "void"} <= seen
    assert {"key-compromised", "key-rotated", "withdrawn", "claimant-other", "similar-unresolved"} <= seen
