"""``rakkan identify``: say who somebody is, by a name of theirs, a credential, your word, or the rights you saw.

It decides how a check is asked for and shown. What is looked at is decided in
``rakkan.registry.flows.claims.identifying``; whose checks count, by ``community.json``.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rakkan.cli import drafts, exits
from rakkan.cli.drafts import Out
from rakkan.cli.session import Session, line
from rakkan.cli.signers import SignerUri, WalletKey, chosen
from rakkan.cli.verify import Identities
from rakkan.schemas.errors import Invalid, NotFound

if TYPE_CHECKING:
    from rakkan.registry.flows.claims.identifying import Seen
    from rakkan.registry.service import Registry


class Method(StrEnum):
    """How somebody is identified."""

    SITE = "site"
    DNS = "dns"
    ENS = "ens"
    VOUCH = "vouch"
    AGGREGATOR = "aggregator"
    STEWARD = "steward"


def identify(
    context: typer.Context,
    method: Annotated[Method, typer.Argument(help="By what.")],
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="The site, domain or ENS name; a picture with the aggregator's credential; for a vouch, how you know "
            "them; for a steward, as whom.",
        ),
    ],
    actor: Annotated[
        str, typer.Option("--actor", metavar="DID", help="Whom it identifies. [the home's own key]")
    ] = "",
    co_signer: Annotated[
        list[str] | None,
        typer.Option(
            "--co-signer",
            metavar="HOME|URI",
            help="The actor, if their key is at hand; else they sign the draft.",
        ),
    ] = None,
    days: Annotated[
        int, typer.Option("--days", metavar="N", min=1, max=3650, help="How long it counts.")
    ] = 365,
    resolver: Annotated[
        str, typer.Option("--resolver", metavar="IP[:PORT]", help="The DNS resolver to ask. [the system's]")
    ] = "",
    rpc: Annotated[
        str, typer.Option("--rpc", metavar="URL", help="A node of the chain that has the ENS name.")
    ] = "",
    evidence: Annotated[
        list[Path] | None,
        typer.Option(
            "--evidence",
            metavar="FILE",
            help="What you saw as a steward; kept by digest alone; repeatable.",
        ),
    ] = None,
    identity_trust: Identities = None,
    signer: SignerUri = "",
    wallet_key: WalletKey = None,
    out: Out = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what has to be published where; look and sign nothing.")
    ] = False,
) -> int:
    """Look whether a name calls an actor its own, and say so as a checker; the actor signs too. All of it is public.

    Example: rakkan identify site example.org --dry-run
    """
    from rakkan.registry.flows.claims import identifying
    from rakkan.registry.flows.claims.stating import actor as own

    session, by = Session.of(context), chosen(Session.of(context), signer, wallet_key)
    if method is Method.ENS and not rpc and not dry_run:
        raise Invalid(
            "An ENS name is asked of a node of its chain.", code="usage", hint="Name one with --rpc URL."
        )
    if (method is Method.STEWARD) != bool(evidence):
        raise Invalid(
            "A steward says what was seen, and nobody else does.",
            code="usage",
            hint="Name each file with --evidence FILE; it stays with you.",
        )
    with session.registry() as registry:
        checker = own(registry, by)
        whom = actor or checker
        if dry_run:
            return _plan(session, method, name, whom)
        if method is Method.AGGREGATOR:
            name, seen = _credential(registry, Path(name), whom, identity_trust or [])
        elif method is Method.STEWARD:
            seen = [_file(path) for path in evidence or []]
        else:
            looked = identifying.look(method.value, name, whom, resolver=resolver, rpc_url=rpc)
            seen = [looked] if looked else []
        draft = identifying.identification(
            registry, method.value, name, whom, checker=checker, days=days, seen=seen
        )
        draft = drafts.signed_as(draft, registry, by)
        draft = drafts.signed_by(draft, session, co_signer or [])
        return drafts.hand_in(session, registry, draft, out)


def _credential(registry: Registry, path: Path, actor: str, believed: list[Path]) -> tuple[str, list[Seen]]:
    """Whom the aggregator's credential in a picture is about, by its own name for them."""
    from rakkan.registry.flows.claims.identifying import Seen
    from rakkan.registry.flows.verify.corroboration import credential_naming

    found = credential_naming(registry, path, actor, believed)
    return found.subject[:253], [Seen(found.digest.hex(), type="c2pa-identity")]


def _file(path: Path) -> Seen:
    import hashlib

    from rakkan.registry.flows.claims.identifying import Seen

    try:
        with path.open("rb") as stream:
            return Seen(hashlib.file_digest(stream, "sha256").hexdigest(), type="other")
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror}.", code="file-missing") from error


def _plan(session: Session, method: Method, name: str, actor: str) -> int:
    from rakkan.registry.flows.claims.identifying import publication

    published = publication(method.value, name, actor)
    document = {
        "schema": "rakkan.identify-plan/1",
        "method": method.value,
        "name": name,
        "actor": actor,
        "where": published.where if published else None,
        "what": published.what if published else None,
    }

    def show() -> None:
        if published is None:
            line("Nothing has to be published.")
            return
        line(f"{published.where}:")
        line(published.what)

    session.emit(document, show)
    return exits.YES
