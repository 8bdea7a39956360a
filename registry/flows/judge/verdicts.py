"""Verdicts: what was judged, said in a record and signed for the gate; and found again.

It decides what a verdict's statement says and who signs it. The evidence is gathered in ``gathering``;
judgement is pure (``rakkan.registry.rules.audit``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from rakkan.registry.flows.accept import accept_one
from rakkan.registry.flows.judge.gathering import Evidence, community, gather
from rakkan.registry.keys import ATTESTER
from rakkan.registry.rules.audit import Audit
from rakkan.registry.rules.dataset import Lock, subject_of
from rakkan.registry.rules.eip712 import Domain, VerdictMessage
from rakkan.registry.rules.policy.document import Policy, parse_policy
from rakkan.registry.rules.proofs import sign_did
from rakkan.registry.rules.tree import leaf_hash, root_of
from rakkan.registry.service import Registry
from rakkan.registry.signers.port import RecordSigner, WalletSigner
from rakkan.registry.store.verdicts import StoredVerdict
from rakkan.schemas.errors import Conflict, NotFound, Refused
from rakkan.schemas.instant import format_instant, parse_instant, to_unix
from rakkan.schemas.record import Record, statement_bytes
from rakkan.schemas.statement import Link, Subject, parse_model
from rakkan.schemas.values import Cid, Digest
from rakkan.schemas.verdict import AUDIT_VERSION, Verdict


@dataclass(frozen=True, slots=True)
class MadeVerdict:
    """A verdict, its record, and what a gate needs to take it.

    Attributes:
        record: The verdict's record.
        stored: Its evidence and the attester's signature.
    """

    record: Record
    stored: StoredVerdict

    @property
    def verdict(self) -> Verdict:
        """The predicate."""
        predicate: Any = self.record.predicate
        assert isinstance(predicate, Verdict)
        return predicate


def make(
    registry: Registry, lock: Lock, policy: Policy, *, attester: RecordSigner | None = None
) -> MadeVerdict:
    """Judge a locked dataset under a policy, as of the newest anchored log head and the newest block.

    The same items, policy, log and block give the same bytes.

    Args:
        registry: Whose memory and chain are asked.
        lock: The dataset.
        policy: The policy.
        attester: The wallet that signs for the gate; None is the home's attester.

    Raises:
        Unavailable: If the chain that the home has cannot be asked: no answer is made up.
        Refused: ``attester-wallet``, if the attester is no wallet, or there is no gate to sign for.
    """
    if attester is not None and (attester.address is None or _gate(registry) is None):
        raise Refused(
            "An attester signs as a wallet, for the gate of this home's chain.",
            code="attester-wallet",
            hint="Name a wallet with --signer, in a home that has a gate.",
        )
    evidence = gather(registry, lock)
    result = evidence.judge(policy, community(registry))
    statement = _statement(registry, lock, policy, result, evidence)
    keys = registry.home.keys
    record = Record.build(statement, [sign_did(statement, keys.artist)])
    stored = _store(registry, record, lock, policy, result, attester)
    accept_one(registry, record, publish=True)
    registry.store.verdicts.add(stored)
    if attester is not None:
        registry.store.verdicts.sign(stored)
    return MadeVerdict(record, stored)


def load(registry: Registry, name: str, policy: bytes | None = None) -> MadeVerdict:
    """A verdict by its CID (statement or envelope), or the newest about a dataset root.

    Args:
        registry: Where it was made.
        name: Its CID, or ``datasetRoot:hex``.
        policy: sha256 of the policy that it has to be under; None takes the only one that there is.

    Raises:
        NotFound: ``verdict-unknown``.
        Conflict: ``policy-ambiguous``, as :func:`newest`.
    """
    if name.startswith("datasetRoot:"):
        return newest(registry, Digest.parse(name).raw, policy, name=name)
    digest = Cid.parse(name).digest
    record = registry.store.records.get([digest]).get(digest)
    stored = registry.store.verdicts.get(record.record.record_id.digest) if record else None
    if record is None or stored is None or policy not in (None, stored.policy):
        raise _unknown(name, policy)
    return MadeVerdict(record.record, stored)


def newest(
    registry: Registry, subject_or_root: bytes, policy: bytes | None, *, name: str = "about this dataset"
) -> MadeVerdict:
    """The newest verdict about a dataset: as of the latest block, then the largest log, then made last.

    Args:
        registry: Where it was made.
        subject_or_root: What the gate knows the dataset by, or its root; 32 bytes.
        policy: sha256 of the policy; None takes the only one that there is.
        name: The dataset as it was named, for the sentence.

    Raises:
        NotFound: ``verdict-unknown``.
        Conflict: ``policy-ambiguous``, if it was judged under several and none is named: nobody approves
            under a policy that they have not seen.
    """
    verdicts = registry.store.verdicts
    if policy is None:
        judged = [parse_policy(document) for document in verdicts.policies(subject_or_root)]
        if len(judged) > 1:
            raise Conflict(
                f"This dataset was judged under {len(judged)} policies: "
                f"{', '.join(f'{each.name} ({each.cid})' for each in judged[:8])}.",
                code="policy-ambiguous",
                hint="Name the one that you mean.",
                pointer="/policy",
            )
    stored = verdicts.latest(subject_or_root, policy)
    record = registry.store.records.get([stored.record_id]).get(stored.record_id) if stored else None
    if stored is None or record is None:
        raise _unknown(name, policy)
    return MadeVerdict(record.record, stored)


def _unknown(name: str, policy: bytes | None) -> NotFound:
    under = " under that policy" if policy is not None else ""
    return NotFound(
        f"No verdict {name} is known here{under}.",
        code="verdict-unknown",
        hint="Make it with `rakkan verdict make`.",
    )


def message(verdict: Verdict, record_id: bytes) -> VerdictMessage:
    """What the attester signs for the gate, derived from the statement."""
    return VerdictMessage(
        record_id=record_id,
        subject=bytes.fromhex(verdict.subject),
        policy_id=verdict.policy.cid.digest,
        outcome=int(verdict.decision),
        log_size=verdict.as_of.log_size,
        log_root=bytes.fromhex(verdict.as_of.log_root),
        issued_at=to_unix(parse_instant(verdict.issued_at)),
        valid_until=to_unix(parse_instant(verdict.valid_until)),
        findings_root=bytes.fromhex(verdict.findings.root),
        findings_count=verdict.findings.size,
        reliance_root=bytes.fromhex(verdict.reliance.root),
        reliance_count=verdict.reliance.size,
    )


def _statement(registry: Registry, lock: Lock, policy: Policy, result: Audit, evidence: Evidence) -> bytes:
    identity, head, instant = registry.identity, evidence.head, evidence.instant
    ends = [instant + timedelta(days=policy.valid_days)]
    ends += [parse_instant(text) for text in result.relied_until]
    value: dict[str, Any] = {
        "audience": registry.origin,
        "subject": subject_of(len(lock.items), lock.root).hex(),
        "policy": Link.to(policy.cid).to_json(),
        "auditVersion": AUDIT_VERSION,
        "asOf": {"logSize": evidence.log_size, "logRoot": evidence.log_root.hex()},
        "issuedAt": format_instant(instant),
        "validUntil": format_instant(min(ends)),
        "outcome": result.decision.word,
        "counts": result.counts.to_json(),
        "clauses": [clause.to_json() for clause in result.clauses],
        "findings": _tree([finding.leaf_data for finding in result.findings]),
        "reliance": _tree([each.leaf_data for each in result.reliance]),
    }
    if head is not None:
        value["asOf"]["block"] = {
            "number": head.number,
            "hash": head.hash.hex(),
            "time": format_instant(head.time),
        }
    if identity is not None and identity.gate is not None:
        value["gate"] = {"chainId": identity.chain_id, "address": str(identity.gate)}
    subject = Subject(name="dataset", digest={"datasetRoot": lock.root.hex()})
    return statement_bytes("verdict", [subject], parse_model(Verdict, value))


def _tree(leaves: list[bytes]) -> dict[str, Any]:
    return {"root": root_of(b"".join(leaf_hash(leaf) for leaf in leaves)).hex(), "size": len(leaves)}


def _gate(registry: Registry) -> Domain | None:
    """What attesters sign for; None without a gate."""
    identity = registry.identity
    return (
        Domain(identity.chain_id, identity.gate)
        if identity is not None and identity.gate is not None
        else None
    )


def _store(
    registry: Registry,
    record: Record,
    lock: Lock,
    policy: Policy,
    result: Audit,
    attester: RecordSigner | None,
) -> StoredVerdict:
    predicate: Any = record.predicate
    verdict = parse_model(Verdict, predicate.to_json())
    gate, by, signature = _gate(registry), None, None
    if gate is not None:
        signing = attester or WalletSigner(registry.home.keys.wallet(ATTESTER))
        proof, address = signing.prove(record.statement, gate), signing.address
        assert address is not None
        by, signature = address.raw, bytes.fromhex(proof.signature)
    return StoredVerdict(
        record_id=record.record_id.digest,
        subject=bytes.fromhex(verdict.subject),
        root=lock.root,
        policy=policy.cid.digest,
        policy_bytes=policy.canonical,
        issued_at=to_unix(parse_instant(verdict.issued_at)),
        attester=by,
        signature=signature,
        findings=b"".join(finding.leaf_data for finding in result.findings),
        documents=b"\n".join(result.documents),
        reliance=b"".join(each.leaf_data for each in result.reliance),
    )
