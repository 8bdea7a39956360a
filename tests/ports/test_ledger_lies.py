"""Nodes that lie or talk nonsense: never a wrong answer, and never a contract's word for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rakkan.registry.ledger import calls
from rakkan.registry.ledger.evm import EvmLedger
from rakkan.registry.ledger.loopback import ask
from rakkan.registry.ports import ChainIdentity, Observation
from rakkan.schemas.errors import Integrity
from rakkan.schemas.identity import Address
from tests.ports.anvil import (
    PUBLISHER_KEY,
    World,
    anchor,
    anvil_program,
    chain,
    lying_node,
    outcome_of,
    world,
)

__all__ = ["anvil_program", "chain", "world"]

pytestmark = pytest.mark.chain

ROOT, OTHER = b"\x01" * 32, b"\x02" * 32
NOWHERE = ChainIdentity(1, b"\0" * 32, Address(b"\1" * 20), Address(b"\2" * 20), None, None)


def test_an_exchange_without_a_break_is_noticed_by_the_next_head(world: World) -> None:
    exchanged = False

    def lie(method: str, parameters: list[Any], truth: dict[str, Any]) -> Any:
        if exchanged and method == "eth_getBlockByNumber" and parameters[0] == "0x0":
            truth["result"]["hash"] = "0x" + "ab" * 32
        return truth

    with lying_node(world.chain.port, lie) as url:
        ledger = EvmLedger(url, world.identity, PUBLISHER_KEY)
        ledger.head()
        exchanged = True
        assert outcome_of(ledger.head) == "chain-identity"
        assert outcome_of(lambda: ledger.call(calls.log_head_call(world.identity))) == "chain-identity"


def test_other_code_under_our_addresses_is_recognised(world: World) -> None:
    code = str(ask(world.chain.port, "eth_getCode", str(world.gate), "latest"))
    flipped = code[:-2] + f"{int(code[-2:], 16) ^ 1:02x}"
    for other in ("0x", flipped, code + "00"):

        def lie(method: str, parameters: list[Any], truth: dict[str, Any], other: str = other) -> Any:
            if method == "eth_getCode" and parameters[0].lower() == str(world.gate).lower():
                truth["result"] = other
            return truth

        with (
            lying_node(world.chain.port, lie) as url,
            pytest.raises(Integrity, match="ConsentGate") as caught,
        ):
            EvmLedger(url, world.identity, None).head()
        assert caught.value.fields["what"] == "contract"
    world.ledger.check_identity()


def test_the_same_contract_with_other_values_in_it_is_recognised_on_request(world: World) -> None:
    """Immutables are holes in the comparison with the artifact, but not between two looks."""
    code = str(ask(world.chain.port, "eth_getCode", str(world.gate), "latest"))
    other = code.replace(world.identity.log.raw.hex(), "42" * 20)
    assert other != code
    lying = False

    def lie(method: str, parameters: list[Any], truth: dict[str, Any]) -> Any:
        if lying and method == "eth_getCode" and truth["result"] == code:
            truth["result"] = other
        return truth

    with lying_node(world.chain.port, lie) as url:
        ledger = EvmLedger(url, world.identity, None)
        ledger.check_identity()
        lying = True
        assert outcome_of(ledger.check_identity) == "chain-identity"


def test_a_receipt_is_believed_only_with_its_block(world: World) -> None:
    signed = anchor(world, 5, ROOT)
    seen = world.ledger.observe(signed.hash)
    forgeries = {
        "blockHash": "0x" + "ab" * 32,
        "transactionIndex": "0x3",
        "blockNumber": hex(seen.block_number - 1),
        "transactionHash": "0x" + "ab" * 32,
    }
    for field, value in forgeries.items():

        def lie(
            method: str, _: list[Any], truth: dict[str, Any], field: str = field, value: str = value
        ) -> Any:
            if method == "eth_getTransactionReceipt":
                truth["result"][field] = value
            return truth

        with lying_node(world.chain.port, lie) as url:
            ledger = EvmLedger(url, world.identity, None)
            if field == "transactionHash":
                assert outcome_of(lambda: ledger.observe(signed.hash)) == "receipt-foreign"  # noqa: B023
            else:
                assert ledger.observe(signed.hash) == Observation("absent"), field


@pytest.mark.parametrize(
    "answer",
    [
        {"result": None},
        {"error": {"code": -32602, "message": "unknown tag"}},
        {"error": {"code": -39001, "message": "finalized block not found"}},
    ],
)
def test_a_chain_that_tells_no_final_block_has_none(world: World, answer: dict[str, Any]) -> None:
    signed = anchor(world, 5, ROOT)
    world.chain.mine(5)

    def lie(method: str, parameters: list[Any], truth: dict[str, Any]) -> Any:
        if method == "eth_getBlockByNumber" and parameters[0] == "finalized":
            return {"jsonrpc": "2.0", "id": truth["id"], **answer}
        return truth

    with lying_node(world.chain.port, lie) as url:
        ledger = EvmLedger(url, world.identity, None)
        assert ledger.head().final_number == 0
        assert ledger.observe(signed.hash).state == "mined"


def failure(message: str, data: object = None, code: int = -32000) -> Callable[[dict[str, Any]], Any]:
    """A node's error in proper form."""
    return lambda truth: {
        "jsonrpc": "2.0",
        "id": truth["id"],
        "error": {"code": code, "message": message, "data": data},
    }


NONSENSE: dict[str, Callable[[dict[str, Any]], Any]] = {
    "nothing": lambda truth: b"",
    "no JSON": lambda truth: b"<html>502 Bad Gateway</html>",
    "half": lambda truth: b'{"jsonrpc": "2.0", "id": 1, "res',
    "a list": lambda truth: [],
    "a number": lambda truth: 7,
    "null": lambda truth: None,
    "deep": lambda truth: b"[" * 100_000,
    "not UTF-8": lambda truth: b'{"jsonrpc": "2.0", "id": 1, "result": "\xff\xfe"}',
    "neither result nor error": lambda truth: {"jsonrpc": "2.0", "id": truth["id"]},
    "error as text": lambda truth: {"jsonrpc": "2.0", "id": truth["id"], "error": "busy"},
    "error without data": failure("\x1b[2Jtimeout"),
    "error with strange data": failure("limit exceeded", "try again later"),
    "error with an object": failure("limit exceeded", {"reason": "quota"}),
    "wrong type": lambda truth: {**truth, "result": {"surprise": [1, 2, 3]}},
    "text": lambda truth: {**truth, "result": "0xzz"},
}


def test_a_node_that_talks_nonsense_is_unavailable_and_speaks_for_no_contract(world: World) -> None:
    talk: Callable[[dict[str, Any]], Any] | None = None

    def lie(method: str, parameters: list[Any], truth: dict[str, Any]) -> Any:
        return talk(truth) if talk else truth

    with lying_node(world.chain.port, lie) as url:
        ledger = EvmLedger(url, world.identity, PUBLISHER_KEY)
        signed = ledger.sign(calls.anchor_call(world.identity, 5, ROOT), 4)
        questions: dict[str, Callable[[], object]] = {
            "head": ledger.head,
            "check_identity": ledger.check_identity,
            "call": lambda: ledger.call(calls.log_head_call(world.identity)),
            "sign": lambda: ledger.sign(calls.anchor_call(world.identity, 5, ROOT), 4),
            "observe": lambda: ledger.observe(signed.hash),
        }
        for name, nonsense in NONSENSE.items():
            for what, question in questions.items():
                talk = None
                ledger.head()
                talk = nonsense
                assert (name, what, outcome_of(question)) == (name, what, "chain-unavailable")
