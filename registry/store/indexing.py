"""Index rows: under what a record is found, derived from its statement alone.

It decides what is derived, so that ``fsck`` can derive it again. It leaves out how rows are kept
(``records``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table

from rakkan.registry.rules.brief import brief_of
from rakkan.registry.rules.commitments import revealed
from rakkan.registry.rules.duties import actor_digest
from rakkan.registry.rules.links import links_of
from rakkan.registry.rules.many_keys import joint_id
from rakkan.registry.rules.wallet_questions import inner_signature
from rakkan.registry.store.effects import CommitmentRow, JointWithdrawalRow
from rakkan.registry.store.tables import (
    BriefRow,
    EdgeRow,
    FingerprintRow,
    IdentifierRow,
    LinkRow,
    TermsRow,
    WithdrawalRow,
    table,
)
from rakkan.schemas.consent import Withdrawal
from rakkan.schemas.identity import Address, DidPkh, parse_did
from rakkan.schemas.instant import to_unix
from rakkan.schemas.keychange import KeyChange
from rakkan.schemas.record import Record
from rakkan.schemas.statement import Statement
from rakkan.schemas.values import Digest
from rakkan.schemas.work import Work

if TYPE_CHECKING:
    from rakkan.registry.store.records import StoredRecord

_identifier, _edge, _link = table(IdentifierRow), table(EdgeRow), table(LinkRow)
_commitment = table(CommitmentRow)
_fingerprint, _withdrawal = table(FingerprintRow), table(WithdrawalRow)
_joint = table(JointWithdrawalRow)
_brief, _terms = table(BriefRow), table(TermsRow)


def identifiers_of(
    statement: Statement, predicate: object, members: Sequence[Digest] = ()
) -> list[tuple[Digest, bool]]:
    """Under which digests a record is found; True marks an alias.

    A collection is found under each of its members; a change of keys under the successor too.
    """
    found = [
        (digest, digest.kind == "sha256" and "c2paClaim" in subject.digest)
        for subject in statement.subject
        for digest in subject.digests
    ]
    if isinstance(predicate, Work) and predicate.source_digest:
        found.append((Digest.parse(predicate.source_digest), True))
    if isinstance(predicate, KeyChange) and predicate.successor:
        found.append((actor_digest(predicate.successor), True))
    found += [(member, False) for member in members]
    return list(dict(found).items())


def index_rows(
    record: Record, now: int, members: Sequence[Digest] = (), *, publish: bool
) -> dict[Table, list[dict[str, Any]]]:
    """The rows of every index table.

    Args:
        record: The record.
        now: Unix time of acceptance.
        members: The works of its collection, if it has one.
        publish: Whether it is meant for the public.
    """
    record_id, predicate = record.record_id.digest, record.predicate
    names = identifiers_of(record.parsed, predicate, members)
    rows: dict[Table, list[dict[str, Any]]] = {
        _identifier: [
            {
                "digest": name.raw,
                "kind": name.kind,
                "record_kind": record.kind,
                "record_id": record_id,
                "alias": alias,
            }
            for name, alias in names
        ],
        _link: [
            {"target": target, "relation": relation, "record_id": record_id}
            for relation, target in links_of(predicate)
        ],
        **brief_rows(record, now, publish=publish),
    }
    if isinstance(predicate, Work):
        parents = [(Digest.parse(parent.digest), parent.relation) for parent in predicate.parents]
        rows[_edge] = [
            {
                "child": record_id,
                "position": place,
                "kind": digest.kind,
                "digest": digest.raw,
                "relation": relation,
            }
            for place, (digest, relation) in enumerate(parents)
        ]
        rows[_fingerprint] = [
            {
                "record_id": record_id,
                "alg": entry.alg,
                "pipeline": entry.pipeline,
                "bits": bytes.fromhex(entry.bits),
                "quality": entry.quality,
            }
            for entry in predicate.fingerprints
        ]
    elif isinstance(predicate, Withdrawal):
        rows[_withdrawal] = [
            {
                "key": bytes.fromhex(predicate.key),
                "authority": Address.parse(predicate.authority).raw,
                "recorded_at": now,
                "signature": _relayable(record, predicate),
            }
        ]
        rows[_joint] = [
            row
            for proof in record.parsed_envelope.proofs
            if proof.keys is not None
            for row in joint_rows(
                Address.parse(predicate.authority).raw,
                [bytes.fromhex(key) for key in proof.keys],
                bytes.fromhex(proof.signature),
            )
        ]
    commitment = revealed(record)
    if commitment is not None:
        rows[_commitment] = [
            {"record_id": record_id, "commitment": commitment, "committed_at": None, "asked_at": None}
        ]
    return rows


def brief_rows(
    record: Record, accepted_at: int, *, publish: bool, log_index: int | None = None
) -> dict[Table, list[dict[str, Any]]]:
    """The rows of a record's brief; none if its kind has none."""
    brief = brief_of(record)
    if brief is None:
        return {}
    terms = None if brief.terms is None else hashlib.sha256(brief.terms).digest()
    row = {
        "record_id": record.record_id.digest,
        "envelope": record.envelope_cid.digest,
        "accepted_at": accepted_at,
        "publish": publish,
        "log_index": log_index,
        "actor": brief.actor,
        "terms": terms,
        "authority": brief.authority,
        "valid_from": brief.valid_from,
        "valid_until": brief.valid_until,
        "names": brief.names,
    }
    return {
        _terms: [] if brief.terms is None else [{"id": terms, "content": brief.terms}],
        _brief: [row],
    }


def derived_brief(stored: StoredRecord) -> dict[str, Any] | None:
    """What :meth:`rakkan.registry.store.briefs.Briefs.derived` must give of a record, derived anew."""
    accepted_at = to_unix(stored.accepted_at)
    rows = brief_rows(stored.record, accepted_at, publish=stored.publish, log_index=stored.log_index)
    if not rows:
        return None
    content = [each["content"] for each in rows[_terms]]
    return {**rows[_brief][0], "content": content[0] if content else None}


def joint_rows(authority: bytes, keys: Sequence[bytes], signature: bytes) -> list[dict[str, Any]]:
    """The rows of one signature over many withdrawals; the same whichever of their records brings it."""
    same = {"joint": joint_id(authority, keys), "authority": authority, "signature": signature}
    return [{**same, "place": place, "key": key} for place, key in enumerate(keys)]


def _relayable(record: Record, withdrawal: Withdrawal) -> bytes | None:
    """The authority's own wallet signature, which the contract takes from anyone."""
    authority = Address.parse(withdrawal.authority)
    for proof in record.parsed_envelope.proofs:
        signer = parse_did(proof.signer)
        if proof.keys is None and isinstance(signer, DidPkh) and signer.address == authority:
            return inner_signature(bytes.fromhex(proof.signature))
    return None
