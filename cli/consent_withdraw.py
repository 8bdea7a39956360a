"""``rakkan consent withdraw``: take consents back, whole or work by work, with a key or with a slip.

It decides how they are named and asked for. What a withdrawal is, and who may make it, is decided in
``rakkan.registry.flows.withdraw.withdrawing``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from rakkan.cli import consent_answers as answers
from rakkan.cli import exits, render
from rakkan.cli.session import Session
from rakkan.cli.signers import SignerUri, WalletKey, chosen
from rakkan.cli.slip import Rpc, SlipFile, withdraw_by
from rakkan.schemas.errors import DomainError, Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rakkan.registry.flows.withdraw.withdrawing import Wanted
    from rakkan.registry.service import Registry
    from rakkan.registry.signers.port import RecordSigner


def register(app: typer.Typer) -> None:
    """Add the command to ``rakkan consent``."""
    app.command("withdraw")(withdraw)


def withdraw(
    context: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="CID|WORKS",
            help="A consent, or works: then everything that you granted about them, and nothing else.",
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
    slip: SlipFile = None,
    rpc: Rpc = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be taken back; take nothing.")
    ] = False,
) -> int:
    """Take a consent back: no new use from now on. It is public at once, and sent to the chain.

    With a withdrawal slip anybody can do it, with no key of the artist and in a home of their own.

    Example: rakkan consent withdraw --slip consent.slip.json --rpc https://…
    """
    session, named = Session.of(context), names or []
    if (
        (slip is None) == (not named)
        or (slip and (item or wallet_key or signer or dry_run))
        or (rpc and not slip)
    ):
        raise Invalid(
            "Name either consents or works, or a slip.",
            code="usage",
            hint="Give CID with --item and --signer, or --slip with --rpc.",
        )
    if slip is not None:
        return withdraw_by(session, slip, rpc)
    with session.registry() as registry:
        by = chosen(session, signer, wallet_key)
        with session.progress("Reading") as advance:
            wanted = _wanted(registry, named, item or [], by, advance)
        if dry_run:
            return _plan(session, wanted)
        return _take_back(session, registry, wanted, by, many=len(named) > 1 or not _is_cid(named[0]))


def _wanted(
    registry: Registry,
    names: Sequence[str],
    items: Sequence[str],
    by: RecordSigner | None,
    advance: Callable[[str], None],
) -> list[Wanted]:
    from rakkan.registry.flows.naming import works_named
    from rakkan.registry.flows.withdraw.withdrawing import about_works, named

    if not all(_is_cid(name) for name in names) and items:
        raise Invalid(
            "Works are taken out of a consent that is named.",
            code="usage",
            hint="Give its CID, then --item WORKS; or name the works alone.",
        )
    found: list[Wanted] = []
    works = []
    for name in names:
        if _is_cid(name):
            found += named(registry, name, works_named(registry, items, advance) if items else [])
        else:
            works.append(name)
    return found + (about_works(registry, works_named(registry, works, advance), by) if works else [])


def _take_back(
    session: Session, registry: Registry, wanted: Sequence[Wanted], by: RecordSigner | None, *, many: bool
) -> int:
    from rakkan.registry.flows.withdraw.withdrawing import withdraw_all
    from rakkan.registry.worker import Worker

    records = withdraw_all(registry, wanted, signer=by)
    late: DomainError | None = None
    try:
        Worker(registry, session.say).settle()
    except DomainError as error:
        late = error  # it is recorded and stays wanted; that is said below
    documents = answers.withdrawals(registry, records)
    if many or len(documents) != 1:
        document: dict[str, Any] = {"schema": "rakkan.withdrawals/1", "withdrawals": documents}
        session.emit(document, lambda: render.table(answers.withdrawal_rows(documents), answers.TAKEN_BACK))
    else:
        session.emit(documents[0], lambda: answers.show_withdrawal(documents[0]))
    if late is not None:
        session.warn(f"It is recorded, and `rakkan worker` sends it as soon as it can: {late}")
        return exits.of_error(late)
    return exits.YES


def _plan(session: Session, wanted: Sequence[Wanted]) -> int:
    rows = [
        {"consent": str(consent.record_id), "item": str(item) if item else None} for consent, item in wanted
    ]
    document = {"schema": "rakkan.withdrawal-plan/1", "withdrawals": rows}
    session.emit(
        document,
        lambda: render.table(
            ((each["consent"] or "", each["item"] or "all of it") for each in rows), ("consent", "of it")
        ),
    )
    session.say("Nothing was taken back.")
    return exits.YES


def _is_cid(name: str) -> bool:
    from pathlib import Path

    from rakkan.registry.flows.lookup import is_cid

    if is_cid(name):
        return True
    # what is no file, no pattern and no digest was meant as a CID, and is told to be none
    from glob import has_magic

    return not (Path(name).exists() or has_magic(name) or ":" in name)
