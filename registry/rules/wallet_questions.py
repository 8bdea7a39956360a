"""Questions to wallets that are held by code: what a record puts to the chain, and at which block it may.

Such a wallet signs nothing that could be checked by arithmetic: its code says whether a signature is its own
(ERC-1271), also before it is deployed (ERC-6492), and may say otherwise tomorrow. It decides what is asked,
about which block it may be asked when a record is accepted, and nothing of who asks: answers come in from
outside, and a question without an answer is neither a yes nor a no. Accounts that are held by a key and
delegate to code (EIP-7702) have both: ``eip712`` proofs go by the key, ``erc1271`` proofs by the code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from rakkan.registry.ports import ChainBlock
from rakkan.registry.rules.eip712 import Domain, actor_of, record_digest
from rakkan.schemas.authorship import Authorship
from rakkan.schemas.dispute import Dispute, Ruling
from rakkan.schemas.errors import Invalid, Refused
from rakkan.schemas.identification import Identification
from rakkan.schemas.identity import Address, DidPkh
from rakkan.schemas.instant import parse_instant
from rakkan.schemas.keychange import KeyChange
from rakkan.schemas.model import Model
from rakkan.schemas.record import Record
from rakkan.schemas.statement import Proof, Value
from rakkan.schemas.trainingrun import TrainingRun
from rakkan.schemas.verdict import Verdict
from rakkan.schemas.work import Work

FRESH: Final = timedelta(hours=1)
"""How old a named block may be: long enough for one that is final, and every node still has its state."""

TOLERANCE: Final = timedelta(minutes=10)
"""By how much a statement's own clock may be ahead of the chain's."""

WRAPPED: Final = bytes.fromhex("6492" * 16)
"""What a signature ends with that says how to deploy its wallet (ERC-6492)."""


@dataclass(frozen=True, slots=True)
class WalletQuestion:
    """Whether a wallet called a signature its own, at one block.

    Attributes:
        wallet: Who is asked.
        digest: What was signed, 32 bytes.
        signature: Of any form that the wallet takes, wrapped (ERC-6492) or not.
        number: Height of the block after which it is asked.
        block_hash: Hash of that block, 32 bytes.
    """

    wallet: Address
    digest: bytes
    signature: bytes
    number: int
    block_hash: bytes


Answers = Mapping[WalletQuestion, bool]
"""What wallets said; a question that is not in it was not asked, or nobody answered."""

UNASKED: Final[Answers] = MappingProxyType({})


def signing_domain(predicate: Value, domain: Domain | None) -> Domain | None:
    """Where signatures under such a record count: verdicts are signed for their gate, all else for the registry.

    Args:
        predicate: Of any kind.
        domain: Of ``ConsentRegistry`` on the configured chain; a gate must stand on the same one.
    """
    if not isinstance(predicate, Verdict):
        return domain
    gate = predicate.gate
    if gate is None or domain is None or gate.chain_id != domain.chain_id:
        return None
    return Domain(gate.chain_id, Address.parse(gate.address))


def question_of(record: Record, proof: Proof, domain: Domain) -> WalletQuestion | None:
    """What a proof of a record asks its wallet; None if it is not of that suite, or not whole.

    Raises:
        Invalid: As the digest does.
    """
    signer = actor_of(proof.signer)
    if proof.suite != "erc1271" or proof.block is None or proof.keys is not None:
        return None
    if not isinstance(signer, DidPkh) or signer.chain_id != domain.chain_id:
        return None
    return WalletQuestion(
        wallet=signer.address,
        digest=record_digest(domain, record, signer.address),
        signature=bytes.fromhex(proof.signature),
        number=proof.block.number,
        block_hash=bytes.fromhex(proof.block.hash),
    )


def questions_of(record: Record, domain: Domain | None) -> dict[int, WalletQuestion]:
    """All that a record asks wallets, by the place of the proof; what is malformed asks nothing.

    Args:
        record: Any kind.
        domain: Of ``ConsentRegistry``; without one, nobody is asked.
    """
    proofs = record.parsed_envelope.proofs
    if not any(proof.suite == "erc1271" for proof in proofs):
        return {}
    where = signing_domain(record.predicate, domain)
    found: dict[int, WalletQuestion] = {}
    for place, proof in enumerate(proofs):
        try:
            question = question_of(record, proof, where) if where is not None else None
        except (Invalid, ValueError):
            continue  # the check of its proofs says so
        if question is not None:
            found[place] = question
    return found


def check_block(
    question: WalletQuestion,
    block: ChainBlock | None,
    newest: ChainBlock,
    *,
    accepted_at: datetime,
    stated_at: datetime | None,
) -> None:
    """Whether a wallet may be asked about the block that a proof names, when its record is accepted.

    Who hands in a record chooses the block, and wallets change their owners: one who was an owner long ago
    must not find a block at which he still is. The newest block is fresh however long ago it was made. When a
    record is accepted, its wallets are asked after the newest block too.

    Args:
        question: What is asked.
        block: What is on the chain at that height; None if nothing is.
        newest: The newest block.
        accepted_at: When the record is accepted; a chain's clock may be ahead of ours.
        stated_at: When the record says that it was made (:func:`stated_at`).

    Raises:
        Refused: ``block-unknown``, ``block-old``, ``block-early``.
    """
    if block is None or block.number > newest.number or block.hash != question.block_hash:
        raise Refused(
            f"Block {question.number}, at which the wallet is to be asked, is not the one on the chain.",
            code="block-unknown",
            hint="Name the newest block, by height and hash; the signature stays as it is.",
        )
    if block.number != newest.number and max(accepted_at, newest.time) - block.time > FRESH:
        raise Refused(
            f"Block {question.number} is older than an hour: its owners then may not be those of today.",
            code="block-old",
            hint="Name the newest block, by height and hash; the signature stays as it is.",
        )
    if stated_at is not None and stated_at - block.time > TOLERANCE:
        raise Refused(
            f"Block {question.number} was made before the statement says that it was.",
            code="block-early",
            hint="Name the newest block, by height and hash; the signature stays as it is.",
        )


def stated_at(predicate: Value) -> datetime | None:
    """When a record says that it was made; None if it does not say."""
    match predicate:
        case Work(stamped_at=moment) | Authorship(claimed_at=moment) | Identification(checked_at=moment):
            return parse_instant(moment)
        case KeyChange(stated_at=moment) | Dispute(opened_at=moment) | Ruling(decided_at=moment):
            return parse_instant(moment)
        case Verdict(issued_at=moment) | Model(stated_at=moment) | TrainingRun(began=moment):
            return parse_instant(moment)
        case _:
            return None


def inner_signature(signature: bytes) -> bytes:
    """What a wallet itself takes of a signature, once it is deployed: what is wrapped (ERC-6492), or all of it."""
    body = signature.removesuffix(WRAPPED)
    if body == signature or len(body) < 96:
        return signature
    offset = int.from_bytes(body[64:96])
    length = int.from_bytes(body[offset : offset + 32])
    inner = body[offset + 32 : offset + 32 + length]
    return inner if offset + 32 <= len(body) and len(inner) == length else signature
