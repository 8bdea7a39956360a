"""Withdrawal slips: made at grant time, good for one thing only, for ever, in anybody's hands.

It decides what a slip carries, what its words say, and whether it holds: each field is derived from
the others or under the signature, so that a slip with any field changed takes nothing back. Handing it
in is in ``rakkan.registry.flows.withdraw.slips``. Authorities that are held by code sign no slips in advance:
their code may change its mind.
"""

from __future__ import annotations

from typing import Any, TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from rakkan.registry.rules.eip712 import Domain, actor_of, recover, withdrawal_digest
from rakkan.registry.rules.proofs import (
    did_message,
    sign_did,
    sign_wallet,
    withdrawal_key,
    withdrawal_statement,
)
from rakkan.schemas.canonical import canonical, parse_strict
from rakkan.schemas.consent import Consent, Withdrawal
from rakkan.schemas.errors import DomainError, Invalid, Refused
from rakkan.schemas.identity import Address, DidKey, DidPkh
from rakkan.schemas.record import Record, statement_bytes
from rakkan.schemas.slip import JointSlip, Slip
from rakkan.schemas.statement import Link, Proof, Subject, parse_model
from rakkan.schemas.values import Cid

S = TypeVar("S", Slip, JointSlip)

SLIP_LIMIT = 8_192
"""Bytes that a slip may have; ours have a fifth of it."""


def proven_slip(consent: Record, audience: str, proof: Proof, *, item: bytes | None = None) -> Slip:
    """The slip of a consent: a proof over its withdrawal, by its authority for a contract, or by its grantor.

    Args:
        consent: With its envelope.
        audience: The log's origin.
        proof: Over :func:`rakkan.registry.rules.proofs.withdrawal_statement`.
        item: sha256 of one work, or None for all.

    Raises:
        Refused: ``withdrawal-foreign``, if it is by somebody else.
        Invalid: ``kind-unknown``.
    """
    authority, granted = _authority(consent), consent.predicate
    signer = actor_of(proof.signer)
    if proof.verifying_contract is None or isinstance(signer, DidKey):
        if not isinstance(granted, Consent) or granted.grantor.id != proof.signer:
            raise Refused("This key did not give the consent.", code="withdrawal-foreign")
        fields: dict[str, Any] = {"signer": proof.signer, "signature": proof.signature}
        return _slip(consent, audience, authority, item, fields)
    if signer.address != Address.parse(authority):
        raise Refused(
            "This key is not the withdrawal authority of the consent.",
            code="withdrawal-foreign",
            hint=f"Its authority is {authority}.",
        )
    fields = {"chainId": signer.chain_id, "contract": proof.verifying_contract, "signature": proof.signature}
    return _slip(consent, audience, authority, item, fields)


def wallet_slip(
    consent: Record, audience: str, domain: Domain, private_key: bytes, *, item: bytes | None = None
) -> Slip:
    """The slip of a consent whose authority is this key, for the contract on a chain.

    Raises:
        Refused: ``withdrawal-foreign``, if the key is not the consent's withdrawal authority.
        Invalid: ``kind-unknown``, ``key-form``.
    """
    proof = sign_wallet(withdrawal_statement(consent, item, audience), domain, private_key)
    return proven_slip(consent, audience, proof, item=item)


def unsigned_slip(
    consent: Record, audience: str, domain: Domain, *, item: bytes | None = None
) -> dict[str, Any]:
    """The slip of a consent but for its signature, for a wallet that keeps its key to itself.

    The wallet signs the withdrawal statement (:func:`rakkan.registry.rules.eip712.typed_data`); its signature
    belongs in ``signature``, hex without 0x.

    Raises:
        Invalid: ``kind-unknown``.
    """
    fields = {"chainId": domain.chain_id, "contract": str(domain.contract), "signature": "0" * 130}
    value = _slip(consent, audience, _authority(consent), item, fields).to_json()
    del value["signature"]
    return value


def did_slip(
    consent: Record, audience: str, private_key: Ed25519PrivateKey, *, item: bytes | None = None
) -> Slip:
    """The slip of a consent where there is no chain: its grantor's signature under the withdrawal record.

    Raises:
        Refused: ``withdrawal-foreign``, if the key did not give the consent.
        Invalid: ``kind-unknown``.
    """
    proof = sign_did(withdrawal_statement(consent, item, audience), private_key)
    return proven_slip(consent, audience, proof, item=item)


def read_slip(content: bytes) -> Slip:
    """A slip from a file, a form or a QR code; whether it holds is for :func:`check_slip`.

    Raises:
        Invalid: ``slip-form``, with the pointer of the field at fault; ``too-large``, ``not-json``.
    """
    return parse_slip(parse_strict(content.strip(), limit=SLIP_LIMIT))


def parse_slip(value: object) -> Slip:
    """A slip from a JSON value. What we do not know we do not pass on: it may have been meant to count.

    Raises:
        Invalid: ``slip-form``.
    """
    return parse_as(Slip, value)


def parse_as(form: type[S], value: object) -> S:
    """A slip of this form from a JSON value; raises as :func:`parse_slip`."""
    try:
        slip = parse_model(form, value)
    except Invalid as error:
        raise Invalid(
            f"This is not a withdrawal slip: {error.message}",
            code="slip-form",
            pointer=error.pointer,
            hint="A slip is the whole text that `rakkan consent slip` wrote.",
        ) from error
    unknown = sorted(slip.model_extra or ())
    if unknown:
        raise Invalid(
            f"A withdrawal slip has no field {unknown[0][:64]!r}.",
            code="slip-form",
            pointer=f"/{unknown[0][:64]}",
        )
    return slip


