"""What contracts must agree with: digests, signatures and commitments, read by the Solidity tests too.

It decides what stands in the member ``contracts`` of the vectors. Bytes are hex with ``0x``, as forge reads
them; a slip stands as it is handed to anybody.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

from rakkan.registry.rules.commitments import commitment_of
from rakkan.registry.rules.eip712 import (
    Domain,
    address_of,
    record_digest,
    sign,
    typed_data,
    withdrawal_digest,
)
from rakkan.registry.rules.many_keys import sign_keys, withdrawals_digest
from rakkan.registry.rules.proofs import sign_wallet, withdrawal_key, withdrawal_statement
from rakkan.registry.rules.slips import wallet_slip
from rakkan.schemas.identity import Address
from rakkan.schemas.record import Record
from tests.unit.registry.rules import cases
from tests.vectors.wallet_parts import WALLET, proof, statement

_ITEM: Final = b"\x07" * 32


def contracts() -> dict[str, Any]:
    """The member, as a JSON value."""
    granted = cases.wallet_consent()
    return {
        "chainId": cases.CHAIN,
        "consents": str(cases.DOMAIN.contract),
        "gate": str(cases.GATE.contract),
        "records": [
            _record("Consent", granted.statement, cases.WALLET),
            _record("Statement", cases.work_statement(), cases.WALLET),
            _record("Withdrawal", withdrawal_statement(granted, None, cases.AUDIENCE), cases.AUTHORITY),
            _record("Statement", withdrawal_statement(granted, None, cases.AUDIENCE), cases.WALLET),
            _record("Verdict", cases.verdict_statement(), cases.WALLET, cases.GATE),
        ],
        "withdrawals": [_withdrawal(granted, item) for item in (None, _ITEM)],
        "slips": [_slip(granted, item) for item in (None, _ITEM)],
        "together": [_together(granted)],
        "commitments": [_commitment(number) for number in range(3)],
        "wallets": [_wallet(cases.WALLET), _wallet(cases.THIEF)],
    }


def _record(kind: str, content: bytes, key: bytes, domain: Domain = cases.DOMAIN) -> dict[str, Any]:
    signed = sign_wallet(content, domain, key)
    signer = address_of(key)
    return {
        "primaryType": kind,
        "message": typed_data(domain, content, signer)["message"],
        "digest": _hex(record_digest(domain, content, signer)),
        "signer": str(signer),
        "signature": f"0x{signed.signature}",
    }


def _withdrawal(consent: Record, item: bytes | None) -> dict[str, Any]:
    record_id, authority = consent.record_id.digest, address_of(cases.AUTHORITY)
    key = withdrawal_key(record_id, item)
    digest = withdrawal_digest(cases.DOMAIN, authority, key)
    return {
        "recordId": _hex(record_id),
        **({"item": _hex(item)} if item is not None else {}),
        "authority": str(authority),
        "key": _hex(key),
        "digest": _hex(digest),
        "signature": _hex(sign(digest, cases.AUTHORITY)),
    }


def _slip(consent: Record, item: bytes | None) -> dict[str, Any]:
    return wallet_slip(consent, cases.AUDIENCE, cases.DOMAIN, cases.AUTHORITY, item=item).to_json()


def _together(consent: Record) -> dict[str, Any]:
    keys = [withdrawal_key(consent.record_id.digest, item) for item in (_ITEM, None)]
    authority, signed = address_of(cases.AUTHORITY), sign_keys(keys, cases.DOMAIN, cases.AUTHORITY)
    return {
        "authority": str(authority),
        "keys": [_hex(key) for key in keys],
        "digest": _hex(withdrawals_digest(cases.DOMAIN, authority, keys)),
        "signature": f"0x{signed.signature}",
    }


def _commitment(number: int) -> dict[str, Any]:
    authority = Address(hashlib.sha256(b"authority %d" % number).digest()[:20])
    claim, salt = (hashlib.sha256(b"%s %d" % (what, number)).digest() for what in (b"claim", b"salt"))
    return {
        "authority": str(authority),
        "claim": _hex(claim),
        "salt": _hex(salt),
        "value": _hex(commitment_of(authority, claim, salt)),
    }


def _wallet(owner: bytes) -> dict[str, Any]:
    """A wallet held by code whose owner is one and the same: this one signed, or somebody else did."""
    digest = record_digest(cases.DOMAIN, statement(), WALLET)
    signed = proof(signature=sign(digest, owner).hex())
    return {
        "wallet": str(WALLET),
        "owner": str(address_of(cases.WALLET)),
        "digest": _hex(digest),
        "signature": f"0x{signed.signature}",
        "yes": owner == cases.WALLET,
    }


def _hex(content: bytes) -> str:
    return f"0x{content.hex()}"
