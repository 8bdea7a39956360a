"""``rakkan consent list``: the consents kept here, and how each stands.

It decides how they are asked for and shown. Which fit, and in what state each is, is decided in
``rakkan.registry.flows.consent.listing``.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rakkan.cli import exits, render
from rakkan.cli.consent_template import Kind
from rakkan.cli.session import Session, line

if TYPE_CHECKING:
    from rakkan.registry.flows.consent.listing import Listed


class State(StrEnum):
    """How a consent stands."""

    ACTIVE = "active"
    UNLOGGED = "unlogged"
    NOT_YET_VALID = "not-yet-valid"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    SUSPENDED = "suspended"
    VOID = "void"
    KEY_COMPROMISED = "key-compromised"
    KEY_ROTATED = "key-rotated"


def register(app: typer.Typer) -> None:
    """Add the command to ``rakkan consent``."""
    app.command("list")(list_)


def list_(
    context: typer.Context,
    kind: Annotated[list[Kind] | None, typer.Option("--kind", help="Of this kind; repeatable.")] = None,
    state: Annotated[list[State] | None, typer.Option("--state", help="That stand so; repeatable.")] = None,
    grantor: Annotated[str, typer.Option("--grantor", metavar="DID", help="Given by this one.")] = "",
    mine: Annotated[bool, typer.Option("--mine", help="Given by the home's own key.")] = False,
    grantee: Annotated[str, typer.Option("--grantee", metavar="WHO", help="That name this one.")] = "",
    subject: Annotated[
        str,
        typer.Option("--subject", metavar="WORK", help="About this work: an image, kind:hex, or a record."),
    ] = "",
    scope: Annotated[str, typer.Option("--scope", metavar="SCOPE", help="That allow this use.")] = "",
    expires_within: Annotated[
        int | None,
        typer.Option(
            "--expires-within", metavar="DAYS", min=0, help="That count now and not after so many days."
        ),
    ] = None,
    after: Annotated[
        int, typer.Option("--after", metavar="CURSOR", min=0, help="Go on where the page before ended.")
    ] = 0,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, max=1000, help="How many.")] = 50,
) -> int:
    """List the consents that are kept here, and how each stands by all that is known here.

    Example: rakkan consent list --mine --kind grant --expires-within 30
    """
    from rakkan.cli.works import digests_of
    from rakkan.registry.flows.consent.listing import Wanted, consents, soon

    session = Session.of(context)
    with session.registry() as registry:
        wanted = Wanted(
            kinds=tuple(each.value for each in kind or ()),
            states=tuple(each.value for each in state or ()),
            grantor=registry.home.keys.artist_did if mine else grantor,
            grantee=grantee,
            works=tuple(digests_of(registry, subject)) if subject else None,
            scope=scope,
            expires_by=soon(registry, expires_within) if expires_within is not None else None,
        )
        page = consents(registry, wanted, after=after, limit=limit)
    found = [listed(each) for each in page.consents]
    document = {"schema": "rakkan.consents/1", "consents": found, "cursor": page.cursor}
    session.emit(document, lambda: _show(found))
    if page.cursor is not None:
        session.say(f"There are more: --after {page.cursor}")
    return exits.YES


def listed(each: Listed) -> dict[str, Any]:
    """One consent of a list, as JSON."""
    from rakkan.schemas.instant import format_instant

    record, said = each.stored.record, each.consent
    collection = said.collection
    return {
        "recordId": str(record.record_id),
        "envelope": str(record.envelope_cid),
        "kind": said.kind,
        "state": each.state,
        "grantor": said.grantor.id,
        "grantee": list(said.grantee),
        "scopes": {scope.name: scope.use.value for scope in said.scopes},
        "works": collection.count if collection is not None else len(record.parsed.subject),
        "subject": [dict(subject.digest) for subject in record.parsed.subject],
        "validFrom": said.valid_from,
        "validUntil": said.valid_until,
        "withdrawnAt": format_instant(each.withdrawn_at) if each.withdrawn_at is not None else None,
        "public": each.stored.publish,
        "logIndex": each.stored.log_index,
    }


def _show(found: list[dict[str, Any]]) -> None:
    if not found:
        line("No consent here fits.")
        return
    render.table(
        (_row(each) for each in found), ("kind", "state", "works", "until", "allows", "who may", "record")
    )


def _row(each: Mapping[str, Any]) -> tuple[str, ...]:
    allows = [scope.rpartition(".")[2] for scope, use in each["scopes"].items() if use == "allowed"]
    return (
        each["kind"],
        each["state"],
        str(each["works"]),
        each["validUntil"][:10],
        ", ".join(allows) or "nothing",
        ", ".join(each["grantee"]),
        each["recordId"],
    )
