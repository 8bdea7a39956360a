"""What is allowed in a small world, read as slowly and plainly as possible.

It shares no line with the rules: it knows events by day and people by name, no records.
"""

from __future__ import annotations

from rakkan.schemas.identification import METHODS
from tests.unit.registry.rules.world import Event


def naive(events: list[Event], used: int, known: int) -> str:
    """What is allowed, told plainly."""
    world = _Naive([each for each in events if each.day <= known], used, known)
    answer = world.decide()
    if answer == "allowed" and any(
        world.person(each.who) != world.granting for each in world.every("similar")
    ):
        return "undetermined"
    return answer


class _Naive:
    def __init__(self, events: list[Event], used: int, known: int) -> None:
        self.events, self.used, self.known = events, used, known
        self.granting = ""

    def every(self, what: str) -> list[Event]:
        return [each for each in self.events if each.what == what]

    def void(self, name: str) -> bool:
        return any(each.target == name for each in self.every("void"))

    def stolen(self, name: str, day: int) -> bool:
        return any(each.who == name and each.since <= day for each in self.every("compromised"))

    def next_key(self, name: str) -> Event | None:
        steps = [
            each for each in self.every("rotate") if each.who == name and not self.stolen(name, each.day)
        ]
        steps = [each for each in steps if not self.stolen(each.target, each.day)]
        return min(steps, key=lambda each: each.day, default=None)

    def person(self, name: str) -> str:
        """The last key of the person; rotations in this world go one way."""
        step = self.next_key(name)
        return self.person(step.target) if step else name

    def maybe(self, name: str) -> set[str]:
        found = {name}
        for _ in range(9):
            for step in self.every("rotate"):
                if {step.who, step.target} & found:
                    found |= {step.who, step.target}
        return found

    def bad(self, name: str, day: int) -> bool:
        step = self.next_key(name)
        return self.stolen(name, day) or (step is not None and day > step.day)

    def level(self, name: str, day: int, *, maybe: bool = False) -> int:
        best = 0
        for each in self.every("identified"):
            mine = each.who in self.maybe(name) if maybe else self.person(each.who) == self.person(name)
            if mine and each.day <= day and (maybe or not self.bad(each.who, each.day)):
                best = max(best, int(METHODS[each.method]))
        return best

    def paused(self, name: str) -> bool:
        heard: set[str] = set()
        records = {str(each.number) for each in (*self.every("consent"), *self.every("mandate"))}
        records |= {f"claim {each.number}" for each in self.every("claim")}
        for each in sorted(self.every("dispute"), key=lambda each: (each.day, each.number)):
            if each.target not in records:
                continue
            one = self.person(each.who) if self.level(each.who, each.day) else "nobody"
            if one in heard:
                continue
            heard.add(one)
            ended = any(d.number == each.number and d.day <= self.used for d in self.every("dismissed"))
            if each.target == name and each.day <= self.used < each.day + 14 and not ended:
                return True
        return False

    def gone(self, consent: Event) -> bool:
        taken = consent.withdrawn
        return taken is not None and taken <= self.used and taken <= self.known

    def mandate(self, consent: Event) -> Event | None:
        for each in self.every("mandate"):
            if each.number == consent.under and consent.who in (
                self.maybe(each.target) | self.maybe(each.who)
            ):
                return each
        return None

    def speaker(self, consent: Event) -> str:
        above = self.mandate(consent) if consent.under is not None else None
        return self.person(above.who if above else consent.who)

    def sound(self, consent: Event) -> bool:
        """Whether a yes of this consent holds, claims aside."""
        if self.paused(str(consent.number)) or self.bad(consent.who, consent.day):
            return False
        if consent.under is None:
            return True
        above = self.mandate(consent)
        return (
            above is not None
            and above.yes
            and not self.gone(above)
            and not self.void(str(above.number))
            and not self.paused(str(above.number))
            and not self.bad(above.who, above.day)
            and self.person(consent.who) in (self.person(above.target), self.person(above.who))
        )

    def highest(self) -> str | None:
        """Who stands above all other claimants, if somebody does and nothing is wrong with it."""
        standing: dict[str, list[Event]] = {}
        for each in self.every("claim"):
            if not self.void(f"claim {each.number}"):
                standing.setdefault(self.person(each.who), []).append(each)

        def rank(name: str, claims: list[Event], *, maybe: bool) -> tuple[int, int]:
            dates = [c.proven for c in claims if c.proven is not None and c.proven <= self.known]
            return -self.level(name, self.used, maybe=maybe), min(dates, default=10_000)

        for name, claims in standing.items():
            clean = [each for each in claims if not self.bad(each.who, each.day)]
            mine = rank(name, clean or claims, maybe=False)
            if all(
                mine < rank(other, theirs, maybe=True) for other, theirs in standing.items() if other != name
            ):
                return name
        return None

    def usable(self, name: str) -> bool:
        claims = [
            each
            for each in self.every("claim")
            if self.person(each.who) == name and not self.void(f"claim {each.number}")
        ]
        clean = [each for each in claims if not self.bad(each.who, each.day)]
        return bool(clean) and not any(self.paused(f"claim {each.number}") for each in claims)

    def decide(self) -> str:
        consents = [each for each in self.every("consent") if not self.void(str(each.number))]
        claimed = bool(self.every("claim"))
        top = self.highest()
        people = {self.speaker(each) for each in consents}
        said = {}
        for name in people:
            mine = [each for each in consents if self.speaker(each) == name]
            may = not claimed or (name == top and self.usable(name))
            said[name] = self._one(mine, may=may, withdrawn_counts=not claimed or name == top)
        if not claimed:
            if len(people) == 1:
                self.granting = next(iter(people))
                return next(iter(said.values()))
            return "denied" if people and set(said.values()) == {"denied"} else "undetermined"
        no = [name for name, word in said.items() if word == "denied" and name != top]
        best = said.get(top or "", "undetermined")
        self.granting = top or ""
        if best in ("allowed", "denied"):
            return best
        wanted = any(
            self._would(each) and self.speaker(each) != top and self._claims(self.speaker(each))
            for each in consents
        )
        return "denied" if no and not wanted and top not in people else "undetermined"

    def _claims(self, name: str) -> bool:
        return any(
            self.person(each.who) == name and not self.void(f"claim {each.number}")
            for each in self.every("claim")
        )

    def _would(self, consent: Event) -> bool:
        yes = consent.kind == "grant" and consent.yes
        return yes and (self.gone(consent) or self.sound(consent))

    def _one(self, consents: list[Event], *, may: bool, withdrawn_counts: bool) -> str:
        for kind, public in (
            ("grant", False),
            ("reservation", False),
            ("grant", True),
            ("reservation", True),
        ):
            here = [each for each in consents if each.kind == kind and each.public is public]
            if any(not each.yes for each in here):
                return "denied"
            yes = [each for each in here if kind == "grant" and not self.gone(each) and self.sound(each)]
            if may and yes:
                return "allowed"
        if withdrawn_counts and any(
            each.kind == "grant" and each.yes and self.gone(each) for each in consents
        ):
            return "denied"
        return "undetermined"
