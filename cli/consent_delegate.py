"""``rakkan consent delegate``: let somebody grant in your name, and no more than you say.

It decides how a mandate is asked for and shown. What mandates mean is decided in
``rakkan.registry.rules.mandates``.
"""

from __future__ import annotations

from typing import Annotated

import typer

from rakkan.cli import consent_answers as answers
from rakkan.cli import exits
from rakkan.cli.session import Session
from rakkan.cli.works import subject_of


def register(app: typer.Typer) -> None:
    """Add the command to ``rakkan consent``."""
    app.command("delegate")(delegate)


def delegate(
    context: typer.Context,
    who: Annotated[list[str], typer.Argument(metavar="WHO", help="DIDs of those who may act for you.")],
    scope: Annotated[
        list[str], typer.Option("--scope", metavar="SCOPE", help="What they may allow; repeatable.")
    ],
    work: Annotated[
        list[str] | None,
        typer.Option("--work", metavar="WORK", help="Of this work alone; repeatable. [all your works]"),
    ] = None,
    under: Annotated[
        str, typer.Option("--under", metavar="CID", help="The mandate under which you act. [your own right]")
    ] = "",
    days: Annotated[int, typer.Option("--days", min=1, max=3650, help="How long.")] = 365,
    publish: Annotated[bool, typer.Option("--publish", help="Make it public for ever, now.")] = False,
) -> int:
    """Let others grant in your name: a mandate, withdrawn like any consent.

    Example: rakkan consent delegate did:key:z6Mk… --scope cawg.data_mining --days 90
    """
    from rakkan.registry.flows.consents import give
    from rakkan.registry.flows.mandating import mandate_subjects, mandate_terms
    from rakkan.registry.flows.publish import publish as make_public

    session = Session.of(context)
    with session.registry() as registry:
        works = [subject_of(registry, each) for each in work or ()]
        terms = mandate_terms(registry, who, scope, days=days, under=under, narrowed=bool(works))
        record = give(registry, works or mandate_subjects(registry, under), terms, publish=publish)
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
