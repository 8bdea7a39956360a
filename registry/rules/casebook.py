"""A casebook: the records of any number of works, put in order so that the case of each can be read off.

It decides which records belong to the case of a work: what names it, what those lean on and are replaced
by, what objects to any of them. It leaves out where records come from (``rakkan.registry.flows.consent.cases``
gathers them, a bundle brings them) and what they mean together. Records are taken as accepted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypeVar

from rakkan.registry.rules.actors import Actors
from rakkan.registry.rules.aliases import Aliases, Since, told
from rakkan.registry.rules.bearing import Bearing
from rakkan.registry.rules.case import Case, Similar
from rakkan.registry.rules.facts import ConsentFact, RecordFact, without_scopes
from rakkan.registry.rules.likeness import Alike, flags_of
from rakkan.registry.rules.proofs import withdrawal_key
from rakkan.schemas.authorship import Authorship
from rakkan.schemas.community import NOBODY, Community
from rakkan.schemas.consent import Consent
from rakkan.schemas.dispute import Dispute, Ruling
from rakkan.schemas.identification import Identification
from rakkan.schemas.keychange import KeyChange
from rakkan.schemas.record import Record
from rakkan.schemas.trainingrun import TrainingRun
from rakkan.schemas.values import Digest
from rakkan.schemas.work import Work

Pair = tuple[bytes, bytes]
"""Withdrawal authority (20 bytes) and key (32 bytes)."""

_Fact = TypeVar("_Fact", ConsentFact, RecordFact)

Withdrawn = Mapping[Pair, datetime]
"""When what was taken back."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A record as it is known to whoever asks.

    Attributes:
        record: The record.
        log_index: Its place in the log, or None while it has none.
        known_from: When it was first known.
        proven_at: By which block time it is proven to have existed, or None.
        found_under: Digests under which it is found besides its subjects: members of its collection,
            other names of a work.
    """

    record: Record
    log_index: int | None
    known_from: datetime
    proven_at: datetime | None = None
    found_under: frozenset[Digest] = frozenset()


class Casebook:
    """Records in order.

    Args:
        entries: In any order, each record once.
        community: Whose checkers, adjudicators and stewards count.
        alike: Which of the works look alike, by a search without misses.
    """

    def __init__(
        self, entries: Iterable[Entry], community: Community = NOBODY, alike: Alike = MappingProxyType({})
    ) -> None:
        self._alike = alike
        self._works: dict[bytes, RecordFact] = {}
        self._subjects: dict[bytes, frozenset[Digest]] = {}
        self._consents: dict[bytes, ConsentFact] = {}
        self._aliases = Aliases()
        self._consents_on: dict[Digest, list[bytes]] = {}
        self._claims_on: dict[Digest, list[RecordFact]] = {}
        self._objecting: dict[bytes, list[RecordFact]] = {}
        self._runs: dict[bytes, list[RecordFact]] = {}
        self._bearing = Bearing(self._consents)
        actors: list[RecordFact] = []
        for entry in entries:
            predicate: Any = entry.record.predicate
            match predicate:
                case Consent():
                    self._add_consent(entry, predicate)
                case Work() | Authorship():
                    self._add_claim(entry, predicate)
                case Dispute() | Ruling():
                    self._objecting.setdefault(predicate.target.cid.digest, []).append(_fact(entry))
                case Identification() | KeyChange():
                    actors.append(_fact(entry))
                case TrainingRun():
                    for link in predicate.consents:
                        self._runs.setdefault(link.cid.digest, []).append(_fact(entry))
                case _:
                    pass
        self._actors = Actors(actors, community.checkers)
        self._adjudicators, self._stewards = frozenset(community.adjudicators), frozenset(community.stewards)
        self._trainers = frozenset(community.trainers)
        self._gates = frozenset({community.gate} - {""})

    def names(self, digests: Iterable[Digest]) -> frozenset[Digest]:
        """These digests, and the others by which the works that they name are known."""
        asked = frozenset(digests)
        return asked | self._aliases.others(asked).keys()

    def pairs(self, digests: Iterable[Digest]) -> set[Pair]:
        """What may have been taken back that bears on a work: of each consent the whole, and this work.

        Reservations are left out: taking one back changes nothing.
        """
        names = self.names(digests)
        facts = [self._consents[envelope] for envelope in self._bearing.on(self._on(names)).all]
        return {pair for fact in facts if fact.consent.kind != "reservation" for pair in _pairs(fact, names)}

    def about(self, digests: Iterable[Digest], withdrawn: Withdrawn) -> tuple[tuple[ConsentFact, ...], Case]:
        """The consents on one work, and its case.

        A consent that is about other works and replaces one on this work is among them with no scope: it
        says nothing here, and what it replaces is replaced.

        Args:
            digests: Any of the work's names.
            withdrawn: What was taken back, at least of :meth:`pairs`.
        """
        asked = frozenset(digests)
        since = self._aliases.others(asked)
        names = asked | since.keys()
        group = self._bearing.on(self._on(names))
        facts = {envelope: self._consents[envelope] for envelope in group.all}
        if withdrawn:
            facts = {envelope: _taken_back(fact, names, withdrawn) for envelope, fact in facts.items()}
        roots = {
            digest
            for envelope in group.on
            for digest in facts[envelope].subjects
            if digest.kind == "collectionRoot"
        }
        on = {name: facts[name] for name in group.on}
        if since:
            on = _named(
                on, ((name, each) for name in names for each in self._consents_on.get(name, ())), since
            )
        if roots:
            since = {**since, **_rooted(on.values(), roots - names)}
        claims = self._claims(names | roots, since)
        similar = tuple(self._flags(claims.values()))
        runs = {name: tuple(self._runs[name]) for name in group.all if name in self._runs}
        targets = [
            *group.all,
            *dict.fromkeys(run.envelope for told in runs.values() for run in told),
            *(each.envelope for each in claims.values()),
            *dict.fromkeys(each.earlier for each in similar),
        ]
        objecting = [each for name in targets for each in self._objecting.get(name, ())]
        case = Case(
            digests=names | roots,
            named=since,
            actors=self._actors,
            claims=tuple(claims.values()),
            mandates={name: facts[name] for name in group.mandates},
            coauthors={
                name: tuple(facts[each] for each in joined) for name, joined in group.coauthors.items()
            },
            releases={name: facts[name] for name in group.releases},
            disputes=tuple(each for each in objecting if isinstance(each.predicate, Dispute)),
            rulings=tuple(each for each in objecting if isinstance(each.predicate, Ruling)),
            similar=similar,
            runs=runs,
            gates=self._gates,
            trainers=self._trainers,
            adjudicators=self._adjudicators,
            stewards=self._stewards,
        )
        return (*on.values(), *(without_scopes(facts[name]) for name in group.replacing)), case

    def works(self, digests: Iterable[Digest]) -> list[RecordFact]:
        """The registered works that these digests name."""
        found = {each.record_id: each for name in digests for each in self._claims_on.get(name, ())}
        return [each for each in found.values() if isinstance(each.predicate, Work)]

    def _flags(self, claims: Iterable[RecordFact]) -> Iterator[Similar]:
        """What the works say that some of these look like."""
        own = {each.envelope: each for each in claims}  # rivals over one work are ranked, not compared
        for envelope, work in own.items():
            for name in sorted(self._alike.get(envelope, frozenset()) - own.keys()):
                if name not in self._works:
                    continue
                since = self._aliases.others(self._subjects[name])
                names = self._subjects[name] | since.keys()
                consents = {each: self._consents[each] for each in self._on(names)}
                if since:
                    under = ((each, found) for each in names for found in self._consents_on.get(each, ()))
                    consents = _named(consents, under, since)
                claims_on = self._claims(names, since).values()
                yield from flags_of(work, self._works[name], claims_on, consents.values())

    def _claims(self, names: Iterable[Digest], since: Since) -> dict[bytes, RecordFact]:
        """The claims under these names, by record id."""
        claims = {each.record_id: each for name in names for each in self._claims_on.get(name, ())}
        if not since:
            return claims
        under = ((name, each.record_id) for name in names for each in self._claims_on.get(name, ()))
        return _named(claims, under, since)

    def _on(self, names: Iterable[Digest]) -> Iterator[bytes]:
        return (each for name in sorted(names) for each in self._consents_on.get(name, ()))

    def _add_consent(self, entry: Entry, consent: Consent) -> None:
        envelope, subjects = entry.record.envelope_cid.digest, _subjects(entry.record)
        if envelope in self._consents:
            return
        self._consents[envelope] = ConsentFact(
            record_id=entry.record.record_id.digest,
            envelope=envelope,
            log_index=entry.log_index,
            consent=consent,
            known_from=entry.known_from,
            subjects=subjects,
        )
        for digest in subjects | entry.found_under:
            self._consents_on.setdefault(digest, []).append(envelope)
        self._bearing.add(envelope, consent)

    def _add_claim(self, entry: Entry, claim: Work | Authorship) -> None:
        subjects, fact = _subjects(entry.record), _fact(entry)
        found_under = set(subjects | entry.found_under)
        if isinstance(claim, Work):
            self._works[fact.envelope] = fact
            self._subjects[fact.envelope] = subjects
            if claim.source_digest:
                found_under.add(Digest.parse(claim.source_digest))
            self._aliases.add(found_under, subjects, fact.known_from)
        for digest in found_under:
            self._claims_on.setdefault(digest, []).append(fact)


def _fact(entry: Entry) -> RecordFact:
    predicate: Any = entry.record.predicate
    return RecordFact(
        record_id=entry.record.record_id.digest,
        envelope=entry.record.envelope_cid.digest,
        log_index=entry.log_index,
        known_from=entry.known_from,
        predicate=predicate,
        signers=frozenset(proof.signer for proof in entry.record.parsed_envelope.proofs),
        proven_at=entry.proven_at,
    )


def _subjects(record: Record) -> frozenset[Digest]:
    return frozenset(digest for subject in record.parsed.subject for digest in subject.digests)


def _pairs(fact: ConsentFact, names: Iterable[Digest]) -> list[Pair]:
    """The whole consent, then each name of the work: a withdrawal of one work is under one of them."""
    authority = bytes.fromhex(fact.consent.withdrawal.authority[2:])
    items = [None, *(name.raw for name in names)]
    return [(authority, withdrawal_key(fact.record_id, item)) for item in items]


def _taken_back(fact: ConsentFact, names: Iterable[Digest], withdrawn: Withdrawn) -> ConsentFact:
    whole, *items = (withdrawn.get(pair) for pair in _pairs(fact, names))
    item = min((moment for moment in items if moment is not None), default=None)
    if whole is None and item is None:
        return fact
    return replace(fact, withdrawn_at=whole, withdrawn_item_at=item)


def _named(
    facts: Mapping[bytes, _Fact], under: Iterable[tuple[Digest, bytes]], since: Since
) -> dict[bytes, _Fact]:
    """These facts, each with the moment since when it is known to be about the work."""
    names: dict[bytes, list[Digest]] = {}
    for name, key in under:
        names.setdefault(key, []).append(name)
    moments = told(names, since)
    return {
        key: replace(fact, named_from=moments[key]) if key in moments else fact for key, fact in facts.items()
    }


def _rooted(on: Iterable[ConsentFact], roots: set[Digest]) -> Since:
    """Since when the work is known to belong to these collections: when a consent on it said so."""
    found: dict[Digest, datetime] = {}
    for fact in on:
        for root in fact.subjects & roots:
            found[root] = min(fact.since, found.get(root, fact.since))
    return found
