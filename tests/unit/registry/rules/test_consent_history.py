"""Days pass, things happen, and what was answered about the past stays answered: then and now."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from rakkan.schemas.verdict import Answer
from tests.unit.registry.rules.naive_reading import naive
from tests.unit.registry.rules.world import Event, answer_of, facts_of
from tests.unit.registry.rules.world_strategies import consents, methods, people, targets

consent_numbers = st.integers(0, 4)


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

    @rule(made=consents(0))
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
