"""``rakkan log``: the signed head of the log, and proofs under it.

It decides how heads and proofs are asked for and shown. Trees are ``rakkan.registry.rules.tree``'s.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rakkan.cli import exits, render
from rakkan.cli.commands import group
from rakkan.cli.session import Session, line
from rakkan.schemas.errors import Invalid, NotFound, Unavailable

if TYPE_CHECKING:
    from rakkan.registry.rules.note import LogHead
    from rakkan.registry.service import Registry

app = group()


@app.callback()
def _log() -> None:
    """Read the log of records."""


@app.command("head")
def head(context: typer.Context) -> int:
    """Print the newest signed head, a C2SP note.

    Example: rakkan log head > head.note
    """
    session = Session.of(context)
    with session.registry() as registry:
        newest = _head(registry)
        keys = list(registry.config.log_keys)
    document = {"schema": "rakkan.log-head/1", **_head_json(newest), "logKeys": keys}
    session.emit(document, lambda: line(newest.note.decode().rstrip("\n")))
    return exits.YES


@app.command("proof")
def proof(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="CID|INDEX", help="A record, or its place in the log.")] = "",
    size: Annotated[
        int | None, typer.Option("--size", metavar="N", min=1, help="Size of the tree. [the newest head's]")
    ] = None,
    since: Annotated[
        int | None,
        typer.Option(
            "--from", metavar="N", min=0, help="Prove instead that the tree of this size only grew."
        ),
    ] = None,
) -> int:
    """Prove that a record is in the log, or that the log only grew.

    Example: rakkan log proof baguqeera…
    """
    session = Session.of(context)
    if bool(name) == (since is not None):
        raise Invalid(
            "Name a record, or the size to prove growth --from.", code="usage", hint="One of the two."
        )
    if name:
        _check_name(name)
    with session.registry() as registry:
        newest = _head(registry)
        size = newest.size if size is None else size
        if since is not None:
            document = _consistency(registry, since, size)
        else:
            document = _inclusion(registry, name, size)
        document["note"] = newest.note.decode() if size == newest.size else None
    session.emit(document, lambda: _show(document))
    return exits.YES


def _check_name(name: str) -> None:
    from rakkan.registry.flows.lookup import is_cid, is_digest

    if not (name.isdecimal() or is_cid(name) or is_digest(name) or Path(name).exists()):
        raise Invalid(
            f"“{name}” is no record: neither a CID, a digest, a picture, nor a place in the log.",
            code="usage",
            hint="Write it as baguqeera…, kind:hex, or the number of its place.",
        )


def _head(registry: Registry) -> LogHead:
    newest = registry.store.log.head()
    if newest is None:
        raise NotFound(
            "The log is empty.", code="log-empty", hint="Publish a record first: `rakkan publish`."
        )
    return newest


def _head_json(head: LogHead) -> dict[str, Any]:
    return {"origin": head.origin, "size": head.size, "root": head.root.hex(), "note": head.note.decode()}


def _inclusion(registry: Registry, name: str, size: int) -> dict[str, Any]:
    from rakkan.registry.flows.lookup import resolve
    from rakkan.registry.rules.tree import leaf_hash

    log = registry.store.log
    if name.isdecimal():
        digest = log.at(int(name))
        stored = registry.store.records.get([digest])[digest]
    else:
        stored = resolve(registry, name)
    index = stored.log_index
    if index is None:
        raise Unavailable(
            f"{name} is not in the log yet.",
            code="log-pending",
            hint="Publish it, and let `rakkan worker` run.",
        )
    return {
        "schema": "rakkan.log-inclusion/1",
        "recordId": str(stored.record.record_id),
        "envelope": str(stored.record.envelope_cid),
        "leaf": leaf_hash(stored.record.leaf_data).hex(),
        "index": index,
        "size": size,
        "root": log.root(size).hex(),
        "proof": [step.hex() for step in log.inclusion(index, size)],
    }


def _consistency(registry: Registry, first: int, second: int) -> dict[str, Any]:
    log = registry.store.log
    steps = log.consistency(first, second)
    return {
        "schema": "rakkan.log-consistency/1",
        "from": first,
        "fromRoot": log.root(first).hex(),
        "size": second,
        "root": log.root(second).hex(),
        "proof": [step.hex() for step in steps],
    }


def _show(document: dict[str, Any]) -> None:
    rows = [(key, str(value)) for key, value in document.items() if key not in ("schema", "proof", "note")]
    rows += [("proof" if position == 0 else "", step) for position, step in enumerate(document["proof"])]
    render.table(rows)
