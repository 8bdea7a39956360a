"""Keystores against those that eth_account writes, and files that ask for too much."""

from __future__ import annotations

import json
from typing import Any

import pytest
from eth_account import Account

from rakkan.registry.signers.keystore import is_keystore, open_keystore
from rakkan.schemas.errors import DomainError, Invalid, Refused

KEY = bytes(range(1, 33))
WORD = "correct horse, batterie de cœur"


def made(**how: Any) -> dict[str, Any]:
    """A keystore as the reference writes it, with little work."""
    asked: dict[str, Any] = {"iterations": 4096, **how}
    return dict(Account.encrypt(KEY, WORD, **asked))


@pytest.mark.parametrize("how", [{}, {"kdf": "pbkdf2", "iterations": 1000}])
def test_what_others_wrote_is_opened(how: dict[str, Any]) -> None:
    content = json.dumps(made(**how)).encode()
    assert is_keystore(content)
    assert open_keystore(content, WORD, "it") == KEY
    with pytest.raises(Refused) as caught:
        open_keystore(content, "another", "it")
    assert caught.value.code == "key-locked"


def test_geths_own_spelling_is_read() -> None:
    value = made()
    value["Crypto"] = value.pop("crypto")
    assert open_keystore(json.dumps(value).encode(), WORD, "it") == KEY


@pytest.mark.parametrize(
    "change",
    [
        {"version": 1},
        {"crypto": None},
        {"crypto": {"cipher": "aes-256-gcm"}},
        {"crypto": {"ciphertext": "zz"}},
        {"crypto": {"ciphertext": "00"}},
        {"crypto": {"cipherparams": {"iv": "00"}}},
        {"crypto": {"mac": 5}},
        {"crypto": {"kdf": "argon2"}},
        {"crypto": {"kdfparams": {"n": 2**30}}},
        {"crypto": {"kdfparams": {"n": 4095}}},
        {"crypto": {"kdfparams": {"n": 2**18, "r": 8, "p": 64}}},
        {"crypto": {"kdfparams": {"r": 2**40}}},
        {"crypto": {"kdfparams": {"n": True}}},
        {"crypto": {"kdfparams": {"dklen": 16}}},
        {"crypto": {"kdfparams": {"salt": "x"}}},
    ],
)
def test_what_is_none_or_asks_for_too_much_is_refused_at_once(change: dict[str, Any]) -> None:
    value = made()
    for name, part in change.items():
        if isinstance(part, dict):
            for key, each in part.items():
                merged = {**value[name][key], **each} if isinstance(each, dict) else each
                value[name][key] = merged
        else:
            value[name] = part
    with pytest.raises(Invalid) as caught:
        open_keystore(json.dumps(value).encode(), WORD, "it")
    assert caught.value.code == "keystore-form"


@pytest.mark.parametrize("content", [b"{", b"{}", b"[]", b'{"crypto":{}}', b"\xff\xfe", b"{" * 100_000])
def test_no_file_is_a_fault_of_ours(content: bytes) -> None:
    with pytest.raises(DomainError):
        open_keystore(content, WORD, "it")
