"""Multibase base58btc (``z…``), as Data Integrity proofs spell signatures and keys.

It decides the one accepted spelling. It leaves out what the bytes are.
"""

from __future__ import annotations

from typing import Final

from rakkan.schemas.errors import Invalid

_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_LONGEST: Final = 128


def encode(content: bytes) -> str:
    """``z`` and base58btc."""
    number, text = int.from_bytes(content), ""
    while number:
        number, digit = divmod(number, 58)
        text = _ALPHABET[digit] + text
    return "z" + "1" * (len(content) - len(content.lstrip(b"\0"))) + text


def decode(text: str) -> bytes:
    """The bytes.

    Raises:
        Invalid: ``multibase-form``.
    """
    if not text.startswith("z") or len(text) > _LONGEST or any(each not in _ALPHABET for each in text[1:]):
        raise Invalid("Not multibase base58btc of a key or a signature.", code="multibase-form")
    number, body = 0, text[1:]
    for each in body:
        number = number * 58 + _ALPHABET.index(each)
    return b"\0" * (len(body) - len(body.lstrip("1"))) + number.to_bytes((number.bit_length() + 7) // 8)
