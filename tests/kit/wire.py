"""What the test kit sends, read into values of the rules.

It decides how records, facts and cases are written in JSON (docs/proof-of-consent.md, "The test kit"). It
leaves out what is asked about them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rakkan.registry.rules.actors import Actors
from rakkan.registry.rules.case import EMPTY_CASE, Case, Similar
from rakkan.registry.rules.facts import ConsentFact, Predicate, RecordFact
from rakkan.registry.rules.wallet_questions import WalletQuestion
from rakkan.schemas.authorship import Authorship
from rakkan.schemas.canonical import canonical
from rakkan.schemas.consent import Consent
from rakkan.schemas.dispute import Dispute, Ruling
from rakkan.schemas.errors import Invalid
from rakkan.schemas.identification import Identification
from rakkan.schemas.identity import Address
from rakkan.schemas.instant import parse_instant
from rakkan.schemas.keychange import KeyChange
from rakkan.schemas.record import Record
from rakkan.schemas.statement import Proof, parse_model
from rakkan.schemas.trainingrun import TrainingRun
from rakkan.schemas.values import Cid, Digest
from rakkan.schemas.work import Work

_Json = Mapping[str, Any]


def record_of(value: _Json) -> Record:
    """A statement and its proofs."""
    proofs = [parse_model(Proof, each) for each in value["proofs"]]
    return Record.build(canonical(value["statement"]), proofs)


def question_from(value: _Json) -> WalletQuestion:
    """What a wallet was asked."""
    digest, signature, at = (
        bytes.fromhex(each) for each in (value["digest"], value["signature"], value["hash"])
    )
    return WalletQuestion(Address.parse(value["wallet"]), digest, signature, value["number"], at)


def question_json(question: WalletQuestion) -> dict[str, Any]:
    """The same, as a reply has it."""
    return {
        "wallet": str(question.wallet),
        "digest": question.digest.hex(),
        "signature": question.signature.hex(),
        "number": question.number,
        "hash": question.block_hash.hex(),
    }


def consent_fact(value: _Json) -> ConsentFact:
    """A consent, and what is known about it."""
    record = record_of(value["record"])
    consent = record.predicate
    if not isinstance(consent, Consent):
        raise Invalid(f"A {record.kind} is no consent.", code="kind-unknown")
    return ConsentFact(
        record_id=record.record_id.digest,
        envelope=record.envelope_cid.digest,
        log_index=value.get("logIndex"),
        consent=consent,
        known_from=parse_instant(value["knownFrom"]),
        withdrawn_at=_instant(value, "withdrawnAt"),
        withdrawn_item_at=_instant(value, "withdrawnItemAt"),
        subjects=frozenset(digest for subject in record.parsed.subject for digest in subject.digests),
    )


def record_fact(value: _Json) -> RecordFact:
    """A record of another kind, and what is known about it."""
    record = record_of(value["record"])
    return RecordFact(
        record_id=record.record_id.digest,
        envelope=record.envelope_cid.digest,
        log_index=value.get("logIndex"),
        known_from=parse_instant(value["knownFrom"]),
        predicate=_predicate(record),
        signers=frozenset(proof.signer for proof in record.parsed_envelope.proofs),
        proven_at=_instant(value, "provenAt"),
    )


def case_of(value: _Json | None) -> Case:
    """All that is known besides the consents."""
    if value is None:
        return EMPTY_CASE
    mandates, releases, joining = (
        [consent_fact(each) for each in value.get(name, ())] for name in ("mandates", "releases", "coauthors")
    )
    return Case(
        digests=frozenset(map(Digest.parse, value.get("digests", ()))),
        actors=Actors(_facts(value, "identities"), value.get("checkers", ())),
        claims=_facts(value, "claims"),
        mandates={each.envelope: each for each in mandates},
        coauthors=_by_grant(joining),
        releases={each.envelope: each for each in releases},
        disputes=_facts(value, "disputes"),
        rulings=_facts(value, "rulings"),
        similar=tuple(_similar(each) for each in value.get("similar", ())),
        runs=_by_relied_on(_facts(value, "runs")),
        gates=frozenset(value.get("gates", ())),
        trainers=frozenset(value.get("trainers", ())),
        adjudicators=frozenset(value.get("adjudicators", ())),
        stewards=frozenset(value.get("stewards", ())),
    )


def _facts(value: _Json, name: str) -> tuple[RecordFact, ...]:
    return tuple(record_fact(each) for each in value.get(name, ()))


def _by_grant(joining: Sequence[ConsentFact]) -> dict[bytes, tuple[ConsentFact, ...]]:
    groups: dict[bytes, tuple[ConsentFact, ...]] = {}
    for each in joining:
        if each.consent.joins is not None:
            grant = each.consent.joins.cid.digest
            groups[grant] = (*groups.get(grant, ()), each)
    return groups


def _by_relied_on(runs: Sequence[RecordFact]) -> dict[bytes, tuple[RecordFact, ...]]:
    groups: dict[bytes, tuple[RecordFact, ...]] = {}
    for each in runs:
        if isinstance(each.predicate, TrainingRun):
            for relied in each.predicate.consents:
                groups[relied.cid.digest] = (*groups.get(relied.cid.digest, ()), each)
    return groups


def _similar(value: _Json) -> Similar:
    return Similar(
        earlier=Cid.parse(value["earlier"]).digest,
        holders=frozenset(value["holders"]),
        reserved=value["reserved"],
        known_from=parse_instant(value["knownFrom"]),
    )


def _instant(value: _Json, name: str) -> datetime | None:
    return parse_instant(value[name]) if name in value else None


def _predicate(record: Record) -> Predicate:
    said = record.predicate
    if not isinstance(said, Work | Authorship | Identification | KeyChange | Dispute | Ruling | TrainingRun):
        raise Invalid(f"A {record.kind} is not read here.", code="kind-unknown")
    return said
