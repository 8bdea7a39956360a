"""``--persons``, ``--minors`` and ``--coauthors``: what nobody but the grantor can say.

It decides how these are asked for: by option, in the terms, else by a question on a terminal. Without an
answer they stay unsaid, which is told, for what needs an answer then cannot be granted.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import typer

from rakkan.cli.session import Session

if TYPE_CHECKING:
    from rakkan.registry.flows.consent.terms import Terms


class Depicted(StrEnum):
    """Who is shown."""

    NONE = "none"
    GRANTOR = "grantor"
    OTHERS = "others"
    UNKNOWN = "unknown"


class Minors(StrEnum):
    """Whether minors are."""

    NONE = "none"
    YES = "yes"
    UNKNOWN = "unknown"


class Coauthors(StrEnum):
    """Whether all who have a share agree."""

    COMPLETE = "complete"
    MISSING = "missing"
    UNKNOWN = "unknown"


PersonsShown = Annotated[
    Depicted | None,
    typer.Option("--persons", help="Who can be recognised in the works. [as the terms say; asked]"),
]
MinorsShown = Annotated[
    Minors | None, typer.Option("--minors", help="Whether minors are shown. [as the terms say; asked]")
]
CoauthorsAgree = Annotated[
    Coauthors | None,
    typer.Option(
        "--coauthors",
        help="Whether all who have a share agree, as if you are alone. [as the terms say; asked]",
    ),
]

_QUESTIONS: Final = {
    "depicted": ("Who can be recognised in the works?", Depicted),
    "minors": ("Are minors shown?", Minors),
    "coauthors": ("Do all who have a share agree? (complete if you made it alone)", Coauthors),
}
_OPTIONS: Final = {"depicted": "--persons", "minors": "--minors", "coauthors": "--coauthors"}


def answered(session: Session, terms: Terms) -> Terms:
    """The terms with what somebody at a terminal answers to what is unsaid in them; never with a guess."""
    if terms.unsaid and _somebody_is_there(session):
        terms = terms.answering(**{name: _asked(*_QUESTIONS[name]) for name in terms.unsaid})
    if terms.unsaid:
        options = " and ".join(_OPTIONS[name] for name in terms.unsaid)
        lost = (
            "nothing can be granted until they are given"
            if "coauthors" in terms.unsaid
            else "what asks for them stays undetermined"
        )
        session.warn(f"You have not said {options}: it is stated as unknown, and {lost}.")
    return terms


def _somebody_is_there(session: Session) -> bool:
    return not session.json and not session.quiet and sys.stdin.isatty() and sys.stderr.isatty()


def _asked(question: str, words: type[StrEnum]) -> str:
    known = [word.value for word in words]
    while True:
        said = str(typer.prompt(f"{question} [{', '.join(known)}]", err=True)).strip().lower()
        if said in known:
            return said
