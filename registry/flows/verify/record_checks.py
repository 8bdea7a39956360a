"""Checks 11 to 14 of ``verify``: what the registry's own evidence about an image is worth.

It decides each check from the dossier and from trust that comes from outside alone; a dossier never
vouches for itself. What could not be consulted is undetermined. Their order and what they add up to
are in ``verify``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from rakkan.manifests.checks import Check
from rakkan.manifests.read import ManifestReport
from rakkan.registry.flows.verify.anchoring import AnchorWord, ChainAnswer, Held
from rakkan.registry.flows.verify.dossier import AnchorReceipt, Dossier, Testimony
from rakkan.registry.rules.duties import Linked
from rakkan.registry.rules.eip712 import Domain
from rakkan.registry.rules.likeness import MATCH_BITS, MIN_QUALITY, fingerprints_of
from rakkan.registry.rules.note import NoteVerifier, open_head
from rakkan.registry.rules.proofs import check_record
from rakkan.registry.rules.tree import leaf_hash, verify_inclusion
from rakkan.registry.rules.wallet_questions import UNASKED, Answers
from rakkan.schemas.community import NOBODY, Community
from rakkan.schemas.errors import DomainError
from rakkan.schemas.record import Record
from rakkan.schemas.values import Digest, Fingerprint
from rakkan.schemas.verdict import Outcome
from rakkan.schemas.work import Work

if TYPE_CHECKING:
    from rakkan.registry.ports import Chain

OpenChain = Callable[[], "Chain"]
"""Opens the chain that is meant, when it is first asked."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What the checker trusts, from outside the evidence.

    Attributes:
        verifiers: Keys whose log heads count; empty: no head can be checked.
        domain: EIP-712 domain of the chain that was meant; None: wallet proofs cannot be checked.
        chain: Asks the chain about an anchor; None: the chain was not consulted.
        ledger: Opens the chain that was meant; None: nobody is asked.
        withdrawals: Whether the dossier says all that is known of withdrawals, by those who keep them.
        records: Whether it holds all records that bear on the work, by those who keep them.
        community: Whose checks, rulings and clearings count; nobody's unless named.
        answers: What wallets held by code said, to whom the checker believes.
    """

    verifiers: tuple[NoteVerifier, ...] = ()
    domain: Domain | None = None
    chain: ChainAnswer | None = None
    ledger: OpenChain | None = None
    withdrawals: bool = False
    records: bool = False
    community: Community = NOBODY
    answers: Answers = field(default_factory=lambda: UNASKED)


def soft_binding_check(prints: tuple[Fingerprint, ...], dossier: Dossier) -> Check:
    """11. Whether the image looks like what was registered."""
    work: Any = dossier.work.record.predicate
    assert isinstance(work, Work)
    ours = {(each.alg, each.pipeline): each for each in prints}
    for theirs in fingerprints_of(work):
        mine = ours.get((theirs.alg, theirs.pipeline))
        if not theirs.alg.startswith("pdq") or mine is None:
            continue
        if min(theirs.quality, mine.quality) < MIN_QUALITY:
            return Check(
                "softBinding",
                Outcome.UNDETERMINED,
                "fingerprint-weak",
                "The picture is too plain to be told apart.",
            )
        distance = mine.distance(theirs)
        if distance <= MATCH_BITS:
            return Check(
                "softBinding",
                Outcome.PASS,
                "looks-alike",
                f"It looks like what was registered ({distance}/256).",
            )
        return Check(
            "softBinding",
            Outcome.FAIL,
            "looks-different",
            f"It does not look like what was registered ({distance}/256).",
        )
    return Check(
        "softBinding", Outcome.NOT_APPLICABLE, "not-compared", "No fingerprints of one kind on both sides."
    )


def record_check(report: ManifestReport | None, dossier: Dossier, trust: Trust) -> Check:
    """12. Whether a signed record names this image."""
    record = dossier.work.record
    named = {digest for subject in record.parsed.subject for digest in subject.digests}
    work: Any = record.predicate
    assert isinstance(work, Work)
    sources = {Digest.parse(work.source_digest)} if work.source_digest else set()
    if report is not None and report.identity is not None and report.identity.c2pa_claim not in named:
        return Check("record", Outcome.FAIL, "record-other", "The record is about another image.")
    if dossier.matched not in named | sources:
        return Check("record", Outcome.FAIL, "record-other", "The record does not name this image.")
    error = proof_error(record, dossier, trust)
    if error is not None:
        return error
    how = "its exact file" if dossier.matched.kind == "sha256" else "its C2PA claim"
    return Check("record", Outcome.PASS, "record-signed", f"A record signed by {work.creator} names {how}.")


def proof_error(
    record: Record, dossier: Dossier, trust: Trust, linked: Linked = MappingProxyType({})
) -> Check | None:
    """What is wrong with a record of the dossier by itself, or None."""
    try:
        check_record(
            record, audience=dossier.origin, domain=trust.domain, linked=linked, answers=trust.answers
        )
    except DomainError as error:
        if error.code == "domain-unknown" and trust.domain is None:
            return Check(
                "record",
                Outcome.UNDETERMINED,
                error.code,
                "A wallet signed it for a chain that was not named.",
            )
        if error.code in ("link-unknown", "proof-unanswered"):
            return Check("record", Outcome.UNDETERMINED, error.code, error.message)
        return Check("record", Outcome.FAIL, error.code, error.message)
    return None


def included(testimony: Testimony, dossier: Dossier) -> bool:
    """Whether a record is shown to be in the dossier's tree."""
    return testimony.index is not None and verify_inclusion(
        leaf_hash(testimony.record.leaf_data), testimony.index, dossier.size, testimony.proof, dossier.root
    )


