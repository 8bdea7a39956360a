"""The carrier: brings each wanted effect to the chain, and sees it through until it is final.

It decides when an effect is signed, handed in, looked at again, handed in again and signed anew. It
leaves out which effects are wanted (``rakkan.registry.worker``), what they cost and how a node's refusal
is read (``rakkan.registry.ledger.sender``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rakkan.registry.failpoints import failpoint
from rakkan.registry.ports import SignedTransaction
from rakkan.registry.service import Registry
from rakkan.registry.store.leases import Lease
from rakkan.registry.store.outbox import Transaction
from rakkan.schemas.errors import Conflict, Refused


@dataclass(frozen=True, slots=True)
class Carried:
    """What one pass over the wanted effects brought.

    Attributes:
        sent: Transactions handed to the chain.
        mined: Transactions seen in a block.
        waiting: Transactions that are not final yet.
    """

    sent: int = 0
    mined: int = 0
    waiting: int = 0


class Carrier:
    """Carries the effects that one registry wants; only for the holder of the worker's lane.

    Args:
        registry: Whose effects.
        say: Told what was done.
    """

    def __init__(self, registry: Registry, say: Callable[[str], None]) -> None:
        self._registry = registry
        self._say = say

    def carry(self, lease: Lease) -> Carried:
        """One pass over everything that is not final.

        Raises:
            Conflict: ``lease-lost``.
            Unavailable: If the chain cannot be reached, or takes nothing.
            Integrity: ``chain-identity``.
        """
        outbox, sent, mined, waiting = self._registry.store.outbox, 0, 0, 0
        todo = outbox.open()
        latest = outbox.latest_final()
        if todo and latest is not None and latest.signed and self._gone(latest.signed.hash):
            outbox.reopen_final()  # the chain went back behind what was final: a local chain that died
            todo = outbox.open()
        # By nonce: what waits for a lower one must not keep that from being sent.
        todo.sort(key=lambda each: (each.signed is None or each.state == "planned", _nonce(each)))
        for transaction in todo:
            self._registry.store.leases.renew(lease)
            state = self._advance(transaction)
            sent += state == "sent"
            mined += state == "mined"
            waiting += state in ("sent", "mined", "waiting")
        return Carried(sent, mined, waiting)

    def _gone(self, transaction_hash: bytes) -> bool:
        return self._registry.ledger.observe(transaction_hash).state == "absent"

    def _advance(self, transaction: Transaction) -> str:
        outbox, ledger, name = self._registry.store.outbox, self._registry.ledger, transaction.name
        signed = transaction.signed
        if transaction.state == "planned" or signed is None:
            signed = self._sign_at(transaction, outbox.next_nonce(ledger.head().nonce))
            if signed is None:
                return "failed"
        observed = ledger.observe(signed.hash)
        if observed.state == "absent":
            signed = self._hand_in(transaction, signed)
            if signed is None:
                return "failed"
            if transaction.state == "mined":
                outbox.observe(name, observed)
            observed = ledger.observe(signed.hash)
            if observed.state == "absent":
                return "waiting" if transaction.state == "signed" else "sent"
        if (transaction.state, transaction.block_hash) != (observed.state, observed.block_hash):
            outbox.observe(name, observed)
            failpoint(f"transaction.{observed.state}")
            self._say(f"{name.partition(':')[0]} {observed.state} in block {observed.block_number}")
            return "mined" if observed.state == "mined" else "final"
        return "waiting"

    def _sign_at(self, transaction: Transaction, nonce: int) -> SignedTransaction | None:
        """Sign and store, before anything is sent; None if the contract refuses."""
        outbox, name = self._registry.store.outbox, transaction.name
        try:
            signed = self._registry.ledger.sign(transaction.call, nonce)
        except Refused as error:
            outbox.fail(name, str(error.fields.get("reason", error.message)))
            self._say(f"{name.partition(':')[0]} refused by the contract: {error.message}")
            return None
        outbox.sign(name, signed)
        failpoint("transaction.signed")
        return signed

    def _hand_in(self, transaction: Transaction, signed: SignedTransaction) -> SignedTransaction | None:
        """Send; what can never be mined under its nonce is signed anew. Every effect may come twice."""
        ledger, outbox = self._registry.ledger, self._registry.store.outbox
        try:
            ledger.broadcast(signed)
        except Conflict as error:
            if error.code != "nonce-taken":
                raise
            nonce = outbox.next_nonce(ledger.head().nonce)  # this account has sent something else
        else:
            failpoint("transaction.sent")
            nonce = ledger.head().nonce
            # A nonce below that is nobody's will never be used: what had it failed, and was undone.
            if nonce >= signed.nonce or nonce in outbox.held_nonces():
                return signed
        again = self._sign_at(transaction, nonce)
        if again is not None:
            ledger.broadcast(again)
            failpoint("transaction.sent")
        return again


def _nonce(transaction: Transaction) -> int:
    return transaction.signed.nonce if transaction.signed else 0
