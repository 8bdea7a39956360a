"""A signer behind a command: what it is asked, and what becomes of answers that are none."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from rakkan.registry.rules.many_keys import sign_keys
from rakkan.registry.rules.proofs import check_record
from rakkan.registry.signers.command import SECONDS, CommandSigner
from rakkan.schemas.errors import DomainError
from rakkan.schemas.record import Record
from tests.house.code import ROOT
from tests.unit.registry.rules import cases

KEY = cases.WALLET.hex()
ASKED = Path(__file__).with_name("asked.py")


def line(key: str, how: str = "well") -> str:
    return shlex.join([sys.executable, str(ASKED), key, how])


@pytest.fixture(autouse=True)
def _found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("RAKKAN_SIGNER_PASSPHRASE", "not the command's business")


@pytest.mark.parametrize("how", ["well", "high-s"])
def test_a_wallet_elsewhere_signs_what_it_reads(how: str) -> None:
    signer = CommandSigner.open(line(KEY, how))
    actor = signer.actor(cases.DOMAIN)
    assert actor == cases.wallet_did(cases.WALLET)
    statement = cases.consent_statement(grantor={"id": actor})
    record = Record.build(statement, [signer.prove(statement, cases.DOMAIN)])
    check_record(record, audience=cases.AUDIENCE, domain=cases.DOMAIN)


@pytest.mark.parametrize("how", ["well", "high-s"])
def test_a_wallet_elsewhere_signs_many_withdrawals_at_once(how: str) -> None:
    signer, keys = CommandSigner.open(line(KEY, how)), [bytes([n]) * 32 for n in range(3)]
    assert signer.prove_keys(keys, cases.DOMAIN) == sign_keys(keys, cases.DOMAIN, cases.WALLET)


def test_a_wrong_signature_over_many_is_told_at_once() -> None:
    with pytest.raises(DomainError) as caught:
        CommandSigner.open(line(KEY, "wrong")).prove_keys([b"\1" * 32], cases.DOMAIN)
    assert caught.value.code == "signer-wrong"
    with pytest.raises(DomainError) as key:
        CommandSigner.open(line("ed25519:" + "0b" * 32)).prove_keys([b"\1" * 32], cases.DOMAIN)
    assert key.value.code == "domain-unknown"


def test_an_ed25519_key_elsewhere_signs() -> None:
    signer = CommandSigner.open(line("ed25519:" + "0b" * 32))
    assert signer.address is None
    statement = cases.consent_statement(grantor={"id": signer.actor(None)})
    record = Record.build(statement, [signer.prove(statement, None)])
    check_record(record, audience=cases.AUDIENCE, domain=None)


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ("fail", "signer-failed"),
        ("flood", "signer-answer"),
        ("no-json", "signer-answer"),
        ("error", "signer-answer"),
        ("hang", "signer-slow"),
        ("leave-a-child", "signer-slow"),
    ],
)
def test_a_command_that_does_not_answer(how: str, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECONDS, "3" if code == "signer-slow" else "300")
    with pytest.raises(DomainError) as caught:
        CommandSigner.open(line(KEY, how))
    assert caught.value.code == code
    assert KEY not in f"{caught.value} {caught.value.__cause__!r}"


def test_a_command_may_answer_without_listening() -> None:
    assert CommandSigner.open(line(KEY, "deaf")).address is not None


@pytest.mark.parametrize(("how", "code"), [("wrong", "signer-wrong"), ("short", "signer-answer")])
@pytest.mark.parametrize("key", [KEY, "ed25519:" + "0b" * 32])
def test_a_wrong_signature_is_told_at_once(how: str, code: str, key: str) -> None:
    if how == "short" and key.startswith("ed25519"):
        how, code = "wrong", "signer-wrong"
    signer = CommandSigner.open(line(key, how))
    statement = cases.consent_statement(grantor={"id": signer.actor(cases.DOMAIN)})
    with pytest.raises(DomainError) as caught:
        signer.prove(statement, cases.DOMAIN)
    assert caught.value.code == code
