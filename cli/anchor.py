"""``rakkan anchor``: which log heads are on the chain, and bringing the newest one there.

It decides how anchors are shown. Sending is the worker's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from rakkan.cli import exits, render, sentences
from rakkan.cli.commands import group
from rakkan.cli.session import Session, line
from rakkan.schemas.errors import Unavailable

if TYPE_CHECKING:
    from rakkan.registry.service import Registry

app = group()


@app.callback()
def _anchor() -> None:
    """Look after what is on the chain."""


@app.command("status")
def status(context: typer.Context) -> int:
    """Show which log heads are on the chain. Exit: the newest one is 0, it is not (yet) 3.

    Example: rakkan anchor status
    """
    session = Session.of(context)
    with session.registry() as registry:
        document = _document(registry)
    return _answer(session, document)


@app.command("now")
def now(context: typer.Context) -> int:
    """Pin, log and anchor what is waiting, at once.

    Example: rakkan anchor now
    """
    from rakkan.registry.worker import Worker

    session = Session.of(context)
    with session.registry() as registry:
        if registry.identity is None:
            raise Unavailable(
                "This home has no chain to anchor on.",
                code="no-chain",
                hint="Run `rakkan init --chain local`.",
            )
        Worker(registry, session.say).settle()
        document = _document(registry)
    return _answer(session, document)


def _answer(session: Session, document: dict[str, Any]) -> int:
    session.emit(document, lambda: _show(document))
    return exits.YES if document["state"] in ("mined", "final") else exits.UNDETERMINED


def _document(registry: Registry) -> dict[str, Any]:
    identity, newest = registry.identity, registry.store.log.head()
    planned = registry.store.log.anchors()
    transactions = registry.store.outbox.get([name for _, _, name in planned])
    anchors = []
    for size, root, name in planned:
        sent = transactions.get(name)
        anchors.append(
            {
                "size": size,
                "root": root.hex(),
                "state": sent.state if sent else "planned",
                "tx": f"0x{sent.signed.hash.hex()}" if sent and sent.signed else None,
                "block": sent.block_number if sent else None,
                "gas": sent.gas_used if sent else None,
            }
        )
    state = "none"
    if newest is not None:
        state = "unanchored" if identity is None else "pending"
        if anchors and anchors[-1]["size"] == newest.size and anchors[-1]["state"] in ("mined", "final"):
            state = str(anchors[-1]["state"])
    return {
        "schema": "rakkan.anchors/1",
        "origin": registry.origin,
        "state": state,
        "chain": identity.chain_id if identity else None,
        "contract": str(identity.log) if identity else None,
        "head": {"size": newest.size, "root": newest.root.hex()} if newest else None,
        "anchors": anchors,
    }


def _show(document: dict[str, Any]) -> None:
    head = document["head"]
    if head is None:
        line(f"{document['origin']} has no records in its log yet.")
        return
    line(
        f"{document['origin']}: {head['size']} records, the newest head is {sentences.ANCHORS[document['state']]}."
    )
    if document["anchors"]:
        line()
        render.table(
            (
                (
                    str(each["size"]),
                    each["root"][:16] + "…",
                    sentences.transaction(each["state"], each["block"]),
                    f"gas {each['gas']}" if each["gas"] else "",
                    each["tx"] or "",
                )
                for each in document["anchors"]
            ),
            ("records", "root", "state", "", "transaction"),
        )
