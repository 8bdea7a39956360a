"""Withdrawal slips in use: made for a consent, kept as files, handed in by anybody.

It decides which key signs a slip and what becomes of one that is handed in: a record here, and a wish
for the chain. What a slip is worth is decided in ``rakkan.registry.rules.slips``; slips over many are in ``joint``; sending one straight
to a contract is ``rakkan.registry.ledger.relay``'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rakkan.registry.flows.accept import accept_one
from rakkan.registry.flows.withdraw.withdrawing import withdrawer
from rakkan.registry.rules.eip712 import Domain
from rakkan.registry.rules.proofs import withdrawal_statement
from rakkan.registry.rules.slips import check_slip, proven_slip, withdrawal_of
from rakkan.registry.service import Registry
from rakkan.registry.signers.port import RecordSigner
from rakkan.schemas.canonical import canonical
from rakkan.schemas.errors import Invalid, NotFound, Refused, Unavailable
from rakkan.schemas.identity import Address
from rakkan.schemas.record import Record
from rakkan.schemas.slip import JointSlip, Slip
from rakkan.schemas.values import Cid, Digest


@dataclass(frozen=True, slots=True)
class HandedIn:
    """What became of a slip.

    Attributes:
        record: The withdrawal.
        new: Whether it was not known before.
    """

    record: Record
    new: bool


def make_slip(
    registry: Registry, consent: Record, *, signer: RecordSigner | None = None, item: Digest | None = None
) -> Slip:
    """The slip of a consent given by this home or by this signer.

    Args:
        registry: Whose audience, chain and keys they are.
        consent: A consent with its envelope.
        signer: Its withdrawal authority, or its grantor; None uses the home's keys.
        item: One work of it; None takes back all.

    Raises:
        Refused: ``withdrawal-foreign``, if none of these keys may take it back; ``domain-unknown``.
        Invalid: ``kind-unknown``.
    """
    name = item.raw if item is not None else None
    statement = withdrawal_statement(consent, name, registry.origin)
    if signer is not None and signer.address is not None:
        signer.actor(registry.domain)  # a wallet without a chain is told so, and not that it is another
    proof = withdrawer(registry, consent, signer).prove(statement, registry.domain)
    return proven_slip(consent, registry.origin, proof, item=name)


def hand_in(registry: Registry, slip: Slip) -> HandedIn:
    """Take a slip of this registry: record the withdrawal, and want it on chain. Again changes nothing.

    Raises:
        Invalid: ``slip-form``.
        Refused: ``slip-signature``; ``slip-elsewhere``, if it is for another registry, chain or contract.
        NotFound: ``record-unknown``, if the consent is not known here.
    """
    check_here(registry, slip)
    record = withdrawal_of(slip)
    new = accept_one(registry, record, publish=True)
    if slip.chain_id is not None:
        # the same withdrawal may have come before with a proof that no contract takes
        authority, key = Address.parse(slip.authority).raw, bytes.fromhex(slip.key)
        registry.store.withdrawals.sign(authority, key, bytes.fromhex(slip.signature))
    return HandedIn(record, new)


def check_here(registry: Registry, slip: Slip) -> None:
    """Whether :func:`hand_in` would take a slip; nothing is changed.

    Raises:
        Invalid, Refused, NotFound: As :func:`hand_in`.
    """
    check_slip(slip)
    require_here(registry, slip)
    known_here(registry, [slip.record_id])


def known_here(registry: Registry, consents: Sequence[str]) -> None:
    """Whether all of these consents are known here, by the CIDs of their statements.

    Raises:
        NotFound: ``record-unknown``. Invalid: ``record-kind``, if one is no consent.
    """
    known = registry.store.records.get([Cid.parse(each).digest for each in consents])
    for each in consents:
        found = known.get(Cid.parse(each).digest)
        if found is None or found.record.record_id.digest != Cid.parse(each).digest:
            raise NotFound(
                f"The consent {each} is not known here.",
                code="record-unknown",
                hint="Whoever has an account on its chain can send the slip to the contract all the same: "
                "`rakkan consent withdraw --slip FILE`.",
            )
        if found.record.kind != "consent":
            raise Invalid(
                f"{each} is a {found.record.kind} record.",
                code="record-kind",
                hint="Only consents are taken back.",
            )


def belongs_here(registry: Registry, slip: Slip | JointSlip) -> bool:
    """Whether a slip is for this registry, on its chain."""
    domain = None
    if slip.chain_id is not None and slip.contract is not None:
        domain = Domain(slip.chain_id, Address.parse(slip.contract))
    return slip.audience == registry.origin and (domain is None or domain == registry.domain)


def write_slip(slip: Slip | JointSlip, path: Path) -> None:
    """Keep a slip as a file, readable by its owner alone: whoever has it can use it.

    Raises:
        Invalid: ``slip-exists``, if another file is there.
        Unavailable: ``slip-unwritable``.
    """
    content = canonical(slip.to_json()) + b"\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            if path.read_bytes() == content:
                return
            raise Invalid(
                f"{path} is there already, and is not this slip.",
                code="slip-exists",
                hint="Name another file.",
            )
        path.touch(mode=0o600)
        path.write_bytes(content)
    except OSError as error:
        raise Unavailable(f"{path} cannot be written: {error.strerror}.", code="slip-unwritable") from error


def require_here(registry: Registry, slip: Slip | JointSlip) -> None:
    """Whether a slip is for this registry, on its chain.

    Raises:
        Refused: ``slip-elsewhere``.
    """
    if belongs_here(registry, slip):
        return
    if slip.audience != registry.origin:
        here, there = registry.origin, slip.audience
    else:
        domain = registry.domain
        here = f"{domain.contract} on chain {domain.chain_id}" if domain else "no chain"
        there = f"{slip.contract} on chain {slip.chain_id}"
    raise Refused(
        f"This slip is for {there}; here it is {here}.",
        code="slip-elsewhere",
        hint="Hand it in where it belongs: its own words say where.",
    )
