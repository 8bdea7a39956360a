"""Why a contract refused: revert data read through the ABIs of our own contracts.

It decides the reason's name, which callers may branch on, and one line for people. It leaves out which
error of ours carries it (``rakkan.registry.ledger.node``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from rakkan.contracts import NAMES, artifact
from rakkan.schemas.identity import keccak

if TYPE_CHECKING:
    from web3.exceptions import ContractLogicError

# Solidity's own two: a text, and a number that says which check of the compiler's failed
_BUILT_IN: Final[dict[str, tuple[str, ...]]] = {"Error": ("string",), "Panic": ("uint256",)}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a call was refused.

    Attributes:
        name: Name of the contract's error, such as ``SizeNotGrowing``; ``Error``, ``Panic`` or
            ``unknown`` where the contract has none of ours.
        detail: The error with its arguments, printable, at most 300 characters.
    """

    name: str
    detail: str


def read_reason(revert: bytes) -> Reason:
    """Read what a call that was refused returned; never raises, whatever it is."""
    from eth_abi.abi import decode
    from eth_abi.exceptions import DecodingError

    name, types = _errors().get(revert[:4], ("", ()))
    if not name:
        return Reason("unknown", f"0x{revert[:68].hex()}" if revert else "no reason given")
    try:
        arguments = decode(list(types), revert[4:])
    except (DecodingError, OverflowError, UnicodeDecodeError):
        return Reason(name, f"{name}, in words that cannot be read")
    return Reason(name, printable(f"{name}({', '.join(map(_show, arguments))})"))


def revert_data(error: ContractLogicError) -> bytes | None:
    """What the contract returned with its refusal; None if the error is not a contract's at all."""
    carried: object = error.data
    message = str(error.message)
    if isinstance(carried, dict):
        carried = carried.get("data")
        message = message.removeprefix(
            "execution reverted: "
        )  # web3 says so itself, of any error with an object
    spoken = str(carried).removeprefix("Reverted ")  # as some nodes put it
    if spoken.startswith("0x"):
        try:
            return bytes.fromhex(spoken[2:])
        except ValueError:
            return None
    return b"" if "revert" in message.lower() else None


def printable(text: str, limit: int = 300) -> str:
    """Text of others, cut and without what would steer a terminal."""
    return "".join(sign if sign.isprintable() else "?" for sign in text[:limit])


@cache
def _errors() -> Mapping[bytes, tuple[str, tuple[str, ...]]]:
    found = {_selector(name, types): (name, types) for name, types in _BUILT_IN.items()}
    for contract in NAMES:
        for entry in artifact(contract).abi:
            if entry["type"] == "error":
                types = tuple(str(argument["type"]) for argument in entry["inputs"])
                found[_selector(entry["name"], types)] = (str(entry["name"]), types)
    return found


def _selector(name: str, types: tuple[str, ...]) -> bytes:
    return keccak(f"{name}({','.join(types)})".encode())[:4]


def _show(argument: object) -> str:
    return f"0x{argument.hex()}" if isinstance(argument, bytes) else str(argument)
