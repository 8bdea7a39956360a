"""A record: one signed statement and its envelope, kept byte for byte as accepted.

It decides how the two blocks hang together and which kinds exist. It leaves out whether a proof
holds (``rakkan.registry.proofs``) and where records are kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final, Self

from rakkan.schemas.authorship import Authorship
from rakkan.schemas.canonical import canonical, parse_canonical
from rakkan.schemas.consent import Consent, Withdrawal
from rakkan.schemas.dispute import Dispute, Ruling
from rakkan.schemas.errors import Invalid
from rakkan.schemas.identification import Identification
from rakkan.schemas.keychange import KeyChange
from rakkan.schemas.model import Model
from rakkan.schemas.statement import (
    STATEMENT_TYPE,
    Envelope,
    Link,
    Proof,
    Statement,
    Subject,
    Value,
    parse_model,
)
from rakkan.schemas.trainingrun import TrainingRun
from rakkan.schemas.values import Cid
from rakkan.schemas.verdict import Verdict
from rakkan.schemas.work import Work

KINDS: Final[Mapping[str, type[Value]]] = MappingProxyType(
    {
        "urn:rakkan:work:1": Work,
        "urn:rakkan:consent:1": Consent,
        "urn:rakkan:withdrawal:1": Withdrawal,
        "urn:rakkan:authorship:1": Authorship,
        "urn:rakkan:identity:1": Identification,
        "urn:rakkan:key:1": KeyChange,
        "urn:rakkan:dispute:1": Dispute,
        "urn:rakkan:ruling:1": Ruling,
        "urn:rakkan:model:1": Model,
        "urn:rakkan:training-run:1": TrainingRun,
        "urn:rakkan:verdict:1": Verdict,
    }
)
"""Predicate types that this version can judge; a record of another type is refused, not guessed at."""


def statement_bytes(kind: str, subjects: Sequence[Subject], predicate: Value) -> bytes:
    """The canonical bytes of a new statement of the current version.

    Args:
        kind: The middle part of a predicate type in :data:`KINDS`, such as ``consent``.
        subjects: At least one.
        predicate: Of the model that :data:`KINDS` names.
    """
    return canonical(
        {
            "_type": STATEMENT_TYPE,
            "subject": [subject.to_json() for subject in subjects],
            "predicateType": f"urn:rakkan:{kind}:1",
            "predicate": predicate.to_json(),
        }
    )


@dataclass(frozen=True)
class Record:
    """A statement and its envelope.

    Attributes:
        statement: Canonical statement bytes, as signed.
        envelope: Canonical envelope bytes, linking to exactly that statement.
    """

    statement: bytes
    envelope: bytes

    @classmethod
    def build(cls, statement: bytes, proofs: Sequence[Proof]) -> Self:
        """Put proofs around a statement."""
        envelope = Envelope(statement=Link.to(Cid.of(statement)), proofs=tuple(proofs))
        return cls.parse(statement, canonical(envelope.to_json()))

    @classmethod
    def parse(cls, statement: bytes, envelope: bytes) -> Self:
        """Read both blocks, check their form and that they belong together.

        Raises:
            Invalid: ``not-canonical``, ``shape``, ``kind-unknown``, ``envelope-mismatch``.
        """
        record = cls(statement, envelope)
        if record.parsed_envelope.statement.cid != record.record_id:
            raise Invalid(
                "The envelope links to another statement.", code="envelope-mismatch", pointer="/statement"
            )
        _ = record.predicate
        return record

    @cached_property
    def record_id(self) -> Cid:
        """CID of the statement: what people sign and chains know."""
        return Cid.of(self.statement)

    @cached_property
    def envelope_cid(self) -> Cid:
        """CID of the envelope: what other records link to."""
        return Cid.of(self.envelope)

    @cached_property
    def leaf_data(self) -> bytes:
        """64 bytes of log leaf data: sha256(statement) ‖ sha256(envelope)."""
        return self.record_id.digest + self.envelope_cid.digest

    @cached_property
    def value(self) -> Any:  # noqa: ANN401 - any JSON value, until it is parsed
        """The statement's JSON value, read on demand; known to be canonical."""
        return parse_canonical(self.statement)

    @cached_property
    def parsed(self) -> Statement:
        """The statement, parsed on demand."""
        return parse_model(Statement, self.value)

    @cached_property
    def parsed_envelope(self) -> Envelope:
        """The envelope, parsed on demand."""
        return parse_model(Envelope, parse_canonical(self.envelope))

    @cached_property
    def predicate(self) -> Value:
        """The predicate, as the model of its type.

        Raises:
            Invalid: ``kind-unknown``, ``shape``.
        """
        model = KINDS.get(self.parsed.predicate_type)
        if model is None:
            raise Invalid(
                f"{self.parsed.predicate_type} is not a kind of record we can judge.",
                code="kind-unknown",
                pointer="/predicateType",
            )
        return parse_model(model, self.parsed.predicate, pointer="/predicate")

    @property
    def kind(self) -> str:
        """The middle part of the predicate type, such as ``consent``."""
        return self.parsed.kind

    def to_json(self) -> dict[str, Any]:
        """Both blocks as JSON values, for APIs."""
        return {
            "recordId": str(self.record_id),
            "envelope": str(self.envelope_cid),
            "statement": self.value,
            "proofs": [proof.to_json() for proof in self.parsed_envelope.proofs],
        }
