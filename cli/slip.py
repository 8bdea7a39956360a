"""``rakkan consent slip`` and slips elsewhere: files, QR codes, and handing them in.

It decides what is written where and how a slip is read. What it is worth is decided in
``rakkan.registry.rules.slips``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rakkan.cli import exits, render
from rakkan.cli.session import Session, line
from rakkan.cli.signers import SignerUri, WalletKey, chosen
from rakkan.schemas.errors import Invalid, NotFound, Refused, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rakkan.registry.service import Registry
    from rakkan.registry.signers.port import RecordSigner
    from rakkan.schemas.record import Record
    from rakkan.schemas.slip import Slip

SlipFolder = Annotated[
    Path | None,
    typer.Option(
        "--slips", metavar="DIR", help="Write a withdrawal slip for each consent there. Keep them safe."
    ),
]
SlipFile = Annotated[
    Path | None,
    typer.Option("--slip", metavar="FILE", help="A withdrawal slip, instead of CID and key."),
]
Rpc = Annotated[str, typer.Option("--rpc", metavar="URL", help="A node of the slip's chain. [the home's]")]


def slip(
    context: typer.Context,
    cid: Annotated[str, typer.Argument(metavar="CID", help="The consent's record or envelope.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to write it. [standard output]")
    ] = None,
    qr: Annotated[
        Path | None,
        typer.Option("--qr", metavar="FILE.svg", help="The same as a QR code; - draws it in the terminal."),
    ] = None,
    item: Annotated[
        str, typer.Option("--item", metavar="DIGEST", help="For one work out of it, as sha256:<hex>. [all]")
    ] = "",
    signer: SignerUri = "",
    wallet_key: WalletKey = None,
) -> int:
    """Write the slip that takes a consent back, for the day on which its key is lost.

    Whoever has the slip can use it, for this consent and for nothing else. Print it, or give it to somebody.

    Example: rakkan consent slip baguqeera… --out consent.slip.json --qr consent.svg
    """
    from rakkan.registry.flows.lookup import resolve
    from rakkan.registry.flows.withdraw.slips import make_slip, write_slip
    from rakkan.schemas.values import Cid, Digest

    session = Session.of(context)
    with session.registry() as registry:
        given = resolve(registry, str(Cid.parse(cid))).record
        made = make_slip(
            registry,
            given,
            signer=chosen(session, signer, wallet_key),
            item=Digest.parse(item) if item else None,
        )
    if out is not None:
        write_slip(made, out)
    if qr is not None:
        _draw(session, made, qr)
    document = made.to_json()
    session.emit(document, lambda: _show(document, out))
    return exits.YES


def write_slips(
    registry: Registry, consents: Iterable[Record], folder: Path, signer: RecordSigner | None = None
) -> list[Path]:
    """A slip file for each consent, named after its record.

    Raises:
        Refused: ``withdrawal-foreign``. Unavailable: ``slip-unwritable``.
    """
    from rakkan.registry.flows.withdraw.slips import make_slip, write_slip

    written = []
    for consent in consents:
        path = folder / f"{consent.record_id}.slip.json"
        write_slip(make_slip(registry, consent, signer=signer), path)
        written.append(path)
    return written


def withdraw_by(session: Session, path: Path, rpc: str) -> int:
    """Use a slip: in this home if it is its registry, else straight at the contract."""
    from rakkan.registry.home import Home
    from rakkan.registry.keys import ACCOUNT
    from rakkan.registry.ledger.relay import relay
    from rakkan.registry.rules.slips import check_slip

    found = read(path)
    check_slip(found)
    settings = session.settings()
    home = Home(settings.folder)
    if home.exists and not rpc:
        from rakkan.registry.flows.withdraw.slips import belongs_here

        with session.registry() as registry:
            if belongs_here(registry, found):
                return _at_home(session, registry, found)
    if found.chain_id is None:
        raise Refused(
            f"This slip is for the registry {found.audience}, which has no chain.",
            code="slip-elsewhere",
            hint="Hand it to that registry: its page /withdraw, or POST /v1/withdrawals.",
        )
    url = rpc or settings.rpc_url or _home_url(home)
    if not url:
        raise Invalid(
            f"The slip is for chain {found.chain_id}; name a node of it.",
            code="usage",
            hint="Add --rpc URL, or set RAKKAN_RPC_URL.",
        )
    if not home.keys.has(ACCOUNT):
        raise NotFound(
            f"There is no account in {home.folder} that could pay for the transaction.",
            code="sender-missing",
            hint="Run `rakkan init --chain none` there, send its chain account some of the chain's coin, and do this "
            "again. Or hand the slip to its registry, whose page /withdraw asks for nothing.",
        )
    done = relay(found, url, home.keys.wallet(ACCOUNT))
    from rakkan.schemas.instant import format_instant

    document = {
        "schema": "rakkan.relayed/1",
        "consent": found.record_id,
        "item": found.item,
        "authority": found.authority,
        "chainId": found.chain_id,
        "contract": found.contract,
        "withdrawnAt": format_instant(done.at),
        "tx": f"0x{done.transaction.hex()}" if done.transaction else None,
        "gas": done.gas_used or None,
    }
    session.emit(document, lambda: _show_relayed(document))
    return exits.YES


def read(path: Path) -> Slip:
    """A slip from a file, or from standard input for ``-``.

    Raises:
        NotFound: ``file-missing``. Invalid: ``slip-form``, ``not-json``, ``record-too-large``.
    """
    from rakkan.registry.rules.slips import SLIP_LIMIT, read_slip

    try:
        if str(path) == "-":
            return read_slip(sys.stdin.buffer.read(SLIP_LIMIT + 1))
        with path.open("rb") as stream:
            return read_slip(stream.read(SLIP_LIMIT + 1))
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror}.", code="file-missing") from error


def _at_home(session: Session, registry: Registry, found: Slip) -> int:
    from rakkan.cli import consent_answers as answers
    from rakkan.registry.flows.withdraw.slips import hand_in
    from rakkan.registry.worker import Worker
    from rakkan.schemas.errors import DomainError

    record = hand_in(registry, found).record
    late: DomainError | None = None
    try:
        Worker(registry, session.say).settle()
    except DomainError as error:
        late = error
    (document,) = answers.withdrawals(registry, [record])
    session.emit(document, lambda: answers.show_withdrawal(document))
    if late is not None:
        session.warn(f"It is recorded, and `rakkan worker` sends it as soon as it can: {late}")
        return exits.of_error(late)
    return exits.YES


def _home_url(home: Any) -> str:  # noqa: ANN401 - Home, imported only when it runs
    chain = home.read().chain if home.exists else None
    return chain.rpc_url if chain else ""


def _draw(session: Session, made: Slip, path: Path) -> None:
    """The QR code: all that the slip says but its words, which are derived."""
    try:
        import segno
    except ImportError as error:
        raise Unavailable(
            "QR codes need a library that is not installed.",
            code="extra-missing",
            hint="Install it with `pip install 'rakkan[qr]'`.",
        ) from error
    from rakkan.registry.rules.slips import slip_bytes

    code = segno.make_qr(slip_bytes(made, words=False), mode="byte", error="m")
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
    render.table([("file", str(out)), ("consent", document["recordId"])])


def _show_relayed(document: dict[str, Any]) -> None:
    line(f"{document['authority']} withdrew it: no new use from {document['withdrawnAt']} on.")
    line()
    sent = document["tx"] or "it was withdrawn before, and nothing was sent"
    render.table(
        [("consent", document["consent"]), ("chain", str(document["chainId"])), ("transaction", sent)]
    )
