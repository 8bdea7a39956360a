"""``rakkan trace``: what a work was made from, and what was made from it.

It decides how lineage is asked for and shown. The walk is ``rakkan.registry.flows.verify.tracing``'s.
"""

from __future__ import annotations

from typing import Annotated

import typer

from rakkan.cli import exits, render
from rakkan.cli.session import Session
from rakkan.cli.works import work_record


def trace(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="FILE|DIGEST|CID", help="An image, kind:hex, or a record.")],
) -> int:
    """Show lineage: what a work was made from, what was made from it, and what its models were trained on.

    Models are found by what the generator declared of them, and trained on what their trainers declare.

    Example: rakkan trace picture.png
    """
    from rakkan.registry.flows.verify.tracing import trace

    session = Session.of(context)
    with session.registry() as registry:
        record = work_record(registry, name)
        graph = trace(registry, record.record_id.digest)
    found = {
        "schema": "rakkan.lineage/1",
        "recordId": str(record.record_id),
        "envelope": str(record.envelope_cid),
        **graph,
    }
    session.emit(found, lambda: render.lineage(graph, str(record.record_id)))
    if graph["truncated"]:
        session.warn("There is more lineage than is shown here.")
    return exits.YES
