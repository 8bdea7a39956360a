"""Asking a chain about one anchor.

It decides what counts as an answer: the contract's own word at the newest block, or the home's own
receipts when the chain is not to be asked. No answer is no yes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rakkan.schemas.errors import DomainError

if TYPE_CHECKING:
    from rakkan.registry.flows.verify.dossier import AnchorReceipt
    from rakkan.registry.ports import Ledger


@dataclass(frozen=True, slots=True)
class Held:
    """A head as the contract has it: since which block, and whether that block can still be undone."""

    block_number: int
    final: bool


@dataclass(frozen=True, slots=True)
class AnchorWord:
    """What the chain says: ``yes | no | unknown``, with code and sentence; under yes, what it has."""

    word: str
    code: str
    detail: str
    held: Held | None = None


ChainAnswer = Callable[["AnchorReceipt"], AnchorWord]


def ask(ledger: Ledger) -> ChainAnswer:
    """A question to the contract itself."""

    def answer(receipt: AnchorReceipt) -> AnchorWord:
        from rakkan.registry.ledger import calls

        identity = ledger.identity
        if identity is None:
            return AnchorWord("unknown", "no-chain", "No chain is configured.")
        if receipt.chain_id != identity.chain_id or receipt.address != identity.log:
            return AnchorWord("no", "anchor-foreign", "The anchor names another chain or contract.")
        try:
            root = bytes.fromhex(receipt.root)
            final = ledger.head().final_number  # first: what is final then stays so
            held = calls.anchored_at_answer(ledger.call(calls.anchored_at_call(identity, root)), root)
        except DomainError as error:
            return AnchorWord("unknown", error.code, f"The chain could not be asked: {error.message}")
        if held is None or held.block_number is None or held.size != receipt.size:
            return AnchorWord("no", "anchor-missing", "The contract does not have this head.")
        return AnchorWord(
            "yes",
            "anchored",
            f"Anchored in block {held.block_number} of chain {identity.chain_id}.",
            Held(held.block_number, held.block_number <= final),
        )

    return answer
