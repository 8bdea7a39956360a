"""Shapes of answers, for the API description and the tests that hold answers to it.

It decides field names; they are never renamed (DESIGN §7). Answers are built where they are known,
not through these models: the models describe, tests compare.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Outcome = Literal["pass", "fail", "undetermined", "not-applicable"]


class Shape(BaseModel):
    """Base: camelCase, nothing beside what is described."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True)


class ProblemShape(BaseModel):
    """An RFC 9457 problem."""

    model_config = ConfigDict(extra="allow")
    type: str = Field(examples=["/problems/digest-form"], description="Address of a page that explains it.")
    title: str
    status: int
    detail: str
    code: str = Field(examples=["digest-form"], description="Stable; branch on this.")
    hint: str = ""
    errors: list[dict[str, str]] = Field(default=[], description="JSON pointers to what is at fault.")


class RecordNames(Shape):
    """The two names of a record."""

    record_id: str = Field(description="CID of the statement: what was signed.")
    envelope: str = Field(description="CID of the envelope: the statement with its proofs.")


class Accepted(RecordNames):
    """A record was taken."""

    kind: str
    new: bool = Field(description="False if it was known already.")


class Anchor(Shape):
    """Where the log head that holds a record is on chain."""

    state: Literal["none", "pending", "mined", "final", "unanchored"]
    chain: int | None
    contract: str | None
    tx: str | None
    block: int | None
    size: int | None = Field(description="Size of the tree that the proof is for.")
    root: str | None
    index: int | None
    proof: list[str] = Field(description="Inclusion proof, leaf to root (RFC 9162).")


class AssetShape(Shape):
    """What is registered under a digest."""

    digest: str
    matched: str = Field(description="Which identifier matched.")
    alias: bool = Field(description="Whether it is an alias: the work's canonical identifier is another.")
    record: RecordNames
    digests: dict[str, str] = Field(description="All identifiers that the record names.")
    accepted_at: str
    anchor: Anchor
    others: list[RecordNames] = Field(description="Further records that name the same digest, oldest first.")


class CheckShape(Shape):
    """One of the fifteen checks."""

    name: str
    outcome: Outcome
    code: str
    detail: str


class Lineage(Shape):
    """What a work was made from, and what was made from it; an edge goes from a work to its source."""

    model_config = ConfigDict(extra="allow")
    nodes: list[dict[str, Any]]
    edges: list[dict[str, Any]]


class NameShape(Shape):
    """One identity that an aggregator says to have verified; an absent word is empty."""

    type: str = Field(examples=["cawg.crypto_wallet"])
    name: str
    username: str
    address: str
    uri: str
    provider: str
    verified_at: str


class NamedShape(Shape):
    """Somebody who signed a record about the picture, beside a credential that can be compared with them."""

    part: Literal["creator", "grantor"]
    did: str
    agrees: bool = Field(description="Whether the credential names the same wallet or key.")


class IdentityShape(Shape):
    """One identity credential (CAWG) in the picture; it grants nothing and changes no state."""

    label: str
    type: str = Field(examples=["cawg.identity_claims_aggregation", "cawg.x509.cose"])
    outcome: Outcome
    code: str = Field(examples=["cawg.identity.trusted", "cawg.ica.untrusted_issuer"])
    detail: str
    sha256: str = Field(description="Of its signature; empty if it was not read that far.")
    issuer: str
    subject: str
    roles: list[str]
    covers: list[str] = Field(description="Labels of the assertions that it speaks about.")
    names: list[NameShape]
    actors: list[NamedShape]
    said: list[str] = Field(description="One sentence for each actor.")


class VerificationShape(BaseModel):
    """The answer about one picture or digest (``rakkan.verification/1``)."""

    model_config = ConfigDict(extra="allow")
    schema_: Literal["rakkan.verification/1"] = Field(alias="schema")
    state: Literal["trusted", "intact", "invalid", "revoked", "recovered", "none"]
    checks: list[CheckShape] = Field(min_length=15, max_length=15)
    record: RecordNames | None
    anchor: Anchor
    consent: dict[str, Any]
    lineage: Lineage
    identities: list[IdentityShape] = []


class BatchEntry(BaseModel):
    """One digest of a batch: a verification, or why there is none."""

    model_config = ConfigDict(extra="forbid")
    digest: str
    verification: VerificationShape | None
    error: dict[str, str] | None


