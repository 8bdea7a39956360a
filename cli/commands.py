"""How commands are grouped and listed.

It decides the look of help: plain text, commands under the people who use them. It leaves out the
commands themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:  # typer carries its own click and gives these two no public name
    from typer._click import Context, HelpFormatter

STARTING: Final = "To begin"
ARTISTS: Final = "For artists"
EVERYBODY: Final = "For everybody"
COMMUNITIES: Final = "For communities"
OPERATORS: Final = "For those who run a registry"


class Commands(TyperGroup):
    """A group whose help lists its commands under headings, those needed first first."""

    def list_commands(self, ctx: Context) -> list[str]:  # noqa: ARG002 - the base's signature
        """The names as declared, not sorted: what is needed first stands first."""
        return list(self.commands)

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write one list under each heading."""
        headings: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(ctx):
            command = self.commands[name]
            heading = getattr(command, "rich_help_panel", None)
            rows = headings.setdefault(heading if isinstance(heading, str) else "Commands", [])
            rows.append((name, command.get_short_help_str(limit=100)))
        for heading in (STARTING, ARTISTS, EVERYBODY, COMMUNITIES, OPERATORS, "Commands"):
            if heading in headings:
                with formatter.section(heading):
                    formatter.write_dl(headings[heading])


def group() -> typer.Typer:
    """A noun with verbs below it; what it is for is said where it is added."""
    return typer.Typer(
        cls=Commands, rich_markup_mode=None, no_args_is_help=False, pretty_exceptions_enable=False
    )
