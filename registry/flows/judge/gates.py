"""The gate: handing verdicts to the contract, asking it, and braking what has lost its consent.

It decides which transaction is wanted for what. Whether an approval stands is the contract's to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from rakkan.registry.flows.judge.verdicts import MadeVerdict, message
from rakkan.registry.flows.withdraw.withdrawn import look_up
from rakkan.registry.ledger import calls
from rakkan.registry.ledger.gate_calls import standing_time_answer, standing_time_call
from rakkan.registry.ports import Call, ChainIdentity
from rakkan.registry.rules.proofs import withdrawal_key
from rakkan.registry.rules.tree import Tree, leaf_hash
from rakkan.registry.service import Registry
from rakkan.registry.store.outbox import Transaction
from rakkan.registry.store.verdicts import StoredVerdict
from rakkan.registry.worker import Worker, request
from rakkan.schemas.consent import WithdrawalMode
from rakkan.schemas.errors import NotFound, Refused, Unavailable
from rakkan.schemas.identity import Address
from rakkan.schemas.verdict import Decision, Reliance


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
        time: Of that block.
        verdict: What the gate has on file, None if nothing.
        standing_seconds: How long anyone can fell an approval before it counts.
    """

    approved: bool
    gate: Address
    chain_id: int
    subject: bytes
    policy: bytes
    block: int
    time: datetime
    verdict: calls.RecordedVerdict | None
    standing_seconds: int

    @property
    def counts_from(self) -> datetime | None:
        """When the standing time of what is on file ends."""
        held = self.verdict
        return None if held is None else held.recorded_at + timedelta(seconds=self.standing_seconds)

    def why_not(self, record_id: bytes | None = None) -> str:
        """Why it does not approve, as one stable word; empty if it does.

        Args:
            record_id: The verdict that is meant; None takes what is on file.

        Returns:
            ``nothing-on-file``, ``superseded``, ``no-approval``, ``braked``, ``retracted``, ``suspended``,
            ``expired``, ``standing-time`` (it counts later, unless it is felled before) or
            ``attester-removed``.
        """
        held = self.verdict
        if self.approved:
            return ""
        if held is None:
            return "nothing-on-file"
        told = (
            ("superseded", record_id is not None and held.record_id != record_id),
            ("no-approval", held.outcome != Decision.APPROVED),
            ("braked", held.braked),
            ("retracted", held.retracted),
            ("suspended", held.suspended),
            ("expired", self.time >= held.valid_until),
            ("standing-time", self.counts_from is not None and self.time < self.counts_from),
        )
        return next((word for word, so in told if so), "attester-removed")


@dataclass(frozen=True, slots=True)
class Braking:
    """What fells an approval: the proof, ready to be sent.

    Attributes:
        name: The effect's natural key.
        call: To the gate.
        felling: The withdrawn consent that it rests on.
        done: The gate has braked it already.
    """

    name: str
    call: Call
    felling: Reliance
    done: bool


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
    return GateStatus(
        approved, gate, identity.chain_id, subject, policy, head.number, head.time, held, standing
    )


def submit(registry: Registry, made: MadeVerdict) -> Transaction:
    """Hand a verdict to the gate that it was made for.

    Raises:
        Refused: ``gate-foreign``, ``verdict-unsigned``, ``call-reverted`` with the contract's reason.
    """
    call = submission(registry, made)
    Worker(registry).settle()
    assert registry.identity is not None
    return request(registry, f"verdict:{registry.identity.gate}:{made.stored.record_id.hex()}", call)


def submission(registry: Registry, made: MadeVerdict) -> Call:
    """What handing a verdict to the gate sends; nothing is sent.

    Raises:
        Refused: ``gate-foreign``, ``verdict-unsigned``, ``head-missing``.
        Unavailable: ``no-chain``, ``no-gate``.
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
    if not verdict.as_of.log_size:
        raise Refused(
            "This verdict was made before anything of the log was on the chain: it knows of no record.",
            code="head-missing",
            hint="Run `rakkan anchor now`, and make the verdict anew.",
        )
    return calls.submit_verdict_call(
        gate, message(verdict, stored.record_id), Address(stored.attester), stored.signature
    )


def brake(registry: Registry, subject: bytes, policy: bytes) -> Transaction:
    """Fell an approval that relies on a withdrawn consent, with the proof that it does.

    Raises:
        NotFound: ``verdict-unknown``, ``nothing-withdrawn``.
        Refused: ``call-reverted``.
    """
    _held(registry, subject, policy)
    Worker(registry).settle()
    found = plan_brake(registry, subject, policy)
    return request(registry, found.name, found.call)


def plan_brake(registry: Registry, subject: bytes, policy: bytes) -> Braking:
    """What would fell an approval now; nothing is sent.

    Raises:
        NotFound: ``verdict-unknown``, ``nothing-withdrawn``.
        Unavailable: ``no-chain``, ``no-gate``, ``chain-unavailable``.
    """
    held, stored = _held(registry, subject, policy)
    _, gate = _gate(registry)
    entries = reliance(stored)
    pairs = {
        each: [(each.authority, withdrawal_key(each.record_id, item)) for item in (None, each.item)]
        for each in entries
        if each.mode != WithdrawalMode.IRREVOCABLE.code  # the gate lets no brake bite on those
    }
    seen = look_up(registry, {pair for both in pairs.values() for pair in both})
    withdrawn = [each for each, both in pairs.items() if any(pair in seen for pair in both)]
    if not withdrawn:
        raise NotFound(
            "No consent that this approval relies on has been withdrawn.",
            code="nothing-withdrawn",
            hint="There is nothing to brake.",
        )
    # one that is only on record here fells nothing before the chain has it
    on_chain = {pair for pair, each in seen.items() if each.chain_at is not None}
    felling = next((each for each in withdrawn if on_chain & {*pairs[each]}), withdrawn[0])
    index = entries.index(felling)
    proof = Tree(b"".join(leaf_hash(each.leaf_data) for each in entries)).inclusion(index)
    call = calls.brake_call(gate, subject, policy, felling, index, proof)
    return Braking(f"brake:{gate}:{stored.record_id.hex()}", call, felling, held.braked)


def reliance(stored: StoredVerdict) -> list[Reliance]:
    """The consents that a verdict relies on."""
    return Reliance.read(stored.reliance)


def _held(registry: Registry, subject: bytes, policy: bytes) -> tuple[calls.RecordedVerdict, StoredVerdict]:
    """The verdict that the gate holds now, as it tells it and as this home knows it."""
    identity, gate = _gate(registry)
    held = calls.verdict_of_answer(registry.ledger.call(calls.verdict_of_call(gate, subject, policy)))
    stored = registry.store.verdicts.get(held.record_id) if held else None
    if held is None or stored is None:
        raise NotFound(
            f"The gate on chain {identity.chain_id} holds no verdict on this subject that is known here.",
            code="verdict-unknown",
            hint="Hand one to it with `rakkan gate submit`, or brake from the home that made it.",
        )
    return held, stored


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
