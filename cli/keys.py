"""``rakkan key``: look after your key: guardians, successor, loss.

It decides how these are asked for. What follows from them is decided in ``rakkan.registry.rules.actors``.
"""

from __future__ import annotations

from typing import Annotated

import typer

from rakkan.cli.commands import ARTISTS, group
from rakkan.cli.session import Session
from rakkan.cli.signers import SignerUri, WalletKey, another
from rakkan.cli.standing import stated

keys = group()


def register(app: typer.Typer) -> None:
    """Add the group to ``rakkan``."""
    app.add_typer(
        keys, name="key", help="Look after your key: guardians, successor, loss.", rich_help_panel=ARTISTS
    )


@keys.command("guardians")
def guardians(
    context: typer.Context,
    who: Annotated[list[str], typer.Argument(metavar="DID", help="Those who may recover it together.")],
    threshold: Annotated[
        int, typer.Option("--threshold", metavar="K", min=1, max=15, help="How many of them it takes.")
    ],
    signer: SignerUri = "",
    wallet_key: WalletKey = None,
) -> int:
    """Name people who may recover your key together when you have lost it.

    Example: rakkan key guardians did:key:z6Mk… did:key:z6Ml… did:key:z6Mm… --threshold 2
    """
    from rakkan.registry.flows import stating

    said = {"guardians": who, "threshold": threshold}
    return stated(
        context,
        lambda registry, by: stating.change_key(registry, "guardians", said, signer=by),
        (signer, wallet_key),
    )


@keys.command("compromised")
def compromised(
    context: typer.Context,
    since: Annotated[
        str, typer.Option("--since", metavar="INSTANT", help="Since when, as 2026-11-22T12:00:00Z.")
    ],
    signer: SignerUri = "",
    wallet_key: WalletKey = None,
) -> int:
    """Say that your key is in other hands: what it stated since then grants nothing.

    Example: rakkan key compromised --since 2026-11-22T12:00:00Z
    """
    from rakkan.registry.flows import stating

    return stated(
        context,
        lambda registry, by: stating.change_key(registry, "compromised", {"since": since}, signer=by),
        (signer, wallet_key),
    )


@keys.command("rotate")
def rotate(
    context: typer.Context,
    to: Annotated[
        str, typer.Option("--to", metavar="HOME|URI", help="The home whose own key follows, or a signer.")
    ],
    signer: SignerUri = "",
    wallet_key: WalletKey = None,
) -> int:
    """Let the key of another home of yours follow; both sign. From then on the old one states nothing new.

    Example: rakkan key rotate --to ~/new-home
    """
    from rakkan.registry.flows import stating

    session = Session.of(context)
    return stated(
        context,
        lambda registry, by: stating.change_key(
            registry, "rotate", {}, signer=by, successor=another(session, to)
        ),
        (signer, wallet_key),
    )
