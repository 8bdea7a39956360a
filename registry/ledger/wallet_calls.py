"""The question to a wallet as code that a node runs, and the reading of what it returns.

It decides the encoding, and that only one of two words is an answer; nothing here talks to a chain.
``contracts/src/WalletQuestion.sol`` decides how the wallet is asked.
"""

from __future__ import annotations

from typing import Final

from rakkan.contracts import artifact
from rakkan.registry.rules.wallet_questions import WalletQuestion
from rakkan.schemas.errors import Unavailable

_WORDS: Final = {(1).to_bytes(32): True, bytes(32): False}


def question_code(question: WalletQuestion) -> bytes:
    """Creation code that asks a wallet whether it calls a signature its own."""
    from eth_abi.abi import encode

    arguments = (question.wallet.raw, question.digest, question.signature)
    return artifact("WalletQuestion").bytecode + encode(["address", "bytes32", "bytes"], arguments)


def question_answer(returned: bytes) -> bool:
    """What it said.

    Raises:
        Unavailable: ``wallet-unasked``, for any other word: the node gave it too little gas to ask, or does
            not run code that is not deployed.
    """
    said = _WORDS.get(returned)
    if said is None:
        raise unasked("it returned neither a yes nor a no")
    return said


def unasked(why: str) -> Unavailable:
    """The error of a wallet that a node could not ask."""
    return Unavailable(
        f"The chain's node could not ask the wallet: {why}.",
        code="wallet-unasked",
        hint="Name a newer block in the proof, or a node that keeps old states.",
    )
