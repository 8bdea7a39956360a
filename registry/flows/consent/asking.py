"""Consent of thousands of works at once: one question, every work's answer.

It decides which works are judged by briefs (``rakkan.registry.rules.brief``): those on which every consent
is plain, nothing replaces, joins, disputes or rules on any record, nobody involved has identity or key
records, and it was as well known by all its names. All others are judged by their records, as everywhere (``rakkan.registry.flows.consent.cases``). What is
known means is decided by ``rakkan.registry.rules.consent`` for both.

Works with one consent and at most one claim are mostly alike: the same terms, in force or not, by whoever
claims the work or by somebody else. Each such **likeness** is judged once; who the persons are, and when
exactly a period ends, makes no difference to an answer given at one instant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from rakkan.registry.flows.consent.cases import open_casebook, proven, recorded
from rakkan.registry.flows.consent.shelf import Name, Shelf
from rakkan.registry.rules.case import EMPTY_CASE, Case
from rakkan.registry.rules.consent import Effective, effective
from rakkan.registry.rules.facts import ConsentFact
from rakkan.schemas.instant import format_instant, to_unix
from rakkan.schemas.values import Cid, Digest
from rakkan.schemas.verdict import Answer

Likeness = tuple[object, ...]

_FOR_EVER: Final = 1 << 62

if TYPE_CHECKING:
    from rakkan.registry.service import Registry
    from rakkan.registry.store.briefs import Bearing


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What is asked of every work.

    Attributes:
        scope: A CAWG scope or one of our own.
        grantee: Who wants to use them.
        used_at: When they are used.
        policy: The policy under which it is asked; grants may be bound to one.
        known_at: One answer for each of these states of knowledge; None is all that is known now.
    """

    scope: str
    grantee: str
    used_at: datetime
    policy: Cid | None = None
    known_at: Sequence[datetime | None] = (None,)

    def judge(self, facts: Sequence[ConsentFact], case: Case) -> tuple[Effective, ...]:
        """What holds of one work, for each state of knowledge."""
        return tuple(
            effective(
                facts,
                scope=self.scope,
                grantee=self.grantee,
                used_at=self.used_at,
                known_at=known_at,
                policy=self.policy,
                case=case,
            )
            for known_at in self.known_at
        )


class Held(NamedTuple):
    """What holds of one work.

    Attributes:
        answer: Only ``allowed`` grants.
        code: Why, as in :class:`rakkan.registry.rules.consent.Effective`.
        assurance: 0–3, the weakest of what it rests on.
        record_id: sha256 of the statement of the first consent, in log order, that decides; None if none does.
        envelope: sha256 of its envelope.
    """

    answer: Answer
    code: str
    assurance: int
    record_id: bytes | None = None
    envelope: bytes | None = None


def ask(registry: Registry, digests: Sequence[Digest], inquiry: Inquiry) -> list[tuple[Held, ...]]:
    """What holds of each work for each state of knowledge, in the order asked.

    Args:
        registry: Whose memory is asked.
        digests: One name of each work.
        inquiry: What is asked.
    """
    with registry.store.database.read() as connection:
        shelf = Shelf(registry.store, connection, digests, proven(registry))
    desk = _Desk(shelf, inquiry)
    answers = [desk.answer((digest.kind, digest.raw)) for digest in digests]
    rest = {digest for digest, answer in zip(digests, answers, strict=True) if answer is None}
    found = _by_records(registry, sorted(rest), inquiry) if rest else {}
    return [answer or found[digest] for digest, answer in zip(digests, answers, strict=True)]


def _by_records(
    registry: Registry, digests: Sequence[Digest], inquiry: Inquiry
) -> dict[Digest, tuple[Held, ...]]:
    book = open_casebook(registry, digests)
    withdrawn = recorded(registry, {pair for digest in digests for pair in book.pairs([digest])})
    return {digest: _held(inquiry.judge(*book.about([digest], withdrawn))) for digest in digests}


def _held(answers: Sequence[Effective]) -> tuple[Held, ...]:
    return tuple(
        Held(each.answer, each.code, each.assurance, *_names(each.relied[0] if each.relied else None))
        for each in answers
    )


def _names(fact: ConsentFact | None) -> tuple[bytes, bytes] | tuple[None, None]:
    return (None, None) if fact is None else (fact.record_id, fact.envelope)


class _Desk:
    """Where one question about the works on a shelf is answered."""

    def __init__(self, shelf: Shelf, inquiry: Inquiry) -> None:
        self._shelf, self._inquiry = shelf, inquiry
        self._moment, self._used_at = format_instant(inquiry.used_at), to_unix(inquiry.used_at)
        self._known_at = [_FOR_EVER if each is None else to_unix(each) for each in inquiry.known_at]
        self._dated = any(each is not None for each in inquiry.known_at)
        self._nothing = _held(inquiry.judge((), EMPTY_CASE))
        self._alike: dict[Likeness, tuple[Held, ...]] = {}

    def answer(self, name: Name) -> tuple[Held, ...] | None:
        """What holds of one work; None if its records have to be read."""
        if name not in self._shelf.under:
            return self._nothing
        names, rows = self._shelf.all_on(name)
        consents: list[Bearing] = []
        claims: list[Bearing] = []
        for row in rows:
            if row.record_id in self._shelf.awkward:
                return None
            (consents if row.record_kind == "consent" else claims).append(row)
        if len(names) > 1 and self._dated and self._shelf.named_later(name):
            return None
        if not consents:
            return self._nothing  # claims alone neither grant nor deny
        if len(consents) != 1 or len(claims) > 1:
            return _held(self._inquiry.judge(*self._shelf.file(consents, claims, names)))
        consent = consents[0]
        likeness = self._likeness(consent, claims[0] if claims else None, names)
        answers = self._alike.get(likeness)
        if answers is None:
            answers = _held(self._inquiry.judge(*self._shelf.file(consents, claims, names)))
            self._alike[likeness] = answers
        if any(each.record_id for each in answers):
            named = consent.record_id, consent.envelope
            return tuple(Held(*each[:3], *named) if each.record_id else each for each in answers)
        return answers

    def _likeness(self, consent: Bearing, claim: Bearing | None, names: Sequence[Name]) -> Likeness:
        """All that makes a difference to the answer about one consent and at most one claim."""
        withdrawn = self._shelf.withdrawn(consent, names)
        return (
            consent.terms,
            consent.valid_from <= self._moment,
            self._moment < consent.valid_until,
            consent.log_index is None,
            self._known(consent.accepted_at),
            None if withdrawn is None or withdrawn > self._used_at else self._known(withdrawn),
            None if claim is None else (claim.actor == consent.actor, self._known(claim.accepted_at)),
        )

    def _known(self, seconds: int) -> tuple[bool, ...]:
        """By which states of knowledge something of that moment is known."""
        return tuple([seconds <= known_at for known_at in self._known_at])
