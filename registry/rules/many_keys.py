"""One signature over many withdrawals: what a wallet signs for all of them, and the proof that each of them carries.

It decides the digest that ``withdrawKeysBySig`` checks, and that such a proof is one of the authority over a list in
which the record's own key stands. Slips that are made so are in ``rakkan.registry.rules.joint_slips``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from rakkan.registry.rules.eip712 import (
    Domain,
    address_of,
    message_digest,
    record_digest,
    sign,
    typed_message,
)
from rakkan.schemas.consent import Withdrawal
from rakkan.schemas.errors import Invalid
from rakkan.schemas.identity import Address, DidPkh, keccak
from rakkan.schemas.record import Record
from rakkan.schemas.statement import Proof


def withdrawals_digest(domain: Domain, authority: Address, keys: Sequence[bytes]) -> bytes:
    """What a withdrawal authority signs to take back many keys at once, in this order; 32 bytes.

    Args:
        domain: Of ``ConsentRegistry``.
        authority: Who takes back.
        keys: Of 32 bytes each.
    """
    return message_digest(domain, "Withdrawals", (authority, keccak(b"".join(keys))))


def joint_id(authority: bytes, keys: Sequence[bytes]) -> bytes:
    """What many withdrawals together go by: sha256(authority ‖ keys in the order that is signed)."""
    return hashlib.sha256(authority + b"".join(keys)).digest()


def effect_of(record: Record) -> str:
    """The natural key of what a withdrawal wants on the chain: by itself, or with those that were signed with it."""
    said = record.predicate
    assert isinstance(said, Withdrawal)
    authority = Address.parse(said.authority).raw
    for proof in record.parsed_envelope.proofs:
        if proof.keys is not None:
            return joint_effect(joint_id(authority, [bytes.fromhex(key) for key in proof.keys]))
    return single_effect(authority, bytes.fromhex(said.key))


def single_effect(authority: bytes, key: bytes) -> str:
    """The natural key of one withdrawal on the chain."""
    return f"withdraw:{authority.hex()}:{key.hex()}"


def joint_effect(joint: bytes) -> str:
    """The natural key of many withdrawals on the chain, by :func:`joint_id`."""
    return f"withdraw-keys:{joint.hex()}"


def typed_withdrawals(domain: Domain, authority: Address, keys: Sequence[bytes]) -> dict[str, Any]:
    """:func:`withdrawals_digest` as ``eth_signTypedData_v4`` gets it."""
    said = {"authority": str(authority), "keys": ["0x" + key.hex() for key in keys]}
    return typed_message(domain, "Withdrawals", said)


def sign_keys(keys: Sequence[bytes], domain: Domain, private_key: bytes) -> Proof:
    """Sign many withdrawals at once, by the wallet that is their authority.

    Raises:
        Invalid: ``key-form``.
    """
    address = address_of(private_key)
    return joint_proof(keys, domain, address, sign(withdrawals_digest(domain, address, keys), private_key))


def joint_proof(keys: Sequence[bytes], domain: Domain, authority: Address, signature: bytes) -> Proof:
    """The proof on each of the withdrawals that were signed at once."""
    return Proof(
        suite="eip712",
        signer=str(DidPkh(domain.chain_id, authority)),
        signature=signature.hex(),
        verifying_contract=str(domain.contract),
        keys=tuple(key.hex() for key in keys),
    )


def signed_digest(record: Record, proof: Proof, domain: Domain, signer: Address) -> bytes:
    """What a wallet signed by its proof: this record alone, or many withdrawals of which it is one.

    Raises:
        Invalid: ``proof-invalid``, if the keys of the proof are not signed for this record; as
            :func:`rakkan.registry.rules.eip712.record_digest`.
    """
    if proof.keys is None:
        return record_digest(domain, record, signer)
    said = record.predicate
    if (
        not isinstance(said, Withdrawal)
        or said.key not in proof.keys
        or Address.parse(said.authority) != signer
    ):
        raise Invalid("These keys are not signed for this record.", code="proof-invalid")
    return withdrawals_digest(domain, signer, [bytes.fromhex(key) for key in proof.keys])
