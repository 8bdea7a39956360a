"""A small world of consents and objections, told as events by day, and the records that they leave."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from rakkan.registry.rules.actors import Actors
from rakkan.registry.rules.case import Case, Similar
from rakkan.registry.rules.consent import ConsentFact, Effective
from rakkan.registry.rules.facts import RecordFact
from rakkan.schemas.values import Cid
from tests.unit.registry.rules.cases import COMMUNITY
from tests.unit.registry.rules.casework import (
    CHECKER,
    NO,
    WORK,
    YES,
    ask,
    at,
    by,
    case,
    claim,
    dispute,
    identified,
    key,
    link,
    ruling,
    who,
)


@dataclass(frozen=True)
class Event:
    """Something that happened on a day; which fields are read depends on ``what``."""

    what: str
    day: int
    who: str = ""
    number: int = 0
    target: str = ""
    kind: str = "grant"
    yes: bool = True
    public: bool = True
    under: int | None = None
    withdrawn: int | None = None
    since: int = 0
    method: str = ""
    proven: int | None = None


def facts_of(events: list[Event]) -> list[ConsentFact]:
    return [_consent(each) for each in events if each.what == "consent"]


def case_of(events: list[Event]) -> Case:
    def every(what: str) -> list[Event]:
        return [each for each in events if each.what == what]

    def records(*kinds: str) -> tuple[RecordFact, ...]:
        return tuple(_record(each) for each in events if each.what in kinds)

    mandates = [_consent(each) for each in every("mandate")]
    return case(
        actors=Actors(records("identified", "rotate", "compromised"), [who(CHECKER)]),
        claims=records("claim"),
        mandates={each.envelope: each for each in mandates},
        disputes=records("dispute"),
        rulings=records("void", "dismissed"),
        similar=tuple(
            Similar(Cid.parse(link("earlier")["/"]).digest, frozenset({who(each.who)}), False, at(each.day))
            for each in every("similar")
        ),
    )


@cache
def _record(event: Event) -> RecordFact:
    days, number = event.day, event.number
    match event.what:
        case "identified":
            return identified(event.who, event.method, days=days, until=999)
        case "rotate":
            return key("rotate", event.who, successor=event.target, days=days)
        case "compromised":
            return key("compromised", event.who, since=event.since, days=days)
        case "claim":
            return claim(event.who, proven=event.proven, days=days, name=f"claim {number}")
        case "dispute":
            return dispute(event.who, event.target, days=days, name=f"dispute {number}", index=number)
        case "void":
            return ruling("void", event.target, days=days)
        case _:
            return ruling("dismissed", "any", of=f"dispute {number}", days=days)


def answer_of(events: list[Event], used: int, known: int, **more: Any) -> Effective:
    return ask(*facts_of(events), used=used, known_at=at(known), case=case_of(events), **more)


@cache
def _consent(event: Event) -> ConsentFact:
    more: dict[str, Any] = {"mandate": link(str(event.under))} if event.under is not None else {}
    mandate = event.what == "mandate"
    return by(
        event.number,
        event.who,
        kind="mandate" if mandate else event.kind,
        scopes=YES if event.yes else NO,
        grantee=[who(event.target)] if mandate else ["public" if event.public else COMMUNITY],
        known_from=at(event.day),
        withdrawn_at=at(event.withdrawn) if event.withdrawn is not None else None,
        subjects={WORK},
        **more,
    )


def without(events: list[Event], number: int) -> list[Event]:
    return [each for each in events if not (each.what == "consent" and each.number == number)]


def withdrawn(events: list[Event], number: int, day: int) -> list[Event]:
    return [
        replace(each, withdrawn=day)
        if each.what in ("consent", "mandate") and each.number == number
        else each
        for each in events
    ]
