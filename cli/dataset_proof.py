"""``rakkan dataset proof`` and ``absence``: that an item is in a dataset, or is not, for whoever has its root.

It decides how items are named and what is said beside a proof. The documents are
``rakkan.registry.rules.membership``'s.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rakkan.cli import exits
from rakkan.cli.dataset_compare import LockFile
from rakkan.cli.session import Session, line
from rakkan.cli.text import to_json
from rakkan.cli.works import read_file, read_lock
from rakkan.schemas.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable

    from rakkan.registry.rules.dataset import Lock

Item = Annotated[str, typer.Argument(metavar="FILE|DIGEST", help="The item: a file, or sha256:<hex>.")]


def register(app: typer.Typer) -> None:
    """Add the commands to ``rakkan dataset``."""
    for command in (proof, absence, verify):
        app.command()(command)


def proof(context: typer.Context, lock: LockFile, item: Item) -> int:
    """Show that an item is in a dataset, to somebody who has only its root.

    Example: rakkan dataset proof training.lock.json training/paper-lanterns.png > item.json
    """
    from rakkan.registry.rules.membership import presence

    return _show(context, lock, item, presence)


def absence(context: typer.Context, lock: LockFile, item: Item) -> int:
    """Show that an item is not in a dataset. It says "these exact bytes": a copy saved anew has others.

    It holds where the list is sorted, as it is in every lock that can be read; who checks it needs the lock, or
    a verdict that checked the order.

    Example: rakkan dataset absence training.lock.json sha256:0000000000000000000000000000000000000000000000000000000000000000
    """
    from rakkan.registry.rules.membership import absence as show

    return _show(context, lock, item, show)


def verify(
    context: typer.Context,
    document: Annotated[Path, typer.Argument(metavar="FILE", help="What proof or absence printed.")],
    root: Annotated[
        str, typer.Option("--root", metavar="HEX", help="The root of the dataset that is meant.")
    ],
) -> int:
    """Check what was shown of an item, with nothing but the dataset's root. Exit: in it 0, not in it 1, broken 3.

    Example: rakkan dataset verify item.json --root datasetRoot:9f86d0…
    """
    from rakkan.registry.rules.membership import check_membership
    from rakkan.schemas.canonical import parse_strict

    meant = root.removeprefix("datasetRoot:")
    if not re.fullmatch("[0-9a-f]{64}", meant):
        raise Invalid("A root is 64 hexadecimal digits.", code="digest-form", hint="The lock's `root`.")
    value = parse_strict(read_file(document, "proof"))
    if not isinstance(value, dict):
        raise Invalid("This is no proof.", code="membership-form", hint="`rakkan dataset proof` makes one.")
    inside = check_membership(value)
    if value["root"] != meant:
        raise Invalid(
            f"What is shown is about the dataset {value['root']}.",
            code="membership-root",
            hint="Name its root.",
        )
    answer = {"schema": "rakkan.dataset-membership/1", "root": meant, "item": value["item"], "inside": inside}
    word = "is" if inside else "is not, in these exact bytes,"
    session = Session.of(context)
    session.emit(answer, lambda: line(f"sha256:{value['item']} {word} in datasetRoot:{meant}."))
    return exits.YES if inside else exits.NO


def _show(
    context: typer.Context, lock: Path, item: str, shown: Callable[[Lock, bytes], dict[str, Any]]
) -> int:
    document = shown(read_lock(lock), _digest(item))
    Session.of(context).emit(document, lambda: line(to_json(document)))
    return exits.YES


def _digest(item: str) -> bytes:
    from rakkan.manifests.image import read_image
    from rakkan.schemas.values import Digest

    if Path(item).is_file():
        return read_image(Path(item)).sha256.raw
    digest = Digest.parse(item)
    if digest.kind != "sha256":
        raise Invalid("An item of a dataset is named by sha256.", code="digest-form", hint="sha256:<hex>")
    return digest.raw
