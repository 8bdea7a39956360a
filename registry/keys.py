"""Key files: PKCS#8 PEM, mode 0600, in a folder of mode 0700; encrypted if a passphrase is set.

It decides how private keys are kept. Which key does what is named in :class:`Keys`; a wallet of the
artist's own replaces those that it can.
"""

from __future__ import annotations

import contextlib
import os
from functools import cached_property
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from rakkan.registry.rules.eip712 import address_of
from rakkan.schemas.errors import Invalid, Refused, Unavailable
from rakkan.schemas.identity import Address, DidKey

PASSPHRASE: Final = "RAKKAN_PASSPHRASE"  # noqa: S105 - the variable's name
LOG, ARTIST, AUTHORITY, ACCOUNT, ATTESTER = "log", "artist", "authority", "account", "attester"
ISSUING_KEY, ISSUING_CERTIFICATE, CREDENTIAL_KEY, CREDENTIAL_CHAIN = (
    "issuing-key.pem",
    "issuing.pem",
    "credential-key.pem",
    "credential.pem",
)
CERTIFICATES: Final = (ISSUING_KEY, ISSUING_CERTIFICATE, CREDENTIAL_KEY, CREDENTIAL_CHAIN)


class Keys:
    """The keys of one home. Nothing here has a repr that shows them.

    Args:
        folder: Where the files are.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def create(self) -> None:
        """Make every key that is missing, for a home that is being founded; existing ones are never touched."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        for name in (LOG, ARTIST):
            self._write_new(name, Ed25519PrivateKey.generate())
        for name in (AUTHORITY, ACCOUNT, ATTESTER):
            self._write_new(name, ec.generate_private_key(ec.SECP256K1()))

    def missing(self) -> list[str]:
        """The key files that a home has and that are not here."""
        pems = (*(f"{name}.pem" for name in (LOG, ARTIST, AUTHORITY, ACCOUNT, ATTESTER)), *CERTIFICATES)
        return [name for name in pems if not (self.folder / name).exists()]

    def _write_new(self, name: str, key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> None:
        if not (self.folder / f"{name}.pem").exists():
            content = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, _encryption())
            self.write(f"{name}.pem", content)

    def write(self, name: str, content: bytes) -> None:
        """Write one new file, as :func:`write_private` does."""
        write_private(self.folder, name, content)

    def read(self, name: str) -> bytes:
        """Read one file.

        Raises:
            Refused: ``key-missing``, ``key-unreadable``.
        """
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError:
            raise Refused(
                f"The key file {name} is not in this home.",
                code="key-missing",
                hint="Restore it from a backup, or use the home that has it.",
            ) from None
        except OSError as error:
            raise Refused(
                f"The key file {name} cannot be read: {error.strerror}.", code="key-unreadable"
            ) from error

    def has(self, name: str) -> bool:
        """Whether there is such a key."""
        return (self.folder / f"{name}.pem").exists()

    @cached_property
    def log(self) -> Ed25519PrivateKey:
        """Signs log heads."""
        return self._ed25519(LOG)

    @cached_property
    def artist(self) -> Ed25519PrivateKey:
        """The artist's ``did:key``."""
        return self._ed25519(ARTIST)

    @property
    def artist_did(self) -> str:
        """The artist's identifier."""
        return str(DidKey(self.artist.public_key().public_bytes_raw()))

    @cached_property
    def log_public(self) -> bytes:
        """32 bytes."""
        return self.log.public_key().public_bytes_raw()

    def wallet(self, name: str) -> bytes:
        """A secp256k1 private key, 32 bytes: ``authority``, ``account`` or ``attester``."""
        key = self._load(name)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256K1):
            raise Invalid(f"{name}.pem is not a secp256k1 key.", code="key-form")
        return key.private_numbers().private_value.to_bytes(32)

    def address(self, name: str) -> Address:
        """The address of a secp256k1 key."""
        return address_of(self.wallet(name))

    def _ed25519(self, name: str) -> Ed25519PrivateKey:
        key = self._load(name)
        if not isinstance(key, Ed25519PrivateKey):
            raise Invalid(f"{name}.pem is not an Ed25519 key.", code="key-form")
        return key

    def _load(self, name: str) -> object:
        content = self.read(f"{name}.pem")
        passphrase = os.environ.get(PASSPHRASE, "").encode() or None
        try:
            return load_pem_private_key(content, passphrase if b"ENCRYPTED" in content else None)
        except (ValueError, TypeError) as error:
            raise Refused(
                f"The key file {name}.pem cannot be opened.",
                code="key-locked",
                hint=f"Set {PASSPHRASE} if it is encrypted.",
            ) from error


def write_private(folder: Path, name: str, content: bytes) -> None:
    """Write one file of mode 0600: whole or not at all, and at no moment readable by others.

    Raises:
        Unavailable: ``home-unwritable``.
    """
    path, fresh = folder / name, folder / f".{name}.new"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh.unlink(missing_ok=True)  # of a process that died
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.rename(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise Unavailable(
            f"The file {path} cannot be written: {error.strerror}.",
            code="home-unwritable",
            hint="Free space, or name another folder with --home.",
        ) from error


def _encryption() -> KeySerializationEncryption:
    passphrase = os.environ.get(PASSPHRASE, "")
    return BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
