"""Hypothesis strategies for small worlds."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from tests.unit.registry.rules.world import Event

PEOPLE = ("ann", "ben", "ann2", "zoe")
days = st.integers(-40, -1)
people = st.sampled_from(PEOPLE)
targets = st.sampled_from(["0", "1", "2", "claim 0", "claim 1", "50"])
methods = st.sampled_from(["site", "aggregator"])


def consents(number: int) -> st.SearchStrategy[Event]:
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


def mandates() -> st.SearchStrategy[Event]:
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


def claims(number: int) -> st.SearchStrategy[Event]:
    proven = st.one_of(st.none(), st.sampled_from([-30, -20, -10]))
    return st.builds(
        Event, what=st.just("claim"), day=days, who=people, number=st.just(number), proven=proven
    )


def objections(number: int) -> st.SearchStrategy[Event]:
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
    _some([consents(number) for number in range(3)], least=1),
    _some([mandates()]),
    _some([claims(number) for number in range(2)]),
    _some([objections(number) for number in range(3)]),
    _some([rotations]),
    _some([identities, identities]),
).map(_joined)
