"""``rakkan dataset diff`` and ``check``: what changed between two locks, or since a folder was locked.

It decides how changes are shown. What a change is is decided in ``rakkan.registry.rules.drift``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rakkan.cli import exits
from rakkan.cli.session import Session, line
from rakkan.cli.works import read_lock

if TYPE_CHECKING:
    from rakkan.registry.rules.dataset import Lock, LockItem
    from rakkan.registry.rules.drift import Drift

_SHOWN = 20
"""Changes of one kind that are shown to people; with --json there are all."""

LockFile = Annotated[Path, typer.Argument(metavar="LOCK", help="The lock of a dataset.")]

Source = Annotated[
    Path,
    typer.Argument(
        metavar="FOLDER|FILE", help="A folder of images, a kohya TOML, a shard, a list of digests."
    ),
]
Form = Annotated[
    str,
    typer.Option(
        "--form",
        metavar="FORM",
        help="How it comes: folder, dreambooth, imagefolder, kohya, webdataset, list. [found out]",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands to ``rakkan dataset``."""
    app.command()(diff)
    app.command()(check)


def diff(
    context: typer.Context,
    before: Annotated[Path, typer.Argument(metavar="A", help="The older lock.")],
    after: Annotated[Path, typer.Argument(metavar="B", help="The newer one.")],
) -> int:
    """Say which items came, went, or are fed otherwise to training. Exit: same 0, else 1.

    Example: rakkan dataset diff training.lock.json repaired.lock.json
    """
    return _answer(Session.of(context), read_lock(before), read_lock(after), [])


def check(
    context: typer.Context,
    lock: LockFile,
    source: Source,
    form: Form = "",
) -> int:
    """Say whether a dataset still is what was locked, byte for byte. Exit: it is 0, it is not 1.

    Example: rakkan dataset check training.lock.json training/
    """
    from rakkan.registry.flows.judge.datasets import lock_dataset

    session, pinned = Session.of(context), read_lock(lock)
    with session.progress("Reading") as advance:
        found = lock_dataset(source, form, advance)
    for path, error in found.refused:
        session.fail(f"{path}: {error}")
    return _answer(session, pinned, found.lock, [path for path, _ in found.refused])


def _answer(session: Session, before: Lock, after: Lock, refused: list[str]) -> int:
    from rakkan.registry.rules.drift import drift

    found = drift(before, after)
    document = {
        "schema": "rakkan.dataset-diff/1",
        "before": {"root": before.root.hex(), "size": len(before.items)},
        "after": {"root": after.root.hex(), "size": len(after.items)},
        "added": [_item(each) for each in found.added],
        "removed": [_item(each) for each in found.removed],
        "refed": [{"before": [*map(_item, was)], "after": [*map(_item, now)]} for was, now in found.refed],
        "recounted": [{"before": _item(was), "after": _item(now)} for was, now in found.recounted],
        "refused": refused,
    }
    session.emit(document, lambda: _show(found, len(after.items)))
    return exits.NO if found.any or refused else exits.YES


def _item(item: LockItem) -> dict[str, Any]:
    return {
        "sha256": item.sha256.hex(),
        "path": item.path,
        "count": item.count,
        "trainingInput": item.training_input.hex(),
    }


def _show(found: Drift, size: int) -> None:
    if not found.any:
        line(f"The same {size} items.")
    for title, items in (
        ("new", found.added),
        ("gone", found.removed),
        ("another caption, mask, repeats or role", [now[0] for _, now in found.refed]),
        ("more or less often", [now for _, now in found.recounted]),
    ):
        if items:
            line(f"{title}: {len(items)}")
        for each in items[:_SHOWN]:
            line(f"  sha256:{each.sha256.hex()}  {each.path}")
        if len(items) > _SHOWN:
            line(f"  and {len(items) - _SHOWN} more; --json has them all.")
