"""``rakkan consent diff|renew``: what changed between two consents, and the same consent for a new term.

It decides how these are asked for and shown. What differs is told by ``rakkan.registry.rules.comparing``, what
a renewal keeps is decided in ``rakkan.registry.flows.consent.renewing``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rakkan.cli import consent_answers as answers
from rakkan.cli import exits, render
from rakkan.cli.asking import CoauthorsAgree, MinorsShown, PersonsShown
from rakkan.cli.session import Session, line
from rakkan.cli.signers import SignerUri, WalletKey, chosen
from rakkan.schemas.errors import DomainError, NotFound

if TYPE_CHECKING:
    from rakkan.registry.rules.comparing import Change, Stated
    from rakkan.registry.service import Registry
    from rakkan.registry.store.records import StoredRecord


def register(app: typer.Typer) -> None:
    """Add the commands to ``rakkan consent``."""
    app.command("diff")(diff)
    app.command("renew")(renew)


def diff(
    context: typer.Context,
    before: Annotated[str, typer.Argument(metavar="A", help="A consent's CID, a name of terms, or a file.")],
    after: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
) -> int:
    """Say what changed from one consent or terms to another, and whether more may be done or less. Exit: same 0, else 1.

    Example: rakkan consent diff community-lora open-training
    """
    from rakkan.registry.rules.comparing import compare

    session = Session.of(context)
    changes = compare(_stated(session, before), _stated(session, after))
    document = {"schema": "rakkan.consent-diff/1", "before": before, "after": after, **_told(changes)}
    session.emit(document, lambda: _show(changes))
    return exits.NO if changes else exits.YES


def renew(
    context: typer.Context,
    cid: Annotated[str, typer.Argument(metavar="RECORD", help="The consent's record or envelope.")],
    days: Annotated[
        int | None,
        typer.Option("--days", metavar="N", min=1, max=36500, help="How long. [as long as before]"),
    ] = None,
    persons: PersonsShown = None,
    minors: MinorsShown = None,
    coauthors: CoauthorsAgree = None,
    signer: SignerUri = "",
    wallet_key: WalletKey = None,
    publish: Annotated[bool, typer.Option("--publish", help="Make it public for ever, now.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change; sign nothing.")] = False,
) -> int:
    """Say a consent again for a new term, in place of the old record; all else stays as it was.

    Example: rakkan consent renew baguqeera… --days 365 --dry-run
    """
    from rakkan.registry.flows.consent import renewing
    from rakkan.registry.flows.consent.terms import Answers
    from rakkan.registry.flows.publish import publish as make_public
    from rakkan.registry.rules.comparing import compare

    session, by = Session.of(context), chosen(Session.of(context), signer, wallet_key)
    answered = Answers(*(each.value if each is not None else None for each in (persons, minors, coauthors)))
    late: DomainError | None = None
    with session.registry() as registry:
        stored = _stored(registry, cid)
        old = renewing.stated_of(registry, stored.record)
        if dry_run:
            statement, _ = renewing.renewal(registry, stored, days=days, answers=answered, signer=by)
            changes = compare(old, renewing.stated_by(registry, stored.record, statement))
            return _plan(session, cid, changes, statement)
        record = renewing.renew(registry, stored, days=days, answers=answered, signer=by, publish=publish)
        changes = compare(old, renewing.stated_of(registry, record))
        if publish:
            try:
                make_public(registry, [str(record.record_id)], progress=session.say)
            except DomainError as error:
                late = error
    document = {
        "schema": "rakkan.consent/1",
        **record.to_json(),
        "notice": answers.notice_of(record.statement),
        "published": publish and late is None,
        **_told(changes),
    }
    session.emit(document, lambda: answers.show_consent(document))
    if not stored.publish or stored.log_index is None:
        session.warn("The old record is in no log: both stand until both are published.")
    if late is not None:
        raise late
    return exits.YES


def _plan(session: Session, cid: str, changes: list[Change], statement: bytes) -> int:
    from rakkan.schemas.canonical import parse_canonical

    document = {
        "schema": "rakkan.consent-plan/1",
        "renews": cid,
        "notice": answers.notice_of(statement),
        "bytes": len(statement),
        "statement": parse_canonical(statement),
        **_told(changes),
    }
    session.emit(document, lambda: _show(changes))
    session.say("Nothing was signed.")
    return exits.YES


def _stated(session: Session, name: str) -> Stated:
    from rakkan.registry.flows.consent.renewing import stated_in, stated_of
    from rakkan.registry.flows.consent.terms import load_terms
    from rakkan.registry.flows.lookup import is_cid

    if is_cid(name) and not Path(name).exists():
        with session.registry() as registry:
            return stated_of(registry, _stored(registry, name).record)
    return stated_in(load_terms(name))


def _stored(registry: Registry, cid: str) -> StoredRecord:
    from rakkan.schemas.values import Cid

    digest = Cid.parse(cid).digest
    stored = registry.store.records.get([digest]).get(digest)
    if stored is None:
        raise NotFound(
            f"Nothing is registered here under {cid}.", code="record-unknown", hint="Check the CID."
        )
    return stored


def _told(changes: list[Change]) -> dict[str, Any]:
    from rakkan.registry.rules.comparing import direction

    told = [
        {"field": each.field, "before": each.before, "after": each.after, "direction": each.direction}
        for each in changes
    ]
    return {"direction": direction(changes), "changes": told}


def _show(changes: list[Change]) -> None:
    if not changes:
        line("They say the same.")
        return
    rows = [(each.field, each.before or "–", each.after or "–", _WORDS[each.direction]) for each in changes]
    render.table(rows, ("", "before", "after", ""))


_WORDS = {"wider": "wider: more may be done", "narrower": "narrower: less may be done", "other": "other"}
