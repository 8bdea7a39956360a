"""The ``model`` predicate: a model file, by what is in it, and the other names it goes by.

It decides the fields. A model is its tensors (``autov3``); every other name is an alias. Titles, file names and
trigger words are not among them: commitments are. Which tensors a file holds is read in
``rakkan.manifests.models``.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from rakkan.schemas.instant import InstantText
from rakkan.schemas.statement import Commitment, DidText, Link, Origin, Value
from rakkan.schemas.values import Digest

NO_TENSORS: Final = Digest("autov3", Digest.of(b"").raw)
"""``e3b0c442…``, sha256 of nothing: broken tools write it into every file, so it names no model."""


class ModelAlias(Value):
    """Another name of a model.

    Attributes:
        alg: ``autov1`` (8 hex digits), ``kohya`` (``sshs_model_hash``), ``kohyaLegacy`` (8), ``modelspec``.
        value: Lower-case hex without ``0x``.
        basis: ``computed`` from the file, or only ``declared`` in its header.
    """

    alg: Literal["autov1", "kohya", "kohyaLegacy", "modelspec"]
    value: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{8}|[0-9a-f]{64})$")]
    basis: Literal["computed", "declared"]


class Model(Value):
    """A model file (``urn:rakkan:model:1``), stated by its creator.

    Attributes:
        creator: Who says so; control of a key, not authorship.
        stated_at: When, by their clock.
        role: What it is used as.
        format: How the file is laid out.
        bytes: Size of the file that the subject's ``sha256`` names.
        tensors: How many it holds.
        run: The training run that it came out of, which names it among its outputs.
        aliases: Other names that it goes by.
        commitments: Private fields.
    """

    audience: Origin
    creator: DidText
    stated_at: InstantText
    role: Literal["checkpoint", "lora", "embedding", "vae", "controlnet", "upscaler", "clip"]
    format: Literal["safetensors"]
    bytes: int = Field(ge=1)
    tensors: int = Field(ge=1)
    run: Link | None = None
    aliases: tuple[ModelAlias, ...] = Field(default=(), max_length=16, strict=False)
    commitments: tuple[Commitment, ...] = Field(default=(), max_length=256, strict=False)
