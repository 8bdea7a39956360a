"""A shelf: what is on file about thousands of works, read as columns in a handful of queries.

It decides what is read, and which records are **awkward**: those that briefs cannot stand for. It leaves out
what is made of it (``rakkan.registry.flows.consent.asking``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from rakkan.registry.rules.brief import Brief, claim_of, consent_of, split
from rakkan.registry.rules.budget import budget_of
from rakkan.registry.rules.case import EMPTY_CASE, Case
from rakkan.registry.rules.duties import actor_digest
from rakkan.registry.rules.facts import ConsentFact, RecordFact
from rakkan.registry.rules.proofs import withdrawal_key
from rakkan.schemas.consent import Consent
from rakkan.schemas.instant import from_unix
from rakkan.schemas.values import Digest

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from rakkan.registry.store import Store
    from rakkan.registry.store.briefs import Bearing

Name = tuple[str, bytes]
"""Kind and digest."""

Proven = Callable[[int | None], datetime | None]
"""By which block time a place in the log is proven."""

_NO_SIGNERS: Final[frozenset[str]] = frozenset()  # no rule asks for those of a claim


class Shelf:
    """What is on file about these works.

    Args:
        store: Where it is on file.
        connection: An open one, so that all of it is of one state.
        digests: One name of each work.
        proven: For the dates of claims.

    Attributes:
        under: By name, what was found under it; nothing is on file about a name that is not here.
        awkward: Ids of the records that only their own bytes tell of.
    """

    def __init__(
        self, store: Store, connection: Connection, digests: Iterable[Digest], proven: Proven
    ) -> None:
        self._store, self._connection, self._proven = store, connection, proven
        self.under: dict[Name, list[Bearing]] = {}
        asked = {(digest.kind, digest.raw) for digest in digests}
        records = self._find(asked)
        works = [row for row in records if row.record_kind == "work" and row.names]
        records += self._find({name for row in works for name in split(row.names)} - asked)
        self._terms = store.briefs.terms(connection, {row.terms for row in records if row.terms})
        self.awkward = self._find_awkward(records)
        consents = sum(row.record_kind == "consent" for row in records)
        self._withdrawn = store.withdrawals.moments(
            connection, consents * 4, lambda: set(self._withdrawal_keys(asked & self.under.keys()))
        )
        self._withdrawers = {authority for authority, _ in self._withdrawn}

    def all_on(self, name: Name) -> tuple[Sequence[Name], Sequence[Bearing]]:
        """All names of a work, and all that is found under any of them, each once."""
        rows = self.under[name]
        named: list[Name] = []
        for row in rows:
            if row.record_kind == "work" and row.names:
                named += split(row.names)
        if not named:
            return (name,), rows
        names = dict.fromkeys((name, *named))
        found = {row.record_id: row for each in names for row in self.under.get(each, ())}
        return tuple(names), tuple(found.values())

    def named_later(self, name: Name) -> bool:
        """Whether something found under other names of a work was known before they were known to be its names."""
        rows = self.under[name]
        here, told = {row.record_id for row in rows}, dict[Name, int]()
        for row in rows:
            if row.record_kind == "work" and row.names:
                for other in split(row.names):
                    told[other] = min(row.accepted_at, told.get(other, row.accepted_at))
        return any(
            row.accepted_at < since
            for other, since in told.items()
            for row in self.under.get(other, ())
            if row.record_id not in here
        )

    def withdrawn(self, consent: Bearing, names: Sequence[Name]) -> int | None:
        """Since when (Unix seconds) a plain consent is taken back as a whole, or this work out of it.

        Of a reservation it is not told: it changes nothing.
        """
        found, authority = self._withdrawn, consent.authority
        if authority not in self._withdrawers or self._said(consent).kind == "reservation":
            return None
        keys = [withdrawal_key(consent.record_id, raw) for _, raw in names]
        moments = [found[pair] for key in (consent.record_id, *keys) if (pair := (authority, key)) in found]
        return min(moments, default=None)

    def file(
        self, consents: Iterable[Bearing], claims: Sequence[Bearing], names: Sequence[Name]
    ) -> tuple[Sequence[ConsentFact], Case]:
        """The facts and the case of a work on which nothing is awkward."""
        facts = [self._consent(row, names) for row in consents]
        if not claims:
            return facts, EMPTY_CASE
        digests = frozenset(Digest(*name) for name in names)
        return facts, Case(digests=digests, claims=tuple(map(self._claim, claims)))

    def _find(self, names: set[Name]) -> list[Bearing]:
        under, found = self.under, []
        for row in self._store.briefs.bearing(self._connection, {raw for _, raw in names}):
            name = row.kind, row.digest
            if name in names:
                found.append(row)
                if name in under:
                    under[name].append(row)
                else:
                    under[name] = [row]
        return found

    def _find_awkward(self, records: Sequence[Bearing]) -> set[bytes]:
        actors = {did: actor_digest(did).raw for did in {row.actor for row in records} if did}
        envelopes = {row.envelope for row in records if row.record_kind == "consent" and row.actor}
        named = {row.record_id for row in records} | set(actors.values())
        touched = self._store.briefs.touched(self._connection, envelopes, named)
        found = {
            row.record_id
            for row in records
            if row.actor is None or (row.record_kind == "consent" and row.terms not in self._terms)
        }
        touched |= self._store.briefs.spent(self._connection, self._bounded(records))
        if touched:
            found |= {
                row.record_id
                for row in records
                if not touched.isdisjoint((row.record_id, row.envelope, actors.get(row.actor or "")))
            }
        return found

    def _bounded(self, records: Iterable[Bearing]) -> set[bytes]:
        """The consents that allow a number of training runs and no more."""
        bounded = {name for name, said in self._terms.items() if budget_of(said) is not None}
        return {row.envelope for row in records if row.terms in bounded} if bounded else set()

    def _withdrawal_keys(self, asked: Iterable[Name]) -> Iterator[bytes]:
        """Under which keys a withdrawal of any of this may be kept."""
        for name in asked:
            names, rows = self.all_on(name)
            for row in rows:
                if row.record_kind == "consent":
                    yield row.record_id
                    for _, raw in names:
                        yield withdrawal_key(row.record_id, raw)

    def _said(self, consent: Bearing) -> Consent:
        return self._terms[consent.terms or b""]

    def _consent(self, row: Bearing, names: Sequence[Name]) -> ConsentFact:
        withdrawn = self.withdrawn(row, names)
        return ConsentFact(
            record_id=row.record_id,
            envelope=row.envelope,
            log_index=row.log_index,
            consent=consent_of(self._said(row), _brief(row)),
            known_from=from_unix(row.accepted_at),
            withdrawn_at=None if withdrawn is None else from_unix(withdrawn),
        )

    def _claim(self, row: Bearing) -> RecordFact:
        return RecordFact(
            record_id=row.record_id,
            envelope=row.envelope,
            log_index=row.log_index,
            known_from=from_unix(row.accepted_at),
            predicate=claim_of(row.record_kind, _brief(row)),
            signers=_NO_SIGNERS,
            proven_at=self._proven(row.log_index),
        )


def _brief(row: Bearing) -> Brief:
    return Brief(row.actor or "", None, row.authority, row.valid_from, row.valid_until)