def log_check(dossier: Dossier, trust: Trust) -> Check:
    """13. Whether the record is in the log, under a head that a trusted key signed."""
    if dossier.work.index is None or not dossier.note:
        return Check("log", Outcome.UNDETERMINED, "log-pending", "The record is not in the log yet.")
    if not included(dossier.work, dossier):
        return Check(
            "log", Outcome.FAIL, "inclusion-invalid", "The proof that the record is in the log does not hold."
        )
    if not trust.verifiers:
        return Check(
            "log", Outcome.UNDETERMINED, "log-key-unknown", "No log key was given to check the head with."
        )
    try:
        head = open_head(dossier.note, trust.verifiers)
    except DomainError as error:
        return Check("log", Outcome.FAIL, error.code, error.message)
    if (head.origin, head.size, head.root) != (dossier.origin, dossier.size, dossier.root):
        return Check("log", Outcome.FAIL, "head-other", "The signed head is of another tree.")
    return Check(
        "log",
        Outcome.PASS,
        "log-included",
        f"Record {dossier.work.index} of {dossier.size} under a signed head.",
    )


def anchor_check(dossier: Dossier, trust: Trust, log: Check) -> tuple[Check, dict[str, Any]]:
    """14. Whether that head is on the chain, and the ``anchor`` member of answers."""
    receipt = dossier.anchor
    if receipt is None:
        state = "pending" if dossier.pending else "unanchored" if dossier.work.index is not None else "none"
        code, said = (
            ("anchor-pending", "Its anchor is on the way.")
            if dossier.pending
            else ("unanchored", "It is not on a chain.")
        )
        return Check("anchor", Outcome.UNDETERMINED, code, said), anchor_document(state, None, dossier)
    check, word = _anchor_word(receipt, dossier, trust, log)
    if word is not None and word.held is not None:
        return check, _held(word.held, receipt, dossier)
    if check.outcome is not Outcome.FAIL and dossier.ours:  # as this home saw it itself
        return check, anchor_document(receipt.state, receipt, dossier)
    claimed = {
        "chain": receipt.chain_id,
        "contract": receipt.contract,
        "tx": f"0x{receipt.transaction}",
        "block": receipt.block_number,
    }
    return check, anchor_document("none", None, dossier) | {"claimed": claimed}


def _anchor_word(
    receipt: AnchorReceipt, dossier: Dossier, trust: Trust, log: Check
) -> tuple[Check, AnchorWord | None]:
    if (receipt.size, receipt.root) != (dossier.size, dossier.root.hex()):
        return Check("anchor", Outcome.FAIL, "anchor-other", "The anchor is of another tree."), None
    # Also where no signed head was given to judge by: the chain speaks for its root, not for this record.
    if log.outcome is Outcome.FAIL or not included(dossier.work, dossier):
        return Check(
            "anchor",
            Outcome.FAIL,
            "anchor-without-log",
            "No head that you trust ties this record to what is anchored.",
        ), None
    if trust.chain is None:
        return Check("anchor", Outcome.UNDETERMINED, "chain-not-consulted", "The chain was not asked."), None
    word = trust.chain(receipt)
    outcome = {"yes": Outcome.PASS, "no": Outcome.FAIL}.get(word.word, Outcome.UNDETERMINED)
    return Check("anchor", outcome, word.code, word.detail), word


def _held(held: Held, receipt: AnchorReceipt, dossier: Dossier) -> dict[str, Any]:
    """The anchor by the contract's own word; it does not name the transaction, which this home may know."""
    shown = anchor_document("final" if held.final else "mined", receipt, dossier)
    same = dossier.ours and receipt.block_number == held.block_number
    return shown | {"block": held.block_number, "tx": shown["tx"] if same else None}


def anchor_document(state: str, receipt: AnchorReceipt | None, dossier: Dossier | None) -> dict[str, Any]:
    """The ``anchor`` member (DESIGN §7)."""
    work = dossier.work if dossier else None
    return {
        "state": state,
        "chain": receipt.chain_id if receipt else None,
        "contract": receipt.contract if receipt else None,
        "tx": f"0x{receipt.transaction}" if receipt else None,
        "block": receipt.block_number if receipt else None,
        "size": dossier.size if dossier and dossier.size else None,
        "root": dossier.root.hex() if dossier and dossier.root else None,
        "index": work.index if work else None,
        "proof": [step.hex() for step in work.proof] if work else [],
    }
