"""``rakkan consent grant|reserve|agree``: a consent about works, said in somebody's terms.

It decides how these are asked for and shown: one signature, whether it is about one work, a few, or a
collection of many. What a consent says is decided in ``rakkan.registry.flows.consent.consents``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rakkan.cli import consent_answers as answers
from rakkan.cli import exits
from rakkan.cli.asking import Coauthors, CoauthorsAgree, MinorsShown, PersonsShown, answered
from rakkan.cli.session import Session, line
from rakkan.cli.signers import SignerUri, WalletKey, chosen
from rakkan.cli.slip import SlipFolder, write_slips
from rakkan.cli.works import subjects_named
from rakkan.schemas.errors import DomainError, Invalid

if TYPE_CHECKING:
    from rakkan.registry.flows.consent.terms import Terms
    from rakkan.registry.service import Registry
    from rakkan.registry.signers.port import RecordSigner
    from rakkan.schemas.statement import Subject

Works = Annotated[
    list[str],
    typer.Argument(
        metavar="WORKS",
        help="Images, folders, patterns in quotes, dataset locks, kind:hex digests, or records.",
    ),
]
Grantees = Annotated[
    list[str] | None,
    typer.Option(
        "--grantee",
        metavar="WHO",
        help="Who may use it: public, a gate, a DID; repeatable. [as the terms say]",
    ),
]
Mandate = Annotated[
    str, typer.Option("--mandate", metavar="CID", help="The mandate under which you act. [your own right]")
]
Publish = Annotated[bool, typer.Option("--publish", help="Make it public for ever, now.")]
AsCollection = Annotated[
    bool,
    typer.Option(
        "--collection",
        help="One collection, however few the works are; folders, patterns and locks are one anyway. Each work can be"
        " withdrawn alone.",
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show the exact words that would be signed; sign nothing.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to ``rakkan consent``."""
    app.command("grant")(grant)
    app.command("reserve")(reserve)
    app.command("agree")(agree)


def grant(
    context: typer.Context,
    works: Works,
    terms: Annotated[
        str, typer.Option("--terms", metavar="TERMS", help="A name of terms, or a TOML or JSON file.")
    ],
    grantee: Grantees = None,
    persons: PersonsShown = None,
    minors: MinorsShown = None,
    coauthors: CoauthorsAgree = None,
    mandate: Mandate = "",
    signer: SignerUri = "",
    wallet_key: WalletKey = None,
    collection: AsCollection = False,
    publish: Publish = False,
    slips: SlipFolder = None,
    dry_run: DryRun = False,
) -> int:
    """Say who may use works, for what, until when. Many works are one collection, under one signature.

    Example: rakkan consent grant 'art/*.png' --terms community-lora --persons none --minors none --coauthors complete
    """
    session = Session.of(context)
    said = _terms(terms, ("grant",), grantee, mandate).answering(
        depicted=persons, minors=minors, coauthors=coauthors
    )
    saying = Saying(works, said, chosen(session, signer, wallet_key), collection=collection, slips=slips)
    return say(session, saying, publish=publish, dry_run=dry_run)


def reserve(
    context: typer.Context,
    works: Works,
    terms: Annotated[
        str, typer.Option("--terms", metavar="TERMS", help="Terms of a reservation.")
    ] = "reserve",
    grantee: Grantees = None,
    mandate: Mandate = "",
    signer: SignerUri = "",
    wallet_key: WalletKey = None,
    collection: AsCollection = False,
    publish: Publish = False,
    slips: SlipFolder = None,
    dry_run: DryRun = False,
) -> int:
    """Say "do not use" of works.

    Example: rakkan consent reserve picture.png --publish
    """
    session = Session.of(context)
    said = _terms(terms, ("reservation",), grantee, mandate)
    saying = Saying(works, said, chosen(session, signer, wallet_key), collection=collection, slips=slips)
    return say(session, saying, publish=publish, dry_run=dry_run)


