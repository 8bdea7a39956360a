"""Sending a withdrawal slip straight to its contract, from any account and from any machine.

It decides that the node must be on the slip's chain and that the contract there must be ours: a slip
needs no registry, and no home but for an account that pays.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rakkan.contracts import artifact
from rakkan.registry.ledger import calls
from rakkan.registry.ledger.consent_calls import withdraw_keys_call
from rakkan.registry.ledger.node import Node, Receipt
from rakkan.registry.ledger.sender import Sender
from rakkan.registry.ports import Call, ChainIdentity
from rakkan.registry.rules.joint_slips import check_joint, keys_of
from rakkan.registry.rules.slips import check_slip
from rakkan.schemas.errors import Invalid, Refused, Unavailable
from rakkan.schemas.identity import Address
from rakkan.schemas.slip import JointSlip, Slip

PATIENCE: Final = 120.0
"""Seconds to wait until it is mined."""


@dataclass(frozen=True, slots=True)
class Relayed:
    """A withdrawal that is on chain.

    Attributes:
        at: From when on.
        transaction: What we sent; None if it was there before.
        gas_used: By that.
    """

    at: datetime
    transaction: bytes | None
    gas_used: int


def relay(slip: Slip, rpc_url: str, private_key: bytes, *, patience: float = PATIENCE) -> Relayed:
    """Send a slip to its contract and wait until it is mined. Again sends nothing.

    Args:
        slip: One for a chain.
        rpc_url: A node of that chain.
        private_key: Of the account that pays; it needs no other right.
        patience: Seconds to wait.

    Raises:
        Invalid: ``slip-form``, ``slip-chainless``, ``rpc-url``.
        Refused: ``slip-signature``; ``slip-elsewhere``, on another chain or where the contract is not
            ours; ``call-reverted``.
        Unavailable: ``chain-unavailable``, ``chain-slow``, ``funds-missing``, ``fee-cap``.
    """
    check_slip(slip)
    if slip.chain_id is None or slip.contract is None:
        raise _chainless()
    node, contract = Node(rpc_url), Address.parse(slip.contract)
    chain = _chain(node, slip.chain_id, contract)
    authority, key = Address.parse(slip.authority), bytes.fromhex(slip.key)
    question = calls.withdrawn_at_call(chain, authority, key)

    def withdrawn() -> datetime | None:
        return calls.withdrawn_at_answer(node.call(question.to, question.calldata))

    if (before := withdrawn()) is not None:
        return Relayed(before, None, 0)
    sent = _send(
        node,
        slip.chain_id,
        private_key,
        calls.withdraw_by_sig_call(chain, authority, key, bytes.fromhex(slip.signature)),
        patience,
    )
    moment = withdrawn()
    if moment is None:
        raise Refused("The contract did not take the slip.", code="call-reverted", reason="withdrawBySig")
    return Relayed(moment, sent.transaction, sent.gas_used)


def relay_many(
    slip: JointSlip, rpc_url: str, private_key: bytes, *, patience: float = PATIENCE
) -> Relayed | None:
    """Send a slip over many to its contract in one transaction, and wait until it is mined.

    None, and nothing is sent, if all of it was withdrawn before. What was is passed over by the contract, and keeps
    its time. Arguments and errors as :func:`relay`.
    """
    check_joint(slip)
    if slip.chain_id is None or slip.contract is None:
        raise _chainless()
    node, contract = Node(rpc_url), Address.parse(slip.contract)
    chain = _chain(node, slip.chain_id, contract)
    authority, keys = Address.parse(slip.authority), keys_of(slip)
    unsigned = withdraw_keys_call(chain, authority, keys, b"")
    if _all_withdrawn(node, unsigned):
        return None
    call = withdraw_keys_call(chain, authority, keys, bytes.fromhex(slip.signatures[0]))
    sent = _send(node, slip.chain_id, private_key, call, patience)
    block = node.block(sent.block_number)
    if block is None or not _all_withdrawn(node, unsigned):
        raise Refused("The contract did not take the slip.", code="call-reverted", reason="withdrawKeysBySig")
    return Relayed(block.time, sent.transaction, sent.gas_used)


def _all_withdrawn(node: Node, unsigned: Call) -> bool:
    """One question for any number of keys: the contract looks at no signature if nothing is left to withdraw."""
    try:
        node.call(unsigned.to, unsigned.calldata)
    except Refused:
        return False
    return True


def _send(node: Node, chain_id: int, private_key: bytes, call: Call, patience: float) -> Receipt:
    sender = Sender(node, chain_id, private_key)
    signed = sender.sign(call.to, call.calldata, node.next_nonce(sender.address))
    sender.broadcast(signed)
    deadline, pause = time.monotonic() + patience, 0.05
    while (receipt := node.receipt(signed.hash)) is None:
        if time.monotonic() > deadline:
            raise Unavailable(
                f"Transaction 0x{signed.hash.hex()} is sent but not mined after {patience:.0f} s.",
                code="chain-slow",
                hint="Do this again later: what was withdrawn meanwhile is told, and nothing is sent twice.",
            )
        time.sleep(pause)
        pause = min(2 * pause, 2.0)
    return receipt


def _chainless() -> Invalid:
    return Invalid(
        "This slip is for a registry without a chain.",
        code="slip-chainless",
        hint="Hand it to that registry: its page /withdraw takes it.",
    )


def _chain(node: Node, chain_id: int, contract: Address) -> ChainIdentity:
    """The slip's chain, of which this one contract is all that matters."""
    found = node.chain_id()
    if found != chain_id:
        raise _elsewhere(f"it is for chain {chain_id}, and the node at {node.place} is on chain {found}")
    if not artifact("ConsentRegistry").is_code(node.code(contract)):
        raise _elsewhere(f"there is no registry of consents at {contract} on chain {chain_id}")
    return ChainIdentity(chain_id, b"", contract, contract, None, None)


def _elsewhere(why: str) -> Refused:
    return Refused(
        f"The slip cannot be used here: {why}.",
        code="slip-elsewhere",
        hint="Name a node of the slip's own chain with --rpc.",
    )
