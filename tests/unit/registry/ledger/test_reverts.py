"""Revert data of every shape gives a name and one printable line, and never an exception."""

from __future__ import annotations

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from rakkan.contracts import NAMES, artifact
from rakkan.registry.ledger.reverts import read_reason
from rakkan.schemas.identity import keccak


def selector(signature: str) -> bytes:
    return keccak(signature.encode())[:4]


def test_our_errors_have_their_names_and_arguments() -> None:
    data = selector("SizeNotGrowing(uint64,uint64)") + encode(["uint64", "uint64"], [3, 5])
    assert read_reason(data) == read_reason(data)
    assert read_reason(data).name == "SizeNotGrowing"
    assert read_reason(data).detail == "SizeNotGrowing(3, 5)"
    assert read_reason(selector("ZeroValue()")).detail == "ZeroValue()"


def test_every_error_of_every_contract_is_known() -> None:
    for name in NAMES:
        for entry in artifact(name).abi:
            if entry["type"] == "error":
                types = ",".join(each["type"] for each in entry["inputs"])
                assert read_reason(selector(f"{entry['name']}({types})") + b"\0" * 128).name == entry["name"]


def test_soliditys_own() -> None:
    said = selector("Error(string)") + encode(["string"], ["no \x1b[31mluck"])
    assert read_reason(said).name == "Error"
    assert "\x1b" not in read_reason(said).detail
    assert read_reason(selector("Panic(uint256)") + encode(["uint256"], [0x11])).detail == "Panic(17)"


@pytest.mark.parametrize("data", [b"", b"\1", b"\xde\xad\xbe\xef", b"\xff" * 500])
def test_unknown_is_said_to_be_unknown(data: bytes) -> None:
    assert read_reason(data).name == "unknown"


def test_damaged_arguments_keep_the_name() -> None:
    assert read_reason(selector("SizeNotGrowing(uint64,uint64)") + b"\xff" * 7).name == "SizeNotGrowing"


@given(
    st.sampled_from(["Error(string)", "Panic(uint256)", "StringTooLong(string)", "x()"]),
    st.binary(max_size=200),
)
def test_nothing_raises(signature: str, tail: bytes) -> None:
    reason = read_reason(selector(signature) + tail)
    assert reason.name
    assert reason.detail.isprintable()
    assert len(reason.detail) <= 300