def slip_bytes(slip: Slip, *, words: bool = True) -> bytes:
    """Canonical JSON; without its words, which are derived anyway, where room is scarce."""
    value = slip.to_json()
    if not words:
        value.pop("words", None)
    return canonical(value)


def check_slip(slip: Slip) -> None:
    """Whether a slip holds, by itself alone: nothing is looked up.

    Raises:
        Invalid: ``slip-form``, if its fields are not derived from one another.
        Refused: ``slip-signature``, if the signature is for something else.
    """
    record_id = _cid(slip.record_id, "recordId")
    _cid(slip.envelope, "envelope")
    if slip.contract is not None and str(Address.parse(slip.contract)) != slip.contract:
        raise Invalid("The contract is not written as addresses are.", code="slip-form", pointer="/contract")
    item = bytes.fromhex(slip.item) if slip.item is not None else None
    if withdrawal_key(record_id.digest, item).hex() != slip.key:
        raise Invalid("The slip's key is not that of its consent.", code="slip-form", pointer="/key")
    if slip.words is not None and slip.words != slip_words(slip):
        raise Invalid("The slip's words do not say what its fields say.", code="slip-form", pointer="/words")
    if not _signed(slip):
        raise Refused(
            "The slip's signature is not for this withdrawal.",
            code="slip-signature",
            hint="It may have been changed or cut. Use the file as it was made, or scan its code again.",
        )


def withdrawal_of(slip: Slip) -> Record:
    """The withdrawal record that a slip is the signature of, whole or in part: the same for whoever makes it."""
    item = bytes.fromhex(slip.item) if slip.item is not None else None
    record, envelope = _cid(slip.record_id, "recordId"), _cid(slip.envelope, "envelope")
    statement = withdrawal_statement_of(slip.audience, record, envelope, item, slip.authority)
    return Record.build(statement, [_proof(slip)])


def withdrawal_statement_of(
    audience: str, record: Cid, envelope: Cid, item: bytes | None, authority: str
) -> bytes:
    """:func:`rakkan.registry.rules.proofs.withdrawal_statement` of a consent of which only this much is at hand."""
    withdrawal = Withdrawal(
        audience=audience,
        consent=Link.to(envelope),
        consent_id=record.digest.hex(),
        item=item.hex() if item is not None else None,
        authority=authority,
        key=withdrawal_key(record.digest, item).hex(),
    )
    subject = Subject(name="consent", digest={"sha256": withdrawal.consent_id})
    return statement_bytes("withdrawal", [subject], withdrawal)


def slip_words(slip: Slip) -> str:
    """What a slip does, for the person who finds it."""
    what = "this consent" if slip.item is None else f"one work out of this consent (sha256:{slip.item})"
    if slip.chain_id is None:
        how = "Hand it to that registry: its page /withdraw takes it without any account."
    else:
        how = (
            f"It counts on chain {slip.chain_id}, contract {slip.contract}: any account there can send it, or hand "
            "it to that registry, whose page /withdraw takes it without any account."
        )
    return (
        f"Withdrawal slip. Whoever has it can take back {what}, and nothing else, at any time: no new use from then on. "
        f"It needs no key and cannot be undone. Consent {slip.record_id} (envelope {slip.envelope}) in the registry "
        f"{slip.audience}, withdrawn in the name of {slip.authority}. {how}"
    )


def _slip(consent: Record, audience: str, authority: str, item: bytes | None, signed: dict[str, Any]) -> Slip:
    value: dict[str, Any] = {
        "audience": audience,
        "recordId": str(consent.record_id),
        "envelope": str(consent.envelope_cid),
        "authority": authority,  # as the consent writes it: the record is derived from it
        "key": withdrawal_key(consent.record_id.digest, item).hex(),
        **signed,
    }
    if item is not None:
        value["item"] = item.hex()
    slip = parse_model(Slip, value)
    return slip.model_copy(update={"words": slip_words(slip)})


def _authority(consent: Record) -> str:
    granted = consent.predicate
    if not isinstance(granted, Consent):
        raise Invalid("Only a consent has a withdrawal slip.", code="kind-unknown")
    return granted.withdrawal.authority


def _signed(slip: Slip) -> bool:
    signature = bytes.fromhex(slip.signature)
    try:
        if slip.chain_id is None or slip.contract is None:
            signer = actor_of(str(slip.signer))
            if not isinstance(signer, DidKey):
                return False
            message = did_message(withdrawal_of(slip).statement, slip.audience)
            Ed25519PublicKey.from_public_bytes(signer.public).verify(signature, message)
            return True
        authority = Address.parse(slip.authority)
        domain = Domain(slip.chain_id, Address.parse(slip.contract))
        digest = withdrawal_digest(domain, authority, bytes.fromhex(slip.key))
        return recover(digest, signature) == authority
    except (DomainError, InvalidSignature, ValueError):
        return False


def _proof(slip: Slip) -> Proof:
    if slip.chain_id is None or slip.contract is None:
        return Proof(suite="ed25519", signer=str(slip.signer), signature=slip.signature)
    signer = str(DidPkh(slip.chain_id, Address.parse(slip.authority)))
    return Proof(suite="eip712", signer=signer, signature=slip.signature, verifying_contract=slip.contract)


def _cid(text: str, name: str) -> Cid:
    try:
        return Cid.parse(text)
    except Invalid as error:
        raise Invalid(f"{text[:80]} is not a CID.", code="slip-form", pointer=f"/{name}") from error
