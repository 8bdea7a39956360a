"""What an ENS name says of itself: one text record, asked of the name's own resolver.

It decides the encoding of the two questions and the strict reading of the answers; nothing that a contract
names is fetched (no CCIP). Which DID then counts is decided in ``rakkan.registry.flows.claims.identifying``.
Form: ERC-137, ERC-634.
"""

from __future__ import annotations

from typing import Final

from rakkan.registry.ledger.node import Node
from rakkan.schemas.errors import Invalid, NotFound, Unavailable
from rakkan.schemas.identity import Address, keccak

REGISTRY: Final = Address(bytes.fromhex("00000000000c2e074ec69a0dfb2997ba6c7d2e1e"))
"""The ENS registry, the same on every chain that has one."""

KEY: Final = "org.rakkan"
"""Name of the text record."""

_TEXT_LIMIT: Final = 4096


def namehash(name: str) -> bytes:
    """The node of a name, 32 bytes (ERC-137); the name is taken to be normalised.

    Raises:
        Invalid: ``ens-name``.
    """
    labels = name.split(".")
    if not name.isascii() or name != name.lower() or not all(labels) or len(labels) < 2:
        raise Invalid(
            f"{name[:80]!r} is not a normalised ENS name.",
            code="ens-name",
            hint="Write it in lower case, such as name.eth.",
        )
    node = bytes(32)
    for label in reversed(labels):
        node = keccak(node + keccak(label.encode()))
    return node


def text_of(rpc_url: str, name: str, *, registry: Address = REGISTRY) -> str:
    """The text record of a name.

    Raises:
        NotFound: ``ens-unknown``, if the name has no resolver or no such text.
        Invalid: ``ens-name``, ``rpc-url``. Unavailable: ``chain-unavailable``, ``ens-answer``.
    """
    node, client = namehash(name), Node(rpc_url)
    answer = client.call(registry, keccak(b"resolver(bytes32)")[:4] + node)
    if len(answer) != 32 or any(answer[:12]):
        raise _wrong(name)
    resolver = Address(answer[12:])
    if not any(resolver.raw):
        raise _unknown(name)
    words = (node, (64).to_bytes(32), len(KEY).to_bytes(32), KEY.encode().ljust(32, b"\0"))
    found = client.call(resolver, keccak(b"text(bytes32,string)")[:4] + b"".join(words))
    text = _string(found, name)
    if not text:
        raise _unknown(name)
    return text


def _string(answer: bytes, name: str) -> str:
    if len(answer) < 64 or int.from_bytes(answer[:32]) != 32:
        raise _wrong(name)
    length = int.from_bytes(answer[32:64])
    if length > _TEXT_LIMIT or len(answer) < 64 + length:
        raise _wrong(name)
    try:
        return answer[64 : 64 + length].decode()
    except UnicodeDecodeError:
        raise _wrong(name) from None


def _unknown(name: str) -> NotFound:
    return NotFound(
        f"The name {name} has no text record {KEY}.",
        code="ens-unknown",
        hint=f"Set the text record {KEY} to the DID.",
    )


def _wrong(name: str) -> Unavailable:
    return Unavailable(f"What answers for {name} is no ENS resolver.", code="ens-answer")
