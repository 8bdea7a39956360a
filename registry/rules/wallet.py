"""Recoverable secp256k1 signatures over digests, as wallets make them.

It decides the one form of a signature that counts. It leaves out what is signed
(``rakkan.registry.rules.eip712``) and contract wallets, whose word only a chain can tell.
"""

from __future__ import annotations

from typing import Final

from coincurve import PrivateKey, PublicKey

from rakkan.schemas.errors import Invalid, Refused
from rakkan.schemas.identity import Address, keccak

_HALF_ORDER: Final = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


def address_of(private_key: bytes) -> Address:
    """The address of a private key of 32 bytes.

    Raises:
        Invalid: ``key-form``.
    """
    return _address(_private(private_key).public_key)


def sign(digest: bytes, private_key: bytes) -> bytes:
    """Sign 32 bytes: r ‖ s ‖ v, 65 bytes, low s, v 27 or 28; deterministic (RFC 6979).

    Raises:
        Invalid: ``key-form``.
    """
    signature = _private(private_key).sign_recoverable(digest, hasher=None)
    return signature[:64] + bytes([27 + signature[64]])


def recover(digest: bytes, signature: bytes) -> Address:
    """Who signed these 32 bytes.

    One signature has one form here: EIP-2098, a v of 0 or 1, and high s (EIP-2) are refused.

    Raises:
        Refused: ``signature-form``, ``signature-malleable``, ``signature-invalid``.
    """
    if len(signature) != 65 or signature[64] not in (27, 28):
        raise Refused("A wallet's signature has 65 bytes and ends in 27 or 28.", code="signature-form")
    if int.from_bytes(signature[32:64]) > _HALF_ORDER:
        raise Refused("This signature is the high-s twin of another one.", code="signature-malleable")
    recoverable = signature[:64] + bytes([signature[64] - 27])
    try:
        return _address(PublicKey.from_signature_and_message(recoverable, digest, hasher=None))
    except ValueError as error:
        raise Refused("This signature belongs to no key.", code="signature-invalid") from error


def _private(private_key: bytes) -> PrivateKey:
    refusal = Invalid("A wallet's key has 32 bytes within the order of secp256k1.", code="key-form")
    if len(private_key) != 32:  # coincurve would pad a shorter one
        raise refusal
    try:
        return PrivateKey(private_key)
    except ValueError:
        raise refusal from None


def _address(key: PublicKey) -> Address:
    return Address(keccak(key.format(compressed=False)[1:])[12:])
