"""``rakkan key``: look after your key: guardians, successor, loss.

It decides how these are asked for. What follows from them is decided in ``rakkan.registry.rules.actors``.
"""

from __future__ import annotations

from typing import Annotated

import typer

from rakkan.cli import drafts
from rakkan.cli.commands import ARTISTS, group
from rakkan.cli.drafts import Out
from rakkan.cli.session import Session
from rakkan.cli.signers import SignerUri, WalletKey, another, chosen
from rakkan.cli.standing import stated

keys = group()

Guardians = Annotated[
    list[str] | None,
    typer.Option("--guardian", metavar="HOME|URI", help="A guardian whose key is at hand; repeatable."),
]
Guardianship = Annotated[
    str,
    typer.Option(
        "--guardianship",
        metavar="CID",
        help="The record that names the guardians. [the last before the loss]",
    ),
]


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
    from rakkan.registry.flows.claims import stating

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
    of: Annotated[
        str,
        typer.Option("--of", metavar="DID", help="Another key: one that you follow, or guard. [your own]"),
    ] = "",
    guardian: Guardians = None,
    guardianship: Guardianship = "",
    signer: SignerUri = "",
    wallet_key: WalletKey = None,
    out: Out = None,
) -> int:
    """Say that a key is in other hands: what it stated since then grants nothing.

    The key itself says so, one that follows it, or enough of its guardians together.

    Example: rakkan key compromised --since 2026-11-22T12:00:00Z
    """
    from rakkan.registry.flows.claims import recovering, stating
    from rakkan.schemas.instant import parse_instant

    if not of and not guardian:
        return stated(
            context,
            lambda registry, by: stating.change_key(registry, "compromised", {"since": since}, signer=by),
            (signer, wallet_key),
        )
    session, at = Session.of(context), parse_instant(since)
    with session.registry() as registry:
        by = chosen(session, signer, wallet_key)
        lost = of or stating.actor(registry, by)
        guarded = bool(guardian or guardianship or out)
        named = recovering.guardianship(registry, lost, before=at, name=guardianship) if guarded else None
        draft = recovering.loss(registry, lost, at, named)
        draft = drafts.signed_by(draft, session, guardian or [])
        if not guarded or signer or wallet_key:
            draft = drafts.signed_as(draft, registry, by)
        return drafts.hand_in(session, registry, draft, out)


@keys.command("recover")
def recover(
    context: typer.Context,
    lost: Annotated[str, typer.Argument(metavar="DID", help="The key that is lost or stolen.")],
    to: Annotated[
        str,
        typer.Option(
            "--to", metavar="HOME|URI", help="The key that follows: that of another home, or a signer."
        ),
    ],
    guardian: Guardians = None,
    guardianship: Guardianship = "",
    out: Out = None,
) -> int:
    """Let a new key follow a lost one, by the word of the guardians who were named before.

    Guardians whose keys are elsewhere sign the draft with `rakkan draft sign`; `rakkan draft submit` hands it in.

    Example: rakkan key recover did:key:z6Mk… --to ~/new-home --out recovery.json
    """
    from rakkan.registry.flows.claims import recovering
    from rakkan.registry.flows.claims.cosigning import sign_draft

    session = Session.of(context)
    with session.registry() as registry:
        follower = another(session, to)
        named = recovering.guardianship(registry, lost, name=guardianship)
        draft = recovering.recovery(registry, lost, follower.actor(registry.domain), named)
        draft = drafts.signed_by(sign_draft(draft, follower), session, guardian or [])
        return drafts.hand_in(session, registry, draft, out)


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
    from rakkan.registry.flows.claims import stating

    session = Session.of(context)
    return stated(
        context,
        lambda registry, by: stating.change_key(
            registry, "rotate", {}, signer=by, successor=another(session, to)
        ),
        (signer, wallet_key),
    )
