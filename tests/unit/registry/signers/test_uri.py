"""Signers by URI: where a key is read, and what is never said of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keyring
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from eth_account import Account
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from rakkan.registry.keys import Keys
from rakkan.registry.rules.eip712 import Domain, address_of
from rakkan.registry.signers.material import PASSPHRASE, PASSPHRASE_FD
from rakkan.registry.signers.port import KeySigner, WalletSigner
from rakkan.registry.signers.uri import from_file, is_uri, open_signer
from rakkan.schemas.errors import DomainError
from rakkan.schemas.identity import Address

KEY = bytes.fromhex("5e" * 31 + "0b")
WORD = "a passphrase that nobody may read"
ED = Ed25519PrivateKey.from_private_bytes(KEY)
EC = ec.derive_private_key(int.from_bytes(KEY), ec.SECP256K1())
DOMAIN = Domain(10, Address(b"\x11" * 20))


class Shelf(KeyringBackend):
    """A keyring in memory, by the rules of the library."""

    priority = 10  # pyright: ignore[reportAssignmentType]  # the library's own way to say it

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}
        self.locked = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise KeyringLocked("locked")
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture
def shelf() -> Any:
    before, own = keyring.get_keyring(), Shelf()
    keyring.set_keyring(own)
    yield own
    keyring.set_keyring(before)


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    found = Keys(tmp_path / "keys")
    found.create()
    return found


def put(path: Path, content: bytes | str, mode: int = 0o600) -> Path:
    path.touch(mode=0o600)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
    return path


def pem(key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey, word: str = "") -> bytes:
    how = BestAvailableEncryption(word.encode()) if word else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how)


def refused(uri: str, keys: Keys) -> str:
    with pytest.raises(DomainError) as caught:
        open_signer(uri, keys)
    said = f"{caught.value} {caught.value.fields} {caught.value!r} {caught.value.__cause__!r}"
    assert KEY.hex() not in said
    assert WORD not in said
    return caught.value.code


@pytest.mark.parametrize(
    ("content", "wallet"),
    [
        (KEY.hex(), True),
        ("0x" + KEY.hex() + "\n", True),
        ("ed25519:" + KEY.hex(), False),
        (pem(EC), True),
        (pem(ED), False),
    ],
)
def test_every_form_of_a_key_wherever_it_stands(
    content: bytes | str,
    wallet: bool,
    tmp_path: Path,
    keys: Keys,
    shelf: Shelf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = content if isinstance(content, str) else content.decode()
    monkeypatch.setenv("SOME_KEY", text)
    shelf.set_password("rakkan/home", "ada", text)
    path = put(tmp_path / "key", content)
    expected = WalletSigner(KEY) if wallet else KeySigner(ED)
    for uri in (f"file:{path}", "env:SOME_KEY", "keyring:rakkan/home/ada"):
        signer = open_signer(uri, keys)
        assert signer.actor(DOMAIN) == expected.actor(DOMAIN)
        assert signer.address == (address_of(KEY) if wallet else None)
        assert KEY.hex() not in repr(signer)
        assert not hasattr(signer, "__dict__")


def test_the_homes_own_key(keys: Keys) -> None:
    assert open_signer("home", keys).actor(None) == keys.artist_did
    assert open_signer(keys.artist_did, keys).actor(None) == keys.artist_did
    assert open_signer("did:key", keys).actor(None) == keys.artist_did
    assert refused("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK", keys) == "key-other"


def test_a_file_that_others_may_read_is_refused(tmp_path: Path, keys: Keys) -> None:
    path = put(tmp_path / "key", KEY.hex(), 0o640)
    assert refused(f"file:{path}", keys) == "key-open"
    assert from_file(path, private=False).address == address_of(KEY)
    store = put(tmp_path / "store", json.dumps(Account.encrypt(KEY, WORD, iterations=4096)), 0o644)
    assert refused(f"file:{store}", keys) == "key-locked", "an encrypted one may be read, if not opened"


def test_a_passphrase_from_the_environment_a_descriptor_or_a_person(
    tmp_path: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = put(tmp_path / "store", json.dumps(Account.encrypt(KEY, WORD, iterations=4096)))
    locked = put(tmp_path / "locked.pem", pem(EC, WORD))
    for uri in (f"keystore:{store}", f"file:{store}", f"file:{locked}"):
        assert refused(uri, keys) == "key-locked"
        assert open_signer(uri, keys, lambda name: WORD).address == address_of(KEY)
        monkeypatch.setenv(PASSPHRASE, WORD)
        assert open_signer(uri, keys).address == address_of(KEY)
        monkeypatch.setenv(PASSPHRASE, WORD + "!")
        assert refused(uri, keys) == "key-locked"
        monkeypatch.delenv(PASSPHRASE)
    with put(tmp_path / "word", WORD + "\n").open("rb") as stream:
        monkeypatch.setenv(PASSPHRASE_FD, str(stream.fileno()))
        for _ in range(2):
            assert open_signer(f"keystore:{store}", keys).address == address_of(KEY)
    for wrong in ("99999", "three", "-1"):
        monkeypatch.setenv(PASSPHRASE_FD, wrong)
        assert refused(f"keystore:{store}", keys) == "passphrase-unreadable"


def test_what_names_no_key(tmp_path: Path, keys: Keys, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WRONG", KEY.hex()[:-1])
    monkeypatch.setenv("LONG", KEY.hex() * 2000)
    monkeypatch.setenv("OTHER", "rsa:" + KEY.hex())
    monkeypatch.setenv("CURVE", pem(ec.derive_private_key(7, ec.SECP256R1())).decode())
    monkeypatch.setenv("CUT", pem(EC).decode()[:-60])
    monkeypatch.setenv("ZERO", "00" * 32)
    monkeypatch.delenv("NOTHING", raising=False)
    for uri, code in (
        (KEY.hex(), "signer-uri"),
        ("0x" + KEY.hex(), "signer-uri"),
        (f"key:{KEY.hex()}", "signer-uri"),
        ("pkcs11:token", "signer-uri"),
        ("file:", "signer-uri"),
        ("keyring:ada", "signer-uri"),
        ("callback:'", "signer-uri"),
        ("callback: ", "signer-uri"),
        (f"file:{tmp_path}/missing", "key-missing"),
        (f"file:{tmp_path}", "key-missing"),
        ("env:NOTHING", "key-missing"),
        ("keyring:rakkan/nobody", "key-missing"),
        ("env:WRONG", "key-form"),
        ("env:LONG", "key-form"),
        ("env:OTHER", "key-form"),
        ("env:CURVE", "key-form"),
        ("env:CUT", "key-form"),
        ("env:ZERO", "key-form"),
        (f"keystore:{put(tmp_path / 'hex', KEY.hex())}", "keystore-form"),
        ("callback:/no/such/command", "signer-missing"),
    ):
        assert refused(uri, keys) == code, uri
    shelf.locked = True
    assert refused("keyring:rakkan/ada", keys) == "keyring-unavailable"


def test_public_keys_sign_on_the_local_chain_alone(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANVIL", "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
    signer = open_signer("env:ANVIL", keys)
    assert signer.actor(Domain(31337, DOMAIN.contract)).startswith("did:pkh:eip155:31337:0xf39F")
    for domain, code in ((DOMAIN, "dev-key"), (None, "domain-unknown")):
        with pytest.raises(DomainError) as caught:
            signer.actor(domain)
        assert caught.value.code == code


@pytest.mark.parametrize(
    ("text", "is_one"), [("home", True), ("file:x", True), ("~/home", False), ("a:b", False)]
)
def test_what_is_meant_as_a_uri(text: str, is_one: bool) -> None:
    assert is_uri(text) is is_one
