"""Keystores of wallets: the encrypted JSON, version 3, that geth, Foundry and most wallets write.

It decides what is read of such a file, and how much work it may ask for: a file from elsewhere must not
take all memory before its passphrase is known to be wrong. It leaves out where the passphrase comes from.
Form: https://ethereum.org/developers/docs/data-structures-and-encoding/web3-secret-storage
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from rakkan.schemas.errors import Invalid, Refused
from rakkan.schemas.identity import keccak

MEMORY_LIMIT: Final = 512 * 1024 * 1024
"""Bytes that scrypt may take; what geth asks for takes half of it."""

WORK_LIMIT: Final = 8 * MEMORY_LIMIT
"""Bytes that scrypt may go through."""

ROUNDS_LIMIT: Final = 10_000_000
"""Rounds of PBKDF2; wallets ask for a fraction."""


def is_keystore(content: bytes) -> bool:
    """Whether a file means to be a keystore."""
    return content.lstrip()[:1] == b"{"


def open_keystore(content: bytes, passphrase: str, name: str) -> bytes:
    """The private key in a keystore, 32 bytes.

    Args:
        content: The file.
        passphrase: Its passphrase.
        name: How an error calls the file.

    Raises:
        Invalid: ``keystore-form``, also if it asks for more work than is done here.
        Refused: ``key-locked``, if the passphrase is wrong.
    """
    try:
        value = json.loads(content.decode())
        crypto = {str(key).lower(): each for key, each in value.items()}["crypto"]
        if value["version"] != 3 or crypto["cipher"] != "aes-128-ctr":
            raise ValueError("not version 3 with aes-128-ctr")
        cipher_text = bytes.fromhex(crypto["ciphertext"])
        iv, mac = bytes.fromhex(crypto["cipherparams"]["iv"]), bytes.fromhex(crypto["mac"])
        if len(iv) != 16 or len(cipher_text) != 32:
            raise ValueError("a vector or key of another length")
        derived = _derive(str(crypto["kdf"]), crypto["kdfparams"], passphrase.encode())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, MemoryError) as error:
        raise Invalid(f"{name} is not a keystore that can be opened here.", code="keystore-form") from error
    if not hmac.compare_digest(keccak(derived[16:] + cipher_text), mac):
        raise Refused(f"The passphrase does not open {name}.", code="key-locked")
    opening = Cipher(algorithms.AES(derived[:16]), modes.CTR(iv)).decryptor()
    return opening.update(cipher_text) + opening.finalize()


def _derive(kdf: str, said: Mapping[str, Any], passphrase: bytes) -> bytes:
    """The 32 bytes that a passphrase gives, within the limits."""
    salt = bytes.fromhex(said["salt"])
    if said["dklen"] != 32:
        raise ValueError("a derived key of another length")
    if kdf == "scrypt":
        n, r, p = (_number(said[each]) for each in "nrp")
        if n & (n - 1) or n < 2 or 128 * n * r > MEMORY_LIMIT or 128 * n * r * p > WORK_LIMIT:
            raise ValueError("scrypt with too much work, or none")
        return Scrypt(salt=salt, length=32, n=n, r=r, p=p).derive(passphrase)
    if kdf == "pbkdf2" and said["prf"] == "hmac-sha256" and _number(said["c"]) <= ROUNDS_LIMIT:
        return hashlib.pbkdf2_hmac("sha256", passphrase, salt, said["c"], 32)
    raise ValueError("another derivation, or too much work")


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError("not a positive integer")
    return value
