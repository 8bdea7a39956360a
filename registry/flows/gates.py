"""The gate: handing verdicts to the contract, asking it, and braking what has lost its consent.

It decides which transaction is wanted for what. Whether an approval stands is the contract's to say.
"""

from __future__ import annotations

from dataclasses import dataclass

from rakkan.registry.flows.verdicts import MadeVerdict, message
from rakkan.registry.flows.withdrawn import look_up
from rakkan.registry.ledger import calls
from rakkan.registry.ledger.gate_calls import standing_time_answer, standing_time_call
from rakkan.registry.ports import ChainIdentity
from rakkan.registry.rules.proofs import withdrawal_key
from rakkan.registry.rules.tree import Tree, leaf_hash
from rakkan.registry.service import Registry
from rakkan.registry.store.outbox import Transaction
from rakkan.registry.store.verdicts import StoredVerdict
from rakkan.registry.worker import Worker, request
from rakkan.schemas.consent import WithdrawalMode
from rakkan.schemas.errors import NotFound, Refused, Unavailable
from rakkan.schemas.identity import Address
from rakkan.schemas.verdict import Reliance


@dataclass(frozen=True, slots=True)
class GateStatus:
    """What the gate says about one subject under one policy.

    Attributes:
        approved: ``isApproved``; True is the only yes there is.
        gate: The contract.
        chain_id: Its chain.
        subject: 32 bytes.
        policy: 32 bytes.
        block: Height at which it was asked.
        verdict: What the gate has on file, None if nothing.
        standing_seconds: How long anyone can fell an approval before it counts.
    """

    approved: bool
    gate: Address
    chain_id: int
    subject: bytes
    policy: bytes
    block: int
    verdict: calls.RecordedVerdict | None
    standing_seconds: int


def status(registry: Registry, subject: bytes, policy: bytes) -> GateStatus:
    """Ask the contract.

    Raises:
        Unavailable: ``no-chain``, ``no-gate``, ``chain-unavailable``.
    """
    identity, gate = _gate(registry)
    head = registry.ledger.head()
    approved = calls.bool_answer(
        registry.ledger.call(calls.is_approved_call(gate, subject, policy), head.number)
    )
    held = calls.verdict_of_answer(
        registry.ledger.call(calls.verdict_of_call(gate, subject, policy), head.number)
    )
    standing = standing_time_answer(registry.ledger.call(standing_time_call(gate), head.number))
    return GateStatus(approved, gate, identity.chain_id, subject, policy, head.number, held, standing)


def submit(registry: Registry, made: MadeVerdict) -> Transaction:
    """Hand a verdict to the gate that it was made for.

    Raises:
        Refused: ``gate-foreign``, ``verdict-unsigned``, ``call-reverted`` with the contract's reason.
    """
    identity, gate = _gate(registry)
    verdict, stored = made.verdict, made.stored
    named = verdict.gate
    if named is None or named.chain_id != identity.chain_id or Address.parse(named.address) != gate:
        raise Refused(
            "This verdict was made for another gate or chain.",
            code="gate-foreign",
            hint="Make a verdict for this one.",
        )
    if stored.attester is None or stored.signature is None:
        raise Refused("This verdict has no attester's signature.", code="verdict-unsigned")
    Worker(registry).settle()
    call = calls.submit_verdict_call(
        gate, message(verdict, stored.record_id), Address(stored.attester), stored.signature
    )
    return request(registry, f"verdict:{gate}:{stored.record_id.hex()}", call)


def brake(registry: Registry, subject: bytes, policy: bytes) -> Transaction:
    """Fell an approval that relies on a withdrawn consent, with the proof that it does.

    Raises:
        NotFound: ``verdict-unknown``, ``nothing-withdrawn``.
        Refused: ``call-reverted``.
    """
    identity, gate = _gate(registry)
    stored = _held(registry, identity, gate, subject, policy)
    Worker(registry).settle()
    entries = reliance(stored)
    pairs = {
        each: [(each.authority, withdrawal_key(each.record_id, item)) for item in (None, each.item)]
        for each in entries
        if each.mode != WithdrawalMode.IRREVOCABLE.code  # the gate lets no brake bite on those
    }
    seen = look_up(registry, {pair for both in pairs.values() for pair in both})
    withdrawn = [each for each, both in pairs.items() if any(pair in seen for pair in both)]
    if withdrawn:
        # one that is only on record here fells nothing before the chain has it
        on_chain = {pair for pair, each in seen.items() if each.chain_at is not None}
        felling = next((each for each in withdrawn if on_chain & {*pairs[each]}), withdrawn[0])
        index = entries.index(felling)
        proof = Tree(b"".join(leaf_hash(each.leaf_data) for each in entries)).inclusion(index)
        call = calls.brake_call(gate, subject, policy, felling, index, proof)
        return request(registry, f"brake:{gate}:{stored.record_id.hex()}", call)
    raise NotFound(
        "No consent that this approval relies on has been withdrawn.",
        code="nothing-withdrawn",
        hint="There is nothing to brake.",
    )


def reliance(stored: StoredVerdict) -> list[Reliance]:
    """The consents that a verdict relies on."""
    return Reliance.read(stored.reliance)


def _held(
    registry: Registry, identity: ChainIdentity, gate: Address, subject: bytes, policy: bytes
) -> StoredVerdict:
    """The verdict that the gate holds now, as this home knows it."""
    held = calls.verdict_of_answer(registry.ledger.call(calls.verdict_of_call(gate, subject, policy)))
    stored = registry.store.verdicts.get(held.record_id) if held else None
    if stored is None:
        raise NotFound(
            f"The gate on chain {identity.chain_id} holds no verdict on this subject that is known here.",
            code="verdict-unknown",
        )
    return stored


def _gate(registry: Registry) -> tuple[ChainIdentity, Address]:
    identity = registry.identity
    if identity is None:
        raise Unavailable(
            "This home has no chain, so nothing can be approved.",
            code="no-chain",
            hint="Run `rakkan init --chain local`.",
        )
    if identity.gate is None:
        raise Unavailable("This home has no gate.", code="no-gate")
    return identity, identity.gate
