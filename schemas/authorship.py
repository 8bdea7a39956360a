"""Authorship claims: "this is mine", apart from any consent.

It decides the fields. Claims are assertions: which of several counts is decided in
``rakkan.registry.rules.claims``.
"""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from rakkan.schemas.consent import Evidence, RightsBasis
from rakkan.schemas.instant import InstantText
from rakkan.schemas.statement import AddressText, DidText, Hex32, Origin, Value


class Reveal(Value):
    """The opening of a commitment that was put on chain before the work was published.

    The committed value is keccak256(abi.encode(authority, claim, salt)), where ``claim`` is the digest
    that the subject of this record names first.
    """

    authority: AddressText
    salt: Hex32


class Authorship(Value):
    """A claim to works (``urn:rakkan:authorship:1``), stated by the claimant."""

    audience: Origin
    claimant: DidText
    claimed_at: InstantText
    rights_basis: RightsBasis
    evidence: tuple[Evidence, ...] = Field(default=(), max_length=32, strict=False)
    reveal: Reveal | None = None

    @model_validator(mode="after")
    def _fit(self) -> Self:
        if self.rights_basis.claim == "unstated":
            raise ValueError("rightsBasis/claim: a claim states its basis")
        return self
