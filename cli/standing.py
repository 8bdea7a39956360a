"""``rakkan claim|dispute|rule`` and ``rakkan key``: who stands where, and who objects.

It decides how these are asked for and shown. What follows from them is decided in
``rakkan.registry.rules``; whose rulings count, by ``community.json`` in the home.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rakkan.cli import exits, render
from rakkan.cli.commands import ARTISTS, COMMUNITIES, EVERYBODY, group
from rakkan.cli.session import Session
from rakkan.cli.works import subject_of

if TYPE_CHECKING:
    from rakkan.registry.service import Registry
    from rakkan.schemas.record import Record

keys = group()

Target = Annotated[str, typer.Argument(metavar="CID", help="A consent, a claim or a work.")]
Item = Annotated[
    str, typer.Option("--item", metavar="HEX", help="One work of it, 64 hexadecimal digits. [all]")
]
WalletKey = Annotated[
    Path | None,
    typer.Option(
        "--wallet-key", metavar="FILE", help="Key file of the wallet that signs. [the home's own key]"
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands to ``rakkan``."""
    app.command("claim", rich_help_panel=ARTISTS)(claim)
    app.command("dispute", rich_help_panel=EVERYBODY)(dispute)
    app.command("rule", rich_help_panel=COMMUNITIES)(rule)
    app.add_typer(
        keys, name="key", help="Look after your key: guardians, successor, loss.", rich_help_panel=ARTISTS
    )


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
    wallet_key: WalletKey = None,
) -> int:
    """Say "this is mine" of works, apart from any consent. A claim is an assertion; it is public at once.

    Example: rakkan claim picture.png --basis created
    """
    from rakkan.registry.flows import stating

    return _stated(
        context,
        lambda registry, wallet: stating.claim(
            registry, [subject_of(registry, work) for work in works], basis, wallet=wallet
        ),
        wallet_key,
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
    wallet_key: WalletKey = None,
) -> int:
    """Object to a record: what rests on it is paused for 14 days, once for each of us and each work.

    Example: rakkan dispute baguqeera… --ground not-the-author
    """
    from rakkan.registry.flows import stating

    return _stated(
        context,
        lambda registry, wallet: stating.dispute(registry, target, ground, item=item, wallet=wallet),
        wallet_key,
    )


def rule(
    context: typer.Context,
    decision: Annotated[str, typer.Argument(metavar="DECISION", help="dismissed, void or cleared.")],
    target: Target,
    of: Annotated[str, typer.Option("--dispute", metavar="CID", help="The dispute that this ends.")] = "",
    item: Item = "",
    wallet_key: WalletKey = None,
) -> int:
    """Decide, as an adjudicator whom the community names; by anybody else it counts for nothing.

    Example: rakkan rule dismissed baguqeera… --dispute baguqeerb…
    """
    from rakkan.registry.flows import stating

    return _stated(
        context,
        lambda registry, wallet: stating.rule(registry, decision, target, of=of, item=item, wallet=wallet),
        wallet_key,
    )


@keys.command("guardians")
def guardians(
    context: typer.Context,
    who: Annotated[list[str], typer.Argument(metavar="DID", help="Those who may recover it together.")],
    threshold: Annotated[
        int, typer.Option("--threshold", metavar="K", min=1, max=15, help="How many of them it takes.")
    ],
    wallet_key: WalletKey = None,
) -> int:
    """Name people who may recover your key together when you have lost it.

    Example: rakkan key guardians did:key:z6Mk… did:key:z6Ml… did:key:z6Mm… --threshold 2
    """
    from rakkan.registry.flows import stating

    said = {"guardians": who, "threshold": threshold}
    return _stated(
        context,
        lambda registry, wallet: stating.change_key(registry, "guardians", said, wallet=wallet),
        wallet_key,
    )


@keys.command("compromised")
def compromised(
    context: typer.Context,
    since: Annotated[
        str, typer.Option("--since", metavar="INSTANT", help="Since when, as 2026-11-22T12:00:00Z.")
    ],
    wallet_key: WalletKey = None,
) -> int:
    """Say that your key is in other hands: what it stated since then grants nothing.

    Example: rakkan key compromised --since 2026-11-22T12:00:00Z
    """
    from rakkan.registry.flows import stating

    return _stated(
        context,
        lambda registry, wallet: stating.change_key(registry, "compromised", {"since": since}, wallet=wallet),
        wallet_key,
    )


@keys.command("rotate")
def rotate(
    context: typer.Context,
    to: Annotated[Path, typer.Option("--to", metavar="HOME", help="The home whose own key follows.")],
    wallet_key: WalletKey = None,
) -> int:
    """Let the key of another home of yours follow; both sign. From then on the old one states nothing new.

    Example: rakkan key rotate --to ~/new-home
    """
    from rakkan.registry.flows import stating
    from rakkan.registry.home import Home

    return _stated(
        context,
        lambda registry, wallet: stating.change_key(
            registry, "rotate", {}, wallet=wallet, successor=Home(to.expanduser().absolute()).keys.artist
        ),
        wallet_key,
    )


def _stated(
    context: typer.Context,
    make: Callable[[Registry, bytes | None], Record],
    wallet_key: Path | None,
) -> int:
    """Make the record, and have it pinned, logged and anchored."""
    from rakkan.registry.keys import read_wallet_key
    from rakkan.registry.worker import Worker

    session = Session.of(context)
    with session.registry() as registry:
        record = make(registry, read_wallet_key(wallet_key) if wallet_key else None)
        Worker(registry, session.say).settle()
    document = {"schema": "rakkan.statement/1", "kind": record.kind, **record.to_json()}
    rows = [("record", str(record.record_id)), ("envelope", str(record.envelope_cid))]
    session.emit(document, lambda: render.table(rows))
    return exits.YES
