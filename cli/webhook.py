"""``rakkan webhook``: where news is sent, and how each endpoint fares.

It decides how endpoints are named and shown; a secret is shown once, by the command that made it. What is sent is
decided in ``rakkan.registry.herald``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rakkan.cli import exits
from rakkan.cli.commands import group
from rakkan.cli.session import Session, line
from rakkan.schemas.errors import Unavailable
from rakkan.schemas.instant import format_instant

if TYPE_CHECKING:
    from rakkan.registry.store.webhooks import Endpoint
    from rakkan.registry.webhooks import Added

app = group()

Id = Annotated[str, typer.Argument(metavar="ID", help="As `rakkan webhook list` shows it.")]


@app.callback()
def _webhook() -> None:
    """Send signed messages when consents are given, withdrawn, disputed or end."""


@app.command("add")
def add(
    context: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="Where to: HTTPS.")],
    event: Annotated[
        list[str] | None,
        typer.Option(
            "--event", metavar="TYPE", help="Only this type, such as consent.withdrawn; repeatable. [all]"
        ),
    ] = None,
    local: Annotated[
        bool,
        typer.Option("--local", help="It is on this machine: HTTP will do, and no other address is asked."),
    ] = False,
) -> int:
    """Send what is new from now on to an endpoint; its secret is shown here, and never again.

    Example: rakkan webhook add https://example.org/hooks --event consent.withdrawn
    """
    from rakkan.registry import webhooks

    session = Session.of(context)
    with session.registry() as registry:
        added = webhooks.add(registry, url, event or [], local=local)
    _emit_secret(session, added)
    return exits.YES


@app.command("list")
def listed(context: typer.Context) -> int:
    """List the endpoints, and how each fares.

    Example: rakkan webhook list
    """
    session = Session.of(context)
    with session.registry() as registry:
        found = registry.store.webhooks.all()
        newest = registry.store.events.newest()
    items = [_document(each, newest) for each in found]

    def show() -> None:
        for each in items:
            line(f"{each['id']}  {each['url']}")
            line(f"  {_standing(each)}")
            line(f"  {', '.join(each['types'])}")
        if not items:
            line("There is none. `rakkan webhook add URL` makes one.")

    session.emit({"schema": "rakkan.webhooks/1", "items": items}, show)
    return exits.YES


@app.command("remove")
def remove(context: typer.Context, name: Id) -> int:
    """Send nothing more to an endpoint, and forget its secret.

    Example: rakkan webhook remove wh_…
    """
    from rakkan.registry import webhooks

    session = Session.of(context)
    with session.registry() as registry:
        gone = webhooks.remove(registry, name)
    session.emit({"schema": "rakkan.webhook/1", **_document(gone)}, lambda: line(f"{gone.id} is removed."))
    return exits.YES


@app.command("test")
def test(context: typer.Context, name: Id) -> int:
    """Send an endpoint a signed message that says nothing. Exit: 0 if it is taken, 5 if not.

    Example: rakkan webhook test wh_…
    """
    from rakkan.registry import webhooks

    session = Session.of(context)
    with session.registry() as registry:
        taken = webhooks.probe(registry, name)
    if not taken.ok:
        raise Unavailable(
            f"{name} does not take messages: {taken.said}.",
            code="webhook-untaken",
            hint="It has to answer with a status of 2xx within ten seconds.",
            status=taken.status,
        )
    document = {"schema": "rakkan.webhook-test/1", "id": name, "status": taken.status}
    session.emit(document, lambda: line(f"{name} took it, and answered {taken.status}."))
    return exits.YES


@app.command("rotate")
def rotate(context: typer.Context, name: Id) -> int:
    """Give an endpoint a new secret; for a day messages are signed with the old one, too.

    Example: rakkan webhook rotate wh_…
    """
    from rakkan.registry import webhooks

    session = Session.of(context)
    with session.registry() as registry:
        added = webhooks.rotate(registry, name)
    _emit_secret(session, added)
    return exits.YES


@app.command("resume")
def resume(context: typer.Context, name: Id) -> int:
    """Try an endpoint again at once, from where it stopped.

    Example: rakkan webhook resume wh_…
    """
    from rakkan.registry import webhooks

    session = Session.of(context)
    with session.registry() as registry:
        endpoint, whole = webhooks.resume(registry, name)
    if not whole:
        session.warn(
            f"Where {endpoint.id} stopped is lost, so it goes on with what comes next. "
            "Have the receiver read GET /v1/withdrawals from the beginning."
        )
    document = {"schema": "rakkan.webhook/1", **_document(endpoint), "complete": whole}
    session.emit(document, lambda: line(f"{endpoint.id} is tried again."))
    return exits.YES


def _emit_secret(session: Session, added: Added) -> None:
    document = {"schema": "rakkan.webhook/1", **_document(added.endpoint), "secret": added.secret}

    def show() -> None:
        line(f"{added.endpoint.id}  {added.endpoint.url}")
        line(f"Secret, shown this once: {added.secret}")

    session.emit(document, show)


def _document(endpoint: Endpoint, newest: str | None = None) -> dict[str, Any]:
    document: dict[str, Any] = {
        "id": endpoint.id,
        "url": endpoint.url,
        "types": list(endpoint.types),
        "local": endpoint.local,
        "state": "paused" if endpoint.paused else "failing" if endpoint.failures else "active",
        "createdAt": _instant(endpoint.created_at),
        "takenAt": _instant(endpoint.taken_at),
        "failures": endpoint.failures,
        "failingSince": _instant(endpoint.failing_since),
        "nextTry": _instant(endpoint.next_at) if endpoint.failures and not endpoint.paused else None,
        "said": endpoint.said,
    }
    return document if newest is None else {**document, "behind": endpoint.cursor != newest}


def _standing(document: dict[str, Any]) -> str:
    state, behind = document["state"], "there is more to tell" if document["behind"] else "it has everything"
    if state == "active":
        return f"active; {behind}"
    tail = "" if state == "paused" else f"; next try {document['nextTry']}"
    return f"{state} since {document['failingSince']}: {document['said']}{tail}"


def _instant(seconds: int | None) -> str | None:
    return None if seconds is None else format_instant(datetime.fromtimestamp(seconds, UTC))
