"""What is drafted for a wallet that is elsewhere: a consent to sign, or the way in which it is taken back.

It decides which words and bytes a page is given before anybody signs, and what the answer would be once
they are in the log. Nothing is kept. What a consent says is decided in ``consents``, what several mean
together in ``rakkan.registry.rules.consent``, what a slip is worth in ``rules.slips``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from rakkan.registry.flows.consent.cases import on_file, open_casebook, recorded
from rakkan.registry.flows.consent.consents import consent_statement
from rakkan.registry.flows.consent.terms import Terms
from rakkan.registry.flows.lookup import resolve
from rakkan.registry.rules.consent import ConsentFact, Effective, effective
from rakkan.registry.rules.eip712 import typed_data
from rakkan.registry.rules.facts import folded
from rakkan.registry.rules.notice import notice_text
from rakkan.registry.rules.proofs import withdrawal_statement
from rakkan.registry.rules.slips import unsigned_slip
from rakkan.registry.service import Registry
from rakkan.registry.signers.port import wallet_actor
from rakkan.schemas.authorship import Authorship
from rakkan.schemas.canonical import parse_canonical
from rakkan.schemas.consent import Consent
from rakkan.schemas.errors import Invalid
from rakkan.schemas.identity import Address
from rakkan.schemas.instant import parse_instant
from rakkan.schemas.record import Record
from rakkan.schemas.statement import Statement, Subject, parse_model
from rakkan.schemas.values import Cid, Digest
from rakkan.schemas.work import Work

_LAST: Final = 2**53 - 1  # its place in the log is after everything else's


@dataclass(frozen=True, slots=True)
class Draft:
    """A consent that nobody has signed yet.

    Attributes:
        statement: The canonical bytes.
        record_id: Their CID.
        consent: What they say.
        notice: The same in plain words, one fact a line; under the signature.
        typed_data: What ``eth_signTypedData_v4`` gets.
        outlook: What would hold of the first work, for the first grantee, scope by scope, once the record
            is in the log.
        alone: Nobody else has spoken of the works here.
    """

    statement: bytes
    record_id: Cid
    consent: Consent
    notice: str
    typed_data: dict[str, Any]
    outlook: dict[str, Effective]
    alone: bool


@dataclass(frozen=True, slots=True)
class WayBack:
    """How a consent is taken back by an authority whose key is not here: a wallet.

    Attributes:
        consent: The consent.
        slip: The withdrawal slip but for its signature.
        typed_data: What ``eth_signTypedData_v4`` gets; that signature completes the slip.
        key: Under which ``ConsentRegistry`` keeps the withdrawal, 32 bytes.
    """

    consent: Record
    slip: dict[str, Any]
    typed_data: dict[str, Any]
    key: bytes


def draft_consent(registry: Registry, works: Sequence[Subject], terms: Terms, wallet: Address) -> Draft:
    """What a wallet would sign to grant or reserve; it is its own withdrawal authority.

    Args:
        registry: Whose audience, chain and records; the public part of it, if strangers ask.
        works: What it is about, as its grantor names it; no further name is added.
        terms: What is said.
        wallet: Who would sign.

    Raises:
        Refused: ``domain-unknown``, without a chain; ``dev-key``. Invalid: ``shape``.
    """
    grantor, domain = wallet_actor(wallet, registry.domain)
    statement = consent_statement(registry, works, terms, grantor=grantor, authority=str(wallet))
    parsed = parse_model(Statement, parse_canonical(statement))
    consent = parse_model(Consent, parsed.predicate)
    digests = [digest for subject in parsed.subject for digest in subject.digests]
    return Draft(
        statement=statement,
        record_id=Cid.of(statement),
        consent=consent,
        notice=notice_text(parsed.subject, consent),
        typed_data=typed_data(domain, statement),
        outlook=_outlook(registry, parsed.subject[0].digests, statement, consent),
        alone=not spoken_for(registry, digests, grantor),
    )


def spoken_for(registry: Registry, digests: Sequence[Digest], grantor: str) -> bool:
    """Whether anybody but this grantor has registered, claimed, granted or reserved any of these works.

    Args:
        registry: Whose records are asked, the public part if it is said to strangers.
        digests: The works.
        grantor: DID.
    """
    speakers = [_speaker(each.stored.record) for each in on_file(registry, digests) if each.found_under]
    return any(each and folded(each) != folded(grantor) for each in speakers)


def way_back(registry: Registry, name: Cid, *, item: Digest | None = None) -> WayBack:
    """What the authority of a consent that is known here signs, or sends, to take it back.

    Args:
        registry: Where it is known; the public part of it, if strangers ask.
        name: Its statement or envelope.
        item: One work out of it; None for all.

    Raises:
        NotFound: ``record-unknown``. Refused: ``domain-unknown``, without a chain; ``dev-key``.
        Invalid: ``record-kind``, if it is no consent.
    """
    consent = resolve(registry, str(name)).record
    granted = consent.predicate
    if not isinstance(granted, Consent):
        raise Invalid(
            f"{name} is a {consent.kind} record.", code="record-kind", hint="Name a grant or a reservation."
        )
    _, domain = wallet_actor(Address.parse(granted.withdrawal.authority), registry.domain)
    work = item.raw if item is not None else None
    slip = unsigned_slip(consent, registry.origin, domain, item=work)
    statement = withdrawal_statement(consent, work, registry.origin)
    return WayBack(consent, slip, typed_data(domain, statement), bytes.fromhex(slip["key"]))


def _outlook(
    registry: Registry, digests: Sequence[Digest], statement: bytes, consent: Consent
) -> dict[str, Effective]:
    book = open_casebook(registry, digests)
    facts, case = book.about(digests, recorded(registry, book.pairs(digests)))
    mine = ConsentFact(
        record_id=Cid.of(statement).digest,
        envelope=bytes(32),
        log_index=_LAST,
        consent=consent,
        known_from=registry.clock.now(),
        subjects=frozenset(digests),
    )
    used_at = max(parse_instant(consent.valid_from), registry.clock.now())
    return {
        scope.name: effective(
            [*facts, mine], scope=scope.name, grantee=consent.grantee[0], used_at=used_at, case=case
        )
        for scope in consent.scopes
    }


def _speaker(record: Record) -> str:
    match record.predicate:
        case Consent(grantor=grantor):
            return grantor.id
        case Work(creator=did) | Authorship(claimant=did):
            return did
        case _:
            return ""
