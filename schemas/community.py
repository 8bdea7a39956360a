"""A community, as one registry was told of it: whom it trusts to check, to decide and to clear.

It decides the fields of ``community.json``. Nobody is trusted by default: without the file, no
identification counts, no ruling does, and no likeness to an earlier work can be cleared.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from rakkan.schemas.statement import DidText, Value


class Community(Value):
    """Who may do what in the eyes of one community.

    Attributes:
        gate: Its gate (CAIP-10), as grants name it; empty if it has none.
        adjudicators: Whose rulings count.
        stewards: Who may clear a likeness to an earlier work; adjudicators may too.
        checkers: Whose identity checks count.
        trainers: Who trains for it: whose runs spend the budgets of what was granted to its gate. While nobody is
            named, everybody's do.
    """

    schema_: Literal["rakkan.community/1"] = Field(alias="schema", default="rakkan.community/1")
    gate: Annotated[str, StringConstraints(pattern=r"^(eip155:[1-9][0-9]{0,15}:0x[0-9a-fA-F]{40})?$")] = ""
    adjudicators: tuple[DidText, ...] = Field(default=(), max_length=256, strict=False)
    stewards: tuple[DidText, ...] = Field(default=(), max_length=256, strict=False)
    checkers: tuple[DidText, ...] = Field(default=(), max_length=256, strict=False)
    trainers: tuple[DidText, ...] = Field(default=(), max_length=256, strict=False)


NOBODY: Final = Community()
"""Nobody is trusted."""
