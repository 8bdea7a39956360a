"""Statements, proofs and envelopes: the in-toto shape that every record has.

It decides the outer form. Predicates have files of their own; signatures are checked in
``rakkan.registry.proofs``. Parsing is monotonic: unknown fields are kept and never grant.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from rakkan.schemas.errors import Invalid
from rakkan.schemas.values import Cid, Digest

STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"

Hex32 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
DigestText = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]+:[0-9a-f]{64}$")]
Origin = Annotated[str, StringConstraints(pattern=r"^rakkan/[0-9a-f]{16}$")]
M = TypeVar("M", bound=BaseModel)

MAX_KEYS: Final = 200
"""Withdrawals that one signature may cover: each of their records repeats all keys."""

AddressText = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{40}$")]
DidText = Annotated[str, StringConstraints(pattern=r"^did:(key:z|pkh:eip155:)[0-9A-Za-z:]+$", max_length=128)]


class Value(BaseModel):
    """Base of all predicates: frozen, camelCase in JSON, unknown fields kept."""

    model_config = ConfigDict(
        frozen=True,
        extra="allow",
        alias_generator=to_camel,
        populate_by_name=True,
        strict=True,
        protected_namespaces=(),
    )

    def to_json(self) -> dict[str, Any]:
        """The JSON value, absent fields left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class Link(Value):
    """A DAG-JSON link to another record's envelope."""

    target: str = Field(alias="/")

    @property
    def cid(self) -> Cid:
        """The link's target."""
        return Cid.parse(self.target)

    @classmethod
    def to(cls, cid: Cid) -> Link:
        """A link to this block."""
        return cls.model_validate(cid.link)


class Commitment(Value):
    r"""A salted commitment to a field that stays private.

    ``value`` is sha256("rakkan-commitment-v1\\0" ‖ salt ‖ UTF-8 text) in hex; salt is 32 random
    bytes that stay with the artist.
    """

    name: str = Field(max_length=64)
    value: Hex32


class Subject(Value):
    """What a statement is about (in-toto ResourceDescriptor)."""

    name: str = Field(max_length=64)
    digest: dict[str, Hex32] = Field(min_length=1, max_length=8)

    @property
    def digests(self) -> tuple[Digest, ...]:
        """All identifiers, canonical one first as :data:`DIGEST_KINDS` has no order of rank."""
        return tuple(Digest.from_hex(kind, value) for kind, value in self.digest.items())


class Statement(Value):
    """An in-toto Statement v1: subjects, and a versioned predicate about them."""

    type: Literal["https://in-toto.io/Statement/v1"] = Field(alias="_type")
    subject: tuple[Subject, ...] = Field(min_length=1, max_length=64, strict=False)
    predicate_type: str = Field(pattern=r"^urn:rakkan:[a-z-]+:[0-9]+$")
    predicate: dict[str, Any]

    @property
    def kind(self) -> str:
        """``work`` of ``urn:rakkan:work:1``."""
        return self.predicate_type.split(":")[2]


class BlockName(Value):
    """One block of a chain."""

    number: int = Field(ge=0)
    hash: Hex32


class Proof(Value):
    """A signature by one actor over one statement.

    ``eip712`` proofs name the chain and contract of their domain; what was signed is derived from
    the statement again when verifying, never read from here. ``erc1271`` proofs sign the same for a
    wallet that is a contract (ERC-6492 wrapping included), and name the block at which it said yes:
    such wallets change their owners. An ``eip712`` proof with ``keys`` signed many withdrawals at once, the
    record's own among them: these are the keys, in the order that was signed.
    """

    suite: Literal["ed25519", "eip712", "erc1271"]
    signer: DidText
    signature: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{2,8192}$")]
    verifying_contract: AddressText | None = None
    block: BlockName | None = None
    keys: tuple[Hex32, ...] | None = Field(default=None, min_length=1, max_length=MAX_KEYS, strict=False)


class Envelope(Value):
    """The block that carries a statement's proofs."""

    statement: Link
    proofs: tuple[Proof, ...] = Field(min_length=1, max_length=16, strict=False)


def parse_model(model: type[M], value: object, *, pointer: str = "") -> M:
    """Validate a JSON value against a model.

    Raises:
        Invalid: ``shape``, with the JSON pointer of the first field at fault.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = pointer + "".join(f"/{part}" for part in first["loc"])
        raise Invalid(f"{where or '/'}: {first['msg']}.", code="shape", pointer=where) from error
