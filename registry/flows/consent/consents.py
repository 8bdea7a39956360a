"""Granting and reserving: from terms to signed records, and what holds for a work.

It decides what a consent says besides its terms (``terms``); taking one back is ``withdrawing``'s. What several
consents mean together is decided in ``rakkan.registry.rules.consent``; the words that are shown, in
``rules.notice``.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from rakkan.registry.flows.accept import accept_one
from rakkan.registry.flows.consent.cases import open_casebook, recorded
from rakkan.registry.flows.consent.linking import link_terms
from rakkan.registry.flows.consent.needed import publish_with_needed
from rakkan.registry.flows.consent.private import Sealing, keep, seal_fields
from rakkan.registry.flows.consent.terms import Terms
from rakkan.registry.flows.withdraw.withdrawing import withdraw as withdraw
from rakkan.registry.keys import AUTHORITY
from rakkan.registry.rules.accounts import Account, accounts
from rakkan.registry.rules.consent import Effective, effective
from rakkan.registry.rules.explaining import Explanation, explain
from rakkan.registry.rules.notice import with_notice
from rakkan.registry.service import Registry
from rakkan.registry.signers.port import KeySigner, RecordSigner
from rakkan.schemas.consent import Consent
from rakkan.schemas.errors import Invalid
from rakkan.schemas.instant import format_instant
from rakkan.schemas.record import Record, statement_bytes
from rakkan.schemas.statement import Subject, parse_model
from rakkan.schemas.values import Cid, Digest


def consent_statement(
    registry: Registry,
    subjects: Sequence[Subject],
    terms: Terms,
    *,
    grantor: str,
    authority: str,
    sealing: Sealing | None = None,
) -> bytes:
    """The statement that a grantor signs; its notice is derived from its own fields.

    What the terms leave unsaid of persons and co-authors is stated as unknown: nobody is spoken for, and
    what needs an answer to it stays undetermined.

    Args:
        registry: Whose audience and clock it has; the consents that the terms link are known there.
        subjects: The works.
        terms: What is said.
        grantor: DID of the one who signs.
        authority: The address that can take it back.
        sealing: The terms' private fields.

    Raises:
        Invalid: ``shape``, if the terms do not make a consent.
        Refused: ``record-unknown``, if they link one that is not known here.
    """
    now = registry.clock.now()
    value: dict[str, Any] = {
        "audience": registry.origin,
        "kind": terms.kind,
        "nonce": sealing.nonce if sealing else secrets.token_hex(16),
        "scopes": [{"name": name, "use": terms.scopes[name]} for name in sorted(terms.scopes)],
        "grantor": {"id": grantor, "capacity": terms.capacity},
        "grantee": list(terms.grantee),
        "rightsBasis": {"claim": terms.claim, "coauthorsComplete": terms.coauthors == "complete"},
        "withdrawal": {"authority": authority, "mode": terms.mode},
        "persons": {"depicted": terms.depicted or "unknown", "minors": terms.minors or "unknown"},
        "validFrom": format_instant(now),
        "validUntil": format_instant(now + timedelta(days=terms.days)),
        "notice": {"lang": "en", "sha256": "0" * 64},
        **terms.more,
    }
    link_terms(registry, terms, value)
    if terms.share_bp is not None:
        value["rightsBasis"]["shareBp"] = terms.share_bp
    if terms.evidence:
        value["rightsBasis"]["evidence"] = [dict(each) for each in terms.evidence]
    if terms.licence is not None:
        value["terms"] = dict(terms.licence)
    if terms.mode_days is not None:
        value["withdrawal"]["days"] = terms.mode_days
    consent = parse_model(Consent, value)
    if sealing is not None:
        consent = parse_model(Consent, {**value, "sealed": sealing.public(pin=consent.may_pin_private)})
    return statement_bytes("consent", subjects, with_notice(subjects, consent))


def make_consent(
    registry: Registry,
    subjects: Sequence[Subject],
    terms: Terms,
    *,
    signer: RecordSigner | None = None,
    sealing: Sealing | None = None,
) -> Record:
    """Make and sign a consent; it is not kept yet.

    Args:
        registry: Whose audience it has.
        subjects: The works.
        terms: What is said.
        signer: The grantor; None signs with the home's ``did:key``. A wallet can itself take back what it
            gave, for others the home's authority can.
        sealing: The terms' private fields; its keeper is the caller.

    Raises:
        Refused: ``domain-unknown``, if a wallet is to sign without a chain.
        Invalid: ``shape``, if the terms do not make a consent; ``terms-private``, if they have private
            fields and nobody keeps them.
    """
    if sealing is None:
        refuse_private(terms)
    signing = signer or KeySigner(registry.home.keys.artist)
    statement = consent_statement(
        registry,
        subjects,
        terms,
        grantor=signing.actor(registry.domain),
        authority=authority_of(registry, signer),
        sealing=sealing,
    )
    return Record.build(statement, [signing.prove(statement, registry.domain)])


def refuse_private(terms: Terms | None) -> None:
    """Raise Invalid (``terms-private``) if terms have private fields: where nobody keeps them, none are given."""
    if terms is not None and terms.private:
        raise Invalid(
            "These terms have private fields, which cannot be sealed here.",
            code="terms-private",
            hint="Give the consent with `rakkan consent grant` or `reserve`.",
        )


def authority_of(registry: Registry, signer: RecordSigner | None = None) -> str:
    """The address that can take back what this signer gives: the wallet itself, else the home's authority."""
    address = signer.address if signer is not None else None
    return str(address or registry.home.keys.address(AUTHORITY))


