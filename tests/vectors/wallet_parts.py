"""Wallets held by code in the vectors of consent: what they are asked, when, and what follows from what they say.

It decides the rows; nobody is asked here, for what a wallet says is part of the request.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from eth_abi.abi import encode

from rakkan.registry.rules.wallet_questions import WRAPPED, questions_of
from rakkan.schemas.canonical import parse_canonical
from rakkan.schemas.identity import Address, DidPkh
from rakkan.schemas.record import Record
from rakkan.schemas.statement import Proof
from tests.kit.wire import question_json
from tests.unit.registry.rules import cases

Request = dict[str, Any]
WALLET: Final = Address(b"\x77" * 20)
OTHER: Final = Address(b"\x79" * 20)
_DOMAIN: Final = {"chainId": cases.CHAIN, "verifyingContract": str(cases.DOMAIN.contract)}
_SIGNATURE: Final = "c0de" * 40
_BLOCK: Final = {"number": 7, "hash": "b7" * 32}


def proof(wallet: Address = WALLET, **more: Any) -> Proof:
    """Of a wallet that takes any form of signature."""
    return Proof.model_validate(
        {
            "suite": "erc1271",
            "signer": str(DidPkh(cases.CHAIN, wallet)),
            "signature": _SIGNATURE,
            "verifyingContract": str(cases.DOMAIN.contract),
            "block": _BLOCK,
            **more,
        }
    )


def statement() -> bytes:
    return cases.consent_statement(grantor={"id": str(DidPkh(cases.CHAIN, WALLET)), "capacity": "author"})


def wrapped() -> str:
    """A signature that says how its wallet is deployed."""
    parts = (OTHER.raw, b"make the wallet", bytes.fromhex(_SIGNATURE))
    return (encode(["address", "bytes", "bytes"], parts) + WRAPPED).hex()


@cache
def given() -> dict[str, Record]:
    """One consent, signed in several ways."""
    told = {
        "": [proof()],
        ", not deployed": [proof(signature=wrapped())],
        " and another": [proof(), proof(OTHER)],
    }
    return {name: Record.build(statement(), proofs) for name, proofs in told.items()}


def records() -> list[Record]:
    return list(given().values())


def requests() -> Iterator[tuple[str, Request]]:
    """Named requests."""
    for name, record in {**given(), ": a key, which asks nobody": cases.wallet_consent()}.items():
        named = str(record.envelope_cid)
        yield f"question to a wallet{name}", {"op": "wallet-questions", "record": named, "domain": _DOMAIN}
    yield from _answered()
    yield from _blocks()


def _answered() -> Iterator[tuple[str, Request]]:
    one, unborn, two = given().values()
    yes, no = _said(one, yes=True), _said(one, yes=False)
    for title, record, answers in (
        ("that said yes", one, yes),
        ("that said no", one, no),
        ("that was not asked", one, []),
        ("that was asked at another height", one, [{**yes[0], "number": 8}]),
        ("that was asked on another branch", one, [{**yes[0], "hash": "b8" * 32}]),
        ("that was asked about another signature", one, [{**yes[0], "signature": "c0de"}]),
        ("that was asked about another digest", one, [{**yes[0], "digest": "00" * 32}]),
        ("that is another", one, [{**yes[0], "wallet": str(OTHER)}]),
        ("that said yes, not deployed", unborn, _said(unborn, yes=True)),
        ("that said yes beside one that was not asked", two, yes),
        ("that said yes beside one that said no", two, [*yes, _said(two, yes=False)[1]]),
    ):
        yield f"proof: a wallet held by code {title}", {**_verify(record), "answers": answers}
    for title, changed in (
        ("without a block", proof(block=None)),
        ("under another contract", proof(verifyingContract=str(cases.GATE.contract))),
        ("of another chain", proof(signer=str(DidPkh(1, WALLET)))),
        ("that calls itself a key", proof(suite="eip712")),
    ):
        bad = {"statement": parse_canonical(statement()), "proofs": [changed.to_json()]}
        yield f"proof: a wallet held by code {title}", {**_verify(one), "record": bad, "answers": yes}


def _said(record: Record, *, yes: bool) -> list[dict[str, Any]]:
    asked = questions_of(record, cases.DOMAIN).values()
    return [{**question_json(each), "yes": yes} for each in asked]


def _verify(record: Record) -> Request:
    about = {"audience": cases.AUDIENCE, "domain": _DOMAIN}
    return {"op": "verify-proof", "record": str(record.envelope_cid), **about}


def _blocks() -> Iterator[tuple[str, Request]]:
    noon, there = "2026-11-22T12:00:00Z", {"hash": _BLOCK["hash"], "time": "2026-11-22T11:00:00Z"}
    fine: Request = {
        "op": "named-block",
        **_BLOCK,
        "there": there,
        "newest": {"number": 90, "time": noon},
        "acceptedAt": noon,
    }
    older, newer = {**there, "time": "2026-11-22T10:59:59Z"}, {**there, "time": "2026-11-22T11:49:59Z"}
    for title, change in (
        ("an hour old", {}),
        ("a second older", {"there": older}),
        ("an hour old when accepted later", {"acceptedAt": "2026-11-22T12:00:01Z"}),
        ("older by the chain's clock", {"there": older, "acceptedAt": "2026-11-22T11:00:00Z"}),
        (
            "the newest, however old",
            {"newest": {"number": 7, "time": there["time"]}, "acceptedAt": "2027-01-01T00:00:00Z"},
        ),
        ("above the newest", {"newest": {"number": 6, "time": noon}}),
        ("another", {"hash": "b8" * 32}),
        (
            "ten minutes before the statement",
            {"there": {**there, "time": "2026-11-22T11:50:00Z"}, "statedAt": noon},
        ),
        ("more than ten minutes before the statement", {"there": newer, "statedAt": noon}),
    ):
        yield f"named block: {title}", {**fine, **change}
    yield "named block: none there", {name: each for name, each in fine.items() if name != "there"}
