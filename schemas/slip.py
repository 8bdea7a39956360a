"""Withdrawal slips: the signature that takes a consent back, made on the day it was given.

It decides the fields of the small file. A slip is no record: it is what one is made from, and what
the contract takes. Whether it holds is decided in ``rakkan.registry.rules.slips``.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from rakkan.schemas.statement import AddressText, DidText, Hex32, Origin, Value

SLIP_SCHEMA: Final = "rakkan.withdrawal-slip/1"

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
    signature: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{128}|[0-9a-f]{130})$")]
    words: str | None = Field(default=None, max_length=2000)

    @model_validator(mode="after")
    def _fit(self) -> Self:
        if (self.chain_id is None) != (self.contract is None):
            raise ValueError("contract: stands exactly with chainId")
        if (self.chain_id is None) != (self.signer is not None):
            raise ValueError("signer: stands exactly without chainId")
        return self
