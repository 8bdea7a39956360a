"""``rakkan fsck``: everything recomputed from stored bytes alone.

It decides how an inspection is shown. What is inspected is decided in ``rakkan.registry.flows.verify.fsck``.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from rakkan.cli import exits, render
from rakkan.cli.session import Session, line

if TYPE_CHECKING:
    from rakkan.registry.flows.verify.fsck import Inspection


def fsck(context: typer.Context) -> int:
    """Recompute every digest, proof, head and root; repairs nothing. Exit: whole 0, damaged 1, cannot tell 3.

    Example: rakkan fsck
    """
    from rakkan.registry.flows.verify.fsck import inspect

    session = Session.of(context)
    with session.registry() as registry:
        found = inspect(registry, session.say)
        unasked = found.unknown if registry.identity is not None else ()
    code = exits.NO if found.problems else exits.UNDETERMINED if unasked else exits.YES
    document = {
        "schema": "rakkan.fsck/1",
        "state": {exits.YES: "whole", exits.NO: "damaged"}.get(code, "undetermined"),
        **asdict(found),
    }
    session.emit(document, lambda: _show(found))
    return code


def _show(found: Inspection) -> None:
    said = "Something is broken" if found.problems else "Nothing is broken"
    line(
        f"{said}: {found.records} records, {found.blocks} blocks, {found.heads} log heads, {found.anchors} anchors."
    )
    if found.problems:
        line()
        render.outcomes((each.where, "fail", f"{each.message} [{each.code}]") for each in found.problems)
    if found.unknown:
        line()
        render.outcomes(("not asked", "undetermined", each) for each in found.unknown)
