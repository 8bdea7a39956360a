"""Keys as text: hexadecimal, PEM or a keystore, wherever the text was found.

It decides which forms of a key are read, and in which order a passphrase is looked for. No error names
more than the place: what stood there is a secret, and so is what was tried.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from rakkan.registry.signers.keystore import is_keystore, open_keystore
from rakkan.registry.signers.port import KeySigner, RecordSigner, WalletSigner
from rakkan.schemas.errors import Invalid, Refused

PASSPHRASE: Final = "RAKKAN_SIGNER_PASSPHRASE"  # noqa: S105 - the variable's name
PASSPHRASE_FD: Final = "RAKKAN_SIGNER_PASSPHRASE_FD"  # noqa: S105
MATERIAL_LIMIT: Final = 65_536
"""Bytes that a key may have, whatever its form."""

_PASSPHRASE_LIMIT: Final = 4096

Asking = Callable[[str], str]
"""Asks a person for a passphrase; given what it is for, it returns an empty text if there is nobody."""


def nobody(_: str) -> str:
    """Asks nobody."""
    return ""


def signer_from(content: bytes, name: str, ask: Asking = nobody) -> RecordSigner:
    """A signer from a key as text.

    Args:
        content: 64 hexadecimal digits (a wallet), ``ed25519:`` and as many, PKCS#8 PEM of either kind,
            or a keystore.
        name: Where it was found, for errors.
        ask: For its passphrase, if it needs one that the environment does not give.

    Raises:
        Invalid: ``key-form``, ``keystore-form``. Refused: ``key-locked``.
    """
    if len(content) > MATERIAL_LIMIT:
        raise _no_key(name)
    text = content.strip()
    if is_keystore(text):
        return WalletSigner(open_keystore(text, passphrase(name, ask), name))
    if text.startswith(b"-----BEGIN"):
        return _from_pem(text, name, ask)
    kind, _, digits = text.rpartition(b":")
    raw = digits.removeprefix(b"0x")
    try:
        if len(raw) != 64 or kind not in (b"", b"ed25519"):
            raise ValueError(name)
        key = bytes.fromhex(raw.decode("ascii"))
    except ValueError:
        raise _no_key(name) from None  # the cause would quote the key
    return KeySigner(Ed25519PrivateKey.from_private_bytes(key)) if kind else WalletSigner(key)


def passphrase(name: str, ask: Asking = nobody) -> str:
    """The passphrase of what is named: from a file descriptor, the environment, or a person.

    Raises:
        Refused: ``key-locked``, if there is none; ``passphrase-unreadable``.
    """
    descriptor = os.environ.get(PASSPHRASE_FD, "")
    if descriptor:
        return _from_descriptor(descriptor)
    found = os.environ.get(PASSPHRASE, "") or ask(name)
    if not found:
        raise Refused(
            f"{name} has a passphrase, and nobody gave it.",
            code="key-locked",
            hint=f"Set {PASSPHRASE}, or {PASSPHRASE_FD} to a file descriptor that it can be read from.",
        )
    return found


_read_once: dict[str, str] = {}  # a pipe gives it once, and one command may open several keys


def _from_descriptor(descriptor: str) -> str:
    if descriptor not in _read_once:
        try:
            with os.fdopen(int(descriptor), "rb", closefd=False) as stream:
                line = stream.readline(_PASSPHRASE_LIMIT)
            _read_once[descriptor] = line.decode().rstrip("\r\n")
        except (ValueError, OSError) as error:
            raise Refused(
                f"{PASSPHRASE_FD} names no file descriptor with a passphrase.",
                code="passphrase-unreadable",
                hint="Give it the number of an open one, such as 3 with 3<FILE.",
            ) from error
    return _read_once[descriptor]


def _from_pem(content: bytes, name: str, ask: Asking) -> RecordSigner:
    word = passphrase(name, ask).encode() if b"ENCRYPTED" in content else None
    try:
        key = load_pem_private_key(content, word)
    except (ValueError, TypeError):
        if word is not None:
            raise Refused(f"The passphrase does not open {name}.", code="key-locked") from None
        raise _no_key(name) from None
    if isinstance(key, Ed25519PrivateKey):
        return KeySigner(key)
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256K1):
        return WalletSigner(key.private_numbers().private_value.to_bytes(32))
    raise _no_key(name)


def _no_key(name: str) -> Invalid:
    return Invalid(
        f"{name} holds no key that can sign records.",
        code="key-form",
        hint="Keys are 64 hexadecimal digits, ed25519: and as many, PKCS#8 PEM, or a keystore (version 3).",
    )
