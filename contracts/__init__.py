"""The committed contracts, read without Node or a compiler: ABI, bytecode and what they were built from.

It decides the form in which artifacts reach Python. ``scripts/compile.mjs`` writes them from
``contracts/src``; deployment and calls live in ``rakkan.registry.ledger``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

from rakkan.schemas.errors import NotFound

NAMES: Final = ("ApprovalBook", "ConsentGate", "ConsentRegistry", "ProvenanceLog", "WalletQuestion")
"""Every contract that has an artifact; ``WalletQuestion`` is run by nodes as it is created, and never deployed."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """One compiled contract.

    Attributes:
        name: The contract's name in Solidity.
        abi: Its ABI entries, in the compiler's JSON form.
        bytecode: Creation code, to be followed by the ABI-encoded constructor arguments.
        deployed_bytecode: Code after deployment, zero where the constructor fills in immutables.
        immutables: Those places in the deployed code, as (start, length) in bytes.
        compiler: Name and exact version of the compiler.
        source_digests: sha256 (hex) of every source that went in, by its relative name.
    """

    name: str
    abi: tuple[Mapping[str, Any], ...]
    bytecode: bytes
    deployed_bytecode: bytes
    immutables: tuple[tuple[int, int], ...]
    compiler: str
    source_digests: Mapping[str, str]

    def is_code(self, code: bytes) -> bool:
        """Whether code found on a chain is this contract's, whatever its immutables hold."""
        if len(code) != len(self.deployed_bytecode):
            return False
        masked = bytearray(code)
        for start, length in self.immutables:
            masked[start : start + length] = bytes(length)
        return masked == self.deployed_bytecode


@cache
def artifact(name: str) -> Artifact:
    """The committed artifact of one contract.

    Args:
        name: One of :data:`NAMES`.

    Raises:
        NotFound: ``artifact-unknown``.
    """
    if name not in NAMES:
        raise NotFound(
            f"There is no contract {name[:60]!r}.",
            code="artifact-unknown",
            hint=f"Use one of {', '.join(NAMES)}.",
        )
    document: dict[str, Any] = json.loads(files(__name__).joinpath("artifacts", f"{name}.json").read_bytes())
    return Artifact(
        name=document["contractName"],
        abi=tuple(document["abi"]),
        bytecode=bytes.fromhex(document["bytecode"].removeprefix("0x")),
        deployed_bytecode=bytes.fromhex(document["deployedBytecode"].removeprefix("0x")),
        immutables=tuple((start, length) for start, length in document["immutables"]),
        compiler=document["compiler"],
        source_digests=MappingProxyType(document["sources"]),
    )
