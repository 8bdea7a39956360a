"""``rakkan consent delegate``: let somebody grant in your name, and no more than you say.

It decides how a mandate is asked for and shown. What mandates mean is decided in
``rakkan.registry.rules.mandates``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from rakkan.cli import consent_answers as answers
from rakkan.cli import exits
from rakkan.cli.session import Session
from rakkan.cli.signers import SignerUri, WalletKey, chosen
from rakkan.cli.works import subjects_named
from rakkan.schemas.errors import Invalid

if TYPE_CHECKING:
    from rakkan.registry.flows.consent.terms import Terms
    from rakkan.registry.service import Registry


def register(app: typer.Typer) -> None:
    """Add the command to ``rakkan consent``."""
    app.command("delegate")(delegate)


def delegate(
    context: typer.Context,
    who: Annotated[
        list[str] | None, typer.Argument(metavar="WHO", help="DIDs of those who may act for you.")
    ] = None,
    scope: Annotated[
        list[str] | None, typer.Option("--scope", metavar="SCOPE", help="What they may allow; repeatable.")
    ] = None,
    terms: Annotated[
        str, typer.Option("--terms", metavar="FILE", help="Terms of a mandate, instead of WHO and --scope.")
    ] = "",
    work: Annotated[
        list[str] | None,
        typer.Option(
            "--work",
            metavar="WORKS",
            help="Of these works alone: images, folders, patterns, digests; repeatable. [all your works]",
        ),
    ] = None,
    under: Annotated[
        str, typer.Option("--under", metavar="CID", help="The mandate under which you act. [your own right]")
    ] = "",
    days: Annotated[int, typer.Option("--days", min=1, max=3650, help="How long.")] = 365,
    signer: SignerUri = "",
    wallet_key: WalletKey = None,
    publish: Annotated[bool, typer.Option("--publish", help="Make it public for ever, now.")] = False,
) -> int:
    """Let others grant in your name: a mandate, withdrawn like any consent.

    Example: rakkan consent delegate did:key:z6Mk… --scope cawg.data_mining --days 90
    """
    from rakkan.registry.flows.consent.consents import give
    from rakkan.registry.flows.consent.mandating import mandate_subjects
    from rakkan.registry.flows.publish import publish as make_public

    session, by = Session.of(context), chosen(Session.of(context), signer, wallet_key)
    if bool(terms) == bool(who or scope) or (not terms and not (who and scope)):
        raise Invalid(
            "Say who may act, and for what.",
            code="usage",
            hint="Give WHO and --scope, or --terms FILE (`rakkan consent template mandate`).",
        )
    with session.registry() as registry:
        named = subjects_named(registry, work) if work else None
        said = _said(
            registry, who or [], scope or [], terms, days=days, under=under, narrowed=named is not None
        )
        subjects = named.subjects if named else mandate_subjects(registry, said.mandate, by)
        if named is not None:
            said = replace(said, more={**said.more, **named.more})
        blocks = named.blocks if named else ()
        record = give(registry, subjects, said, signer=by, publish=publish, blocks=blocks)
        if publish:
            make_public(registry, [str(record.record_id)], progress=session.say)
    document = {
        "schema": "rakkan.consent/1",
        **record.to_json(),
        "notice": answers.notice_of(record.statement),
        "published": publish,
    }
    session.emit(document, lambda: answers.show_consent(document))
    return exits.YES


def _said(
    registry: Registry,
    who: list[str],
    scopes: list[str],
    terms: str,
    *,
    days: int,
    under: str,
    narrowed: bool,
) -> Terms:
    from rakkan.registry.flows.consent.mandating import in_collection, mandate_terms
    from rakkan.registry.flows.consent.terms import load_terms

    if not terms:
        return mandate_terms(registry, who, scopes, days=days, under=under, narrowed=narrowed)
    said = load_terms(terms)
    if said.kind != "mandate":
        raise Invalid(
            f"The terms {terms} are of the kind {said.kind}, not mandate.",
            code="terms-kind",
            hint="`rakkan consent template mandate` begins a file.",
        )
    said = replace(said, mandate=under or said.mandate)
    return said if narrowed else replace(said, more={**said.more, **in_collection(registry, said.mandate)})
