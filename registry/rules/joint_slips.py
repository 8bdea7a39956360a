"""Withdrawal slips over many consents: one file, one signature, taken back together.

It decides what such a slip carries, in which order its keys are signed, and whether it holds: as with a single slip
(``rakkan.registry.rules.slips``) each field is derived from the others or under a signature. Handing it in is in
``rakkan.registry.flows.withdraw.joint``.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from rakkan.registry.rules.eip712 import Domain, actor_of, recover
from rakkan.registry.rules.many_keys import joint_proof, withdrawals_digest
from rakkan.registry.rules.proofs import did_message, withdrawal_key
from rakkan.registry.rules.slips import SLIP_LIMIT, check_slip, parse_as, parse_slip, withdrawal_statement_of
from rakkan.schemas.canonical import canonical, parse_strict
from rakkan.schemas.consent import Consent
from rakkan.schemas.errors import DomainError, Invalid, Refused
from rakkan.schemas.identity import Address, DidKey
from rakkan.schemas.record import Record
from rakkan.schemas.slip import JOINT_SCHEMA, JointSlip, Slip
from rakkan.schemas.statement import MAX_KEYS, Proof, parse_model
from rakkan.schemas.values import Cid

JOINT_LIMIT: Final = 65_536
"""Bytes that a slip over many may have."""

AnySlip = Slip | JointSlip
Part = tuple[Record, bytes | None]
"""A consent with its envelope, and sha256 of one work out of it, or None for all."""


def in_order(parts: Sequence[Part]) -> list[Part]:
    """Each once, in the order in which ours are signed: by consent, then by work. What is taken whole has no parts."""
    whole = {consent.record_id.digest for consent, item in parts if item is None}
    found = {
        (consent.record_id.digest, item or b""): (consent, item)
        for consent, item in parts
        if item is None or consent.record_id.digest not in whole
    }
    return [found[name] for name in sorted(found)]


def joint_slip(parts: Sequence[Part], audience: str, proofs: Sequence[Proof]) -> JointSlip:
    """The slip over many consents of one authority.

    Args:
        parts: As :func:`in_order` gives them.
        audience: The log's origin.
        proofs: With a chain one, over all keys (:func:`rakkan.registry.rules.many_keys.sign_keys`); without one
            the grantor's over each withdrawal.

    Raises:
        Invalid: ``kind-unknown``; ``slip-many``, if these are too many for one.
        Refused: ``slip-authorities``, if they have not one authority; ``slip-signature``, if a proof is for
            something else.
    """
    if len(parts) > MAX_KEYS:
        raise Invalid(
            f"One slip takes back at most {MAX_KEYS} consents or works; these are {len(parts)}.",
            code="slip-many",
            hint="Name fewer of them, and make several slips.",
        )
    rows: list[dict[str, Any]] = []
    for consent, group in groupby(parts, lambda each: each[0]):
        items = [item.hex() for _, item in group if item is not None]
        row = {"recordId": str(consent.record_id), "envelope": str(consent.envelope_cid)}
        rows.append({**row, "items": items} if items else row)
    value: dict[str, Any] = {
        "audience": audience,
        "authority": one_authority(parts),
        "withdrawals": rows,
        "signatures": [proof.signature for proof in proofs],
    }
    signer = actor_of(proofs[0].signer)
    if isinstance(signer, DidKey):
        value["signer"] = proofs[0].signer
    else:
        value |= {"chainId": signer.chain_id, "contract": proofs[0].verifying_contract}
    slip = parse_model(JointSlip, value)
    slip = slip.model_copy(update={"words": joint_words(slip)})
    check_joint(slip)
    return slip


def one_authority(parts: Sequence[Part]) -> str:
    """The withdrawal authority of all these consents, as they write it.

    Raises:
        Invalid: ``kind-unknown``. Refused: ``slip-authorities``.
    """
    found = set[str]()
    for consent, _ in parts:
        granted = consent.predicate
        if not isinstance(granted, Consent):
            raise Invalid("Only a consent has a withdrawal slip.", code="kind-unknown")
        found.add(granted.withdrawal.authority)
    if len(found) != 1:
        raise Refused(
            f"These consents have {len(found)} withdrawal authorities; one slip has one.",
            code="slip-authorities",
            hint="Name the consents of each authority by themselves, with its key as --signer.",
        )
    return found.pop()


def keys_of(slip: JointSlip) -> list[bytes]:
    """The keys that a slip withdraws, in the order that is signed.

    Raises:
        Invalid: ``slip-form``.
    """
    return [withdrawal_key(Cid.parse(record).digest, item) for record, _, item in _parts(slip)]


def read_any(content: bytes) -> AnySlip:
    """A slip of either form, from a file, a form or a QR code; whether it holds is for :func:`check_any`.

    Raises:
        Invalid: ``slip-form``, with the pointer of the field at fault; ``too-large``, ``not-json``.
    """
    text = content.strip()
    return parse_any(parse_strict(text, limit=JOINT_LIMIT if JOINT_SCHEMA.encode() in text else SLIP_LIMIT))


def parse_any(value: object) -> AnySlip:
    """A slip of either form from a JSON value; which one it is, it says itself.

    Raises:
        Invalid: ``slip-form``.
    """
    if not isinstance(value, dict) or value.get("schema") != JOINT_SCHEMA:
        return parse_slip(value)
    slip = parse_as(JointSlip, value)
    for place, part in enumerate(slip.withdrawals):
        for name in sorted(part.model_extra or ()):
            raise Invalid(
                f"A withdrawal slip has no field {name[:64]!r}.",
                code="slip-form",
                pointer=f"/withdrawals/{place}/{name[:64]}",
            )
    return slip


def any_bytes(slip: AnySlip, *, words: bool = True) -> bytes:
    """Canonical JSON; without its words, which are derived anyway, where room is scarce."""
    value = slip.to_json()
    if not words:
        value.pop("words", None)
    return canonical(value)


def check_any(slip: AnySlip) -> None:
    """Whether a slip of either form holds, by itself alone; raises as :func:`check_slip` and :func:`check_joint`."""
    if isinstance(slip, Slip):
        check_slip(slip)
    else:
        check_joint(slip)


def check_joint(slip: JointSlip) -> None:
    """Whether a slip over many holds, by itself alone: nothing is looked up.

    Raises:
        Invalid: ``slip-form``, if its fields are not derived from one another.
        Refused: ``slip-signature``, if a signature is for something else.
    """
    for place, part in enumerate(slip.withdrawals):
        for name, text in (("recordId", part.record_id), ("envelope", part.envelope)):
            try:
                Cid.parse(text)
            except Invalid as error:
                raise Invalid(
                    f"{text[:80]} is not a CID.", code="slip-form", pointer=f"/withdrawals/{place}/{name}"
                ) from error
    if slip.contract is not None and str(Address.parse(slip.contract)) != slip.contract:
        raise Invalid("The contract is not written as addresses are.", code="slip-form", pointer="/contract")
    if len(set(keys_of(slip))) != slip.size:
        raise Invalid("The slip names something twice.", code="slip-form", pointer="/withdrawals")
    if slip.words is not None and slip.words != joint_words(slip):
        raise Invalid("The slip's words do not say what its fields say.", code="slip-form", pointer="/words")
    if not _signed(slip):
        raise Refused(
            "The slip's signature is not for these withdrawals.",
            code="slip-signature",
            hint="It may have been changed or cut. Use the file as it was made, or scan its code again.",
        )


def withdrawals_of(slip: JointSlip) -> list[Record]:
    """The withdrawal records that a slip over many is the proof of, in its order."""
    proofs = _proofs(slip)
    return [
        Record.build(statement, [proof]) for statement, proof in zip(_statements(slip), proofs, strict=True)
    ]


def consents_of(slip: AnySlip) -> list[str]:
    """The CIDs of the consents that a slip is about, each once."""
    if isinstance(slip, Slip):
        return [slip.record_id]
    return list(dict.fromkeys(part.record_id for part in slip.withdrawals))


def joint_words(slip: JointSlip) -> str:
    """What a slip over many does, for the person who finds it."""
    whole = sum(each.items is None for each in slip.withdrawals)
    works = slip.size - whole
    what = " and ".join(
        f"{count} {noun}{'' if count == 1 else 's'}"
        for count, noun in ((whole, "consent"), (works, "single work"))
        if count
    )
    if slip.chain_id is None:
        how = "Hand it to that registry: its page /withdraw takes it without any account."
    else:
        how = (
            f"It counts on chain {slip.chain_id}, contract {slip.contract}: any account there can send it, or hand "
            "it to that registry, whose page /withdraw takes it without any account."
        )
    return (
        f"Withdrawal slip over {what}. Whoever has it can take all of them back at once, and nothing else, at any time: "
        "no new use from then on. It needs no key and cannot be undone. It is for the registry "
        f"{slip.audience}, and withdraws in the name of {slip.authority}. {how}"
    )


def _parts(slip: JointSlip) -> list[tuple[str, str, bytes | None]]:
    return [
        (part.record_id, part.envelope, None if item is None else bytes.fromhex(item))
        for part in slip.withdrawals
        for item in (part.items or (None,))
    ]


def _statements(slip: JointSlip) -> list[bytes]:
    return [
        withdrawal_statement_of(slip.audience, Cid.parse(record), Cid.parse(envelope), item, slip.authority)
        for record, envelope, item in _parts(slip)
    ]


def _signed(slip: JointSlip) -> bool:
    signatures = [bytes.fromhex(each) for each in slip.signatures]
    try:
        if slip.chain_id is None or slip.contract is None:
            signer = actor_of(str(slip.signer))
            if not isinstance(signer, DidKey):
                return False
            key = Ed25519PublicKey.from_public_bytes(signer.public)
            for statement, signature in zip(_statements(slip), signatures, strict=True):
                key.verify(signature, did_message(statement, slip.audience))
            return True
        authority = Address.parse(slip.authority)
        domain = Domain(slip.chain_id, Address.parse(slip.contract))
        return recover(withdrawals_digest(domain, authority, keys_of(slip)), signatures[0]) == authority
    except (DomainError, InvalidSignature, ValueError):
        return False


def _proofs(slip: JointSlip) -> list[Proof]:
    if slip.chain_id is None or slip.contract is None:
        return [Proof(suite="ed25519", signer=str(slip.signer), signature=each) for each in slip.signatures]
    domain = Domain(slip.chain_id, Address.parse(slip.contract))
    signature = bytes.fromhex(slip.signatures[0])
    return [joint_proof(keys_of(slip), domain, Address.parse(slip.authority), signature)] * slip.size
