"""Proof-of-Consent predicates: who may use which work for what, and the taking back of it.

It decides the fields and their words. What several consents mean together is decided in
``rakkan.registry.rules.consent``.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from rakkan.schemas.errors import Invalid
from rakkan.schemas.instant import InstantText
from rakkan.schemas.statement import AddressText, Commitment, DidText, Hex32, Link, Origin, Value

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
_GRANTEE: Final = r"^(public|eip155:[1-9][0-9]{0,15}:0x[0-9a-fA-F]{40}|did:[a-z0-9]+:.{1,120})$"
Grantee = Annotated[str, StringConstraints(pattern=_GRANTEE)]
"""``public``, a community by its gate (CAIP-10), or a DID."""


def parse_grantee(text: str) -> str:
    """Somebody for whom consent is asked. Raises Invalid (``grantee-form``): nobody is not everybody."""
    if re.fullmatch(_GRANTEE, text):
        return text
    hint = "Write public, a community's gate as eip155:<chain>:0x…, or a DID."
    raise Invalid(f"{text[:120]!r} is nobody who can be granted anything.", code="grantee-form", hint=hint)


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


class Evidence(Value):
    """Something that speaks for a claim: named by digest, and where it can be had, if anywhere."""

    type: Literal[
        "c2pa-identity", "domain-control", "social-verify", "wip-files", "registration", "contract", "other"
    ]
    sha256: Hex32
    uri: str | None = Field(default=None, max_length=512)


class RightsBasis(Value):
    """On what the grantor bases the right; exclusive rights in generated output may not exist.

    ``share_bp`` is the grantor's own share in basis points, absent for all of it. The rest is made up
    by co-author consents that join this grant. ``unstated`` stands where somebody else's words are passed on:
    it claims nothing, and carries no grant.
    """

    claim: Literal[
        "generated", "created", "commissioned", "assigned", "licensed", "public-domain", "unstated"
    ]
    coauthors_complete: bool
    share_bp: int | None = Field(default=None, ge=1, le=10_000)
    evidence: tuple[Evidence, ...] = Field(default=(), max_length=16, strict=False)


class Compensation(Value):
    """What is asked in return. Amounts are integers as text, in the smallest unit of the currency."""

    model: Literal["free", "flat", "per-training", "rev-share-bp", "per-inference"]
    amount: str | None = Field(default=None, pattern=r"^[0-9]{1,78}$")
    currency: str | None = Field(default=None, pattern=r"^[A-Za-z0-9:/._-]{3,128}$")
    pay_to: str | None = Field(default=None, pattern=r"^eip155:[1-9][0-9]{0,15}:0x[0-9a-fA-F]{40}$")


class Terms(Value):
    """The licence under which an allowed use happens."""

    licence: str = Field(pattern=r"^[A-Za-z0-9.+-]{1,64}$")
    attribution: Literal["none", "name", "link"]
    share_alike: bool
    commercial: bool
    outputs_licence: str | None = Field(default=None, pattern=r"^[A-Za-z0-9.+-]{1,64}$")
    compensation: Compensation | None = None


class Collection(Value):
    """The works of a collection grant: their tree, and the block that lists its leaves.

    Attributes:
        count: Number of works.
        root: RFC 9162 root over the leaves, sorted. A leaf's data is the code of the digest's kind (its
            place in ``DIGEST_KINDS``) in one byte ‖ the digest, 33 bytes.
        members: Raw blocks that hold the leaf data one after another, in order.
    """

    count: int = Field(ge=1, le=1_000_000)
    root: Hex32
    members: tuple[Link, ...] = Field(min_length=1, max_length=64, strict=False)


class Bounds(Value):
    """What a grant is bound to besides its grantee.

    Attributes:
        policy: The policy (by the CID of its canonical bytes) under which alone the grant counts. It
            lapses to undetermined when the community asks under another.
        runs: Number of training runs that may rely on it.
    """

    policy: Link | None = None
    runs: int | None = Field(default=None, ge=1, le=1_000_000)


class Jurisdiction(Value):
    """Where, by ISO 3166-1 alpha-3 codes, and under whose law. Rules do not judge it; people do."""

    law: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")
    allow: tuple[Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")], ...] = Field(
        default=(), max_length=64, strict=False
    )
    deny: tuple[Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")], ...] = Field(
        default=(), max_length=64, strict=False
    )


class Sealed(Value):
    """Private fields: salted commitments in public, the fields themselves under a key that can be destroyed.

    Attributes:
        commitments: One per private field (see :class:`rakkan.schemas.statement.Commitment`).
        block: Raw block with the AES-256-GCM envelope, absent where it must never be pinned.
    """

    commitments: tuple[Commitment, ...] = Field(min_length=1, max_length=64, strict=False)
    block: Link | None = None


class Derived(Value):
    """Where a reservation was read that somebody made elsewhere; the record's grantor only passes it on.

    Attributes:
        vocabulary: Name of the vocabulary, such as ``aipref``.
        version: Which text of it.
        sha256: Of the document; the same digest stands in ``rightsBasis.evidence``.
        about: What the document says it is about (URL, pattern, digest), absent where it came with the work.
    """

    vocabulary: str = Field(pattern=r"^[a-z0-9-]{1,32}$")
    version: str = Field(max_length=64)
    sha256: Hex32
    about: str | None = Field(default=None, max_length=2048)


class WithdrawalTerms(Value):
    """Which address can take the consent back, and what that then means."""

    authority: AddressText
    mode: WithdrawalMode = Field(strict=False)
    days: int | None = Field(default=None, ge=1, le=3650)


class Persons(Value):
    """Who is depicted."""

    depicted: Literal["none", "grantor", "others", "unknown"]
    minors: Literal["none", "yes", "unknown"]
    releases: tuple[Link, ...] = Field(default=(), max_length=32, strict=False)


class Notice(Value):
    """The digest of the exact text that was shown before signing."""

    lang: str = Field(pattern=r"^[a-z]{2,3}$")
    sha256: Hex32


class Consent(Value):
    """A Proof-of-Consent (``urn:rakkan:consent:1``), stated by its grantor.

    ``kind``:
        * ``grant``, ``reservation``: may, or must not, be used.
        * ``mandate``: the grantees may grant in the grantor's name what its scopes allow, and no more;
          ``mandate`` links the one from which this one derives.
        * ``likeness``: a person who is shown (or their guardian) agrees.
        * ``co-author``: somebody who holds a share agrees with the grant that ``joins`` links.
    """

    audience: Origin
    kind: Literal["grant", "reservation", "mandate", "likeness", "co-author"]
    nonce: str = Field(pattern=r"^[0-9a-f]{32}$")
    match: Literal["exact", "collection"] = "exact"
    collection: Collection | None = None
    scopes: tuple[Scope, ...] = Field(min_length=1, max_length=32, strict=False)
    grantor: Grantor
    grantee: tuple[Grantee, ...] = Field(min_length=1, max_length=64, strict=False)
    rights_basis: RightsBasis
    terms: Terms | None = None
    withdrawal: WithdrawalTerms
    persons: Persons
    valid_from: InstantText
    valid_until: InstantText
    train_by: InstantText | None = None
    notice: Notice
    supersedes: Link | None = None
    mandate: Link | None = None
    joins: Link | None = None
    bounds: Bounds | None = None
    jurisdiction: Jurisdiction | None = None
    sealed: Sealed | None = None
    derived: Derived | None = None

    @property
    def may_pin_private(self) -> bool:
        """Whether sealed private fields may leave for a content store; fails closed."""
        return self.kind != "likeness" and self.persons.minors == "none"

    @model_validator(mode="after")
    def _fit(self) -> Self:
        if (self.match == "collection") != (self.collection is not None):
            raise ValueError("collection: stands exactly with match collection")
        if (self.kind == "co-author") != (self.joins is not None):
            raise ValueError("joins: stands exactly with kind co-author")
        if self.kind == "mandate" and PUBLIC in self.grantee:
            raise ValueError("grantee: a mandate names who may act")
        if self.bounds is not None and self.kind != "grant":
            raise ValueError("bounds: only a grant is bound")
        if self.sealed is not None and self.sealed.block is not None and not self.may_pin_private:
            raise ValueError("sealed/block: what is private about a likeness or a minor is never pinned")
        if self.derived is not None and (
            self.kind != "reservation" or any(scope.use is Use.ALLOWED for scope in self.scopes)
        ):
            raise ValueError("derived: what was read elsewhere only reserves")
        if self.rights_basis.claim == "unstated" and self.derived is None:
            raise ValueError(
                "rightsBasis/claim: unstated stands only where somebody else's words are passed on"
            )
        return self


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
