"""What became of one consent, instant by instant: given, logged, anchored, objected to, taken back, ended.

It decides which moments there are and in what order they stand. It leaves out what they mean together: whether a use
is allowed is decided in ``rakkan.registry.rules.consent``, and no moment here says so. What is on file is told; the
caller has the chain read before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from rakkan.registry.flows.consent.cases import open_casebook
from rakkan.registry.rules.hearing import may_replace
from rakkan.registry.rules.proofs import withdrawal_key
from rakkan.registry.rules.question import Question
from rakkan.registry.service import Registry
from rakkan.registry.store.records import StoredRecord
from rakkan.schemas.consent import Consent, Withdrawal
from rakkan.schemas.dispute import Dispute, Ruling
from rakkan.schemas.identity import Address
from rakkan.schemas.instant import format_instant, from_unix, parse_instant
from rakkan.schemas.statement import Value
from rakkan.schemas.trainingrun import TrainingRun
from rakkan.schemas.values import Digest

SHOWN: Final = 1_000
"""Records of one relation that are told; of those that come later nothing is said, but that there are more."""

_ANCHORS: Final = 16
_GIVEN: Final = {"grant": "granted", "reservation": "reserved"}
_BY_LINK: Final = ("target", "supersedes", "joins", "consents")


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened to a consent.

    Attributes:
        state: ``granted``, ``reserved``, ``given`` (any other kind), ``logged``, ``anchored``, ``superseded``,
            ``joined``, ``disputed``, ``ruled``, ``withdrawn``, ``undone`` (the block of a withdrawal is no more),
            ``expired``.
        at: When: of acceptance, of the block, of the signed head, or of the end that was stated.
        record: The record that says so, if one does.
        fields: What else is known of it.
    """

    state: str
    at: datetime
    record: StoredRecord | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class History:
    """The moments of one consent, in order.

    Attributes:
        moments: Oldest first.
        more: Whether there are more records about it than are told.
        block: Height up to which withdrawals were read from the chain; None without one.
    """

    moments: tuple[Moment, ...]
    more: bool
    block: int | None


def history(registry: Registry, stored: StoredRecord) -> History:
    """Everything on file that happened to a consent.

    Args:
        registry: Whose memory is asked; the public's view of it tells what is public.
        stored: The consent.
    """
    consent = stored.record.predicate
    assert isinstance(consent, Consent)
    linked, more = _linked(registry, stored)
    moments = [Moment(_GIVEN.get(consent.kind, "given"), stored.accepted_at, stored)]
    moments += _in_log(registry, stored.log_index)
    moments += [_told(each) for each in linked if not isinstance(each.record.predicate, Withdrawal | Consent)]
    moments += _in_its_place(registry, stored, linked)
    moments += _taken_back(registry, stored, consent, linked)
    end = parse_instant(consent.valid_until)
    if end <= registry.clock.now():
        moments.append(Moment("expired", end))
    identity = registry.identity
    cursor = registry.store.withdrawals.cursor(identity.consents.raw) if identity else None
    ordered = sorted(moments, key=lambda moment: moment.at)  # those of one instant stay as above
    return History(tuple(ordered), more, cursor.number if cursor else None)


def _linked(registry: Registry, stored: StoredRecord) -> tuple[list[StoredRecord], bool]:
    """The records about a consent, in order of acceptance; and whether there are more."""
    records, envelope = registry.store.records, stored.record.envelope_cid.digest
    found = [records.naming([envelope], relation).get(envelope, []) for relation in _BY_LINK]
    about = records.find([Digest("sha256", stored.record.record_id.digest)], "withdrawal")
    found.append([match.record_id for match in about])
    linked = records.get([record_id for each in found for record_id in each[:SHOWN]])
    ordered = sorted(linked.values(), key=lambda each: each.sequence)
    return ordered, any(len(each) > SHOWN for each in found)


