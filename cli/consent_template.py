"""``rakkan consent template``: a file of terms to fill in.

It decides nothing but how it is asked for: the templates are ``rakkan.registry.flows.consent.templates``'s.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from rakkan.cli import exits
from rakkan.cli.session import Session, line
from rakkan.cli.works import write_file


class Kind(StrEnum):
    """Kinds of consent."""

    GRANT = "grant"
    RESERVATION = "reservation"
    MANDATE = "mandate"
    LIKENESS = "likeness"
    CO_AUTHOR = "co-author"


def register(app: typer.Typer) -> None:
    """Add the command to ``rakkan consent``."""
    app.command("template")(template)


def template(
    context: typer.Context,
    kind: Annotated[Kind, typer.Argument(help="What the terms are for.")] = Kind.GRANT,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.toml", help="Write it here. [standard output]")
    ] = None,
) -> int:
    """Print terms with a comment for each line; where it says "?", only you can answer.

    Example: rakkan consent template grant > terms.toml
    """
    from rakkan.registry.flows.consent.templates import template_of

    session, text = Session.of(context), template_of(kind.value)
    if out is not None:
        write_file(out, text.encode())
    document = {"schema": "rakkan.terms-template/1", "kind": kind.value, "text": text}
    session.emit(document, lambda: line(f"Written to {out}." if out else text.rstrip("\n")))
    return exits.YES
