"""What the contracts should compute, written from the formats alone: hashlib and eth_account, none of our code."""

from __future__ import annotations

import hashlib
from dataclasses import astuple, dataclass, replace
from typing import Any

from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount
from web3 import Web3

SECP256K1_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def sha256(*parts: bytes) -> bytes:
    """SHA-256 over the parts, joined."""
    return hashlib.sha256(b"".join(parts)).digest()


def leaf(content: bytes) -> bytes:
    """RFC 9162 section 2.1.1."""
    return sha256(b"\0", content)


def tree_root(leaves: list[bytes]) -> bytes:
    """RFC 9162 section 2.1.1, by recursion over leaf hashes."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256()
    split = _split(len(leaves))
    return sha256(b"\1", tree_root(leaves[:split]), tree_root(leaves[split:]))


def tree_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """RFC 9162 section 2.1.3.1, by recursion."""
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*tree_path(index, leaves[:split]), tree_root(leaves[split:])]
    return [*tree_path(index - split, leaves[split:]), tree_root(leaves[:split])]


def _split(size: int) -> int:
    return 1 << ((size - 1).bit_length() - 1)


@dataclass(frozen=True)
class Verdict:
    """The fields that an attester signs, in order."""

    recordId: bytes  # noqa: N815 - names of the EIP-712 type
    subject: bytes
    policyId: bytes  # noqa: N815
    outcome: int
    logSize: int  # noqa: N815
    logRoot: bytes  # noqa: N815
    issuedAt: int  # noqa: N815
    validUntil: int  # noqa: N815
    findingsRoot: bytes  # noqa: N815
    findingsCount: int  # noqa: N815
    relianceRoot: bytes  # noqa: N815
    relianceCount: int  # noqa: N815

    def but(self, **changes: Any) -> Verdict:
        """The same with other values."""
        return replace(self, **changes)

    @property
    def args(self) -> tuple[Any, ...]:
        """As the ABI takes it."""
        return astuple(self)


@dataclass(frozen=True)
class Reliance:
    """A consent that a verdict relies on."""

    record_id: bytes
    item: bytes
    authority: str
    log_index: int
    mode: int

    @property
    def content(self) -> bytes:
        """93 bytes of leaf data."""
        address = bytes.fromhex(self.authority[2:])
        return self.record_id + self.item + address + self.log_index.to_bytes(8, "big") + bytes([self.mode])

    @property
    def args(self) -> tuple[Any, ...]:
        """As the ABI takes it."""
        return astuple(self)


_TYPES: dict[str, list[tuple[str, str]]] = {
    "EIP712Domain": [
        ("name", "string"),
        ("version", "string"),
        ("chainId", "uint256"),
        ("verifyingContract", "address"),
    ],
    "Withdrawal": [("authority", "address"), ("key", "bytes32")],
    "Withdrawals": [("authority", "address"), ("keys", "bytes32[]")],
    "Verdict": [
        ("recordId", "bytes32"),
        ("subject", "bytes32"),
        ("policyId", "bytes32"),
        ("outcome", "uint8"),
        ("logSize", "uint64"),
        ("logRoot", "bytes32"),
        ("issuedAt", "uint64"),
        ("validUntil", "uint64"),
        ("findingsRoot", "bytes32"),
        ("findingsCount", "uint64"),
        ("relianceRoot", "bytes32"),
        ("relianceCount", "uint64"),
    ],
}


def typed(kind: str, message: dict[str, Any], contract: str, chain_id: int) -> Any:
    """What a wallet is given to sign."""
    return encode_typed_data(
        full_message={
            "types": {
                name: [{"name": field, "type": of} for field, of in _TYPES[name]]
                for name in ("EIP712Domain", kind)
            },
            "primaryType": kind,
            "domain": {"name": "Rakkan", "version": "1", "chainId": chain_id, "verifyingContract": contract},
            "message": message,
        }
    )


def withdrawal(authority: str, key: bytes, contract: str, chain_id: int) -> Any:
    """A withdrawal to sign."""
    return typed("Withdrawal", {"authority": authority, "key": key}, contract, chain_id)


def withdrawals(authority: str, keys: list[bytes], contract: str, chain_id: int) -> Any:
    """Withdrawals to sign together."""
    return typed("Withdrawals", {"authority": authority, "keys": keys}, contract, chain_id)


def verdict(given: Verdict, contract: str, chain_id: int) -> Any:
    """A verdict to sign."""
    message = dict(zip((name for name, _ in _TYPES["Verdict"]), given.args, strict=True))
    return typed("Verdict", message, contract, chain_id)


def digest(signable: Any) -> bytes:
    """The 32 bytes that are signed."""
    return bytes(Web3.keccak(b"\x19" + signable.version + signable.header + signable.body))


def sign(signable: Any, account: LocalAccount) -> bytes:
    """65 bytes r, s, v."""
    return bytes(Account.sign_message(signable, account.key).signature)


def malleate(signature: bytes) -> bytes:
    """The other ECDSA signature over the same digest: high s."""
    s = SECP256K1_ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])
