"""A JSON-RPC node, asked through web3: bounded, translated, and believed only as far as it is checked.

It decides how a node is asked and which of our errors its silence, its refusals and its nonsense
become. web3 is imported with the first question, never with this module. Which chain the node must be
on, and what an answer means to a record, is decided in ``rakkan.registry.ledger.evm``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar, cast

from rakkan.registry.ledger.reverts import printable, read_reason, revert_data
from rakkan.registry.ledger.wire import connect, place_of
from rakkan.schemas.errors import Refused, Unavailable
from rakkan.schemas.identity import Address
from rakkan.schemas.instant import from_unix

if TYPE_CHECKING:
    from eth_typing import ChecksumAddress, HexStr
    from web3 import Web3
    from web3.exceptions import ContractLogicError
    from web3.types import RPCEndpoint, TxParams

T = TypeVar("T")
Tag = Literal["latest", "finalized"]

_TIP: Final = cast("RPCEndpoint", "eth_maxPriorityFeePerGas")


@dataclass(frozen=True, slots=True)
class BlockHeader:
    """A block's header, and which transactions it has.

    Attributes:
        number: Height.
        hash: 32 bytes.
        time: Its time.
        base_fee: Wei per gas (EIP-1559); None on chains without.
        transactions: Their hashes, in order.
    """

    number: int
    hash: bytes
    time: datetime
    base_fee: int | None
    transactions: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a node says became of a transaction; nothing here is checked yet.

    Attributes:
        transaction: Hash of the transaction that it is about.
        succeeded: Whether it was not reverted.
        block_number: Height of its block.
        block_hash: Hash of its block.
        index: Its place in the block.
        gas_used: By it.
        contract: What it created, if it did.
    """

    transaction: bytes
    succeeded: bool
    block_number: int
    block_hash: bytes
    index: int
    gas_used: int
    contract: Address | None


