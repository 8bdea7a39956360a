"""Consents as a list: found by what they say, each with how it stands now, page by page.

It decides what can be asked for, and that a page costs few queries however many consents are on it. Which
state a consent has is decided in ``rakkan.registry.rules.states``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rakkan.registry.flows.consent.cases import open_casebook, recorded
from rakkan.registry.rules.facts import folded, stated_use
from rakkan.registry.rules.states import state_of
from rakkan.registry.service import Registry
from rakkan.registry.store.records import StoredRecord
from rakkan.schemas.consent import Consent, Use
from rakkan.schemas.instant import format_instant, parse_instant
from rakkan.schemas.values import Digest

_CHUNK = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for; empty asks for everything.

    Attributes:
        kinds: Kinds of consent.
        states: How it stands.
        grantor: Who gave it.
        grantee: To whom it speaks, by name.
        works: Names of the work that it is about; None for any.
        scope: What it allows, by name or by a broader scope.
        expires_by: It counts now, and no longer after this.
    """

    kinds: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    grantor: str = ""
    grantee: str = ""
    works: tuple[Digest, ...] | None = None
    scope: str = ""
    expires_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A consent on the list.

    Attributes:
        stored: The record and where it stands.
        consent: What it says.
        state: One of ``rakkan.registry.rules.states.STATES``.
        withdrawn_at: When the whole of it was taken back, or None.
    """

    stored: StoredRecord
    consent: Consent
    state: str
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the list.

    Attributes:
        consents: In order of acceptance.
        cursor: Where the next page begins; None if there is none.
    """

    consents: tuple[Listed, ...]
    cursor: int | None


def consents(registry: Registry, wanted: Wanted, *, after: int = 0, limit: int = 50) -> Page:
    """The consents that fit, in order of acceptance, beginning after a cursor.

    What is known here is told: withdrawals that nobody has read from the chain yet are not.
    """
    found: list[Listed] = []
    for chunk in _chunks(registry, wanted, after):
        for each in stand(registry, [stored for stored in chunk if _fits(registry, stored, wanted)]):
            if wanted.states and each.state not in wanted.states:
                continue
            if len(found) == limit:
                return Page(tuple(found), found[-1].stored.sequence)
            found.append(each)
    return Page(tuple(found), None)


def _chunks(registry: Registry, wanted: Wanted, after: int) -> Iterator[list[StoredRecord]]:
    records = registry.store.records
    if wanted.works is not None:
        ids = sorted({match.record_id for match in records.find(wanted.works, "consent")})
        named = sorted({each.sequence: each for each in records.get(ids).values()}.items())
        whole = [each for sequence, each in named if sequence > after]
        yield from (whole[at : at + _CHUNK] for at in range(0, len(whole), _CHUNK))
        return
    while chunk := records.of_kind("consent", after=after, limit=_CHUNK):
        yield chunk
        after = chunk[-1].sequence


def _fits(registry: Registry, stored: StoredRecord, wanted: Wanted) -> bool:
    """Whether what it says is what is asked for; how it stands is not looked at yet."""
    said = stored.record.predicate
    if not isinstance(said, Consent):
        return False
    now = format_instant(registry.clock.now())
    until = format_instant(wanted.expires_by) if wanted.expires_by is not None else ""
    return (
        (not wanted.kinds or said.kind in wanted.kinds)
        and wanted.grantor in ("", said.grantor.id)
        and (not wanted.grantee or folded(wanted.grantee) in {folded(each) for each in said.grantee})
        and (not wanted.scope or stated_use(said, wanted.scope) is Use.ALLOWED)
        and (not until or now < said.valid_until <= until)
    )


def stand(
    registry: Registry, chunk: Sequence[StoredRecord], at: Callable[[Consent], datetime] | None = None
) -> list[Listed]:
    """How each of these consents stands, now or at an instant of its own; gathered together."""
    names = {each.record.record_id.digest: _names(each) for each in chunk}
    every = {digest for digests in names.values() for digest in digests}
    if not every:
        return []
    book, now, found = open_casebook(registry, every), registry.clock.now(), list[Listed]()
    taken_back = recorded(registry, book.pairs(every))
    for stored in chunk:
        said = stored.record.predicate
        assert isinstance(said, Consent)
        name = stored.record.record_id.digest
        facts, case = book.about(names[name], taken_back)
        joined = (each for group in case.coauthors.values() for each in group)
        known = (*facts, *case.mandates.values(), *joined)
        mine = next((fact for fact in known if fact.record_id == name), None)
        assert mine is not None, "a consent is among those on its own subjects"
        whole = replace(mine, withdrawn_item_at=None)  # one work that was taken out of it is not all of it
        state = state_of(whole, (*facts, whole), now if at is None else at(said), case)
        found.append(Listed(stored, said, state, mine.withdrawn_at))
    return found


def _names(stored: StoredRecord) -> list[Digest]:
    return [digest for subject in stored.record.parsed.subject for digest in subject.digests]


def soon(registry: Registry, days: int) -> datetime:
    """The instant so many days from now."""
    return registry.clock.now() + timedelta(days=days)


def gone_before_their_end(registry: Registry, ids: Collection[bytes]) -> set[bytes]:
    """Those of these consents that are replaced, taken back or cancelled before they would end; by what is known here."""
    stored = list(registry.store.records.get(sorted(ids)).values())

    def last_second(said: Consent) -> datetime:
        return parse_instant(said.valid_until) - timedelta(seconds=1)

    return {
        each.stored.record.record_id.digest
        for each in stand(registry, [each for each in stored if each.kind == "consent"], last_second)
        if each.state in ("superseded", "withdrawn", "void")
    }
