"""The ``rakkan`` command: global options, the commands' names, and the boundary where errors end.

It decides that whatever happens ends as one line on stderr, with ``--json`` one document on stdout, and
an exit code of ``rakkan.cli.exits``. Commands are declared in files of their own; nothing heavy is
imported before a command runs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

from rakkan.cli import (
    anchor,
    consent,
    dataset,
    demonstration,
    evidence,
    exits,
    fsck,
    gate,
    init,
    log,
    policy,
    publish,
    serve,
    stamp,
    trace,
    verdict,
    verify,
    worker,
)
from rakkan.cli.arguments import arrange, wants_json
from rakkan.cli.session import Interrupted, Session
from rakkan.cli.text import clean, to_json
from rakkan.schemas.errors import DomainError, Invalid, Refused, Unavailable

EPILOG = (
    "Every command also takes --home, --json, --quiet and -v. Exit codes: 0 yes, 1 no, 2 usage or invalid input, "
    "3 cannot tell, 4 not found, 5 something outside does not answer, 6 key or permission, 130 interrupted."
)


class Commands(TyperGroup):
    """The root group, which lists commands by who uses them."""


app = typer.Typer(
    cls=Commands,
    rich_markup_mode=None,  # plain help: three times as fast, and the same in every terminal
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    epilog=EPILOG,
)


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    home: Annotated[Path | None, typer.Option("--home", metavar="DIR", help="State folder (RAKKAN_HOME).")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No talk and no progress on stderr.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more on stderr.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Show the version and stop.")] = False,
) -> int:
    """Stamp images, say who may use them, and check what others say.

    Example: rakkan stamp picture.png --consent community-lora
    """
    context.obj = Session(home=home, json=json, quiet=quiet, verbose=verbose)
    if version:
        _version(context.obj)
        raise typer.Exit(exits.YES)
    if context.invoked_subcommand is None:
        print(context.get_help(), file=sys.stderr)  # noqa: T201
        raise typer.Exit(exits.INVALID)
    return exits.YES
