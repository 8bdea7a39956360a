"""The account that sends: fills in a transaction, signs it offline, hands it in.

It decides fees (EIP-1559), the gas margin, and what a node's refusal means. It leaves out nonces and
repetition: both are the worker's. The private key lives in one closure, so that no attribute, repr,
log line or error can show it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, cast

from rakkan.registry.ledger.devchain import LOCAL_CHAIN_ID, refuse_public_key
from rakkan.registry.ledger.node import Node
from rakkan.registry.ports import SignedTransaction
from rakkan.registry.rules.eip712 import address_of
from rakkan.schemas.errors import Conflict, DomainError, Integrity, Unavailable
from rakkan.schemas.identity import Address, keccak

if TYPE_CHECKING:
    from eth_account.types import TransactionDictType

FEE_CAP: Final = 500 * 10**9
"""Wei per gas that are never exceeded, whatever a node says that the fee is."""

# What nodes say (geth, anvil, Erigon, Nethermind, Besu), in lower case, and what it means to us.
_REFUSALS: Final = (
    ("nonce too low", "nonce-taken"),
    ("nonce too high", "nonce-gap"),
    ("nonce gap", "nonce-gap"),
    ("insufficient funds", "funds-missing"),
    ("underpriced", "fee-underpriced"),
    ("less than block base fee", "fee-underpriced"),
    ("fee cap", "fee-underpriced"),
    ("feetoolow", "fee-underpriced"),
)
_KNOWN: Final = ("already known", "already imported", "known transaction", "alreadyknown")
_HINTS: Final = {
    "nonce-taken": "Another transaction of this account came first: sign again with the next nonce.",
    "nonce-gap": "A transaction with a lower nonce must come first: send it again.",
    "fee-underpriced": "Sign again with the same nonce and a higher fee.",
}


class Sender:
    """One account on one chain.

    Args:
        node: Where transactions are handed in.
        chain_id: EIP-155 id that every signature is bound to.
        private_key: 32 bytes, secp256k1.

    Raises:
        Invalid: ``key-form``.
        Refused: ``dev-key``, for a key that everybody knows, off the local chain.
    """

    def __init__(self, node: Node, chain_id: int, private_key: bytes) -> None:
        self.address: Final = address_of(private_key)
        refuse_public_key(self.address, chain_id)
        self._node = node
        self._chain_id = chain_id
        self._sign = _signer(private_key)

    def __repr__(self) -> str:
        return f"Sender({self.address})"

    def sign(
        self, to: Address | None, calldata: bytes, nonce: int, *, replacing: SignedTransaction | None = None
    ) -> SignedTransaction:
        """Estimate, fill in and sign; nothing is sent.

        Args:
            to: The contract; None creates one.
            calldata: The call, or creation code.
            nonce: The account's nonce to use.
            replacing: A transaction of the same nonce that is stuck; its fees are topped by an eighth.

        Raises:
            Refused: ``call-reverted``, if it would fail.
            Unavailable: ``chain-unavailable``; ``funds-missing``; ``fee-cap``, if more would be due than
                :data:`FEE_CAP`.
        """
        # the state may have moved when it is mined: a slot that is full now may be empty then
        gas = self._node.estimate(self.address, to, calldata) * 5 // 4 + 25_000
        most, tip = self._fees(replacing)
        self._require_funds(gas * most)
        fields: dict[str, object] = {
            "type": 2,
            "chainId": self._chain_id,
            "nonce": nonce,
            "to": str(to) if to is not None else b"",
            "value": 0,
            "data": calldata,
            "gas": gas,
            "maxFeePerGas": most,
            "maxPriorityFeePerGas": tip,
        }
        raw = self._sign(fields)
        return SignedTransaction(keccak(raw), raw, nonce)

    def broadcast(self, transaction: SignedTransaction) -> None:
        """Hand in; again, or after it was mined, is no error.

        A node may refuse a nonce as used before it shows what used it: that may be this very transaction,
        or one that is undone again. Signed anew, the effect would then come twice.

        Raises:
            Integrity: ``transaction-digest``, if the raw bytes are not what was signed.
            Conflict: ``nonce-taken``, if another transaction has used the nonce for good; ``nonce-gap``,
                ``fee-underpriced``.
            Unavailable: ``chain-unavailable``, ``funds-missing``, ``transaction-refused``.
        """
        if keccak(transaction.raw) != transaction.hash:
            raise Integrity(
                f"The stored transaction 0x{transaction.hash.hex()} is damaged.",
                code="transaction-digest",
                hint="Run `rakkan fsck`.",
            )
        said = self._node.send(transaction.raw)
        if said is None or any(word in said.lower() for word in _KNOWN) or self._node.knows(transaction.hash):
            return
        refusal = _refusal(said, transaction, self.address)
        if refusal.code == "nonce-taken" and not self._is_spent(transaction.nonce):
            return
        raise refusal

    def _is_spent(self, nonce: int) -> bool:
        """Whether a nonce is used in a block that stays; on the local chain all do, and none may follow."""
        if self._chain_id == LOCAL_CHAIN_ID:
            return self._node.next_nonce(self.address, "latest") > nonce
        final = self._node.block("finalized")
        return final is not None and self._node.next_nonce(self.address, final.number) > nonce

    def _fees(self, replacing: SignedTransaction | None) -> tuple[int, int]:
        """The most that is paid per gas, and what of it may go to the block's producer; in wei."""
        newest = self._node.block("latest")
        if newest is None or newest.base_fee is None:
            raise Unavailable(
                "This chain has no fees after EIP-1559; it is not supported.", code="chain-unsupported"
            )
        tip = self._node.tip()
        most = 2 * newest.base_fee + tip  # lasts for six full blocks in a row
        if replacing is not None:
            old_most, old_tip = _fees_of(replacing)
            most, tip = max(most, old_most * 9 // 8 + 1), max(tip, old_tip * 9 // 8 + 1)
            most = max(most, newest.base_fee + tip)
        if newest.base_fee + tip > FEE_CAP:
            raise Unavailable(
                f"Gas would cost {newest.base_fee + tip} wei; at most {FEE_CAP} are paid.",
                code="fee-cap",
                hint="Nothing is sent until it is cheaper; check the node if it says otherwise elsewhere.",
            )
        return min(most, FEE_CAP), tip

    def _require_funds(self, wei: int) -> None:
        balance = self._node.balance(self.address)
        if balance < wei:
            raise _funds_missing(self.address, f"it has {balance} wei and needs {wei}")


def _signer(private_key: bytes) -> Callable[[dict[str, object]], bytes]:
    def sign(fields: dict[str, object]) -> bytes:
        from eth_account import Account

        failure = ""
        try:
            signed = Account.sign_transaction(cast("TransactionDictType", fields), private_key)
            return bytes(signed.raw_transaction)
        except Exception as error:  # whatever it says might quote the key
            failure = type(error).__name__
        raise Unavailable(f"The transaction cannot be signed: {failure}.", code="transaction-form")

    return sign


def _fees_of(transaction: SignedTransaction) -> tuple[int, int]:
    from eth_account.typed_transactions.typed_transaction import TypedTransaction
    from hexbytes import HexBytes

    fields = TypedTransaction.from_bytes(HexBytes(transaction.raw)).as_dict()
    return int(str(fields["maxFeePerGas"])), int(str(fields["maxPriorityFeePerGas"]))


def _refusal(said: str, transaction: SignedTransaction, sender: Address) -> DomainError:
    code = next((code for words, code in _REFUSALS if words in said.lower()), "transaction-refused")
    if code == "funds-missing":
        return _funds_missing(sender, said)
    error = Conflict if code in _HINTS else Unavailable
    return error(
        f"The node does not take transaction 0x{transaction.hash.hex()}: {said}.",
        code=code,
        hint=_HINTS.get(code, "It stays wanted, and is sent again."),
        nonce=transaction.nonce,
    )


def _funds_missing(sender: Address, why: str) -> Unavailable:
    return Unavailable(
        f"The account {sender} cannot pay for the transaction: {why}.",
        code="funds-missing",
        hint=f"Send some of the chain's coin to {sender}; what is wanted stays wanted.",
        account=str(sender),
    )
