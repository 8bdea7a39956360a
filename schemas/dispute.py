"""Disputes and rulings: somebody objects, somebody named by the community decides.

It decides the fields. What a dispute suspends and until when, and whose ruling counts, is decided in
``rakkan.registry.rules.disputes``.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from rakkan.schemas.consent import Evidence
from rakkan.schemas.instant import InstantText
from rakkan.schemas.statement import DidText, Hex32, Link, Origin, Value


class Dispute(Value):
    """An objection to a record (``urn:rakkan:dispute:1``), stated by the accuser.

    Attributes:
        accuser: Who objects.
        target: The envelope of the consent, authorship claim or work that is objected to.
        item: One work of a collection, or absent for all of the record.
        ground: ``not-the-author``, ``no-authority``, ``forged``, ``person-shown``, ``minor-shown``,
            ``other``.
        opened_at: When; the deadline is counted from when the registry had it, not from here.
        evidence: What speaks for it, by digest.
    """

    audience: Origin
    accuser: DidText
    target: Link
    item: Hex32 | None = None
    ground: Literal["not-the-author", "no-authority", "forged", "person-shown", "minor-shown", "other"]
    opened_at: InstantText
    evidence: tuple[Evidence, ...] = Field(default=(), max_length=32, strict=False)


class Ruling(Value):
    """A decision (``urn:rakkan:ruling:1``), stated by an adjudicator.

    Attributes:
        adjudicator: Who decides; it counts only where the community (or its gate) names them.
        decision: ``dismissed`` ends a dispute; ``void`` cancels the target from the start (fraud);
            ``cleared`` says that a work which looks like an earlier one may stand beside it.
        dispute: The dispute that it ends, if there was one.
        target: The record that is decided about.
        item: One work of a collection, or absent.
        decided_at: When.
        reasons: sha256 of the reasons, wherever they are kept.
    """

    audience: Origin
    adjudicator: DidText
    decision: Literal["dismissed", "void", "cleared"]
    dispute: Link | None = None
    target: Link
    item: Hex32 | None = None
    decided_at: InstantText
    reasons: Hex32 | None = None

    @model_validator(mode="after")
    def _fit(self) -> Self:
        if self.decision == "dismissed" and self.dispute is None:
            raise ValueError("dispute: stands with dismissed")
        return self