class Node:
    """One JSON-RPC endpoint.

    Args:
        url: ``http://`` or ``https://``. What comes after the host may be a key and is never shown.
        timeout: Seconds that one question may take, transfer included.

    Raises:
        Invalid: ``rpc-url``.
        Unavailable: ``chain-extra``, if web3 is not installed.
    """

    def __init__(self, url: str, *, timeout: float = 15.0) -> None:
        self.place, self._url, self._timeout = place_of(url), url, timeout
        if find_spec("web3") is None:
            raise Unavailable(
                "Chains are asked through web3, which is not installed.",
                code="chain-extra",
                hint="Install it with `pip install 'rakkan[chain]'`.",
            )

    def __repr__(self) -> str:
        return f"Node({self.place})"

    def chain_id(self) -> int:
        """EIP-155 chain id."""
        return self.ask("eth_chainId", lambda web3: int(web3.eth.chain_id))

    def block(self, which: int | Tag) -> BlockHeader | None:
        """A block by height or tag; None if there is none (some chains know no ``finalized``)."""

        def ask(web3: Web3) -> BlockHeader | None:
            from web3.exceptions import BlockNotFound, Web3RPCError

            try:
                block = cast("dict[str, Any]", web3.eth.get_block(which))
            except BlockNotFound:
                return None
            except Web3RPCError:
                if which == "finalized":
                    return None
                raise
            fee = block.get("baseFeePerGas")
            return BlockHeader(
                int(block["number"]),
                _hash(block["hash"]),
                from_unix(int(block["timestamp"])),
                None if fee is None else int(fee),
                tuple(_hash(each) for each in block["transactions"]),
            )

        return self.ask("eth_getBlockByNumber", ask)

    def code(self, address: Address) -> bytes:
        """The code at an address; empty if there is none."""
        return self.ask("eth_getCode", lambda web3: bytes(web3.eth.get_code(_text(address))))

    def balance(self, address: Address) -> int:
        """An account's balance in wei."""
        return self.ask("eth_getBalance", lambda web3: int(web3.eth.get_balance(_text(address))))

    def next_nonce(self, address: Address, at: int | Tag | Literal["pending"] = "pending") -> int:
        """An account's next nonce: with what waits in the node's pool, or at a block."""

        def ask(web3: Web3) -> int:
            return int(web3.eth.get_transaction_count(_text(address), at))

        return self.ask("eth_getTransactionCount", ask)

    def call(
        self, to: Address | None, calldata: bytes, block: int | None = None, *, sender: Address | None = None
    ) -> bytes:
        """What a contract answers; without one, what creation code returns that is run and thrown away.

        Raises:
            Refused: ``call-reverted``.
            Unavailable: ``chain-unavailable``, also for a height whose state the node no longer has.
        """

        def ask(web3: Web3) -> bytes:
            params = _params(to, calldata, sender)
            return bytes(web3.eth.call(params, "latest" if block is None else block))

        return self.ask("eth_call", ask)

    def estimate(self, sender: Address, to: Address | None, calldata: bytes) -> int:
        """Gas that a transaction would use now.

        Raises:
            Refused: ``call-reverted``.
        """

        def ask(web3: Web3) -> int:
            return int(web3.eth.estimate_gas(_params(to, calldata, sender)))

        return self.ask("eth_estimateGas", ask)

    def tip(self) -> int:
        """Wei per gas that the node would give to the block's producer; 1 gwei if it does not say."""

        def ask(web3: Web3) -> int:
            answer = web3.provider.make_request(_TIP, [])
            return int(str(answer["result"]), 16) if "result" in answer else 10**9

        return self.ask("eth_maxPriorityFeePerGas", ask)

    def send(self, raw: bytes) -> str | None:
        """Hand in a signed transaction: None if the node took it, else what it says against it."""

        def ask(web3: Web3) -> str | None:
            from web3.exceptions import Web3RPCError

            try:
                web3.eth.send_raw_transaction(raw)
            except Web3RPCError as error:
                return printable(str(error.message))
            return None

        return self.ask("eth_sendRawTransaction", ask)

    def knows(self, transaction: bytes) -> bool:
        """Whether the node has a transaction, mined or waiting."""

        def ask(web3: Web3) -> bool:
            from web3.exceptions import TransactionNotFound

            try:
                found = cast("dict[str, Any]", web3.eth.get_transaction(_hex(transaction)))
            except TransactionNotFound:
                return False
            return _hash(found["hash"]) == transaction

        return self.ask("eth_getTransactionByHash", ask)

    def receipt(self, transaction: bytes) -> Receipt | None:
        """The receipt of a mined transaction; None if there is none, or none yet."""

        def ask(web3: Web3) -> Receipt | None:
            from web3.exceptions import TransactionIndexingInProgress, TransactionNotFound

            try:
                found = cast("dict[str, Any]", web3.eth.get_transaction_receipt(_hex(transaction)))
            except (TransactionNotFound, TransactionIndexingInProgress):
                return None
            created = found.get("contractAddress")
            return Receipt(
                _hash(found["transactionHash"]),
                int(found["status"]) == 1,
                int(found["blockNumber"]),
                _hash(found["blockHash"]),
                int(found["transactionIndex"]),
                int(found["gasUsed"]),
                Address.parse(str(created)) if created else None,
            )

        return self.ask("eth_getTransactionReceipt", ask)

    def ask(self, method: str, question: Callable[[Web3], T]) -> T:
        """The one place where what web3 and the node raise becomes ours; their texts may hold the URL."""
        web3 = self._web3
        from web3.exceptions import ContractLogicError

        try:
            return question(web3)
        except ContractLogicError as error:
            refusal = self._refused(method, error)
        except Exception as error:  # hostile JSON can raise anything on its way through web3
            refusal = self._unavailable(method, error)
        raise refusal  # outside of the handlers, so that no chained traceback shows the URL

    def _refused(self, method: str, error: ContractLogicError) -> Refused | Unavailable:
        revert = revert_data(error)
        if revert is None:  # web3 calls some answers of a troubled node so, too
            return self._unavailable(method, error)
        reason = read_reason(revert)
        return Refused(
            f"The contract refuses: {reason.detail}.", code="call-reverted", reason=reason.name, method=method
        )

    def _unavailable(self, method: str, error: Exception) -> Unavailable:
        from requests import HTTPError
        from web3.exceptions import ContractLogicError, Web3RPCError

        said = type(error).__name__
        if isinstance(error, HTTPError) and error.response is not None:
            said = f"HTTP {error.response.status_code}"
        if isinstance(error, (Web3RPCError, ContractLogicError)):
            said = printable(str(error.message))
        return Unavailable(
            f"The chain's node at {self.place} gives no answer to {method}: {said}.",
            code="chain-unavailable",
            hint="Check that it runs, and that RAKKAN_RPC_URL names it; work goes on when it answers again.",
            method=method,
        )

    @cached_property
    def _web3(self) -> Web3:
        return connect(self._url, self._timeout)


def _params(to: Address | None, calldata: bytes, sender: Address | None) -> TxParams:
    ends = (("to", to), ("from", sender))
    params: dict[str, object] = {name: _text(account) for name, account in ends if account is not None}
    params["data"] = f"0x{calldata.hex()}"
    return cast("TxParams", params)


def _text(address: Address) -> ChecksumAddress:
    return cast("ChecksumAddress", str(address))


def _hex(transaction: bytes) -> HexStr:
    return cast("HexStr", f"0x{transaction.hex()}")


def _hash(answer: object) -> bytes:
    """A hash in an answer; an answer without one is no answer."""
    if not isinstance(answer, bytes) or len(answer) != 32:
        raise TypeError("not a hash")
    return bytes(answer)