def agree(
    context: typer.Context,
    works: Works,
    terms: Annotated[
        str, typer.Option("--terms", metavar="FILE", help="Terms of a likeness or of a co-author.")
    ],
    persons: PersonsShown = None,
    minors: MinorsShown = None,
    signer: SignerUri = "",
    wallet_key: WalletKey = None,
    publish: Publish = False,
    slips: SlipFolder = None,
    dry_run: DryRun = False,
) -> int:
    """Agree as somebody who is shown, or who holds a share; it grants nothing by itself.

    Example: rakkan consent agree picture.png --terms likeness.toml --publish
    """
    session = Session.of(context)
    said = _terms(terms, ("likeness", "co-author"), None, "")
    said = said.answering(depicted=persons, minors=minors, coauthors=said.coauthors or Coauthors.UNKNOWN)
    saying = Saying(works, said, chosen(session, signer, wallet_key), slips=slips)
    return say(session, saying, publish=publish, dry_run=dry_run)


@dataclass(frozen=True, slots=True)
class Saying:
    """What is to be said: of which works, in which terms, by whom, of each or of all as a collection."""

    works: list[str]
    terms: Terms
    signer: RecordSigner | None
    collection: bool = False
    slips: Path | None = None


def say(session: Session, saying: Saying, *, publish: bool, dry_run: bool) -> int:
    """Make the consent, or show what would be made; answer with it."""
    from rakkan.registry.flows.consent.consents import give
    from rakkan.registry.flows.publish import publish as make_public

    with session.registry() as registry:
        with session.progress("Reading") as advance:
            named = subjects_named(registry, saying.works, collection=saying.collection, progress=advance)
        terms = answered(session, replace(saying.terms, more={**saying.terms.more, **named.more}))
        if dry_run:
            return _plan(session, registry, named.subjects, replace(saying, terms=terms), publish=publish)
        record = give(
            registry, named.subjects, terms, signer=saying.signer, publish=publish, blocks=named.blocks
        )
        if saying.slips is not None:
            write_slips(registry, [record], saying.slips, saying.signer)
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
        "unsaid": list(terms.unsaid),
    }
    session.emit(document, lambda: answers.show_consent(document))
    if late is not None:
        raise late
    return exits.YES


def _terms(name: str, kinds: tuple[str, ...], grantee: list[str] | None, mandate: str) -> Terms:
    from rakkan.registry.flows.consent.terms import load_terms

    terms = load_terms(name, tuple(grantee or ()))
    if terms.kind not in kinds:
        verb = {"grant": "grant", "reservation": "reserve", "mandate": "delegate"}.get(terms.kind, "agree")
        raise Invalid(
            f"The terms {name} are of the kind {terms.kind}, not {' or '.join(kinds)}.",
            code="terms-kind",
            hint=f"Use `rakkan consent {verb}`.",
        )
    return replace(terms, mandate=mandate) if mandate else terms


def _plan(
    session: Session, registry: Registry, subjects: list[Subject], saying: Saying, *, publish: bool
) -> int:
    """What would be signed, down to the byte but for nonce and time; and what else would become public."""
    from rakkan.registry.flows.claims.stating import actor
    from rakkan.registry.flows.consent.consents import authority_of, consent_statement
    from rakkan.registry.flows.consent.needed import needed_by
    from rakkan.schemas.canonical import parse_canonical

    statement = consent_statement(
        registry,
        subjects,
        saying.terms,
        grantor=actor(registry, saying.signer),
        authority=authority_of(registry, saying.signer),
    )
    notice = answers.notice_of(statement)
    also = needed_by(registry, statement) if publish else []
    document = {
        "schema": "rakkan.consent-plan/1",
        "notice": notice,
        "bytes": len(statement),
        "statement": parse_canonical(statement),
        "unsaid": list(saying.terms.unsaid),
        "alsoPublic": [str(each.record_id) for each in also],
    }
    session.emit(document, lambda: line(notice))
    for each in also:
        session.say(f"With it becomes public: {answers.brief(each)}")
    session.say("Nothing was signed.")
    return exits.YES
