"""Putting our contracts on a chain, and recognising them there.

It decides what is deployed, in which order and with which arguments, and what makes contracts at given
addresses ours. Deploying twice makes two sets: whether there is one already is the caller's to know.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from rakkan.contracts import artifact
from rakkan.registry.ledger import calls
from rakkan.registry.ledger.evm import contracts_of
from rakkan.registry.ledger.node import Node, Receipt
from rakkan.registry.ledger.sender import Sender
from rakkan.registry.ports import Call, ChainIdentity
from rakkan.registry.rules.eip712 import Domain, VerdictMessage, verdict_digest, withdrawal_digest
from rakkan.schemas.errors import Integrity, Refused, Unavailable
from rakkan.schemas.identity import Address

_SAMPLE: Final = b"\x5a" * 32
_SAMPLE_VERDICT: Final = VerdictMessage(
    record_id=_SAMPLE,
    subject=_SAMPLE,
    policy_id=_SAMPLE,
    outcome=1,
    log_size=2,
    log_root=_SAMPLE,
    issued_at=3,
    valid_until=4,
    findings_root=_SAMPLE,
    findings_count=5,
    reliance_root=_SAMPLE,
    reliance_count=6,
)


@dataclass(frozen=True, slots=True)
class DeployedContract:
    """One contract that was put on a chain.

    Attributes:
        name: Its artifact's name.
        address: Where it is.
        transaction: Hash of the transaction that created it.
        gas_used: By that.
        block_number: Height of its block.
    """

    name: str
    address: Address
    transaction: bytes
    gas_used: int
    block_number: int


@dataclass(frozen=True, slots=True)
class Deployment:
    """A set of contracts that belong together.

    Attributes:
        identity: What a home pins.
        transactions: In the order of sending.
    """

    identity: ChainIdentity
    transactions: tuple[DeployedContract, ...]

    @property
    def gas_used(self) -> int:
        """By all of them."""
        return sum(each.gas_used for each in self.transactions)


def deploy(
    rpc_url: str,
    private_key: bytes,
    *,
    origin: str,
    community: Address,
    attester: Address,
    standing_time: int,
    progress: Callable[[DeployedContract], None] | None = None,
    patience: float = 180.0,
) -> Deployment:
    """Deploy log, consents, gate and book; the sending account becomes the log's publisher.

    Args:
        rpc_url: URL of the chain's node.
        private_key: 32 bytes of the account that pays and publishes.
        origin: The log's origin; its sha256 is fixed in the log contract.
        community: Who decides for the community, and carries out its decisions in the book.
        attester: Whose verdicts count first.
        standing_time: Seconds from a verdict's coming in until it counts.
        progress: Told of each contract as it is mined.
        patience: Seconds to wait for each.

    Raises:
        Refused: ``dev-key``, ``call-reverted``.
        Unavailable: ``chain-unavailable``, ``chain-slow``, ``funds-missing``, ``fee-cap``.
        Integrity: ``contract-foreign``, if what came out is not what was sent.
    """
    node = Node(rpc_url)
    chain_id, genesis = node.chain_id(), _genesis(node)
    sender = Sender(node, chain_id, private_key)
    done: list[DeployedContract] = []

    def create(name: str, *arguments: object) -> Address:
        made = _create(node, sender, name, arguments, patience)
        done.append(made)
        if progress:
            progress(made)
        return made.address

    log = create("ProvenanceLog", hashlib.sha256(origin.encode()).digest(), sender.address)
    consents = create("ConsentRegistry")
    gate = create("ConsentGate", log, consents, community, attester, standing_time)
    book = create("ApprovalBook", gate, community)
    identity = ChainIdentity(chain_id, genesis, log, consents, gate, book)
    _check(node, identity, origin)
    return Deployment(identity, tuple(done))


def attach(
    rpc_url: str,
    *,
    origin: str,
    log: Address,
    consents: Address,
    gate: Address | None = None,
    book: Address | None = None,
) -> ChainIdentity:
    """Recognise contracts that are there already, and pin them.

    Raises:
        Integrity: ``contract-foreign``, if one is not ours, belongs to another log, or not to the others.
        Unavailable: ``chain-unavailable``.
    """
    node = Node(rpc_url)
    identity = ChainIdentity(node.chain_id(), _genesis(node), log, consents, gate, book)
    _check(node, identity, origin)
    return identity


def _genesis(node: Node) -> bytes:
    block = node.block(0)
    if block is None:
        raise Unavailable("The node does not tell the first block.", code="chain-unavailable")
    return block.hash


def _create(
    node: Node, sender: Sender, name: str, arguments: tuple[object, ...], patience: float
) -> DeployedContract:
    from eth_abi.abi import encode

    compiled = artifact(name)
    inputs = next((entry["inputs"] for entry in compiled.abi if entry["type"] == "constructor"), ())
    plain = [argument.raw if isinstance(argument, Address) else argument for argument in arguments]
    creation = compiled.bytecode + encode([str(each["type"]) for each in inputs], plain)
    transaction = sender.sign(None, creation, node.next_nonce(sender.address))
    sender.broadcast(transaction)
    receipt = _wait(node, transaction.hash, name, patience)
    if not receipt.succeeded or receipt.contract is None:
        raise Refused(
            f"The chain did not create {name}.",
            code="call-reverted",
            hint=f"Look at transaction 0x{transaction.hash.hex()}.",
            reason="creation",
        )
    return DeployedContract(name, receipt.contract, transaction.hash, receipt.gas_used, receipt.block_number)


def _wait(node: Node, transaction: bytes, name: str, patience: float) -> Receipt:
    deadline, pause = time.monotonic() + patience, 0.01
    while (receipt := node.receipt(transaction)) is None:
        if time.monotonic() > deadline:
            raise Unavailable(
                f"{name} is sent but not mined after {patience:.0f} s.",
                code="chain-slow",
                hint=f"Look at transaction 0x{transaction.hex()} before deploying again.",
            )
        time.sleep(pause)
        pause = min(2 * pause, 2.0)
    return receipt


def _check(node: Node, identity: ChainIdentity, origin: str) -> None:
    """Whether these contracts are ours, of this log, and of one another.

    Code is compared with holes where the constructor fills in values; those are asked for. The EIP-712
    digests are the proof that chain id and own address are right in them.
    """
    for name, address in contracts_of(identity):
        if not artifact(name).is_code(node.code(address)):
            raise _foreign(f"there is no {name} of ours at {address}")
    authority = Address(_SAMPLE[:20])
    consents = Domain(identity.chain_id, identity.consents)
    expected: list[tuple[str, Call, bytes]] = [
        (
            "the log belongs to another origin",
            calls.encode(identity.log, "originHash()"),
            hashlib.sha256(origin.encode()).digest(),
        ),
        (
            "the registry of consents has another signing domain",
            calls.encode(identity.consents, "withdrawalDigest(address,bytes32)", authority, _SAMPLE),
            withdrawal_digest(consents, authority, _SAMPLE),
        ),
    ]
    if identity.gate is not None:
        expected += [
            ("the gate reads another log", calls.encode(identity.gate, "log()"), _word(identity.log)),
            (
                "the gate reads another registry of consents",
                calls.encode(identity.gate, "consents()"),
                _word(identity.consents),
            ),
            (
                "the gate has another signing domain",
                calls.verdict_digest_call(identity.gate, _SAMPLE_VERDICT),
                verdict_digest(Domain(identity.chain_id, identity.gate), _SAMPLE_VERDICT),
            ),
        ]
    if identity.book is not None and identity.gate is not None:
        expected.append(
            ("the book asks another gate", calls.encode(identity.book, "gate()"), _word(identity.gate))
        )
    for problem, question, answer in expected:
        if node.call(question.to, question.calldata) != answer:
            raise _foreign(problem)


def _word(address: Address) -> bytes:
    return address.raw.rjust(32, b"\0")


def _foreign(why: str) -> Integrity:
    return Integrity(
        f"These contracts cannot be used: {why}.",
        code="contract-foreign",
        hint="Correct the addresses and the node, or deploy a set of your own.",
    )
