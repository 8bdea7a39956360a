"""The ``training-run`` predicate: who trained on which dataset, when, on whose consent, and what came out.

It decides the fields. A run is declared by its trainer, and nobody can see from outside whether it was so. How it
spends the budget of a grant is decided in ``rakkan.registry.rules.budget``.
"""

from __future__ import annotations

from typing import Annotated, Final, Self

from pydantic import Field, StringConstraints, model_validator

from rakkan.schemas.instant import InstantText
from rakkan.schemas.statement import Commitment, DidText, DigestText, Link, Origin, Value

DECLARED: Final = "declared by the trainer"
"""What is said to people wherever a run links a model to its dataset."""

MAX_CONSENTS: Final = 512
"""Grants that one record links; a run that rests on more is declared in several records."""

RunName = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class BaseUse(Value):
    """The model that training began from; ``record`` links its record where that is published."""

    digest: DigestText
    record: Link | None = None


class TrainingRun(Value):
    """One training run (``urn:rakkan:training-run:1``), stated by its trainer.

    Its subjects are the dataset, then what came out, by ``autov3``.

    Attributes:
        trainer: Who trained; who signs.
        run: 128 bits that the trainer chose; the same in every record about this run.
        began: When training began. It may be declared before it ended, and before anything came out.
        ended: When it ended.
        base: What it began from; absent is unknown.
        tool: What trained, as it calls itself.
        consents: The grants that it relied on. One with a budget is spent by it.
        commitments: Settings and whatever else stays private.
    """

    audience: Origin
    trainer: DidText
    run: RunName
    began: InstantText
    ended: InstantText | None = None
    base: BaseUse | None = None
    tool: str | None = Field(default=None, max_length=64)
    consents: tuple[Link, ...] = Field(default=(), max_length=MAX_CONSENTS, strict=False)
    commitments: tuple[Commitment, ...] = Field(default=(), max_length=256, strict=False)

    @model_validator(mode="after")
    def _fit(self) -> Self:
        if self.ended is not None and self.ended < self.began:
            raise ValueError("ended: is not before it began")
        return self
