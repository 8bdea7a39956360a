"""Wallet signatures: one form each, and eth_account agrees who signed."""

from __future__ import annotations

from contextlib import suppress

import pytest
from eth_account import Account
from hypothesis import given, settings
from hypothesis import strategies as st

from rakkan.registry.rules.wallet import address_of, recover, sign
from rakkan.schemas.errors import Invalid, Refused

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
FIELD = 2**256 - 2**32 - 977
KEY = bytes.fromhex(
    "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
)  # anvil's first account
DIGEST = bytes(range(32))
SIGNATURE = sign(DIGEST, KEY)

keys = st.integers(1, ORDER - 1).map(lambda number: number.to_bytes(32))


def _code(digest: bytes, signature: bytes) -> str:
    with pytest.raises(Refused) as error:
        recover(digest, signature)
    return error.value.code


def test_the_address_is_the_one_everybody_knows() -> None:
    assert str(address_of(KEY)) == "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"


@settings(max_examples=50, deadline=None)
@given(keys, st.binary(min_size=32, max_size=32))
def test_agrees_with_eth_account(key: bytes, digest: bytes) -> None:
    account = Account.from_key(key)
    theirs = bytes(account.unsafe_sign_hash(digest).signature)
    assert str(address_of(key)) == account.address
    assert sign(digest, key) == theirs  # both RFC 6979
    assert str(recover(digest, theirs)) == account.address


def test_the_high_s_twin_is_refused() -> None:
    r, s, v = SIGNATURE[:32], int.from_bytes(SIGNATURE[32:64]), SIGNATURE[64]
    twin = r + (ORDER - s).to_bytes(32) + bytes([27 + 28 - v])
    assert _code(DIGEST, twin) == "signature-malleable"
    assert s <= ORDER // 2


def test_the_border_of_low_s_is_where_ethereum_has_it() -> None:
    border = SIGNATURE[:32] + (ORDER // 2).to_bytes(32) + b"\x1b"
    beyond = SIGNATURE[:32] + (ORDER // 2 + 1).to_bytes(32) + b"\x1b"
    assert recover(DIGEST, border) != address_of(KEY)
    assert _code(DIGEST, beyond) == "signature-malleable"


@pytest.mark.parametrize("v", [0, 1, 2, 26, 29, 30, 31, 35, 36, 255])
def test_v_has_two_values(v: int) -> None:
    assert _code(DIGEST, SIGNATURE[:64] + bytes([v])) == "signature-form"


@pytest.mark.parametrize("length", [0, 1, 63, 64, 66, 130])
def test_a_signature_has_one_length(length: int) -> None:
    assert _code(DIGEST, (SIGNATURE * 2)[:length]) == "signature-form"


@pytest.mark.parametrize(
    ("r", "s"),
    [(0, 1), (1, 0), (0, 0), (ORDER, 1), (FIELD, 1), (2**256 - 1, 1), (5, 1)],
)
def test_points_that_are_not_on_the_curve_belong_to_no_key(r: int, s: int) -> None:
    assert _code(DIGEST, r.to_bytes(32) + s.to_bytes(32) + b"\x1b") == "signature-invalid"


def test_another_digest_is_another_signer() -> None:
    assert recover(DIGEST, SIGNATURE) == address_of(KEY)
    assert recover(bytes(32), SIGNATURE) != address_of(KEY)
    assert _code(b"", SIGNATURE) == "signature-invalid"


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 65 * 8 - 1))
def test_no_changed_bit_keeps_the_signer(bit: int) -> None:
    spoilt = bytearray(SIGNATURE)
    spoilt[bit // 8] ^= 1 << bit % 8
    with suppress(Refused):
        assert recover(DIGEST, bytes(spoilt)) != address_of(KEY)


@pytest.mark.parametrize(
    "key", [b"", b"\1", bytes(31), bytes(32), bytes(33), ORDER.to_bytes(32), b"\xff" * 32]
)
def test_what_is_no_key_is_refused(key: bytes) -> None:
    for use in (address_of, lambda key: sign(DIGEST, key)):
        with pytest.raises(Invalid) as error:
            use(key)
        assert error.value.code == "key-form"
