"""The carrier: brings each wanted effect to the chain, and sees it through until it is final.

It decides when an effect is signed, handed in, looked at again, handed in again and signed anew. One
effect has one transaction: it gets another nonce only when another transaction has used its own for good,
and a hole in the line of nonces is filled with a transaction that does nothing. It leaves out which effects
are wanted (``rakkan.registry.worker``), what they cost and how a node's refusal is read
(``rakkan.registry.ledger.sender``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from rakkan.registry.failpoints import failpoint
from rakkan.registry.ledger import calls
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
        pending: Those of them that are in no block yet.
    """

    sent: int = 0
    mined: int = 0
    waiting: int = 0
    pending: int = 0


class Carrier:
    """Carries the effects that one registry wants.

    Args:
        registry: Whose effects.
        lease: Of the worker's lane; without it nothing is written, and so nothing new is sent.
        say: Told what was done.
    """

    def __init__(self, registry: Registry, lease: Lease, say: Callable[[str], None]) -> None:
        self._registry = registry
        self._lease = lease
        self._say = say

    def carry(self) -> Carried:
        """One pass over everything that is not final.

        Raises:
            Conflict: ``lease-lost``.
            Unavailable: If the chain cannot be reached, or takes nothing.
            Integrity: ``chain-identity``.
        """
        outbox = self._registry.store.outbox
        todo = outbox.open()
        latest = outbox.latest_final()
        if todo and latest is not None and latest.signed and self._gone(latest.signed.hash):
            outbox.reopen_final()  # the chain went back behind what was final: a local chain that died
            todo = outbox.open()
        # By nonce: what waits for a lower one must not keep that from being sent.
        todo.sort(key=lambda each: (each.signed is None or each.state == "planned", _nonce(each)))
        seen: Counter[str] = Counter()
        for transaction in todo:
            self._registry.store.leases.renew(self._lease)
            seen[self._advance(transaction)] += 1
        pending = seen["sent"] + seen["pending"]
        return Carried(seen["sent"], seen["mined"], seen["mined"] + seen["waiting"] + pending, pending)

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
                outbox.observe(name, observed, self._lease)
            observed = ledger.observe(signed.hash)
            if observed.state == "absent":
                return "pending" if transaction.state == "signed" else "sent"
        if (transaction.state, transaction.block_hash) != (observed.state, observed.block_hash):
            outbox.observe(name, observed, self._lease)
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
            outbox.fail(name, str(error.fields.get("reason", error.message)), self._lease)
            self._say(f"{name.partition(':')[0]} refused by the contract: {error.message}")
            return None
        outbox.sign(name, signed, self._lease)
        failpoint("transaction.signed")
        return signed

    def _hand_in(self, transaction: Transaction, signed: SignedTransaction) -> SignedTransaction | None:
        """Send; what can never be mined under its nonce is signed anew. Every effect may come twice."""
        ledger, outbox = self._registry.ledger, self._registry.store.outbox
        self._fill_holes(signed.nonce)
        try:
            ledger.broadcast(signed)
        except Conflict as error:
            if error.code != "nonce-taken":
                raise
            # this account has sent something else
            again = self._sign_at(transaction, outbox.next_nonce(ledger.head().nonce))
            if again is None:
                return None
            ledger.broadcast(again)
            signed = again
        failpoint("transaction.sent")
        return signed

    def _fill_holes(self, nonce: int) -> None:
        """Use up nonces below this one that nobody will: what had them failed, and was undone.

        By asking the log for its head, which changes nothing. What is signed under a higher nonce stays
        where it is: some node may have it already, and would send it after what took its place.
        """
        identity, ledger = self._registry.identity, self._registry.ledger
        held = self._registry.store.outbox.held_nonces()
        while identity is not None and (hole := ledger.head().nonce) < nonce and hole not in held:
            held.add(hole)
            try:
                ledger.broadcast(ledger.sign(calls.log_head_call(identity), hole))
            except Conflict:
                return  # something has it after all
            self._say(f"nonce {hole} is used up: nothing else would have been sent with it")


def _nonce(transaction: Transaction) -> int:
    return transaction.signed.nonce if transaction.signed else 0
