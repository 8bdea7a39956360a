"""Facts: accepted records, and what is known about them besides what they say.

It decides what a rule may ask of one record: what it says of a scope, whom it addresses, whether it was
taken back, who signed it, since when it is known. It leaves out what several records mean together
(``rakkan.registry.rules.consent``) and where facts come from. Records are taken as accepted
(``rakkan.registry.rules.proofs``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from rakkan.schemas.authorship import Authorship
from rakkan.schemas.consent import OWN_SCOPES, PUBLIC, Consent, Use, WithdrawalMode
from rakkan.schemas.dispute import Dispute, Ruling
from rakkan.schemas.identification import Identification
from rakkan.schemas.keychange import KeyChange
from rakkan.schemas.trainingrun import TrainingRun
from rakkan.schemas.values import Digest
from rakkan.schemas.work import Work

Predicate = Work | Authorship | Identification | KeyChange | Dispute | Ruling | TrainingRun

_STRICTEST: Final = (Use.NOT_ALLOWED, Use.CONSTRAINED, Use.ALLOWED)


@dataclass(frozen=True, slots=True)
class RecordFact:
    """One accepted record of any kind but consent, and what is known about it.

    Attributes:
        record_id: sha256 of the statement, 32 bytes.
        envelope: sha256 of the envelope, 32 bytes; what links from other records name.
        log_index: Its place in the log, or None while it has none.
        known_from: When the registry, or the chain, first had it.
        predicate: What it says.
        signers: The DIDs whose proofs on it hold. Recovery and identification are judged by them.
        proven_at: For a claim (work, authorship): the block time by which it is proven to have existed,
            of its anchor or of the commitment that it reveals, whichever is earlier. None while neither
            is final. Never a time that the record states itself.
        named_from: As in :class:`ConsentFact`.
    """

    record_id: bytes
    envelope: bytes
    log_index: int | None
    known_from: datetime
    predicate: Predicate
    signers: frozenset[str]
    proven_at: datetime | None = None
    named_from: datetime | None = None

    @property
    def since(self) -> datetime:
        """From when it was known to be about the work."""
        return max(self.known_from, self.named_from or self.known_from)


@dataclass(frozen=True, slots=True)
class ConsentFact:
    """One accepted consent of any kind, and what is known about it.

    Attributes:
        record_id: sha256 of the statement, 32 bytes.
        envelope: sha256 of the envelope, 32 bytes; what ``supersedes``, ``mandate``, ``joins`` name.
        log_index: Its place in the log, or None while it has none.
        consent: The predicate.
        known_from: When the registry, or the chain, first had it.
        withdrawn_at: When the whole consent was withdrawn, or None.
        withdrawn_item_at: When this one work was withdrawn from it, or None.
        subjects: Every digest that its subjects name. Asked only of mandates, likeness and co-author
            consents, which are found by link and so may be about something else; a grant or reservation
            is among the facts because it is about the work.
        named_from: Since when it is known to be about the work that is asked about, where a work record told that,
            which made what it names another name of this work; None where it names the work as it is asked about.
    """

    record_id: bytes
    envelope: bytes
    log_index: int | None
    consent: Consent
    known_from: datetime
    withdrawn_at: datetime | None = None
    withdrawn_item_at: datetime | None = None
    subjects: frozenset[Digest] = frozenset()
    named_from: datetime | None = None

    @property
    def since(self) -> datetime:
        """From when it was known to be about the work."""
        return max(self.known_from, self.named_from or self.known_from)


def seen(fact: RecordFact | ConsentFact, known_at: datetime | None) -> bool:
    """Whether it was known by then, and known to be about the work; None sees everything."""
    return known_at is None or (fact.known_from <= known_at and named(fact, known_at))


def named(fact: RecordFact | ConsentFact, known_at: datetime | None) -> bool:
    """Whether it was known by then to be about the work, whether it was known itself or not."""
    return known_at is None or fact.named_from is None or fact.named_from <= known_at


def without_scopes(fact: ConsentFact) -> ConsentFact:
    """A consent that says nothing about the work, and still replaces what it replaces."""
    return replace(fact, consent=fact.consent.model_copy(update={"scopes": ()}))


def is_withdrawn(fact: ConsentFact, used_at: datetime, known_at: datetime | None = None) -> bool:
    """Whether a use at this instant comes too late, because the consent was taken back before."""
    if fact.withdrawn_at is None and fact.withdrawn_item_at is None:
        return False
    if fact.consent.withdrawal.mode is WithdrawalMode.IRREVOCABLE:
        return False
    moments = [moment for moment in (fact.withdrawn_at, fact.withdrawn_item_at) if moment is not None]
    return any(moment <= used_at and (known_at is None or moment <= known_at) for moment in moments)


def stated_use(consent: Consent, scope: str) -> Use | None:
    """What is said of the scope by name, else of the broader one it narrows; the strictest if twice."""
    use, broad, broadly = None, OWN_SCOPES.get(scope), None
    for stated in consent.scopes:
        if stated.name == scope:
            use = stated.use if use is None else _stricter(use, stated.use)
        elif stated.name == broad:
            broadly = stated.use if broadly is None else _stricter(broadly, stated.use)
    return broadly if use is None else use


def _stricter(one: Use, other: Use) -> Use:
    return min(one, other, key=_STRICTEST.index)


def addressed(consent: Consent, asked: str) -> str:
    """The grantee through whom a consent speaks to the one who asks: ``asked``, else ``public``, or nobody.

    Args:
        consent: Of any kind.
        asked: Folded.
    """
    public = ""
    for grantee in consent.grantee:
        if grantee == asked:
            return asked
        if grantee == PUBLIC:
            public = PUBLIC
        elif folded(grantee) == asked:
            return asked
    return public


def folded(grantee: str) -> str:
    """EVM addresses mean the same in any case; a no must not be missed over a capital letter."""
    return grantee.lower() if grantee.startswith(("eip155:", "did:pkh:")) else grantee


def in_log_order(facts: Iterable[ConsentFact]) -> tuple[ConsentFact, ...]:
    """Each record once, by place in the log; the unlogged last."""
    facts = tuple(facts)
    if len(facts) < 2:
        return facts
    unique = {fact.record_id: fact for fact in facts}
    if len(unique) < 2:
        return tuple(unique.values())
    return tuple(sorted(unique.values(), key=_place))


def _place(fact: ConsentFact) -> tuple[bool, int, bytes]:
    return fact.log_index is None, fact.log_index or 0, fact.record_id
