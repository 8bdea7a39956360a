"""``rakkan publish``: what becomes public for ever, and making it so.

It decides how the list is shown. What is on it is decided in ``rakkan.registry.flows.publish``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rakkan.cli import exits
from rakkan.cli.session import Session, line

if TYPE_CHECKING:
    from rakkan.registry.flows.publish import Disclosure


def publish(
    context: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE|DIGEST|CID",
            help="Stamped images, kind:hex, or records; all that are private, if none is named.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List what would become public for ever; send nothing.")
    ] = False,
) -> int:
    """Make records public for ever: pinned, logged and, with a chain, anchored.

    Example: rakkan publish --dry-run
    """
    from rakkan.registry.flows.publish import kept_back, plan, publish

    session = Session.of(context)
    with session.registry() as registry:
        if dry_run:
            chosen = plan(registry, names or ())
        else:
            chosen = publish(registry, names or (), progress=session.say)
        consents = kept_back(registry, chosen)
    document = {
        "schema": "rakkan.publish/1",
        "dryRun": dry_run,
        "records": [_record(each) for each in chosen],
    }
    session.emit(document, lambda: _show(chosen, dry_run=dry_run))
    if consents:
        session.say(
            f"{len(consents)} consents about them stay private until they are named too: {', '.join(consents[:5])}"
            f"{' …' if consents[5:] else ''}"
        )
    return exits.YES


def _record(disclosure: Disclosure) -> dict[str, Any]:
    value = asdict(disclosure)
    value["recordId"] = value.pop("record_id")
    return value


def _show(chosen: Sequence[Disclosure], *, dry_run: bool) -> None:
    if not chosen:
        line("Nothing is waiting to be published.")
        return
    total = sum(each.bytes for each in chosen)
    what = "would become public for ever" if dry_run else "public from now on"
    line(f"{len(chosen)} records, {total} bytes, {what}:")
    for each in chosen:
        line()
        line(f"{each.kind} {each.record_id}")
        for said in each.shows:
            line(f"  shows  {said}".replace("\n", " "))
        if each.hides:
            line(f"  hides  {', '.join(each.hides)} (a salted digest only)".replace("\n", " "))
        for cid in each.blocks:
            line(f"  block  {cid}")
