"""Proof-of-Consent predicates: who may use which work for what, and the taking back of it.

It decides the fields and their words. What several consents mean together is decided in
``rakkan.registry.consent``.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from rakkan.schemas.instant import InstantText
from rakkan.schemas.statement import AddressText, DidText, Hex32, Link, Origin, Value

CAWG_SCOPES: Final = (
    "cawg.ai_generative_training",
    "cawg.ai_inference",
    "cawg.ai_training",
    "cawg.data_mining",
)
"""The four keys of CAWG training and data mining 1.1."""

OWN_SCOPES: Final = {
    "org.rakkan.finetune_lora": "cawg.ai_generative_training",
    "org.rakkan.style_imitation": "cawg.ai_generative_training",
    "org.rakkan.style_name_caption": "cawg.ai_generative_training",
    "org.rakkan.likeness": "cawg.ai_generative_training",
    "org.rakkan.output_commercial": "cawg.ai_inference",
    "org.rakkan.merge": "cawg.ai_generative_training",
    "org.rakkan.dataset_redistribution": "cawg.data_mining",
}
"""Our narrower scopes, each with the broader CAWG key that it narrows."""

PUBLIC: Final = "public"
Grantee = Annotated[
    str,
    StringConstraints(pattern=r"^(public|eip155:[1-9][0-9]{0,15}:0x[0-9a-fA-F]{40}|did:[a-z0-9]+:.{1,120})$"),
]
"""``public``, a community by its gate (CAIP-10), or a DID."""


class Use(StrEnum):
    """CAWG's three words; ``constrained`` counts as ``notAllowed`` unless a narrower scope allows."""

    ALLOWED = "allowed"
    NOT_ALLOWED = "notAllowed"
    CONSTRAINED = "constrained"


class WithdrawalMode(StrEnum):
    """What a withdrawal means for what was trained before it; fixed in the grant."""

    PROSPECTIVE = "prospective"
    SUNSET = "sunset"
    RETRAIN_WITHIN = "retrain-within"
    IRREVOCABLE = "irrevocable"

    @property
    def code(self) -> int:
        """The byte that stands for it in reliance leaves."""
        return list(WithdrawalMode).index(self)


class Scope(Value):
    """One scope and what is said of it."""

    name: str = Field(pattern=r"^[a-z0-9]+(\.[a-z0-9_]+)+$", max_length=96)
    use: Use = Field(strict=False)


class Grantor(Value):
    """Who grants, and in which capacity they say they act."""

    id: DidText
    capacity: Literal["author", "owner", "licensee", "estate", "guardian", "agent", "collective"] = "author"


class RightsBasis(Value):
    """On what the grantor bases the right; exclusive rights in generated output may not exist."""

    claim: Literal["generated", "created", "commissioned", "assigned", "licensed", "public-domain"]
    coauthors_complete: bool


class Terms(Value):
    """The licence under which an allowed use happens."""

    licence: str = Field(pattern=r"^[A-Za-z0-9.+-]{1,64}$")
    attribution: Literal["none", "name", "link"]
    share_alike: bool
    commercial: bool


class WithdrawalTerms(Value):
    """Which address can take the consent back, and what that then means."""

    authority: AddressText
    mode: WithdrawalMode = Field(strict=False)
    days: int | None = Field(default=None, ge=1, le=3650)


class Persons(Value):
    """Who is depicted."""

    depicted: Literal["none", "grantor", "others", "unknown"]
    minors: Literal["none", "yes", "unknown"]


class Notice(Value):
    """The digest of the exact text that was shown before signing."""

    lang: str = Field(pattern=r"^[a-z]{2,3}$")
    sha256: Hex32


class Consent(Value):
    """A grant or a reservation (``urn:rakkan:consent:1``), stated by its grantor."""

    audience: Origin
    kind: Literal["grant", "reservation"]
    nonce: str = Field(pattern=r"^[0-9a-f]{32}$")
    match: Literal["exact"] = "exact"
    scopes: tuple[Scope, ...] = Field(min_length=1, max_length=32, strict=False)
    grantor: Grantor
    grantee: tuple[Grantee, ...] = Field(min_length=1, max_length=64, strict=False)
    rights_basis: RightsBasis
    terms: Terms | None = None
    withdrawal: WithdrawalTerms
    persons: Persons
    valid_from: InstantText
    valid_until: InstantText
    notice: Notice
    supersedes: Link | None = None


class Withdrawal(Value):
    """The taking back of a consent, or of one work out of it (``urn:rakkan:withdrawal:1``).

    Its statement is a pure function of the consent, the item and the audience, so one withdrawal
    has one record id, whoever relays it. ``key`` is recordId, or sha256(recordId ‖ item).
    """

    audience: Origin
    consent: Link
    consent_id: Hex32
    item: Hex32 | None = None
    authority: AddressText
    key: Hex32
