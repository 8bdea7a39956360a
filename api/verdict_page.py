"""``/d/{root}``: a verdict for people: what was decided, clause by clause, what fails first, and until when.

It decides what is shown and in which order. Items are named only where the public verdict names them; who has
the lock sees them all with ``rakkan dataset repair``. Whether an approval stands is the gate's to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Query
from fastapi import Path as PathParameter
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from rakkan.api.pages import page
from rakkan.api.site import Here, Site
from rakkan.api.verdicts import VerdictQuery, find_verdict
from rakkan.api.wording import OUTCOMES, Badge
from rakkan.registry.flows.judge.staleness import Standing, standing
from rakkan.registry.flows.judge.verdicts import MadeVerdict
from rakkan.registry.rules.policy.clause import WORST_FIRST, Measure
from rakkan.registry.rules.policy.document import Policy, parse_policy
from rakkan.schemas.instant import parse_instant
from rakkan.schemas.verdict import Counts, Outcome

router: Final = APIRouter(include_in_schema=False)

WIDTH: Final = 1000
"""Of the bar, in its own units."""

_BADGES: Final = {
    "approved": Badge("every clause holds", "plain", "whole"),
    "rejected": Badge("a clause fails", "alarm", "broken"),
    "undetermined": Badge("nobody can tell", "quiet", "open"),
}
_STALE: Final = Badge("out of date: a consent was taken back", "alarm", "broken")
_ENDED: Final = Badge("out of date: its time has passed", "quiet", "open")
_UNKNOWN: Final = Badge("nobody can tell whether its consents still stand", "quiet", "open")
_SAID: Final = {"approved": "approved", "rejected": "rejected", "undetermined": "cannot tell"}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the bar: how many items have this finding, and where it is drawn."""

    outcome: str
    words: str
    count: int
    x: int
    width: int


@dataclass(frozen=True, slots=True)
class Row:
    """One clause.

    Attributes:
        name: In the policy.
        asks: What it asks, in a sentence.
        outcome: What came of it.
        words: The same for people.
        observed: What was counted.
        witnesses: The first items that stand against it, as ``sha256:<hex>``.
    """

    name: str
    asks: str
    outcome: str
    words: str
    observed: str
    witnesses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShownVerdict:
    """All that the page says."""

    made: MadeVerdict
    standing: Standing
    policy: Policy
    badge: Badge
    sentence: str
    bar: tuple[Part, ...]
    rows: tuple[Row, ...]


@router.get("/d/{subject}")
async def verdict(
    site: Here,
    subject: Annotated[str, PathParameter(max_length=128)],
    query: Annotated[VerdictQuery, Query()],
) -> Response:
    """The newest verdict about a dataset, drawn."""

    def find() -> ShownVerdict:
        return _shown(site, find_verdict(site, subject, query.policy))

    return page("verdict.html", site.public.origin, shown=await run_in_threadpool(find))


def _shown(site: Site, made: MadeVerdict) -> ShownVerdict:
    found = standing(site.public, made.stored, look=site.withdrawals.keep_fresh)
    policy, told = parse_policy(made.stored.policy_bytes), made.verdict
    badge = _BADGES[told.outcome]
    if told.outcome == "approved":
        badge = standing_badge(found, ended=parse_instant(told.valid_until) <= site.public.clock.now())
    who = f"The attester for gate {told.gate.address}" if told.gate else "This registry"
    items = "1 item" if told.counts.items == 1 else f"{told.counts.items:,} items"
    return ShownVerdict(
        made=made,
        standing=found,
        policy=policy,
        badge=badge,
        sentence=f"{who} says of {items} under {policy.name}: {_SAID[told.outcome]}.",
        bar=tuple(_bar(told.counts)),
        rows=tuple(_rows(policy, made)),
    )


def standing_badge(found: Standing, *, ended: bool) -> Badge:
    """How an approval stands: what it lost first, then its time, then what nobody can tell."""
    if found.stale:
        return _STALE
    if ended:
        return _ENDED
    return _UNKNOWN if found.stale is None else _BADGES["approved"]


def _bar(counts: Counts) -> Sequence[Part]:
    """The findings as one bar, failing first; what there is is seen, however few it is."""
    numbers = [
        (Outcome.FAIL, "fail", counts.failed),
        (Outcome.UNDETERMINED, "cannot tell", counts.undetermined),
        (Outcome.PASS, "pass", counts.passed),
    ]
    parts, x = [], 0
    for outcome, words, count in numbers:
        if count:
            width = max(4, count * WIDTH // counts.items)
            parts.append(Part(outcome.value, words, count, x, width))
            x += width
    return parts


def _rows(policy: Policy, made: MadeVerdict) -> Sequence[Row]:
    """The clauses, the failing ones first, then in the policy's order."""
    items = made.verdict.counts.items
    rows = []
    for clause, result in zip(policy.clauses, made.verdict.clauses, strict=True):
        measure = Measure(result.outcome, result.observed, result.limit)
        rows.append(
            Row(
                name=clause.name,
                asks=clause.sentence(),
                outcome=result.outcome.value,
                words=OUTCOMES[result.outcome],
                observed=clause.observed(measure, items) if result.observed is not None else "",
                witnesses=tuple(f"sha256:{each}" for each in result.witnesses),
            )
        )
    return sorted(rows, key=lambda row: WORST_FIRST.index(Outcome(row.outcome)))
