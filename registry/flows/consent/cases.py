"""Cases gathered for many works at once: every record that bears on any of them, in few queries.

It decides what is looked for, and where; no query is made for a single work. Which record belongs to
which case is decided in ``rakkan.registry.rules.casebook``, what it means in the other rules.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import TYPE_CHECKING

from rakkan.registry.rules.budget import budget_of
from rakkan.registry.rules.casebook import Casebook, Entry, Pair
from rakkan.registry.rules.duties import actor_digest
from rakkan.registry.rules.links import links_of
from rakkan.schemas.authorship import Authorship
from rakkan.schemas.community import Community
from rakkan.schemas.consent import Consent
from rakkan.schemas.dispute import Dispute, Ruling
from rakkan.schemas.identification import Identification
from rakkan.schemas.keychange import KeyChange
from rakkan.schemas.trainingrun import TrainingRun
from rakkan.schemas.values import Digest
from rakkan.schemas.work import Work

if TYPE_CHECKING:
    from rakkan.registry.service import Registry
    from rakkan.registry.store.records import StoredRecord

_ON_WORKS = ("work", "consent", "authorship")
_OBJECTING = ("dispute", "ruling")
_TARGETS = (*_ON_WORKS, "training-run")


@dataclass(frozen=True, slots=True)
class Filed:
    """A record on file that bears on the works asked about.

    Attributes:
        stored: The record and where it stands.
        found_under: Those of the digests looked for that it is found under; none if it was found by link.
        proven_at: By which block time it is proven to have existed, or None.
        alike: Of a work, the record ids of those here that it looks like.
    """

    stored: StoredRecord
    found_under: frozenset[Digest]
    proven_at: datetime | None
    alike: frozenset[bytes] = frozenset()

    def entry(self, size: int | None) -> Entry:
        """The record as it stands in a log of that size."""
        index = self.stored.log_index
        beyond = size is not None and index is not None and index >= size
        return Entry(
            record=self.stored.record,
            log_index=None if beyond else index,
            known_from=self.stored.accepted_at,
            proven_at=None if beyond else self.proven_at,
            found_under=self.found_under,
        )


def on_file(registry: Registry, digests: Collection[Digest]) -> list[Filed]:
    """Every record that bears on these works, in order of acceptance."""
    gathering = _Gathering(registry)
    gathering.name(digests)
    gathering.name(gathering.other_names() - set(digests))
    gathering.likenesses()
    gathering.follow()
    gathering.runs()
    gathering.objections()
    gathering.actors()
    return gathering.filed()


def open_casebook(registry: Registry, digests: Collection[Digest], *, size: int | None = None) -> Casebook:
    """Everything on file that bears on these works.

    Args:
        registry: Whose memory is asked, and whose community is trusted.
        digests: Names of any number of works.
        size: Size of the log that is judged by; what has its place beyond it counts as not logged.
    """
    filed = on_file(registry, digests)
    envelopes = {
        each.stored.record.record_id.digest: each.stored.record.envelope_cid.digest for each in filed
    }
    alike = {
        each.stored.record.envelope_cid.digest: frozenset(
            envelopes[other] for other in each.alike if other in envelopes
        )
        for each in filed
        if each.alike
    }
    return Casebook([each.entry(size) for each in filed], community_of(registry), alike)


def community_of(registry: Registry) -> Community:
    """Whose word counts, with the gate that the home has where ``community.json`` names none."""
    community, identity = registry.community, registry.identity
    if community.gate or identity is None or identity.gate is None:
        return community
    return community.model_copy(update={"gate": f"eip155:{identity.chain_id}:{identity.gate}"})


def recorded(registry: Registry, pairs: Iterable[Pair]) -> Mapping[Pair, datetime]:
    """What was taken back among these, by all that is recorded here."""
    wanted = set(pairs)
    seen = registry.store.withdrawals.get(sorted({key for _, key in wanted}))
    return {pair: each.at for pair, each in seen.items() if pair in wanted and each.at is not None}


def proven(registry: Registry) -> Callable[[int | None], datetime | None]:
    """By which block time a place in the log is proven: that of the first final anchor that covers it."""
    anchors = registry.store.log.anchors()
    done = registry.store.outbox.get([name for _, _, name in anchors])
    final = [
        (size, transaction.block_time)
        for size, _, name in anchors
        if (transaction := done.get(name)) is not None
        and transaction.state == "final"
        and transaction.block_time is not None
    ]
    sizes = [size for size, _ in final]
    earliest = list(accumulate((time for _, time in reversed(final)), min))[::-1]

    def when(index: int | None) -> datetime | None:
        first = len(sizes) if index is None else bisect_right(sizes, index)
        return earliest[first] if first < len(sizes) else None

    return when


class _Gathering:
    """Records as they are found, each once."""

    def __init__(self, registry: Registry) -> None:
        self._records, self._likenesses = registry.store.records, registry.store.likenesses
        self._commitments = registry.store.commitments
        self._alike: dict[bytes, set[bytes]] = {}
        self._proven = proven(registry)
        self._found: dict[bytes, StoredRecord] = {}
        self._under: dict[bytes, set[Digest]] = {}
        self._dids: set[str] = {
            *registry.community.adjudicators,
            *registry.community.stewards,
            *registry.community.checkers,
            *registry.community.trainers,
        }

    def name(self, digests: Collection[Digest]) -> None:
        """What names these works, and the claims to the collections that hold them."""
        self._find(digests, _ON_WORKS)
        roots = {
            digest
            for stored in self._found.values()
            for digest in _subjects(stored)
            if digest.kind == "collectionRoot"
        }
        self._find(roots - set(digests), ("authorship",))

    def other_names(self) -> set[Digest]:
        """By which other digests the works found so far are known."""
        return {
            digest
            for stored in self._found.values()
            if isinstance(stored.record.predicate, Work)
            for digest in _subjects(stored)
        }

    def likenesses(self) -> None:
        """The works that those found so far look like, and what names them."""
        works = [name for name, stored in self._found.items() if isinstance(stored.record.predicate, Work)]
        self._alike = self._likenesses.of(works)
        others = self._get({other for found in self._alike.values() for other in found})
        names = {digest for stored in others for digest in _subjects(stored)}
        self._find(names, _ON_WORKS)

    def follow(self) -> None:
        """The mandates and releases that consents link, and what joins or replaces any of them."""
        todo = list(self._consents())
        while todo:
            links = [links_of(each.record.predicate) for each in todo]
            wanted = {
                target for each in links for relation, target in each if relation in ("mandate", "releases")
            }
            envelopes = [each.record.envelope_cid.digest for each in todo]
            for relation in ("supersedes", "joins"):
                named = self._records.naming(envelopes, relation)
                wanted.update(each for ids in named.values() for each in ids)
            before = set(self._found)
            self._get(wanted)
            todo = [each for each in self._consents() if each.record.record_id.digest not in before]

    def runs(self) -> None:
        """The training runs that rely on a grant with a budget."""
        bound = [
            each.record.envelope_cid.digest
            for each in self._consents()
            if isinstance(each.record.predicate, Consent) and budget_of(each.record.predicate) is not None
        ]
        named = self._records.naming(bound, "consents") if bound else {}
        self._get({run for runs in named.values() for run in runs})

    def objections(self) -> None:
        """Disputes and rulings on anything found so far."""
        targets = [
            Digest("record", name) for name, stored in self._found.items() if stored.record.kind in _TARGETS
        ]
        self._find(targets, _OBJECTING)

    def actors(self) -> None:
        """Identity and key records of everybody involved, and of those whom these involve."""
        for stored in self._found.values():
            self._dids |= _involved(stored)
        asked: set[str] = set()
        while todo := self._dids - asked:
            asked |= todo
            for stored in self._find([actor_digest(did) for did in sorted(todo)], ("identity", "key")):
                self._dids |= _involved(stored)

    def filed(self) -> list[Filed]:
        """All of it."""
        claims = [name for name, stored in self._found.items() if stored.kind == "authorship"]
        committed = self._commitments.dates(claims) if claims else {}
        return [
            Filed(
                stored,
                frozenset(self._under.get(name, ())),
                min(
                    (date for date in (self._proven(stored.log_index), committed.get(name)) if date),
                    default=None,
                ),
                frozenset(self._alike.get(name, ())),
            )
            for name, stored in sorted(self._found.items(), key=lambda each: each[1].sequence)
        ]

    def _consents(self) -> Iterable[StoredRecord]:
        return (each for each in self._found.values() if isinstance(each.record.predicate, Consent))

    def _find(self, digests: Collection[Digest], kinds: Collection[str]) -> list[StoredRecord]:
        matches = [each for each in self._records.find(list(digests), None) if each.record_kind in kinds]
        for match in matches:
            self._under.setdefault(match.record_id, set()).add(match.digest)
        return self._get({match.record_id for match in matches})

    def _get(self, names: Collection[bytes]) -> list[StoredRecord]:
        """Fetch what was not fetched yet; returns what is new."""
        fetched = self._records.get(sorted(set(names) - self._found.keys()))
        fresh = {
            stored.record.record_id.digest: stored
            for stored in fetched.values()
            if stored.record.record_id.digest not in self._found
        }
        self._found |= fresh
        return list(fresh.values())


def _subjects(stored: StoredRecord) -> list[Digest]:
    return [digest for subject in stored.record.parsed.subject for digest in subject.digests]


def _involved(stored: StoredRecord) -> set[str]:
    """The actors whose keys and names decide about a record, and about whom it says something."""
    said = stored.record.predicate
    match said:
        case Consent():
            acting = said.grantee if said.kind == "mandate" or budget_of(said) is not None else ()
            return {said.grantor.id, *(each for each in acting if each.startswith("did:"))}
        case Work(creator=did) | Authorship(claimant=did) | Dispute(accuser=did) | Ruling(adjudicator=did):
            return {did}
        case TrainingRun(trainer=did):
            return {did}
        case Identification():
            return {said.actor, said.checker}
        case KeyChange():
            return {said.actor, said.successor} if said.successor else {said.actor}
        case _:
            return set()