def _in_log(registry: Registry, index: int | None) -> Iterator[Moment]:
    """When it got its place in the log, and when a head that covers it was first on chain."""
    log = registry.store.log
    signed_at = None if index is None else log.signed_at(index)
    if index is None or signed_at is None:
        return
    yield Moment("logged", signed_at, fields={"index": index})
    anchors = log.anchors(index + 1)[:_ANCHORS]
    sent = registry.store.outbox.get([name for _, _, name in anchors])
    for size, _, name in anchors:
        done = sent.get(name)
        if done is not None and done.state in ("mined", "final") and done.block_time and done.signed:
            anchor = {"block": done.block_number, "tx": f"0x{done.signed.hash.hex()}", "size": size}
            yield Moment("anchored", done.block_time, fields={**anchor, "final": done.state == "final"})
            return


def _told(stored: StoredRecord) -> Moment:
    """What another record says of it."""
    said: Value = stored.record.predicate
    if isinstance(said, Dispute):
        fields: dict[str, Any] = {"by": said.accuser, "ground": said.ground, "item": said.item}
        return Moment("disputed", stored.accepted_at, stored, fields)
    if isinstance(said, TrainingRun):
        return Moment("relied-on", stored.accepted_at, stored, {"by": said.trainer, "began": said.began})
    assert isinstance(said, Ruling)
    fields = {"by": said.adjudicator, "decision": said.decision, "item": said.item}
    return Moment("ruled", stored.accepted_at, stored, fields)


def _in_its_place(registry: Registry, stored: StoredRecord, linked: list[StoredRecord]) -> Iterator[Moment]:
    """The consents that join it, and those that replace it by now: anybody can name it, but not take its place."""
    replacing: list[tuple[StoredRecord, Consent]] = []
    for each in linked:
        said = each.record.predicate
        if (
            isinstance(said, Consent)
            and said.supersedes
            and said.supersedes.cid == stored.record.envelope_cid
        ):
            replacing.append((each, said))
        elif isinstance(said, Consent):
            yield Moment("joined", each.accepted_at, each)
    if not replacing:
        return
    now = registry.clock.now()
    names = [digest for subject in stored.record.parsed.subject for digest in subject.digests]
    facts, case = open_casebook(registry, names).about(names, {})
    question = Question("", "", now, format_instant(now), None, None, case, case.actors.as_known(None))
    by_name = {fact.record_id: fact for fact in facts}
    earlier = by_name.get(stored.record.record_id.digest)
    for each, said in replacing:
        later = by_name.get(each.record.record_id.digest)  # None: it is about other works
        at = max(each.accepted_at, parse_instant(said.valid_from))
        if later and earlier and at <= now and may_replace(later, earlier, question):
            yield Moment("superseded", at, each)


def _taken_back(
    registry: Registry, stored: StoredRecord, consent: Consent, linked: list[StoredRecord]
) -> Iterator[Moment]:
    """By record and on chain, of the whole or of works out of it; and what a vanished block had said.

    Of a collection, works that were taken out on chain alone are not told: their keys do not say which they are.
    """
    authority, record_id = Address.parse(consent.withdrawal.authority).raw, stored.record.record_id.digest
    names = [digest.raw for subject in stored.record.parsed.subject for digest in subject.digests]
    items = {withdrawal_key(record_id, item): item for item in (None, *names)}
    for each in linked:
        said = each.record.predicate
        if isinstance(said, Withdrawal):
            item = None if said.item is None else bytes.fromhex(said.item)
            items[bytes.fromhex(said.key)] = item
            yield Moment("withdrawn", each.accepted_at, each, {"source": "record", "item": said.item})
    known = registry.store.withdrawals.get(list(items)).values()
    for seen in sorted(known, key=lambda each: each.block or 0):
        if seen.authority == authority and seen.chain_at is not None:
            yield Moment("withdrawn", seen.chain_at, None, _on_chain(items[seen.key], seen.block))
    for event in registry.store.events.undone(list(items)):
        if event.news.authority == authority and event.news.key is not None:
            was = {**_on_chain(items[event.news.key], event.news.block), "wasAt": from_unix(event.news.at)}
            yield Moment("undone", event.noticed_at, None, was)


def _on_chain(item: bytes | None, block: int | None) -> dict[str, Any]:
    return {"source": "chain", "item": item.hex() if item else None, "block": block}
