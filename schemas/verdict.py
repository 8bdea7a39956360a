"""Verdicts and findings: deterministic answers about a dataset under a policy at an instant.

It decides their fields and the fixed-width bytes of finding and reliance leaves, which contracts
read too. How an answer is found is decided in ``rakkan.registry.audit``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final, Self

from pydantic import Field

from rakkan.schemas.instant import InstantText
from rakkan.schemas.statement import AddressText, Hex32, Link, Origin, Value

AUDIT_VERSION: Final = "rakkan-audit/1"
FINDING_BYTES: Final = 97
"""Length of a finding leaf's data."""

RELIANCE_BYTES: Final = 93
"""Length of a reliance leaf's data."""


class Answer(StrEnum):
    """What effective consent says; only ``allowed`` grants."""

    ALLOWED = "allowed"
    DENIED = "denied"
    UNDETERMINED = "undetermined"


class Outcome(StrEnum):
    """What a check, a finding or a clause says."""

    PASS = "pass"  # noqa: S105 - an outcome, not a password
    FAIL = "fail"
    UNDETERMINED = "undetermined"
    NOT_APPLICABLE = "not-applicable"

    @property
    def code(self) -> int:
        """The byte in a finding leaf: pass 1, fail 2, undetermined 3, not-applicable 4."""
        return _OUTCOME_CODES[self]


_OUTCOME_CODES: Final = {outcome: place for place, outcome in enumerate(Outcome, 1)}


class Decision(IntEnum):
    """A verdict's outcome as contracts number it."""

    APPROVED = 1
    REJECTED = 2
    UNDETERMINED = 3

    @property
    def word(self) -> str:
        """The word in the statement."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer about one item.

    Attributes:
        item: sha256 of the item's bytes, 32 bytes.
        training_input: sha256 of its training input, 32 bytes.
        outcome: pass, fail or undetermined.
        detail: sha256 of the canonical finding document, 32 bytes.
    """

    item: bytes
    training_input: bytes
    outcome: Outcome
    detail: bytes

    @property
    def leaf_data(self) -> bytes:
        """97 bytes: item ‖ trainingInput ‖ outcome ‖ detail; the first 64 are the dataset's leaf data."""
        return self.item + self.training_input + bytes([self.outcome.code]) + self.detail

    @classmethod
    def read(cls, leaves: bytes) -> list[Self]:
        """Findings from leaf data, one after another."""
        starts = range(0, len(leaves), FINDING_BYTES)
        return [cls._of(leaves[start : start + FINDING_BYTES]) for start in starts]

    @classmethod
    def _of(cls, leaf: bytes) -> Self:
        return cls(leaf[:32], leaf[32:64], list(Outcome)[leaf[64] - 1], leaf[65:])


@dataclass(frozen=True, slots=True, order=True)
class Reliance:
    """A consent that a verdict relies on.

    Attributes:
        record_id: sha256 of the consent's statement, 32 bytes.
        item: sha256 of the dataset item, 32 bytes.
        authority: The consent's withdrawal authority, 20 bytes.
        log_index: The consent's index in the log.
        mode: Code of the withdrawal mode.
    """

    record_id: bytes
    item: bytes
    authority: bytes
    log_index: int
    mode: int

    @property
    def leaf_data(self) -> bytes:
        """93 bytes: recordId ‖ item ‖ authority ‖ logIndex (8, big-endian) ‖ mode; order of fields is order of bytes."""
        return self.record_id + self.item + self.authority + self.log_index.to_bytes(8) + bytes([self.mode])

    @classmethod
    def read(cls, leaves: bytes) -> list[Self]:
        """Reliances from leaf data, one after another."""
        starts = range(0, len(leaves), RELIANCE_BYTES)
        return [cls._of(leaves[start : start + RELIANCE_BYTES]) for start in starts]

    @classmethod
    def _of(cls, leaf: bytes) -> Self:
        return cls(leaf[:32], leaf[32:64], leaf[64:84], int.from_bytes(leaf[84:92]), leaf[92])


class Gate(Value):
    """The gate that a verdict is made for."""

    chain_id: int = Field(ge=1)
    address: AddressText


class Block(Value):
    """A block of the chain that a verdict was made at."""

    number: int = Field(ge=0)
    hash: Hex32
    time: InstantText


class AsOf(Value):
    """What the verdict knew: the log's head and, with a chain, the block that had it anchored."""

    log_size: int = Field(ge=0)
    log_root: Hex32
    block: Block | None = None


class Counts(Value):
    """Items by finding."""

    items: int
    passed: int = Field(alias="pass")
    failed: int = Field(alias="fail")
    undetermined: int


class ClauseResult(Value):
    """One clause's answer with the first items that explain it."""

    clause: str
    outcome: Outcome = Field(strict=False)
    observed: int | None = None
    limit: int | None = None
    witnesses: tuple[Hex32, ...] = Field(default=(), max_length=20, strict=False)


class Tree(Value):
    """The root and size of an RFC 9162 tree."""

    root: Hex32
    size: int = Field(ge=0)


class Verdict(Value):
    """The answer about one subject under one policy (``urn:rakkan:verdict:1``)."""

    audience: Origin
    gate: Gate | None = None
    subject: Hex32
    policy: Link
    audit_version: str
    as_of: AsOf
    issued_at: InstantText
    valid_until: InstantText
    outcome: str = Field(pattern="^(approved|rejected|undetermined)$")
    counts: Counts
    clauses: tuple[ClauseResult, ...] = Field(strict=False)
    findings: Tree
    reliance: Tree

    @property
    def decision(self) -> Decision:
        """The outcome as contracts number it."""
        return Decision[self.outcome.upper()]
