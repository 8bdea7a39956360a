"""The ``rakkan`` command: global options, the commands' names, and the boundary where errors end.

It decides that whatever happens ends as one line on stderr, with ``--json`` as one document on stdout,
and as an exit code of ``rakkan.cli.exits``. Commands are declared in files of their own; nothing heavy
is imported before one of them runs.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from rakkan.cli import (
    anchor,
    consent,
    dataset,
    drafts,
    evidence,
    exits,
    fsck,
    gate,
    identify,
    init,
    keys,
    log,
    model,
    model_register,
    policy,
    publish,
    serve,
    stamp,
    standing,
    trace,
    verdict,
    verify,
    webhook,
    worker,
)
from rakkan.cli.arguments import arrange, wants_json
from rakkan.cli.commands import ARTISTS, COMMUNITIES, EVERYBODY, OPERATORS, STARTING, Commands
from rakkan.cli.demo.command import demo
from rakkan.cli.session import Interrupted, Session
from rakkan.cli.text import clean, to_json
from rakkan.schemas.errors import DomainError, Invalid, Refused, Unavailable

app = typer.Typer(
    cls=Commands,
    rich_markup_mode=None,  # plain help: three times as fast as a drawn one, and the same on every terminal
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    epilog="Every command also takes --home, --json, --quiet and -v. Exit codes: 0 yes, 1 no, 2 usage or invalid "
    "input, 3 cannot tell, 4 not found, 5 something outside does not answer, 6 key or permission, 130 interrupted.",
)


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    home: Annotated[
        Path | None,
        typer.Option("--home", metavar="DIR", help="State folder. [RAKKAN_HOME, or ~/.local/share/rakkan]"),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Answer with one JSON document.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No talk and no progress.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Show the version and stop.")] = False,
) -> int:
    """Stamp pictures with who made them, say who may use them, and check what others say.

    Example: rakkan stamp picture.png --consent community-lora
    """
    session = Session.of(context)
    session.home, session.json, session.quiet, session.verbose = home, json, quiet, verbose
    if version:
        from importlib.metadata import version as installed

        number = installed("rakkan")
        session.emit({"schema": "rakkan.version/1", "version": number}, lambda: print(f"rakkan {number}"))  # noqa: T201
        raise typer.Exit(exits.YES)
    if context.invoked_subcommand is None:
        print(context.get_help(), file=sys.stderr)  # noqa: T201 - help that nobody asked for is talk
        raise Invalid("No command is named.", code="usage", hint="`rakkan --help` lists them.")
    return exits.YES


for _name, _command, _panel in (
    ("init", init.init, STARTING),
    ("demo", demo, STARTING),
    ("stamp", stamp.stamp, ARTISTS),
    ("publish", publish.publish, ARTISTS),
    ("identify", identify.identify, EVERYBODY),
    ("verify", verify.verify, EVERYBODY),
    ("trace", trace.trace, EVERYBODY),
    ("worker", worker.worker, OPERATORS),
    ("serve", serve.serve, OPERATORS),
    ("fsck", fsck.fsck, OPERATORS),
):
    app.command(_name, rich_help_panel=_panel)(_command)
for _name, _group, _panel, _purpose in (
    ("consent", consent.app, ARTISTS, "Grant, reserve, withdraw, and show what holds."),
    ("evidence", evidence.app, EVERYBODY, "Carry evidence to where there is no registry."),
    ("dataset", dataset.app, COMMUNITIES, "Pin the items of a dataset."),
    ("model", model.app, COMMUNITIES, "Name models by their tensors, and say what they were trained on."),
    ("policy", policy.app, COMMUNITIES, "Read policies before anybody votes on them."),
    ("verdict", verdict.app, COMMUNITIES, "Judge datasets under policies."),
    ("gate", gate.app, COMMUNITIES, "Ask the contract, hand it verdicts, stop it with a proof."),
    ("log", log.app, OPERATORS, "Read the log of records."),
    ("anchor", anchor.app, OPERATORS, "Look after what is on the chain."),
    ("webhook", webhook.app, OPERATORS, "Send signed messages about consents."),
):
    app.add_typer(_group, name=_name, help=_purpose, rich_help_panel=_panel)
standing.register(app)
keys.register(app)
model_register.add_to(model.app)
drafts.register(app)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code and raises nothing but ``SystemExit``.

    Args:
        argv: The words after ``rakkan``; None takes them, and the handling of signals, from the process.
    """
    if argv is None:
        _have_streams()
        _end_tidily()
    for stream in (sys.stdout, sys.stderr):
        _never_fail_on_letters(stream)
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _ended(words, Session(json=wants_json(words)))
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:  # the reader has gone; it is no fault, and no answer
        _talk_to_nobody()
        return exits.PIPE_CLOSED
    return code


