"""One call of the command: its global options, and how it speaks.

It decides what goes where: data to stdout, talk, progress and warnings to stderr, and with ``--json``
exactly one document on stdout. It leaves out layout (``rakkan.cli.render``).
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from rakkan.cli.text import clean, clean_lines, to_json

if TYPE_CHECKING:
    from rakkan.registry.service import Registry
    from rakkan.registry.settings import Settings


class Interrupted(Exception):
    """Ctrl-C in the middle of a batch; the message says what was finished and is kept."""


@dataclass(slots=True)
class Session:
    """The global options of one call, filled in by the root command, and whether it has answered.

    Attributes:
        home: ``--home``; None leaves it to ``RAKKAN_HOME`` and its default.
        json: One JSON document on stdout.
        quiet: No talk and no progress; warnings and errors stay.
        verbose: Say more, and show where a fault of ours arose.
        answered: The one document is out; what goes wrong afterwards is said on stderr alone.
    """

    home: Path | None = None
    json: bool = False
    quiet: bool = False
    verbose: bool = False
    answered: bool = False

    @classmethod
    def of(cls, context: typer.Context) -> Session:
        """The session of this call."""
        if not isinstance(context.obj, cls):
            context.obj = cls()
        return context.obj

    def settings(self) -> Settings:
        """The environment with the global options over it.

        Raises:
            Invalid: ``settings``.
        """
        from rakkan.registry.settings import load_settings

        return load_settings(home=self.home)

    @contextlib.contextmanager
    def registry(self) -> Iterator[Registry]:
        """The registry of the home, open for one command.

        Raises:
            DomainError: As ``open_registry`` does; ``home-missing`` is the common one.
        """
        from rakkan.registry.service import open_registry

        with open_registry(self.settings()) as registry:
            yield registry

    def emit(self, document: Mapping[str, Any], show: Callable[[], None], *, compact: bool = False) -> None:
        """Answer: the document with ``--json``, else what people read.

        Args:
            document: With ``schema``.
            show: Writes the answer for people to stdout.
            compact: JSON on one line.
        """
        self.answered = True
        if self.json:
            print(to_json(document, compact=compact), flush=True)  # noqa: T201 - stdout is data
        else:
            show()

    def say(self, text: str) -> None:
        """Talk, on stderr."""
        if not self.quiet:
            _to_stderr(clean(text))

    def warn(self, text: str) -> None:
        """Something the reader should know, on stderr, even when quiet."""
        _to_stderr(f"rakkan: warning: {clean(text)}")

    def fail(self, text: str) -> None:
        """Why something did not work, on stderr, in one line."""
        _to_stderr(f"rakkan: {clean(text)}")

    @contextlib.contextmanager
    def progress(self, what: str, total: int | None = None) -> Iterator[Callable[[str], None]]:
        """A bar on stderr if that is a terminal, else nothing; call the result once for each thing done."""
        if self.quiet or not sys.stderr.isatty():
            yield lambda _: None
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[now]}", markup=False),
            console=Console(stderr=True, highlight=False),
            transient=True,
        )
        with bar:
            task = bar.add_task(what, total=total, now="")
            yield lambda name: bar.update(task, advance=1, now=clean(name)[-60:])


def line(text: str = "") -> None:
    """One line of data for people on stdout; unsafe characters are stripped."""
    print(clean_lines(text))  # noqa: T201 - stdout is data


def _to_stderr(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201 - stderr is talk