def give(
    registry: Registry,
    subjects: Sequence[Subject],
    terms: Terms,
    *,
    signer: RecordSigner | None = None,
    publish: bool = False,
    blocks: Sequence[bytes] = (),
) -> Record:
    """Make, sign (see :func:`make_consent`) and keep a consent; ``blocks`` list its collection.

    To ``publish`` it is to publish the mandate and the releases that it cannot be checked without.
    """
    sealing = seal_fields(registry.origin, terms.private) if terms.private else None
    record = make_consent(registry, subjects, terms, signer=signer, sealing=sealing)
    if sealing is not None:
        keep(registry, record, sealing)  # first: a record without its key could never be disclosed
    accept_one(registry, record, publish=False, blocks=blocks)
    if publish:
        publish_with_needed(registry, record)
    return record


def says(record: Record, terms: Terms, grantor: str) -> bool:
    """Whether a consent is what this grantor would say in these terms; what they leave unsaid may be anything."""
    predicate = record.predicate
    if not isinstance(predicate, Consent) or not speaks_alike(record, terms, grantor):
        return False
    persons, complete = predicate.persons, predicate.rights_basis.coauthors_complete
    return (
        terms.depicted in (None, persons.depicted)
        and terms.minors in (None, persons.minors)
        and (terms.coauthors is None or (terms.coauthors == "complete") is complete)
    )


def speaks_alike(record: Record, terms: Terms, grantor: str) -> bool:
    """Whether a consent is by this grantor, to the same ones, of the same uses; persons and shares apart."""
    predicate = record.predicate
    return (
        isinstance(predicate, Consent)
        and (predicate.grantor.id, predicate.kind, predicate.grantee) == (grantor, terms.kind, terms.grantee)
        and {scope.name: scope.use.value for scope in predicate.scopes} == dict(terms.scopes)
    )


def show(
    registry: Registry,
    digests: Sequence[Digest],
    *,
    scopes: Sequence[str],
    grantee: str,
    used_at: datetime | None = None,
    known_at: datetime | None = None,
) -> dict[str, Effective]:
    """What holds, scope by scope, for one work known under any of these identifiers.

    Args:
        registry: Whose memory is asked.
        digests: Names of the work.
        scopes: What is asked about.
        grantee: For whom.
        used_at: When it is used; now unless named.
        known_at: What was known then; everything that is known now unless named.
    """
    book = open_casebook(registry, digests)
    facts, case = book.about(digests, recorded(registry, book.pairs(digests)))
    used = used_at or registry.clock.now()
    return {
        scope: effective(facts, scope=scope, grantee=grantee, used_at=used, known_at=known_at, case=case)
        for scope in scopes
    }


def budgets(
    registry: Registry,
    digests: Sequence[Digest],
    *,
    used_at: datetime | None = None,
    known_at: datetime | None = None,
) -> tuple[Account, ...]:
    """The grants on a work that allow a number of runs, and which runs spent it; arguments as for :func:`show`."""
    facts, case = open_casebook(registry, digests).about(digests, {})
    return accounts(facts, case, used_at=used_at or registry.clock.now(), known_at=known_at)


def why(
    registry: Registry,
    digests: Sequence[Digest],
    *,
    scope: str,
    grantee: str,
    used_at: datetime | None = None,
    known_at: datetime | None = None,
    policy: Cid | None = None,
) -> Explanation:
    """The same for one scope, taken apart: every record that was heard, and its part in the answer.

    Args:
        registry: Whose memory is asked.
        digests: Names of the work.
        scope: What is asked about.
        grantee: For whom.
        used_at: When it is used; now unless named.
        known_at: What was known then; everything that is known now unless named.
        policy: Under which it is asked; a grant may be bound to one.
    """
    book = open_casebook(registry, digests)
    facts, case = book.about(digests, recorded(registry, book.pairs(digests)))
    return explain(
        facts,
        scope=scope,
        grantee=grantee,
        used_at=used_at or registry.clock.now(),
        known_at=known_at,
        policy=policy,
        case=case,
    )
