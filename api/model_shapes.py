"""Shapes of answers about models, for the API description and the tests that hold answers to it.

It decides field names; they are never renamed.
"""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from rakkan.api.shapes import RecordNames, Shape


class AliasShape(Shape):
    """Another name of a model."""

    alg: str
    value: str
    basis: Literal["computed", "declared"]


class RegistrationShape(RecordNames):
    """One record about a model."""

    creator: str
    stated_at: str
    role: str
    sha256: str | None = Field(description="The file that it is about.")
    bytes: int
    tensors: int
    run: str | None = Field(description="Envelope of the training run that it links.")
    aliases: list[AliasShape]


class DatasetVerdict(RecordNames):
    """A verdict about the dataset of a run. Whether it still stands, `GET /v1/verdicts/{subject}` says."""

    policy: str
    outcome: Literal["approved", "rejected", "undetermined"]
    issued_at: str
    valid_until: str


class RunShape(RecordNames):
    """A training run, declared by its trainer: nobody can see one from outside."""

    link: Literal["declared by the trainer"]
    trainer: str
    run: str
    began: str
    ended: str | None
    base: str | None = Field(description="Digest of the model that it began from; null is unknown.")
    tool: str | None
    dataset: str = Field(description="`datasetRoot:hex`.")
    consents: list[str] = Field(description="Envelopes of the grants that it relied on.")
    verdicts: list[DatasetVerdict] = Field(description="The newest first.")


class ModelShape(Shape):
    """What is on file about a model (``rakkan.known-model/1``)."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())
    schema_: Literal["rakkan.known-model/1"] = Field(alias="schema")
    model: str = Field(description="`autov3:hex`: sha256 of the tensors.")
    matched: str = Field(description="Which identifier matched.")
    records: list[RegistrationShape]
    runs: list[RunShape]
    more: bool = Field(description="Whether there are more records than are told.")
