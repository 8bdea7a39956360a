"""Who acts: ``did:key`` (Ed25519) and wallets (``did:pkh``, CAIP-10), and how they are written.

It decides the text forms. It leaves out signatures (``rakkan.registry.proofs``): control of a key
is not authorship, and an identifier proves neither.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

import sha3

from rakkan.schemas.errors import Invalid

_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_ED25519: Final = b"\xed\x01"  # multicodec ed25519-pub as varint
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}")


def keccak(content: bytes) -> bytes:
    """Keccak-256 as Ethereum uses it; 32 bytes."""
    digest: bytes = sha3.keccak_256(content).digest()
    return digest


@dataclass(frozen=True, slots=True)
class Address:
    """An EVM address.

    Attributes:
        raw: 20 bytes.
    """

    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != 20:
            raise Invalid("An EVM address has 20 bytes.", code="address-form")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``0x…`` with its EIP-55 checksum, or in one case throughout.

        Raises:
            Invalid: ``address-form``, ``address-checksum``.
        """
        if not _ADDRESS.fullmatch(text):
            raise Invalid(f"{text[:50]!r} is not an EVM address.", code="address-form")
        address = cls(bytes.fromhex(text[2:]))
        if text[2:] not in (text[2:].lower(), text[2:].upper(), str(address)[2:]):
            raise Invalid(f"{text} has a wrong EIP-55 checksum: mistyped?", code="address-checksum")
        return address

    def __str__(self) -> str:
        low = self.raw.hex()
        mask = keccak(low.encode()).hex()
        return "0x" + "".join(c.upper() if int(m, 16) > 7 else c for c, m in zip(low, mask, strict=False))


@dataclass(frozen=True, slots=True)
class DidKey:
    """``did:key`` of an Ed25519 public key.

    Attributes:
        public: 32 bytes.
    """

    public: bytes

    def __str__(self) -> str:
        return "did:key:z" + _to_base58(_ED25519 + self.public)


@dataclass(frozen=True, slots=True)
class DidPkh:
    """``did:pkh:eip155`` of a wallet on one chain.

    Attributes:
        chain_id: EIP-155 chain id.
        address: The wallet.
    """

    chain_id: int
    address: Address

    def __str__(self) -> str:
        return f"did:pkh:eip155:{self.chain_id}:{self.address}"


def parse_did(text: str) -> DidKey | DidPkh:
    """Read an actor's identifier in its one canonical form.

    Raises:
        Invalid: ``did-form``, ``did-method``.
    """
    did: DidKey | DidPkh
    if text.startswith("did:key:z"):
        binary = _from_base58(text[9:])
        if len(binary) != 34 or not binary.startswith(_ED25519):
            raise Invalid(f"{text[:80]!r} is not an Ed25519 did:key.", code="did-form")
        did = DidKey(binary[2:])
    elif text.startswith("did:pkh:eip155:"):
        chain, _, address = text[15:].partition(":")
        if not re.fullmatch(r"[1-9][0-9]{0,15}", chain):
            raise Invalid(f"{text[:80]!r} names no chain.", code="did-form")
        did = DidPkh(int(chain), Address.parse(address))
    else:
        raise Invalid(
            f"{text[:80]!r} is not an actor we can check.",
            code="did-method",
            hint="Use did:key (Ed25519) or did:pkh:eip155.",
        )
    if str(did) != text:
        raise Invalid(f"{text[:80]!r} is not in canonical form; write {did}.", code="did-form")
    return did


def _to_base58(content: bytes) -> str:
    number, text = int.from_bytes(content), ""
    while number:
        number, digit = divmod(number, 58)
        text = _BASE58[digit] + text
    return "1" * (len(content) - len(content.lstrip(b"\0"))) + text


def _from_base58(text: str) -> bytes:
    if len(text) > 64 or not text.isascii() or any(c not in _BASE58 for c in text):
        raise Invalid("Not base58.", code="did-form")
    number = 0
    for character in text:
        number = number * 58 + _BASE58.index(character)
    return b"\0" * (len(text) - len(text.lstrip("1"))) + number.to_bytes((number.bit_length() + 7) // 8)
