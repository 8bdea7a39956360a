"""``rakkan dataset``: which items a folder holds, byte for byte, and their root; and what is asked of a lock.

It decides that a lock which leaves files out is made only when that is asked for. What an item is
is decided in ``rakkan.registry.flows.judge.datasets``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rakkan.cli import dataset_compare, dataset_proof, dataset_repair, exits
from rakkan.cli.commands import group
from rakkan.cli.session import Session, line
from rakkan.cli.text import to_json
from rakkan.cli.works import write_file
from rakkan.schemas.errors import Invalid

app = group()


@app.callback()
def _dataset() -> None:
    """Pin the items of a dataset, compare, prove and repair it."""


@app.command("lock")
def lock(
    context: typer.Context,
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="The folder of images, with captions beside them.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where the lock goes. [stdout]")
    ] = None,
    leave_out: Annotated[
        bool, typer.Option("--leave-out", help="Lock without the files that cannot be read, and name them.")
    ] = False,
) -> int:
    """Lock a folder: every image and caption by digest, and one root over all of them.

    Example: rakkan dataset lock training/ --out training.lock.json
    """
    from rakkan.registry.flows.judge.datasets import lock_folder
    from rakkan.registry.rules.dataset import lock_document

    session = Session.of(context)
    with session.progress("Reading") as advance:
        locked = lock_folder(folder, advance)
    for path, error in locked.refused:
        session.fail(f"{path}: {error}")
    if locked.refused and not leave_out:
        raise Invalid(
            f"{len(locked.refused)} files in {folder} cannot be items.",
            code="dataset-refused",
            hint="Mend or remove them, or lock without them: --leave-out.",
            count=len(locked.refused),
        )
    document = lock_document(locked.lock)
    if out is None:
        session.emit(document, lambda: print(to_json(document, compact=True)), compact=True)  # noqa: T201 - stdout is data
        return exits.YES
    write_file(out, to_json(document, compact=True).encode() + b"\n")
    root, size = locked.lock.root.hex(), len(locked.lock.items)
    session.emit(document, lambda: line(f"datasetRoot:{root}  {size} items  {out}"), compact=True)
    if not size:
        session.warn(f"{folder} holds no images: a verdict on it cannot tell.")
    return exits.YES


dataset_compare.register(app)
dataset_proof.register(app)
dataset_repair.register(app)