def _ended(words: Sequence[str], session: Session) -> int:
    try:
        code = _run(words, session)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except DomainError as error:
        return _fail(session, error, exits.of_error(error))
    except Interrupted as error:
        return _interrupted(session, str(error))
    except KeyboardInterrupt:
        return _interrupted(session, "What was finished is kept.")
    except OSError as error:
        kind: type[DomainError] = Refused if isinstance(error, PermissionError) else Unavailable
        where = f"{error.filename}: " if error.filename else ""
        said = kind(f"{where}{error.strerror or error}.", code="system", hint="Check disk, path and rights.")
        return _fail(session, said, exits.of_error(said))
    except Exception as error:  # the last boundary: nobody is shown a traceback unasked
        return _fault(session, error)
    if code == exits.INTERRUPTED:
        return _interrupted(session, "What was finished is kept.")
    return code


def _run(words: Sequence[str], session: Session) -> int:
    command = typer.main.get_command(app)
    streams = sys.stdout, sys.stderr
    try:
        answer = command.main(arrange(words), prog_name="rakkan", standalone_mode=False, obj=session)
    except typer.TyperException as error:
        raise _usage(error) from error
    except typer.Abort as error:
        raise Interrupted("What was finished is kept; run it again to do the rest.") from error
    except SystemExit as stopped:  # Click, and Rich, take a closed pipe for a "no" of their own
        sys.stdout, sys.stderr = streams
        cause = stopped.__context__
        if isinstance(cause, BrokenPipeError):
            raise cause from None
        raise
    return answer if isinstance(answer, int) else exits.YES


def _usage(error: Any) -> Invalid:  # noqa: ANN401 - usage errors carry a context, which the public class does not name
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "rakkan"
    where = path.removeprefix("rakkan").strip()
    said = clean(error.format_message()).rstrip(".")
    said = said if said.endswith("?") else f"{said}."
    return Invalid(f"{where}: {said}" if where else said, code="usage", hint=f"`{path} --help` shows how.")


def _fail(session: Session, error: DomainError, code: int) -> int:
    if session.json and not session.answered:
        said = {
            "code": error.code,
            "message": error.message,
            "hint": error.hint,
            "pointer": error.pointer,
            "fields": error.fields,
        }
        print(to_json({"schema": "rakkan.error/1", "error": said}))  # noqa: T201 - stdout is data
    session.fail(str(error))
    return code


def _interrupted(session: Session, said: str) -> int:
    error = DomainError(f"Interrupted. {said}", code="interrupted")
    return _fail(session, error, exits.INTERRUPTED)


def _fault(session: Session, error: Exception) -> int:
    if session.verbose:
        import traceback

        traceback.print_exception(error)
    said = DomainError(
        f"This is a fault of ours ({type(error).__name__}: {error}).",
        code="fault",
        hint="Please report it with what -v shows.",
    )
    return _fail(session, said, exits.FAULT)


def _end_tidily() -> None:
    """Take SIGTERM as Ctrl-C: a batch says what it finished, and a chain that we started ends with us."""
    ours = os.getpid()

    def stop(number: int, _frame: object) -> None:
        if os.getpid() == ours:
            raise KeyboardInterrupt
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    signal.signal(signal.SIGTERM, stop)


def _have_streams() -> None:
    """Whoever closed a stream before we began reads nothing; no file of ours may take its number."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
            if getattr(sys, name) is None:
                setattr(sys, name, os.fdopen(number, "w" if number else "r", closefd=False))


def _talk_to_nobody() -> None:
    """Whatever is still to be written goes nowhere, so that closing down cannot fail over it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            os.dup2(nowhere, stream.fileno())


def _never_fail_on_letters(stream: TextIO) -> None:
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
