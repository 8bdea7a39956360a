"""Withdrawal slips: the signature that takes a consent back, made on the day it was given; or many consents.

It decides the fields of the small file. A slip is no record: it is what one is made from, and what
the contract takes. Whether it holds is decided in ``rakkan.registry.rules.slips``, for one over many in
``rakkan.registry.rules.joint_slips``.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from rakkan.schemas.statement import MAX_KEYS, AddressText, DidText, Hex32, Origin, Value

SLIP_SCHEMA: Final = "rakkan.withdrawal-slip/1"

JOINT_SCHEMA: Final = "rakkan.withdrawal-slips/1"

SignatureText = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{128}|[0-9a-f]{130})$")]
CidText = Annotated[str, StringConstraints(pattern=r"^b[a-z2-7]{20,100}$")]


class Slip(Value):
    """A withdrawal slip (``rakkan.withdrawal-slip/1``).

    With a chain it carries the authority's EIP-712 signature for ``chain_id`` and ``contract``, which
    the contract takes from anybody. Without one it carries the grantor's ``ed25519`` signature over the
    withdrawal record that its fields give, which the registry ``audience`` takes from anybody.

    ``key`` is recordId, or sha256(recordId ‖ item). ``words`` says the same for people, and is derived.
    """

    schema_: Literal["rakkan.withdrawal-slip/1"] = Field(alias="schema", default=SLIP_SCHEMA)
    audience: Origin
    record_id: CidText
    envelope: CidText
    item: Hex32 | None = None
    authority: AddressText
    key: Hex32
    chain_id: int | None = Field(default=None, ge=1)
    contract: AddressText | None = None
    signer: DidText | None = None
    signature: SignatureText
    words: str | None = Field(default=None, max_length=2000)

    @model_validator(mode="after")
    def _fit(self) -> Self:
        if (self.chain_id is None) != (self.contract is None):
            raise ValueError("contract: stands exactly with chainId")
        if (self.chain_id is None) != (self.signer is not None):
            raise ValueError("signer: stands exactly without chainId")
        return self


class SlipPart(Value):
    """One consent that a slip over many takes back: all of it, or these works out of it."""

    record_id: CidText
    envelope: CidText
    items: tuple[Hex32, ...] | None = Field(default=None, min_length=1, max_length=MAX_KEYS, strict=False)


class JointSlip(Value):
    """A withdrawal slip over many consents of one authority (``rakkan.withdrawal-slips/1``).

    It holds for all of them or for none. With a chain there is one signature, of the authority over all keys in the
    order in which they stand here, which ``withdrawKeysBySig`` takes from anybody. Without one there is the
    grantor's ``ed25519`` signature for each withdrawal record, in that order. Keys are derived and not repeated.
    """

    schema_: Literal["rakkan.withdrawal-slips/1"] = Field(alias="schema", default=JOINT_SCHEMA)
    audience: Origin
    authority: AddressText
    withdrawals: tuple[SlipPart, ...] = Field(min_length=1, max_length=MAX_KEYS, strict=False)
    chain_id: int | None = Field(default=None, ge=1)
    contract: AddressText | None = None
    signer: DidText | None = None
    signatures: tuple[SignatureText, ...] = Field(min_length=1, max_length=MAX_KEYS, strict=False)
    words: str | None = Field(default=None, max_length=2000)

    @property
    def size(self) -> int:
        """How many withdrawals it is."""
        return sum(len(each.items or ("",)) for each in self.withdrawals)

    @model_validator(mode="after")
    def _fit(self) -> Self:
        if (self.chain_id is None) != (self.contract is None):
            raise ValueError("contract: stands exactly with chainId")
        if (self.chain_id is None) != (self.signer is not None):
            raise ValueError("signer: stands exactly without chainId")
        if self.size > MAX_KEYS:
            raise ValueError(f"withdrawals: more than {MAX_KEYS}")
        if len(self.signatures) != (1 if self.chain_id is not None else self.size):
            raise ValueError("signatures: one with a chain, else one for each withdrawal")
        return self
