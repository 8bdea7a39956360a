"""Consents drafted for a wallet that is elsewhere: what it would sign, and what would come of it.

It decides which words and bytes a page is given before anybody signs, and what the answer would be once
they are in the log. Nothing is kept. What a consent says is decided in ``consents``, what several mean
together in ``rakkan.registry.rules.consent``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from rakkan.registry.flows.cases import on_file, open_casebook, recorded
from rakkan.registry.flows.consents import chain_domain, consent_statement
from rakkan.registry.flows.terms import Terms
from rakkan.registry.rules.consent import ConsentFact, Effective, effective
from rakkan.registry.rules.eip712 import typed_data
from rakkan.registry.rules.facts import folded
from rakkan.registry.rules.notice import notice_text
from rakkan.registry.service import Registry
from rakkan.schemas.authorship import Authorship
from rakkan.schemas.canonical import parse_canonical
from rakkan.schemas.consent import Consent
from rakkan.schemas.identity import Address, DidPkh
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


def draft_consent(registry: Registry, works: Sequence[Subject], terms: Terms, wallet: Address) -> Draft:
    """What a wallet would sign to grant or reserve; it is its own withdrawal authority.

    Args:
        registry: Whose audience, chain and records; the public part of it, if strangers ask.
        works: What it is about, as its grantor names it; no further name is added.
        terms: What is said.
        wallet: Who would sign.

    Raises:
        Refused: ``domain-unknown``, without a chain. Invalid: ``shape``.
    """
    domain = chain_domain(registry)
    grantor = str(DidPkh(domain.chain_id, wallet))
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
