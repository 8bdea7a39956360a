"""Shapes of drafts: what is asked for when a consent is drafted, and what comes back.

It decides field names, and that a draft has no defaults: what its grantor did not choose is not stated. The
member ``terms`` is a terms file as ``rakkan consent grant --terms`` reads it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic.alias_generators import to_camel

from rakkan.api.shapes import RecordNames, Shape
from rakkan.registry.flows.consent.terms import Terms
from rakkan.schemas.consent import CAWG_SCOPES, OWN_SCOPES, Grantee
from rakkan.schemas.slip import SLIP_SCHEMA

Hex = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
AddressForm = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{40}$")]


class _Asked(BaseModel):
    model_config = ConfigDict(
        extra="forbid", strict=True, alias_generator=to_camel, populate_by_name=True, frozen=True
    )


class PersonsAsked(_Asked):
    """Who is shown."""

    depicted: Literal["none", "grantor", "others", "unknown"]
    minors: Literal["none", "yes", "unknown"]


class LicenceAsked(_Asked):
    """The licence under which an allowed use happens."""

    licence: str = Field(pattern=r"^[A-Za-z0-9.+-]{1,64}$", description="SPDX identifier, or LicenseRef-…")
    attribution: Literal["none", "name", "link"]
    share_alike: bool
    commercial: bool


class TermsAsked(_Asked):
    """What is to be said; only the licence may be left out, and then none is named."""

    kind: Literal["grant", "reservation"]
    scopes: dict[str, Literal["allowed", "notAllowed", "constrained"]]
    grantee: list[Grantee] = Field(min_length=1, max_length=64)
    days: int = Field(ge=1, le=36_500, description="How long it is valid, from now on.")
    mode: Literal["prospective", "sunset", "retrain-within", "irrevocable"] = Field(
        description="What a withdrawal means for what was trained before."
    )
    mode_days: int | None = Field(
        default=None, ge=1, le=3650, description="Stands exactly with sunset and retrain-within."
    )
    terms: LicenceAsked | None = Field(default=None, description="The licence; without it none is named.")
    claim: Literal["generated", "created", "commissioned", "assigned", "licensed", "public-domain"]
    capacity: Literal["author", "owner", "licensee", "estate", "guardian", "agent", "collective"]
    coauthors: Literal["complete", "missing", "unknown"] = Field(
        description="Whether all who have a share in the work agree."
    )
    persons: PersonsAsked

    @model_validator(mode="after")
    def _fit(self) -> Self:
        unknown = set(self.scopes) - {*CAWG_SCOPES, *OWN_SCOPES}
        if unknown:
            raise ValueError(f"scopes: {min(unknown)[:96]!r} is not a scope")
        if not self.scopes:
            raise ValueError("scopes: nothing is said of any use")
        if self.kind == "reservation" and "allowed" in self.scopes.values():
            raise ValueError("scopes: a reservation allows nothing")
        if self.kind == "grant" and "allowed" not in self.scopes.values():
            raise ValueError("scopes: a grant that allows nothing is none")
        if (self.mode in ("sunset", "retrain-within")) != (self.mode_days is not None):
            raise ValueError("modeDays: stands exactly with sunset and retrain-within")
        if self.persons.depicted == "none" and self.persons.minors != "none":
            raise ValueError("persons: where nobody is shown, no minor is")
        return self

    def stated(self) -> Terms:
        """The same as flows take it."""
        return Terms(
            kind=self.kind,
            scopes=self.scopes,
            licence=self.terms.model_dump(by_alias=True) if self.terms else None,
            mode=self.mode,
            mode_days=self.mode_days,
            days=self.days,
            grantee=tuple(self.grantee),
            claim=self.claim,
            capacity=self.capacity,
            coauthors=self.coauthors,
            depicted=self.persons.depicted,
            minors=self.persons.minors,
        )


class WorkAsked(_Asked):
    """The names of one work, by kind of digest; at least one."""

    sha256: Hex | None = None
    claim: Hex | None = Field(default=None, alias="c2paClaim")
    binding: Hex | None = Field(default=None, alias="c2paHardBinding")

    @model_validator(mode="after")
    def _named(self) -> Self:
        if not self.digest():
            raise ValueError("a work without a digest cannot be found")
        return self

    def digest(self) -> dict[str, str]:
        """As a statement names it."""
        return self.model_dump(by_alias=True, exclude_none=True)


class DraftQuery(_Asked):
    """What is to be drafted, about which works, for which wallet."""

    works: list[WorkAsked] = Field(min_length=1, max_length=16)
    wallet: AddressForm = Field(description="Who would sign, and could take it back.")
    terms: TermsAsked


class Outlook(Shape):
    """What would hold for one scope once the draft is signed and in the log."""

    scope: str
    answer: Literal["allowed", "denied", "undetermined"]
    code: str
    words: str = Field(description="The same for people.")


class NoticeShown(Shape):
    """The plain words that are signed."""

    lang: str
    text: str
    sha256: str


class DraftShape(Shape):
    """A consent that nobody has signed yet; nothing of it is kept."""

    record_id: str
    statement: str = Field(description="The canonical bytes, base64url.")
    notice: NoticeShown
    sentences: list[str] = Field(description="What the statement says, for its signer.")
    outlook: list[Outlook] = Field(description="For the first work and the first grantee.")
    typed_data: dict[str, Any] = Field(description="What `eth_signTypedData_v4` gets.")
    without_token: bool = Field(
        description="Whether it is taken without a token as things stand; how many came lately is not looked at."
    )


class TransactionShape(Shape):
    """What `eth_sendTransaction` gets, but for the sender."""

    chain_id: int
    to: str
    data: str


class WayBackShape(RecordNames):
    """How the withdrawal authority of a consent takes it back."""

    authority: str
    mode: Literal["prospective", "sunset", "retrain-within", "irrevocable"]
    withdrawn_at: str | None = Field(
        description="When all of what was asked about was taken back; null if it was not."
    )
    slip: dict[str, Any] = Field(description=f"`{SLIP_SCHEMA}` but for its `signature`.")
    typed_data: dict[str, Any] = Field(
        description="What `eth_signTypedData_v4` gets; the signature, hex without 0x, completes the slip."
    )
    transaction: TransactionShape = Field(description="The same, sent by the authority itself.")
