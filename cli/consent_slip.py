"""``rakkan consent slip``: the slip of one consent, or one over many, as a file and as a QR code.

It decides how they are named and drawn. What a slip is worth is decided in ``rakkan.registry.rules.slips`` and
``joint_slips``; handing one in is ``slip``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rakkan.cli import exits, render
from rakkan.cli.session import Session, line
from rakkan.cli.signers import SignerUri, WalletKey, chosen
from rakkan.schemas.errors import Invalid, Unavailable

if TYPE_CHECKING:
    from rakkan.registry.rules.joint_slips import AnySlip
    from rakkan.registry.service import Registry
    from rakkan.registry.signers.port import RecordSigner


def register(app: typer.Typer) -> None:
    """Add the command to ``rakkan consent``."""
    app.command("slip")(slip)


def slip(
    context: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="CID|WORKS",
            help="Consents, or works: then everything that you granted about them. Several make one slip over all.",
        ),
    ] = None,
    every: Annotated[
        bool,
        typer.Option("--all", help="One slip over every grant that the signer gave and that still counts."),
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to write it. [standard output]")
    ] = None,
    qr: Annotated[
        Path | None,
        typer.Option(
            "--qr",
            metavar="FILE.svg",
            help="The same as a QR code, if it fits; - draws it in the terminal.",
        ),
    ] = None,
    item: Annotated[
        list[str] | None,
        typer.Option(
            "--item",
            metavar="WORKS",
            help="Works out of that consent: digests, images, folders or patterns; repeatable. [all]",
        ),
    ] = None,
    signer: SignerUri = "",
    wallet_key: WalletKey = None,
) -> int:
    """Write the slip that takes a consent back, or many at once, for the day on which the key is lost.

    Whoever has the slip can use it, for what it names and for nothing else; one over many takes all of them back
    together. Print it, or give it to somebody.

    Example: rakkan consent slip baguqeera… --out consent.slip.json --qr consent.svg
    """
    session = Session.of(context)
    if every == bool(names) or (every and item):
        raise Invalid(
            "Name consents or works, or all.",
            code="usage",
            hint="Give CID (with --item for works out of it), WORKS, or --all.",
        )
    with session.registry() as registry:
        made = _make(session, registry, names or [], item or [], chosen(session, signer, wallet_key))
    code = (
        _code(made) if qr is not None else None
    )  # before a file is written: one that does not fit is told first
    if out is not None:
        from rakkan.registry.flows.withdraw.slips import write_slip

        write_slip(made, out)
    if qr is not None:
        _draw(session, code, qr)
    document = made.to_json()
    session.emit(document, lambda: _show(document, out))
    return exits.YES


def _make(
    session: Session,
    registry: Registry,
    names: list[str],
    items: list[str],
    by: RecordSigner | None,
) -> AnySlip:
    from rakkan.cli.taking import wanted_of
    from rakkan.registry.flows.withdraw.joint import everything, make_joint
    from rakkan.registry.flows.withdraw.slips import make_slip

    if names:
        with session.progress("Reading") as advance:
            wanted = wanted_of(registry, names, items, by, advance)
    else:
        wanted = everything(registry, by)
    if len(wanted) == 1:
        ((consent, one),) = wanted
        return make_slip(registry, consent, signer=by, item=one)
    return make_joint(registry, wanted, by)


def _code(made: AnySlip) -> Any:  # noqa: ANN401 - a segno.QRCode, whose package may not be there
    """The QR code: all that the slip says but its words, which are derived."""
    try:
        import segno
    except ImportError as error:
        raise Unavailable(
            "QR codes need a library that is not installed.",
            code="extra-missing",
            hint="Install it with `pip install 'rakkan[qr]'`.",
        ) from error
    from rakkan.registry.rules.joint_slips import any_bytes

    content = any_bytes(made, words=False)
    try:
        return segno.make_qr(content, mode="byte", error="m")
    except segno.DataOverflowError as error:
        raise Invalid(
            f"A QR code holds at most {_CODE_BYTES} bytes; this slip has {len(content)}.",
            code="slip-code",
            hint="Use its file instead: leave out --qr and give --out FILE. Or name fewer consents.",
        ) from error


_CODE_BYTES = 2331  # of the largest code, at error correction M


def _draw(session: Session, code: Any, path: Path) -> None:  # noqa: ANN401
    if str(path) == "-":
        if not session.quiet:
            code.terminal(sys.stderr, compact=True)
        return
    try:
        code.save(str(path), kind="svg", scale=4, title="Withdrawal slip", xmldecl=False)
    except OSError as error:
        raise Unavailable(f"{path} cannot be written: {error.strerror}.", code="slip-unwritable") from error


def _show(document: dict[str, Any], out: Path | None) -> None:
    if out is None:
        from rakkan.cli.text import to_json

        line(to_json(document))
        return
    line(document["words"])
    line()
    rows = [("file", str(out))]
    if "recordId" in document:
        rows.append(("consent", document["recordId"]))
    else:
        rows += [("consent", each["recordId"]) for each in document["withdrawals"]]
    render.table(rows)
