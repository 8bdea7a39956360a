"""The ``work`` predicate: one asset, how it was made, and what it was made from.

It decides the fields of lineage. Prompts, workflows, file names and unpublished parents are not
among them: commitments are (DESIGN "Private until published").
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from rakkan.schemas.instant import InstantText
from rakkan.schemas.statement import Commitment, DidText, DigestText, Hex32, Link, Origin, Value

Decimal = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,32}(\.[0-9]{1,32})?([eE][+-]?[0-9]{1,3})?$")]
"""A number exactly as the generator wrote it: seeds up to 2^64, weights, CFG."""


class FingerprintEntry(Value):
    """One perceptual fingerprint with the pipeline that made it."""

    alg: str = Field(max_length=32)
    pipeline: str = Field(max_length=32)
    bits: str = Field(pattern=r"^([0-9a-f]{2}){1,128}$")
    quality: int = Field(ge=0, le=100)


class ModelUse(Value):
    """A model, LoRA or embedding that the generator record names.

    ``declared`` holds hash prefixes exactly as the generator declared them (``autov2``,
    ``autov3``…): claims, not facts. The name is a commitment.
    """

    role: Literal["checkpoint", "lora", "embedding", "vae", "controlnet", "upscaler", "clip"]
    weight: Decimal | None = None
    declared: dict[str, str] | None = None
    name_commitment: Hex32 | None = None


class Generation(Value):
    """What the generator left in the file, normalised; self-declared."""

    tool: str = Field(max_length=64)
    seed: Decimal | None = None
    steps: Decimal | None = None
    cfg: Decimal | None = None
    denoise: Decimal | None = None
    sampler: str | None = Field(default=None, max_length=64)
    scheduler: str | None = Field(default=None, max_length=64)
    models: tuple[ModelUse, ...] = Field(default=(), max_length=64, strict=False)


class Parent(Value):
    """A work that this one was made from; a published one is linked, any one is named by digest."""

    relation: Literal["parentOf", "inputTo", "componentOf"]
    digest: DigestText
    record: Link | None = None


class Disclosed(Value):
    """A private field that its owner chose to publish, in the clear and for ever."""

    name: str = Field(max_length=64)
    text: str = Field(max_length=48 * 1024)


class Asset(Value):
    """The asset's own properties."""

    media_type: str = Field(max_length=64)
    width: int = Field(ge=1)
    height: int = Field(ge=1)


class Work(Value):
    """An asset and its lineage (``urn:rakkan:work:1``), stated by its creator."""

    audience: Origin
    creator: DidText
    making: Literal["generated", "edited", "captured"]
    stamped_at: InstantText
    asset: Asset
    source_digest: DigestText | None = None
    fingerprints: tuple[FingerprintEntry, ...] = Field(default=(), max_length=16, strict=False)
    generation: Generation | None = None
    parents: tuple[Parent, ...] = Field(default=(), max_length=64, strict=False)
    commitments: tuple[Commitment, ...] = Field(default=(), max_length=256, strict=False)
    disclosed: tuple[Disclosed, ...] = Field(default=(), max_length=16, strict=False)
