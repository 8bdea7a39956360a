"""``rakkan claim|dispute|rule``: who stands where, and who objects.

It decides how these are asked for and shown. What follows from them is decided in
``rakkan.registry.rules``; whose rulings count, by ``community.json`` in the home.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rakkan.cli import exits, render
from rakkan.cli.asking import Coauthors
from rakkan.cli.commands import ARTISTS, COMMUNITIES, EVERYBODY
from rakkan.cli.session import Session
from rakkan.cli.signers import SignerUri, WalletKey, chosen
from rakkan.cli.works import subject_of

if TYPE_CHECKING:
    from rakkan.registry.service import Registry
    from rakkan.registry.signers.port import RecordSigner
    from rakkan.schemas.record import Record

CoauthorsStand = Annotated[
    Coauthors | None,
    typer.Option("--coauthors", help="Whether all who have a share stand behind it. [unknown]"),
]

Target = Annotated[str, typer.Argument(metavar="CID", help="A consent, a claim or a work.")]
Item = Annotated[
    str, typer.Option("--item", metavar="HEX", help="One work of it, 64 hexadecimal digits. [all]")
]


def register(app: typer.Typer) -> None:
    """Add the commands to ``rakkan``."""
    app.command("claim", rich_help_panel=ARTISTS)(claim)
    app.command("dispute", rich_help_panel=EVERYBODY)(dispute)
    app.command("rule", rich_help_panel=COMMUNITIES)(rule)


def claim(
    context: typer.Context,
    works: Annotated[
        list[str], typer.Argument(metavar="WORKS", help="Images, kind:hex digests, or records.")
    ],
    basis: Annotated[
        str,
        typer.Option(
            "--basis",
            metavar="WORD",
            help="generated, created, commissioned, assigned, licensed or public-domain.",
        ),
    ] = "created",
    coauthors: CoauthorsStand = None,
    signer: SignerUri = "",
    wallet_key: WalletKey = None,
) -> int:
    """Say "this is mine" of works, apart from any consent. A claim is an assertion; it is public at once.

    Example: rakkan claim picture.png --basis created
    """
    from rakkan.registry.flows.claims import stating

    return stated(
        context,
        lambda registry, by: stating.claim(
            registry,
            [subject_of(registry, work) for work in works],
            basis,
            coauthors=coauthors,
            signer=by,
        ),
        (signer, wallet_key),
    )


def dispute(
    context: typer.Context,
    target: Target,
    ground: Annotated[
        str,
        typer.Option(
            "--ground",
            metavar="WORD",
            help="not-the-author, no-authority, forged, person-shown, minor-shown or other.",
        ),
    ],
    item: Item = "",
    signer: SignerUri = "",
    wallet_key: WalletKey = None,
) -> int:
    """Object to a record: what rests on it is paused for 14 days, once for each of us and each work.

    Example: rakkan dispute baguqeera… --ground not-the-author
    """
    from rakkan.registry.flows.claims import stating

    return stated(
        context,
        lambda registry, by: stating.dispute(registry, target, ground, item=item, signer=by),
        (signer, wallet_key),
    )


def rule(
    context: typer.Context,
    decision: Annotated[str, typer.Argument(metavar="DECISION", help="dismissed, void or cleared.")],
    target: Target,
    of: Annotated[str, typer.Option("--dispute", metavar="CID", help="The dispute that this ends.")] = "",
    item: Item = "",
    signer: SignerUri = "",
    wallet_key: WalletKey = None,
) -> int:
    """Decide, as an adjudicator whom the community names; by anybody else it counts for nothing.

    Example: rakkan rule dismissed baguqeera… --dispute baguqeerb…
    """
    from rakkan.registry.flows.claims import stating

    return stated(
        context,
        lambda registry, by: stating.rule(registry, decision, target, of=of, item=item, signer=by),
        (signer, wallet_key),
    )


def stated(
    context: typer.Context,
    make: Callable[[Registry, RecordSigner | None], Record],
    by: tuple[str, Path | None],
) -> int:
    """Make a record as this signer, have it pinned, logged and anchored, and answer with it."""
    from rakkan.registry.worker import Worker

    session = Session.of(context)
    with session.registry() as registry:
        record = make(registry, chosen(session, *by))
        Worker(registry, session.say).settle()
    document = {"schema": "rakkan.statement/1", "kind": record.kind, **record.to_json()}
    rows = [("record", str(record.record_id)), ("envelope", str(record.envelope_cid))]
    session.emit(document, lambda: render.table(rows))
    return exits.YES
