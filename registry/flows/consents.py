"""Granting, reserving and withdrawing: from terms to signed records.

It decides what a consent says besides its terms (``terms``). What several consents mean together is decided in
``rakkan.registry.rules.consent``; the words that are shown, in ``rules.notice``.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from rakkan.registry.flows.accept import accept_one, require
from rakkan.registry.flows.cases import open_casebook, recorded
from rakkan.registry.flows.private import Sealing, keep, seal_fields
from rakkan.registry.flows.terms import Terms
from rakkan.registry.keys import AUTHORITY
from rakkan.registry.rules.consent import Effective, effective
from rakkan.registry.rules.eip712 import Domain, address_of
from rakkan.registry.rules.notice import with_notice
from rakkan.registry.rules.proofs import sign_did, sign_wallet, withdrawal_statement
from rakkan.registry.service import Registry
from rakkan.schemas.consent import Consent
from rakkan.schemas.errors import Invalid, Refused
from rakkan.schemas.identity import DidPkh
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

    Raises:
        Invalid: ``shape``, if the terms do not make a consent.
    """
    now = registry.clock.now()
    value: dict[str, Any] = {
        "audience": registry.origin,
        "kind": terms.kind,
        "nonce": sealing.nonce if sealing else secrets.token_hex(16),
        "scopes": [{"name": name, "use": terms.scopes[name]} for name in sorted(terms.scopes)],
        "grantor": {"id": grantor, "capacity": terms.capacity},
        "grantee": list(terms.grantee),
        "rightsBasis": {"claim": terms.claim, "coauthorsComplete": terms.coauthors_complete},
        "withdrawal": {"authority": authority, "mode": terms.mode},
        "persons": dict(terms.persons),
        "validFrom": format_instant(now),
        "validUntil": format_instant(now + timedelta(days=terms.days)),
        "notice": {"lang": "en", "sha256": "0" * 64},
        **terms.more,
    }
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
    wallet: bytes | None = None,
    sealing: Sealing | None = None,
) -> Record:
    """Make and sign a grant or a reservation; it is not kept yet.

    Args:
        registry: Whose audience it has.
        subjects: The works.
        terms: What is said.
        wallet: Private key of the grantor's wallet (EIP-712); None signs with the home's ``did:key``.
        sealing: The terms' private fields; its keeper is the caller.

    Raises:
        Refused: ``domain-unknown``, if a wallet is to sign without a chain.
        Invalid: ``shape``, if the terms do not make a consent; ``terms-private``, if they have private
            fields and nobody keeps them.
    """
    if terms.private and sealing is None:
        raise Invalid(
            "These terms have private fields, which cannot be sealed here.",
            code="terms-private",
            hint="Give the consent with `rakkan consent grant` or `reserve`.",
        )
    keys = registry.home.keys
    if wallet is None:
        statement = consent_statement(
            registry,
            subjects,
            terms,
            grantor=keys.artist_did,
            authority=str(keys.address(AUTHORITY)),
            sealing=sealing,
        )
        return Record.build(statement, [sign_did(statement, keys.artist)])
    domain, address = chain_domain(registry), address_of(wallet)
    grantor = str(DidPkh(domain.chain_id, address))
    statement = consent_statement(
        registry, subjects, terms, grantor=grantor, authority=str(address), sealing=sealing
    )
    return Record.build(statement, [sign_wallet(statement, domain, wallet)])


def give(
    registry: Registry,
    subjects: Sequence[Subject],
    terms: Terms,
    *,
    wallet: bytes | None = None,
    publish: bool = False,
    blocks: Sequence[bytes] = (),
) -> Record:
    """Make, sign (see :func:`make_consent`) and keep a consent, public or not; ``blocks`` list its collection."""
    sealing = seal_fields(registry.origin, terms.private) if terms.private else None
    record = make_consent(registry, subjects, terms, wallet=wallet, sealing=sealing)
    if sealing is not None:
        keep(registry, record, sealing)  # first: a record without its key could never be disclosed
    accept_one(registry, record, publish=publish, blocks=blocks)
    return record


def says(record: Record, terms: Terms, grantor: str) -> bool:
    """Whether a consent is what this grantor would say in these terms."""
    predicate = record.predicate
    return (
        isinstance(predicate, Consent)
        and (predicate.grantor.id, predicate.kind, predicate.grantee) == (grantor, terms.kind, terms.grantee)
        and {scope.name: scope.use.value for scope in predicate.scopes} == dict(terms.scopes)
    )


def withdraw(
    registry: Registry, name: str, *, item: Digest | None = None, wallet: bytes | None = None
) -> Record:
    """Take a consent back; the record is public at once, and the worker puts it on chain.

    Args:
        registry: Where the consent is known.
        name: CID of the consent's statement or envelope.
        item: One work of it; None takes back all.
        wallet: Key of the withdrawal authority; None uses the home's authority key.

    Raises:
        NotFound: ``record-unknown``. Refused: ``withdrawal-foreign``, if it is somebody else's.
    """
    consent = require(registry, Cid.parse(name).digest, "consent")
    predicate = consent.predicate
    assert isinstance(predicate, Consent)
    statement = withdrawal_statement(consent, item.raw if item else None, registry.origin)
    keys = registry.home.keys
    authority = wallet or keys.wallet(AUTHORITY)
    mine = str(address_of(authority)).lower() == predicate.withdrawal.authority.lower()
    if registry.domain is not None and mine:
        proof = sign_wallet(statement, registry.domain, authority)
    elif registry.domain is None and predicate.grantor.id == keys.artist_did:
        proof = sign_did(statement, keys.artist)
    else:
        raise Refused(
            "This key did not give the consent and is not its withdrawal authority.",
            code="withdrawal-foreign",
            hint=f"Its authority is {predicate.withdrawal.authority}; name that key with --wallet-key.",
        )
    record = Record.build(statement, [proof])
    accept_one(registry, record, publish=True)
    return record


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


def chain_domain(registry: Registry) -> Domain:
    """The domain that wallets sign for.

    Raises:
        Refused: ``domain-unknown``, without a chain.
    """
    if registry.domain is None:
        raise Refused(
            "A wallet signs for a chain, and this home has none.",
            code="domain-unknown",
            hint="Run `rakkan init --chain local`.",
        )
    return registry.domain
