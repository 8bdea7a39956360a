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
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from rakkan.registry.rules.consent import effective
from rakkan.schemas.verdict import Answer
from tests.unit.registry.rules.cases import COMMUNITY
from tests.unit.registry.rules.casework import TRAIN, at
from tests.unit.registry.rules.world import (
    Event,
    answer_of,
    case_of,
    facts_of,
    naive,
    withdrawn,
    without,
)

PEOPLE = ("ann", "ben", "ann2", "zoe")
days = st.integers(-40, -1)
people = st.sampled_from(PEOPLE)
consent_numbers = st.integers(0, 4)
targets = st.sampled_from(["0", "1", "2", "claim 0", "claim 1", "50"])
methods = st.sampled_from(["site", "aggregator"])


def _consents(number: int) -> st.SearchStrategy[Event]:
    return st.builds(
        Event,
        what=st.just("consent"),
        day=days,
        who=st.sampled_from(["ann", "ann", "ann2", "ben"]),
        number=st.just(number),
        kind=st.sampled_from(["grant", "grant", "grant", "reservation"]),
        yes=st.sampled_from([True, True, True, False]),
        public=st.booleans(),
        under=st.sampled_from([None, None, None, 50]),
        withdrawn=st.sampled_from([None, None, None, -20, 0]),
    ).map(lambda each: replace(each, yes=each.yes and each.kind == "grant"))


def _mandate() -> st.SearchStrategy[Event]:
    return st.builds(
        Event,
        what=st.just("mandate"),
        day=days,
        who=st.just("ann"),
        number=st.just(50),
        target=st.just("ben"),
        yes=st.sampled_from([True, True, False]),
        withdrawn=st.sampled_from([None, None, -20]),
    )


def _claims(number: int) -> st.SearchStrategy[Event]:
    proven = st.one_of(st.none(), st.sampled_from([-30, -20, -10]))
    return st.builds(
        Event, what=st.just("claim"), day=days, who=people, number=st.just(number), proven=proven
    )


def _objections(number: int) -> st.SearchStrategy[Event]:
    return st.one_of(
        st.builds(
            Event, what=st.just("dispute"), day=days, who=people, number=st.just(number), target=targets
        ),
        st.builds(Event, what=st.just("dismissed"), day=days, number=st.integers(0, 2)),
        st.builds(Event, what=st.just("void"), day=days, target=targets),
        st.builds(Event, what=st.just("compromised"), day=days, who=people, since=st.integers(-45, -1)),
        st.builds(Event, what=st.just("similar"), day=days, who=people),
    )


def _some(strategies: list[st.SearchStrategy[Event]], least: int = 0) -> st.SearchStrategy[list[Event]]:
    """The first few of them, each with a number of its own."""
    return st.one_of(
        *(st.tuples(*strategies[:count]).map(list) for count in range(least, len(strategies) + 1))
    )


def _joined(parts: tuple[list[Event], ...]) -> list[Event]:
    return [each for part in parts for each in part]


rotations = st.builds(Event, what=st.just("rotate"), day=days, who=st.just("ann"), target=st.just("ann2"))
identities = st.builds(Event, what=st.just("identified"), day=days, who=people, method=methods)
worlds = st.tuples(
    _some([_consents(number) for number in range(3)], least=1),
    _some([_mandate()]),
    _some([_claims(number) for number in range(2)]),
    _some([_objections(number) for number in range(3)]),
    _some([rotations]),
    _some([identities, identities]),
).map(_joined)


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
        _objections(9).filter(lambda each: each.what in ("compromised", "similar")),
        _consents(9).map(lambda each: replace(each, kind="reservation", yes=False, withdrawn=None)),
        _claims(9),
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
    claims: list[list[Event]] = [
        [],
        [Event("claim", -30, "ann", proven=-29)],
        [Event("claim", -30, "ann", proven=-29), Event("claim", -30, "ben", 1, proven=-20)],
        [Event("claim", -30, "ann", proven=-29), Event("claim", -30, "ben", 1, proven=-29)],
        [Event("claim", -30, "ben", 1, proven=-29), Event("identified", -30, "ann", method="site")],
    ]
    seen: set[str] = set()
    for first, second, state, claim, taken, to_me, other in itertools.product(
        kinds, [None, *kinds], states, claims, (None, -3), (True, False), ("ann", "ben", "ann2")
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


class History(RuleBasedStateMachine):
    """Days pass and things happen; whatever was answered about the past stays answered."""

    def __init__(self) -> None:
        super().__init__()
        self.day = -40
        self.events: list[Event] = []
        self.told: dict[tuple[int, int], Answer] = {}

    @initialize(claimed=st.booleans())
    def begin(self, claimed: bool) -> None:
        if claimed:
            self.events.append(Event("claim", -40, "ann", 0, proven=-40))

    @rule(made=_consents(0))
    def give(self, made: Event) -> None:
        number = sum(1 for each in self.events if each.what == "consent")
        self.events.append(replace(made, day=self.day, number=number, withdrawn=None))

    @rule(who=people, since=st.integers(0, 9))
    def lose(self, who: str, since: int) -> None:
        self.events.append(Event("compromised", self.day, who, since=self.day - since))

    @rule(number=consent_numbers)
    def withdraw(self, number: int) -> None:
        self.events = [
            replace(each, withdrawn=self.day)
            if each.what == "consent" and each.number == number and each.withdrawn is None
            else each
            for each in self.events
        ]

    @rule(who=people, about=targets)
    def object(self, who: str, about: str) -> None:
        number = sum(1 for each in self.events if each.what == "dispute")
        self.events.append(Event("dispute", self.day, who, number, about))

    @rule(number=st.integers(0, 3))
    def dismiss(self, number: int) -> None:
        self.events.append(Event("dismissed", self.day, number=number))

    @rule(about=targets)
    def cancel(self, about: str) -> None:
        self.events.append(Event("void", self.day, target=about))

    @rule(who=people, method=methods)
    def identify(self, who: str, method: str) -> None:
        self.events.append(Event("identified", self.day, who, method=method))

    @rule(who=people)
    def claim(self, who: str) -> None:
        number = sum(1 for each in self.events if each.what == "claim")
        self.events.append(Event("claim", self.day, who, number, proven=self.day))

    @rule(days=st.integers(1, 8))
    def wait(self, days: int) -> None:
        self.day += days

    @invariant()
    def then_and_now(self) -> None:
        now = answer_of(self.events, self.day, self.day).answer
        assert now.value == naive(self.events, self.day, self.day)
        for (used, known), answer in list(self.told.items())[-4:]:
            assert answer_of(self.events, used, known).answer is answer
            assert answer_of(self.events, used, self.day).answer.value == naive(self.events, used, self.day)
        if facts_of(self.events):
            self.told[self.day - 1, self.day - 1] = answer_of(self.events, self.day - 1, self.day - 1).answer


TestHistory = History.TestCase
TestHistory.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
