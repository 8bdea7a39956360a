"""``rakkan consent``: grant, reserve, withdraw; what holds is shown by ``consent_show``.

It decides how consents are asked for and shown. What they mean is decided in
``rakkan.registry.rules.consent``, their wording in ``rules.notice``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rakkan.cli import consent_answers as answers
from rakkan.cli import consent_delegate, consent_exchange, consent_show, exits
from rakkan.cli.commands import group
from rakkan.cli.session import Session, line
from rakkan.cli.slip import Rpc, SlipFile, SlipFolder, withdraw_by, write_slips
from rakkan.cli.slip import slip as slip_command
from rakkan.cli.works import subject_of
from rakkan.schemas.errors import DomainError, Invalid

if TYPE_CHECKING:
    from rakkan.registry.flows.terms import Terms
    from rakkan.registry.service import Registry
    from rakkan.schemas.statement import Subject

app = group()
consent_exchange.register(app)
consent_show.register(app)
consent_delegate.register(app)
app.command("slip")(slip_command)

Works = Annotated[list[str], typer.Argument(metavar="WORKS", help="Images, kind:hex digests, or records.")]
Grantees = Annotated[
    list[str] | None,
    typer.Option(
        "--grantee",
        metavar="WHO",
        help="Who may use it: public, a gate, a DID; repeatable. [as the terms say]",
    ),
]
WalletKey = Annotated[
    Path | None,
    typer.Option(
        "--wallet-key", metavar="FILE", help="Key file of the wallet that signs. [the home's own key]"
    ),
]
Publish = Annotated[bool, typer.Option("--publish", help="Make it public for ever, now.")]
AsCollection = Annotated[
    bool,
    typer.Option(
        "--collection",
        help="One signature over any number of works: folders, patterns, locks, images, digests. Each can be"
        " withdrawn alone.",
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show the exact words that would be signed; sign nothing.")
]


@app.command("grant")
def grant(
    context: typer.Context,
    works: Works,
    terms: Annotated[
        str, typer.Option("--terms", metavar="TERMS", help="A name of terms, or a TOML or JSON file.")
    ],
    grantee: Grantees = None,
    wallet_key: WalletKey = None,
    collection: AsCollection = False,
    publish: Publish = False,
    slips: SlipFolder = None,
    dry_run: DryRun = False,
) -> int:
    """Say who may use works, for what, until when.

    Example: rakkan consent grant picture.png --terms community-lora --dry-run
    """
    chosen = _terms(terms, "grant", grantee)
    said = Said(works, chosen, wallet_key, collection=collection, slips=slips)
    return _say(Session.of(context), said, publish=publish, dry_run=dry_run)


@app.command("reserve")
def reserve(
    context: typer.Context,
    works: Works,
    terms: Annotated[
        str, typer.Option("--terms", metavar="TERMS", help="Terms of a reservation.")
    ] = "reserve",
    grantee: Grantees = None,
    wallet_key: WalletKey = None,
    collection: AsCollection = False,
    publish: Publish = False,
    slips: SlipFolder = None,
    dry_run: DryRun = False,
) -> int:
    """Say "do not use" of works.

    Example: rakkan consent reserve picture.png --publish
    """
    chosen = _terms(terms, "reservation", grantee)
    said = Said(works, chosen, wallet_key, collection=collection, slips=slips)
    return _say(Session.of(context), said, publish=publish, dry_run=dry_run)


@app.command("withdraw")
def withdraw(
    context: typer.Context,
    cid: Annotated[str, typer.Argument(metavar="CID", help="The consent's record or envelope.")] = "",
    item: Annotated[
        str, typer.Option("--item", metavar="DIGEST", help="One work out of it, as sha256:<hex>. [all]")
    ] = "",
    wallet_key: WalletKey = None,
    slip: SlipFile = None,
    rpc: Rpc = "",
) -> int:
    """Take a consent back: no new use from now on. It is public at once, and sent to the chain.

    With a withdrawal slip anybody can do it, with no key of the artist and in a home of their own.

    Example: rakkan consent withdraw --slip consent.slip.json --rpc https://…
    """
    if (slip is None) == (not cid) or (slip is not None and (item or wallet_key)) or (rpc and slip is None):
        raise Invalid(
            "Name either a consent, or a slip.",
            code="usage",
            hint="Give CID with --item and --wallet-key, or --slip with --rpc.",
        )
    if slip is not None:
        return withdraw_by(Session.of(context), slip, rpc)
    from rakkan.registry.flows.consents import withdraw
    from rakkan.registry.flows.lookup import resolve
    from rakkan.registry.keys import read_wallet_key
    from rakkan.registry.worker import Worker
    from rakkan.schemas.values import Cid, Digest

    session = Session.of(context)
    with session.registry() as registry:
        given = resolve(registry, str(Cid.parse(cid))).record
        if given.kind != "consent":
            raise Invalid(
                f"{cid} is a {given.kind} record.", code="record-kind", hint="Name a grant or a reservation."
            )
        record = withdraw(
            registry,
            str(given.record_id),
            item=Digest.parse(item) if item else None,
            wallet=read_wallet_key(wallet_key) if wallet_key else None,
        )
        late: DomainError | None = None
        try:
            Worker(registry, session.say).settle()
        except DomainError as error:
            late = error  # it is recorded and stays wanted; that is said below
        document = answers.withdrawal(registry, record)
    session.emit(document, lambda: answers.show_withdrawal(document))
    if late is not None:
        session.warn(f"It is recorded, and `rakkan worker` sends it as soon as it can: {late}")
        return exits.of_error(late)
    return exits.YES


def _terms(name: str, kind: str, grantee: list[str] | None) -> Terms:
    from rakkan.registry.flows.terms import load_terms

    terms = load_terms(name, tuple(grantee or ()))
    if terms.kind != kind:
        verb = "reserve" if kind == "grant" else "grant"
        raise Invalid(
            f"The terms {name} are a {terms.kind}, not a {kind}.",
            code="terms-kind",
            hint=f"Use `rakkan consent {verb}`.",
        )
    return terms


@dataclass(frozen=True, slots=True)
class Said:
    """What is to be said: of which works, in which terms, by whom, of each or of all as a collection."""

    works: list[str]
    terms: Terms
    wallet_key: Path | None
    collection: bool = False
    slips: Path | None = None


def _gathered(session: Session, said: Said) -> tuple[list[Subject], Terms, tuple[bytes, ...]]:
    from rakkan.registry.flows.naming import works_named
    from rakkan.registry.rules.collection import collect

    with session.progress("Reading") as advance:
        made = collect(works_named(said.works, advance))
    more = {"match": "collection", "collection": made.collection.to_json()}
    return [made.subject], replace(said.terms, more=more), made.blocks


def _say(session: Session, said: Said, *, publish: bool, dry_run: bool) -> int:
    from rakkan.registry.flows.consents import give
    from rakkan.registry.flows.publish import publish as make_public
    from rakkan.registry.keys import read_wallet_key

    wallet = read_wallet_key(said.wallet_key) if said.wallet_key else None
    terms, blocks = said.terms, tuple[bytes, ...]()
    with session.registry() as registry:
        if said.collection:
            subjects, terms, blocks = _gathered(session, said)
        else:
            subjects = [subject_of(registry, work) for work in said.works]
        if dry_run:
            return _plan(session, registry, subjects, terms, wallet)
        record = give(registry, subjects, terms, wallet=wallet, publish=publish, blocks=blocks)
        if said.slips is not None:
            write_slips(registry, [record], said.slips, wallet)
        late: DomainError | None = None
        if publish:
            try:
                make_public(registry, [str(record.record_id)], progress=session.say)
            except DomainError as error:
                late = error  # it is signed and kept; that is told before why it went no further
    document = {
        "schema": "rakkan.consent/1",
        **record.to_json(),
        "notice": answers.notice_of(record.statement),
        "published": publish and late is None,
    }
    session.emit(document, lambda: answers.show_consent(document))
    if late is not None:
        raise late
    return exits.YES


def _plan(
    session: Session, registry: Registry, subjects: list[Subject], terms: Terms, wallet: bytes | None
) -> int:
    """What would be signed, down to the byte but for nonce and time."""
    from rakkan.registry.flows.consents import chain_domain, consent_statement
    from rakkan.registry.keys import AUTHORITY
    from rakkan.registry.rules.eip712 import address_of
    from rakkan.schemas.canonical import parse_canonical
    from rakkan.schemas.identity import DidPkh

    keys = registry.home.keys
    grantor, authority = keys.artist_did, keys.address(AUTHORITY)
    if wallet is not None:
        authority = address_of(wallet)
        grantor = str(DidPkh(chain_domain(registry).chain_id, authority))
    statement = consent_statement(registry, subjects, terms, grantor=grantor, authority=str(authority))
    notice = answers.notice_of(statement)
    document = {
        "schema": "rakkan.consent-plan/1",
        "notice": notice,
        "bytes": len(statement),
        "statement": parse_canonical(statement),
    }
    session.emit(document, lambda: line(notice))
    session.say("Nothing was signed.")
    return exits.YES
