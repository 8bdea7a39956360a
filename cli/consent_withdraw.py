"""``rakkan consent withdraw``: take consents back, whole or work by work, with a key or with a slip.

It decides how they are named and asked for. What a withdrawal is, and who may make it, is decided in
``rakkan.registry.flows.withdraw.withdrawing``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from rakkan.cli import consent_answers as answers
from rakkan.cli import exits, render
from rakkan.cli.session import Session
from rakkan.cli.signers import SignerUri, WalletKey, chosen
from rakkan.cli.slip import Rpc, SlipFile, withdraw_by
from rakkan.cli.taking import names_consent, wanted_of
from rakkan.schemas.errors import DomainError, Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

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
            wanted = wanted_of(registry, named, item or [], by, advance)
        if dry_run:
            return _plan(session, wanted)
        return _take_back(session, registry, wanted, by, many=len(named) > 1 or not names_consent(named[0]))


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
    answers.tell_taken_back(session, documents, many=many)
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
