"""Consents compared and renewed: the same said again for a new term, in place of the old record.

It decides what stays as it was, who may renew, and that nothing which was taken back is renewed. What
differs is told by ``rakkan.registry.rules.comparing``.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from rakkan.registry.flows.accept import accept_one
from rakkan.registry.flows.claims.stating import actor
from rakkan.registry.flows.collections import member_blocks, members
from rakkan.registry.flows.consent.cases import open_casebook
from rakkan.registry.flows.consent.consents import authority_of
from rakkan.registry.flows.consent.listing import stand
from rakkan.registry.flows.consent.needed import publish_with_needed
from rakkan.registry.flows.consent.private import Sealing, keep, private_fields, seal_fields
from rakkan.registry.flows.consent.terms import UNANSWERED, Answers, Terms
from rakkan.registry.rules import comparing
from rakkan.registry.rules.notice import with_notice
from rakkan.registry.service import Registry
from rakkan.registry.signers.port import KeySigner, RecordSigner
from rakkan.registry.store.records import StoredRecord
from rakkan.schemas.canonical import parse_canonical
from rakkan.schemas.consent import Consent
from rakkan.schemas.errors import Invalid, Refused
from rakkan.schemas.instant import format_instant, parse_instant
from rakkan.schemas.record import Record, statement_bytes
from rakkan.schemas.statement import Link, Statement, Subject, parse_model

_ENDED = ("withdrawn", "void", "superseded")


def stated_of(registry: Registry, record: Record) -> comparing.Stated:
    """What a consent says, to be compared; the works of a collection are those that are listed here.

    Raises:
        Invalid: ``record-kind``.
    """
    consent = record.predicate
    if not isinstance(consent, Consent):
        raise Invalid(f"{record.record_id} is a {record.kind} record, not a consent.", code="record-kind")
    listed = {str(each) for each in members(registry, record)}
    subjects = {" ".join(sorted(map(str, each.digests))) for each in record.parsed.subject}
    return comparing.stated(consent, frozenset(listed or subjects))


def stated_by(registry: Registry, old: Record, statement: bytes) -> comparing.Stated:
    """What a renewal says that is not signed yet: about the same works as the old record."""
    consent = parse_model(Consent, parse_model(Statement, parse_canonical(statement)).predicate)
    works = stated_of(registry, old).works
    return comparing.stated(consent, works or frozenset())


def stated_in(terms: Terms) -> comparing.Stated:
    """What terms say, before they are about anything."""
    bounds = terms.more.get("bounds", {})
    return comparing.Stated(
        kind=terms.kind,
        scopes=terms.scopes,
        grantee=frozenset(terms.grantee),
        days=terms.days,
        withdrawal=(terms.mode, terms.mode_days),
        licence=terms.licence,
        train_by=terms.more.get("trainBy"),
        policy=bounds.get("policy", {}).get("/"),
        runs=bounds.get("runs"),
        plain=comparing.basis(terms.claim, terms.share_bp, complete=terms.coauthors == "complete")
        | comparing.shown(terms.depicted or "unknown", terms.minors or "unknown", list(terms.releases)),
    )


def renewal(
    registry: Registry,
    stored: StoredRecord,
    *,
    days: int | None = None,
    answers: Answers = UNANSWERED,
    signer: RecordSigner | None = None,
) -> tuple[bytes, Sealing | None]:
    """The statement that says a consent again from now on, in place of the old one; and its private fields.

    Args:
        registry: Where it is known.
        stored: The consent.
        days: How long; None for as long as before.
        answers: What was answered anew about persons and co-authors; what is not stays as it was.
        signer: Who signs; the grantor, or whoever followed them.

    Raises:
        Refused: ``renewal-foreign``, if it is somebody else's; ``consent-ended``; ``private-erased``.
        Invalid: ``record-kind``.
    """
    record, old = stored.record, stored.record.predicate
    if not isinstance(old, Consent):
        raise Invalid(
            f"{record.record_id} is a {record.kind} record.", code="record-kind", hint="Name a consent."
        )
    state = stand(registry, [stored])[0].state
    if state in _ENDED:
        raise Refused(
            f"This consent is {state}: it is not renewed.",
            code="consent-ended",
            hint="Give a new one with `rakkan consent grant`.",
        )
    who = actor(registry, signer)
    if not _same_person(registry, record, who):
        raise Refused(
            "Only who gave a consent can renew it.",
            code="renewal-foreign",
            hint=f"It was given by {old.grantor.id}; name that key with --signer.",
        )
    sealing = None
    if old.sealed is not None:
        fields = private_fields(registry, record)
        sealing = seal_fields(registry.origin, {each.name: each.text for each in fields})
    value = _value(registry, record, old, days, answers)
    if who != old.grantor.id:
        value["grantor"] = {**value["grantor"], "id": who}
        value["withdrawal"] = {**value["withdrawal"], "authority": authority_of(registry, signer)}
    if sealing is not None:
        value["nonce"] = sealing.nonce
        consent = parse_model(Consent, value)
        value["sealed"] = sealing.public(pin=consent.may_pin_private)
    subjects: tuple[Subject, ...] = record.parsed.subject
    return statement_bytes("consent", subjects, with_notice(subjects, parse_model(Consent, value))), sealing


def renew(
    registry: Registry,
    stored: StoredRecord,
    *,
    days: int | None = None,
    answers: Answers = UNANSWERED,
    signer: RecordSigner | None = None,
    publish: bool = False,
) -> Record:
    """Make, sign and keep a renewal; arguments and errors as :func:`renewal`."""
    statement, sealing = renewal(registry, stored, days=days, answers=answers, signer=signer)
    signing = signer or KeySigner(registry.home.keys.artist)
    record = Record.build(statement, [signing.prove(statement, registry.domain)])
    if sealing is not None:
        keep(registry, record, sealing)
    accept_one(registry, record, publish=False, blocks=member_blocks(registry, stored.record))
    if publish:
        publish_with_needed(registry, record)
    return record


def _value(
    registry: Registry, record: Record, old: Consent, days: int | None, answers: Answers
) -> dict[str, Any]:
    now = registry.clock.now()
    term = parse_instant(old.valid_until) - parse_instant(old.valid_from)
    value = old.to_json()
    value |= {
        "nonce": secrets.token_hex(16),
        "validFrom": format_instant(now),
        "validUntil": format_instant(now + (term if days is None else timedelta(days=days))),
        "supersedes": Link.to(record.envelope_cid).to_json(),
    }
    value.pop("sealed", None)
    persons, rights = dict(value["persons"]), dict(value["rightsBasis"])
    persons["depicted"] = answers.depicted or persons["depicted"]
    persons["minors"] = answers.minors or persons["minors"]
    if answers.coauthors is not None:
        rights["coauthorsComplete"] = answers.coauthors == "complete"
    return {**value, "persons": persons, "rightsBasis": rights}


def _same_person(registry: Registry, record: Record, who: str) -> bool:
    """Whether somebody is who gave a consent, or followed them by a key record that counts."""
    old = record.predicate
    assert isinstance(old, Consent)
    if who == old.grantor.id:
        return True
    digests = [digest for subject in record.parsed.subject for digest in subject.digests]
    _, case = open_casebook(registry, digests).about(digests, {})
    known = case.actors.as_known(None)
    return known.person(who) == known.person(old.grantor.id)