class Batch(BaseModel):
    """Answers in the order asked (``rakkan.verifications/1``)."""

    model_config = ConfigDict(extra="forbid")
    schema_: Literal["rakkan.verifications/1"] = Field(alias="schema")
    items: list[BatchEntry]


class ProofShape(RecordNames):
    """That a record is in the log."""

    leaf: str = Field(description="RFC 9162 leaf hash of sha256(statement) ‖ sha256(envelope).")
    index: int
    size: int
    root: str
    proof: list[str]
    note: str = Field(description="The signed log head of that size, if one was signed; else empty.")
    anchor: Anchor


class ConsentAnswer(Shape):
    """What holds for one scope."""

    scope: str
    answer: Literal["allowed", "denied", "undetermined"] = Field(description="Only `allowed` grants.")
    code: str
    assurance: int = Field(ge=0, le=3)
    relied: list[RecordNames] = Field(description="The consents that decide.")


class ConsentShape(Shape):
    """What may be done with a work, now or at an instant."""

    digest: str
    grantee: str
    at: str
    answers: list[ConsentAnswer]
    then: list[ConsentAnswer] | None = Field(
        default=None, description="With `asOf`: what was known at that instant."
    )


class ManyAnswer(Shape):
    """What holds for one work of a query."""

    outcome: Literal["allowed", "denied", "undetermined"] = Field(description="Only `allowed` grants.")
    reason: str = Field(description="A stable code.")
    assurance: int = Field(ge=0, le=3, description="The weakest of what it rests on.")
    record: RecordNames | None = Field(description="The first consent that decides.")


class ManyItem(ManyAnswer):
    """One work of a query."""

    digest: str
    then: ManyAnswer | None = Field(
        default=None, description="With `asOf`: by what was known at that instant."
    )


class ConsentsShape(BaseModel):
    """What may be done with many works, in the order asked (``rakkan.consents/1``)."""

    model_config = ConfigDict(extra="forbid")
    schema_: Literal["rakkan.consents/1"] = Field(alias="schema")
    scope: str
    grantee: str
    policy: str | None
    at: str
    items: list[ManyItem]


class Withdrawn(BaseModel):
    """What a withdrawal slip did."""

    model_config = ConfigDict(extra="forbid")
    recordId: str = Field(description="The withdrawal's record.")  # noqa: N815
    envelope: str
    kind: Literal["withdrawal"]
    new: bool = Field(description="False if it was taken back before.")
    consent: str = Field(description="The consent that was taken back.")
    item: str | None = Field(description="One work out of it; null for all of it.")
    authority: str
    onChain: bool = Field(description="Whether it goes to the contract, too.")  # noqa: N815


class WithdrawnTogether(BaseModel):
    """What a withdrawal slip over many consents did."""

    model_config = ConfigDict(extra="forbid")
    withdrawals: list[Withdrawn] = Field(description="In the order of the slip.")
    new: bool = Field(description="False if all of it was taken back before.")


class VerdictShape(BaseModel):
    """A verdict (``rakkan.verdict/1``)."""

    model_config = ConfigDict(extra="forbid")
    schema_: Literal["rakkan.verdict/1"] = Field(alias="schema")
    recordId: str  # noqa: N815 - beside `schema`, which an alias generator would not spell
    envelope: str
    verdict: dict[str, Any] = Field(description="The statement.")
    signature: str | None = Field(description="The attester's EIP-712 signature for the gate.")
    attester: str | None
    stale: bool | None = Field(
        description="Whether a consent that it relies on was withdrawn since; null if the chain did not answer."
    )
    staleCauses: list[dict[str, Any]] = Field(description="The withdrawals, earliest first; 100 at most.")  # noqa: N815
    staleCausesTotal: int = Field(description="How many there are.")  # noqa: N815


class HeadShape(Shape):
    """The newest signed log head."""

    origin: str
    size: int
    root: str
    note: str = Field(description="C2SP signed note.")
    keys: list[str] = Field(
        description="Verifier keys. Take them from a place you trust, once; then compare."
    )


class ConsistencyShape(Shape):
    """That a smaller log is the beginning of a larger one (RFC 9162 §2.1.4)."""

    first: int
    second: int
    first_root: str
    second_root: str
    proof: list[str]


class ExplanationShape(Shape):
    """What a problem code means."""

    code: str
    status: int | None
    explanation: str
