"""From a log head to a yes on chain, and back to a no: every call of ours against the real contracts."""

from __future__ import annotations

import hashlib

import pytest

from rakkan.registry.ledger import calls
from rakkan.registry.ledger.evm import EvmLedger
from rakkan.registry.ports import Call, Observation
from rakkan.registry.rules.eip712 import (
    Domain,
    VerdictMessage,
    address_of,
    sign,
    verdict_digest,
    withdrawal_digest,
)
from rakkan.registry.rules.tree import Tree, leaf_hash
from rakkan.schemas.errors import Refused
from rakkan.schemas.identity import Address
from rakkan.schemas.instant import to_unix
from rakkan.schemas.verdict import Reliance
from tests.ports.anvil import (
    ATTESTER_KEY,
    AUTHORITY_KEY,
    STANDING,
    World,
    anvil_program,
    chain,
    wait_for,
    world,
)

__all__ = ["anvil_program", "chain", "world"]

pytestmark = pytest.mark.chain

SUBJECT, POLICY = hashlib.sha256(b"subject").digest(), hashlib.sha256(b"policy").digest()
ATTESTER, AUTHORITY = address_of(ATTESTER_KEY), address_of(AUTHORITY_KEY)


def send(ledger: EvmLedger, call: Call) -> Observation:
    signed = ledger.sign(call, ledger.head().nonce)
    ledger.broadcast(signed)
    return wait_for(ledger, signed, "mined")


def refusal(ledger: EvmLedger, call: Call) -> str:
    with pytest.raises(Refused) as caught:
        ledger.sign(call, ledger.head().nonce)
    return str(caught.value.fields["reason"])


def tree_of(leaves: list[bytes]) -> Tree:
    return Tree(b"".join(map(leaf_hash, leaves)))


