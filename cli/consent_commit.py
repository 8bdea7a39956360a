"""``rakkan consent commit|reveal``: first claims, put on chain before a work is shown, and opened afterwards.

It decides how these are asked for and shown. What is put down and kept is decided in
``rakkan.registry.flows.consent.committing``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rakkan.cli import exits, render
from rakkan.cli.session import Session
from rakkan.cli.signers import SignerUri, WalletKey, chosen
from rakkan.cli.standing import CoauthorsStand
from rakkan.schemas.errors import DomainError, Invalid, NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rakkan.registry.flows.consent.committing import Commitment, Committed
    from rakkan.registry.service import Registry
    from rakkan.schemas.values import Digest

AsOne = Annotated[
    bool, typer.Option("--collection", help="One commitment to all of them together, as a collection.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to ``rakkan consent``."""
    app.command("commit")(commit)
    app.command("reveal")(reveal)


def commit(
    context: typer.Context,
    works: Annotated[
        list[str] | None,
        typer.Argument(metavar="WORKS", help="Images, folders, patterns or digests. [list what is kept]"),
    ] = None,
    collection: AsOne = False,
    signer: SignerUri = "",
    wallet_key: WalletKey = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be put on chain; send nothing.")
    ] = False,
) -> int:
    """Put on chain that you have something to claim, without saying what; reveal it once the work is shown.

    Stamp a picture first: what is committed to is the stamped work. What opens it is kept in the home alone.

    Example: rakkan consent commit stamped/picture.png
    """
    from rakkan.registry.flows.consent import committing
    from rakkan.registry.worker import Worker

    session = Session.of(context)
    with session.registry() as registry:
        by = chosen(session, signer, wallet_key)
        if not works:
            told = committing.standing(registry, committing.kept(registry))
            return _answer(session, told)
        claims = _claims(registry, session, works, collection=collection)
        if dry_run:
            return _plan(session, registry, claims)
        made = committing.commit(registry, claims, signer=by)
        try:
            Worker(registry, session.say).settle()
            told = committing.standing(registry, made)
        except DomainError:
            session.warn("It is kept, and `rakkan worker` sends it as soon as it can.")
            raise
    return _answer(session, told)


def reveal(
    context: typer.Context,
    works: Annotated[
        list[str] | None,
        typer.Argument(metavar="WORKS", help="What was committed to: images, folders, patterns or digests."),
    ] = None,
    file: Annotated[
        list[Path] | None,
        typer.Option("--file", metavar="FILE", help="A commitment that was kept elsewhere; repeatable."),
    ] = None,
    basis: Annotated[
        str,
        typer.Option(
            "--basis",
            metavar="WORD",
            help="generated, created, commissioned, assigned, licensed or public-domain.",
        ),
    ] = "created",
    coauthors: CoauthorsStand = None,
    collection: AsOne = False,
    signer: SignerUri = "",
    wallet_key: WalletKey = None,
) -> int:
    """Claim what you committed to, and open the commitment: the claim then dates from its block. It is public at once.

    Example: rakkan consent reveal stamped/picture.png --basis created --coauthors complete
    """
    from rakkan.registry.flows.consent import committing
    from rakkan.registry.worker import Worker

    session = Session.of(context)
    if bool(works) == bool(file):
        raise Invalid(
            "Name either works, or files.", code="usage", hint="`rakkan consent commit` lists them."
        )
    with session.registry() as registry:
        by = chosen(session, signer, wallet_key)
        if file:
            wanted = [committing.read(path) for path in file]
        else:
            wanted = _kept(registry, _claims(registry, session, works or [], collection=collection))
        records = [
            committing.reveal(registry, each, basis, coauthors=coauthors, signer=by) for each in wanted
        ]
        Worker(registry, session.say).settle()
        told = committing.standing(registry, wanted)
    document: dict[str, Any] = {
        "schema": "rakkan.reveals/1",
        "claims": [
            {**record.to_json(), "work": each.commitment.claim, "committedAt": _instant(each)}
            for record, each in zip(records, told, strict=True)
        ],
    }
    rows = [(each["work"], each["committedAt"] or "", each["recordId"]) for each in document["claims"]]
    session.emit(document, lambda: render.table(rows, ("work", "committed", "claim")))
    return exits.YES


def _claims(registry: Registry, session: Session, works: Sequence[str], *, collection: bool) -> list[Digest]:
    from rakkan.registry.flows.naming import works_named
    from rakkan.registry.rules.collection import collect

    with session.progress("Reading") as advance:
        found = works_named(registry, works, advance)
    return list(collect(found).subject.digests) if collection else found


def _kept(registry: Registry, claims: Sequence[Digest]) -> list[Commitment]:
    from rakkan.registry.flows.consent import committing

    known = {each.digest: each for each in committing.kept(registry) if each.record is None}
    for claim in claims:
        if claim not in known:
            raise NotFound(
                f"No commitment to {claim} is kept here, or it was revealed.",
                code="commitment-unknown",
                hint="`rakkan consent commit` lists those that are.",
            )
    return [known[claim] for claim in claims]


def _plan(session: Session, registry: Registry, claims: Sequence[Digest]) -> int:
    identity = registry.identity
    document = {
        "schema": "rakkan.commitment-plan/1",
        "works": [str(each) for each in claims],
        "transactions": len(claims),
        "chain": identity.chain_id if identity else None,
        "contract": str(identity.consents) if identity else None,
    }
    session.emit(document, lambda: render.table((str(each),) for each in claims))
    session.say(f"{len(claims)} transactions would be sent; nothing was.")
    return exits.YES


def _answer(session: Session, told: Sequence[Committed]) -> int:
    document: dict[str, Any] = {
        "schema": "rakkan.commitments/1",
        "commitments": [
            {
                "work": each.commitment.claim,
                "commitment": each.commitment.commitment,
                "authority": each.commitment.authority,
                "state": each.sent.state
                if each.sent is not None
                else "absent"
                if each.at is None
                else "mined",
                "tx": f"0x{each.sent.signed.hash.hex()}" if each.sent and each.sent.signed else None,
                "committedAt": _instant(each),
                "claim": each.commitment.record,
            }
            for each in told
        ],
    }
    rows = [
        (each["work"], each["state"], each["committedAt"] or "", "revealed" if each["claim"] else "secret")
        for each in document["commitments"]
    ]
    session.emit(document, lambda: render.table(rows, ("work", "chain", "committed", "")))
    return exits.YES


def _instant(each: Committed) -> str | None:
    from rakkan.schemas.instant import format_instant

    return format_instant(each.at) if each.at is not None else None
