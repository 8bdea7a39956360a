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
from rakkan.cli.dataset_compare import Form, Source
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
    source: Source,
    form: Form = "",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where the lock goes. [stdout]")
    ] = None,
    leave_out: Annotated[
        bool, typer.Option("--leave-out", help="Lock without the files that cannot be read, and name them.")
    ] = False,
) -> int:
    """Lock a dataset: every image, and what is fed to training beside it, by digest, and one root over all of them.

    A folder, a DreamBooth folder (names such as "10_ada style"), a Hugging Face image folder, a kohya TOML, a WebDataset
    shard, or a list of digests: which it is, is seen from what lies there.

    Example: rakkan dataset lock training/ --out training.lock.json
    """
    from rakkan.registry.flows.judge.datasets import lock_dataset
    from rakkan.registry.rules.dataset import lock_document

    session = Session.of(context)
    with session.progress("Reading") as advance:
        locked = lock_dataset(source, form, advance)
    for path, error in locked.refused:
        session.fail(f"{path}: {error}")
    if locked.refused and not leave_out:
        raise Invalid(
            f"{len(locked.refused)} files in {source} cannot be items.",
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
    session.emit(
        document, lambda: line(f"datasetRoot:{root}  {size} items  {out}  ({locked.form})"), compact=True
    )
    if not size:
        session.warn(f"{source} holds no images: a verdict on it cannot tell.")
    return exits.YES


dataset_compare.register(app)
dataset_proof.register(app)
dataset_repair.register(app)
