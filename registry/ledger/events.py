"""Events of contracts, read from a node and believed only as far as they are what was asked for.

It decides how events are asked for and what an answer may be. Which of them matter, and how far they
have been read, is decided in ``rakkan.registry.flows.withdraw.watching``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from rakkan.registry.ledger.node import Node
from rakkan.registry.ports import Event
from rakkan.schemas.errors import Integrity
from rakkan.schemas.identity import Address

if TYPE_CHECKING:
    from web3 import Web3


def read_events(
    node: Node, emitter: Address, topic: bytes, first: int, last: int
) -> tuple[Event, ...] | None:
    """One ``eth_getLogs``; None if the node says that this is too much at once.

    Raises:
        Integrity: ``event-form``, if an event is of another contract, kind or height.
        Unavailable: ``chain-unavailable``.
    """

    def ask(web3: Web3) -> list[Event] | None:
        from web3.exceptions import Web3RPCError

        question: Any = {
            "address": str(emitter),
            "topics": [f"0x{topic.hex()}"],
            "fromBlock": hex(first),
            "toBlock": hex(last),
        }
        try:
            return [_event(each) for each in cast("list[dict[str, Any]]", web3.eth.get_logs(question))]
        except Web3RPCError:
            if first == last:
                raise  # fewer than one block cannot be asked about: this is no limit
            return None

    found = node.ask("eth_getLogs", ask)
    if found is None:
        return None
    for each in found:
        meant = each.emitter == emitter and each.topics[:1] == (topic,) and first <= each.block_number <= last
        if not meant:
            raise Integrity(
                "The node answers with another event than the one that was asked for.",
                code="event-form",
                hint="Use a node that you trust.",
            )
    return tuple(sorted(found, key=lambda each: each.block_number))  # stable: in a block as the node has them


def _event(log: dict[str, Any]) -> Event:
    """One log; whatever is not there, or removed, makes the answer no answer."""
    if log.get("removed"):
        raise ValueError("an event that was undone")
    topics = tuple(bytes(each) for each in log["topics"])
    block_hash = bytes(log["blockHash"])
    if any(len(each) != 32 for each in (*topics, block_hash)):
        raise ValueError("not a hash")
    return Event(
        Address.parse(str(log["address"])), topics, bytes(log["data"]), int(log["blockNumber"]), block_hash
    )