class Case:
    """A verdict that relies on three consents of one authority, under a log of eleven records."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.log = tree_of([bytes([n]) * 64 for n in range(11)])
        self.reliances = sorted(
            Reliance(bytes([n]) * 32, bytes([n + 100]) * 32, AUTHORITY.raw, n, 0) for n in range(3)
        )
        self.reliance_tree = tree_of([each.leaf_data for each in self.reliances])
        self.issued_at = to_unix(world.ledger.head().time)
        self.gate = Domain(world.identity.chain_id, world.gate)
        self.consents = Domain(world.identity.chain_id, world.identity.consents)

    def message(self, **changes: int | bytes) -> VerdictMessage:
        fields: dict[str, int | bytes] = {
            "record_id": b"\x0a" * 32,
            "subject": SUBJECT,
            "policy_id": POLICY,
            "outcome": 1,
            "log_size": self.log.size,
            "log_root": self.log.root(),
            "issued_at": self.issued_at,
            "valid_until": self.issued_at + 30 * 86_400,
            "findings_root": b"\x0b" * 32,
            "findings_count": 3,
            "reliance_root": self.reliance_tree.root(),
            "reliance_count": self.reliance_tree.size,
        }
        return VerdictMessage(**{**fields, **changes})  # type: ignore[arg-type]

    def submission(self, message: VerdictMessage, key: bytes = ATTESTER_KEY) -> Call:
        signature = sign(verdict_digest(self.gate, message), key)
        return calls.submit_verdict_call(self.world.gate, message, address_of(key), signature)

    def anchor(self) -> Observation:
        return send(self.world.ledger, calls.anchor_call(self.world.identity, self.log.size, self.log.root()))

    def asks(self, contract: Address) -> bool:
        return calls.bool_answer(self.world.ledger.call(calls.is_approved_call(contract, SUBJECT, POLICY)))

    def slip(self, key: bytes) -> bytes:
        return sign(withdrawal_digest(self.consents, AUTHORITY, key), AUTHORITY_KEY)


def test_a_verdict_stands_is_booked_and_falls_with_a_consent(world: World) -> None:
    case, ledger = Case(world), world.ledger
    assert not case.asks(world.gate)
    assert refusal(ledger, case.submission(case.message())) == "HeadNotAnchored"
    case.anchor()
    message = case.message()
    assert calls.verdict_of_answer(ledger.call(calls.verdict_of_call(world.gate, SUBJECT, POLICY))) is None
    submitted = send(ledger, case.submission(message))
    assert submitted.succeeded

    recorded = calls.verdict_of_answer(ledger.call(calls.verdict_of_call(world.gate, SUBJECT, POLICY)))
    assert recorded is not None
    assert (recorded.record_id, recorded.outcome, recorded.attester) == (message.record_id, 1, ATTESTER)
    assert recorded.recorded_at == submitted.block_time
    assert to_unix(recorded.valid_until) == message.valid_until
    assert (recorded.braked, recorded.retracted, recorded.suspended, recorded.fell_at) == (False,) * 3 + (
        None,
    )
    assert not case.asks(world.gate), "the standing time is not over"
    assert refusal(world.community, calls.approve_call(world.book, SUBJECT, POLICY)) == "NotApproved"

    world.chain.advance(STANDING)
    assert case.asks(world.gate)
    assert not case.asks(world.book), "nobody decided yet"
    send(world.community, calls.approve_call(world.book, SUBJECT, POLICY))
    assert case.asks(world.book)

    reliance, proof = case.reliances[1], case.reliance_tree.inclusion(1)
    brake = calls.brake_call(world.gate, SUBJECT, POLICY, reliance, 1, proof)
    assert refusal(ledger, brake) == "NotWithdrawn"
    slip = case.slip(reliance.record_id)
    foreign = calls.withdraw_by_sig_call(world.identity, ATTESTER, reliance.record_id, slip)
    assert refusal(ledger, foreign) == "InvalidSignature"
    question = calls.withdrawn_at_call(world.identity, AUTHORITY, reliance.record_id)
    assert calls.withdrawn_at_answer(ledger.call(question)) is None
    relay = calls.withdraw_by_sig_call(world.identity, AUTHORITY, reliance.record_id, slip)
    withdrawn = send(ledger, relay)
    assert calls.withdrawn_at_answer(ledger.call(question)) == withdrawn.block_time
    assert case.asks(world.gate), "until somebody brakes"
    wrong = calls.brake_call(world.gate, SUBJECT, POLICY, reliance, 0, proof)
    assert refusal(ledger, wrong) == "RelianceNotProven"
    send(ledger, brake)
    assert not case.asks(world.gate)
    assert not case.asks(world.book)
    felled = calls.verdict_of_answer(ledger.call(calls.verdict_of_call(world.gate, SUBJECT, POLICY)))
    assert felled is not None
    assert felled.braked
    assert felled.fell_at == withdrawn.block_time
    assert send(ledger, relay).succeeded, "a second relay changes nothing and is no error"


def test_withdrawal_and_brake_are_one_transaction(world: World) -> None:
    case = Case(world)
    case.anchor()
    send(world.ledger, case.submission(case.message()))
    world.chain.advance(STANDING)
    assert case.asks(world.gate)
    reliance = case.reliances[2]
    key = hashlib.sha256(reliance.record_id + reliance.item).digest()  # this one work, not the whole consent
    both = calls.withdraw_and_brake_call(
        world.gate, key, case.slip(key), SUBJECT, POLICY, reliance, 2, case.reliance_tree.inclusion(2)
    )
    send(world.community, both)
    assert not case.asks(world.gate)


def test_a_wallet_withdraws_by_itself(world: World) -> None:
    world.chain.fund(AUTHORITY)
    artist = EvmLedger(world.chain.rpc_url, world.identity, AUTHORITY_KEY)
    send(artist, calls.withdraw_call(world.identity, b"\x05" * 32))
    answer = world.ledger.call(calls.withdrawn_at_call(world.identity, AUTHORITY.raw, b"\x05" * 32))
    assert calls.withdrawn_at_answer(answer) is not None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"outcome": 4}, "OutcomeUnknown"),
        ({"issued_at": 0}, "PeriodInvalid"),
        ({"valid_until": 1}, "PeriodInvalid"),
        ({"log_size": 10}, "HeadNotAnchored"),
        ({"log_root": b"\x77" * 32}, "HeadNotAnchored"),
    ],
)
def test_verdicts_that_no_gate_takes(world: World, changes: dict[str, int | bytes], reason: str) -> None:
    case = Case(world)
    case.anchor()
    assert refusal(world.ledger, case.submission(case.message(**changes))) == reason


def test_only_an_attester_of_this_gate_and_chain_counts(world: World) -> None:
    case = Case(world)
    case.anchor()
    message = case.message()
    assert refusal(world.ledger, case.submission(message, AUTHORITY_KEY)) == "NotAttester"
    elsewhere = (
        Domain(world.identity.chain_id + 1, world.gate),
        Domain(world.identity.chain_id, world.identity.consents),
    )
    for domain in elsewhere:
        signature = sign(verdict_digest(domain, message), ATTESTER_KEY)
        call = calls.submit_verdict_call(world.gate, message, ATTESTER, signature)
        assert refusal(world.ledger, call) == "InvalidSignature"
        check = calls.check_verdict_call(world.gate, message, ATTESTER, signature)
        assert not calls.bool_answer(world.ledger.call(check))
    signature = sign(verdict_digest(case.gate, message), ATTESTER_KEY)
    check = calls.check_verdict_call(world.gate, message, ATTESTER, signature)
    assert calls.bool_answer(world.ledger.call(check))
    digest = world.ledger.call(calls.verdict_digest_call(world.gate, message))
    assert digest == verdict_digest(case.gate, message)


def test_an_older_verdict_never_returns(world: World) -> None:
    case = Case(world)
    case.anchor()
    send(world.ledger, case.submission(case.message()))
    assert refusal(world.ledger, case.submission(case.message())) == "NotNewer"
    send(world.ledger, case.submission(case.message(issued_at=case.issued_at + 1, outcome=2)))
    world.chain.advance(STANDING)
    assert not case.asks(world.gate)


def test_the_chain_checks_the_logs_own_proofs(world: World) -> None:
    case = Case(world)
    case.anchor()
    root, size = case.log.root(), case.log.size

    def included(index: int, leaf: bytes, proof: list[bytes], of: int = size) -> bool:
        call = calls.verify_inclusion_call(world.identity, root, of, index, leaf, proof)
        return calls.bool_answer(world.ledger.call(call))

    for index in range(size):
        leaf, proof = leaf_hash(bytes([index]) * 64), case.log.inclusion(index)
        assert included(index, leaf, proof)
        assert not included((index + 1) % size, leaf, proof)
        assert not included(index, leaf, proof, size + 1)
        assert not included(index, leaf_hash(b"other"), proof)
