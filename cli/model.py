"""``rakkan model``: what a model file is, by every name it goes by, and what it says of itself.

It decides how models are asked for and shown. What is read is decided in ``rakkan.manifests.models``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from rakkan.cli import exits, render
from rakkan.cli.commands import group
from rakkan.cli.session import Session, line
from rakkan.schemas.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rakkan.manifests.models.aliases import Alias
    from rakkan.manifests.models.declared import Declared
    from rakkan.manifests.models.digests import ModelFile

app = group()

WORTH: Final = {
    "computed": "computed",
    "agrees": "declared, and so it is",
    "differs": "declared, and not so",
    "refused": "names nothing",
}
"""What a name is worth, in people's words."""

ModelArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A .safetensors file.")]


@app.callback()
def _model() -> None:
    """Name a model by its tensors, and link it to what it was trained on."""


@app.command("inspect")
def inspect(context: typer.Context, file: ModelArgument) -> int:
    """Show every name of a model file, with its traps, and what its header claims. Needs no registry.

    Example: rakkan model inspect painter.safetensors
    """
    from rakkan.manifests.models.aliases import aliases_of
    from rakkan.manifests.models.declared import read_declared

    session = Session.of(context)
    model = read_file(session, file)
    declared = read_declared(model.header.texts)
    aliases = aliases_of(model, declared)
    document = {
        "schema": "rakkan.model/1",
        **about(model),
        "aliases": [_alias(each) for each in aliases],
        "declared": _declared(declared),
        "faults": [{"name": name, "detail": why} for name, why in declared.faults.items()],
    }
    session.emit(document, lambda: _show(model, aliases, declared))
    for alias in aliases:
        if alias.basis == "declared" and alias.value and alias.worth in ("differs", "refused"):
            session.warn(f"{alias.alg} {alias.value[:16]} is in the header: {alias.note}.")
    for name, why in declared.faults.items():
        session.warn(f"{name} in the header cannot be read: {why}.")
    return exits.YES


def read_file(session: Session, file: Path) -> ModelFile:
    """Read a model file, with a bar for the large ones; errors name the file.

    Raises:
        UnreadableModel: As :func:`rakkan.manifests.models.digests.read_model`.
    """
    from rakkan.manifests.models.digests import read_model

    try:
        with session.progress("Reading") as advance:
            return read_model(file, lambda _: advance(file.name))
    except DomainError as error:
        raise error if error.code == "model-missing" else error.about(file.name) from error


def about(model: ModelFile) -> dict[str, Any]:
    """A model file in documents."""
    return {
        "file": model.name,
        "format": "safetensors",
        "bytes": model.bytes,
        "tensors": len(model.header.tensors),
        "digest": {"autov3": model.autov3.hex, "sha256": model.sha256.hex},
    }


def _alias(alias: Alias) -> dict[str, Any]:
    return {
        "alg": alias.alg,
        "value": alias.value or None,
        "basis": alias.basis,
        "worth": alias.worth,
        "note": alias.note or None,
    }


def _declared(declared: Declared) -> dict[str, Any]:
    from rakkan.schemas.instant import format_instant

    times = {"began": declared.started, "ended": declared.finished}
    return {
        "datasetRoot": declared.dataset_root,
        "trainingRun": declared.run,
        "session": declared.session,
        **{name: format_instant(moment) if moment else None for name, moment in times.items()},
        "images": declared.images,
        "regularisation": declared.regularisation,
        "folders": [
            {
                "name": each.name,
                "images": each.images,
                "repeats": each.repeats,
                "role": "regularisation" if each.regularisation else "train",
            }
            for each in declared.folders
        ],
        "base": {"name": declared.base_name, "sha256": declared.base_sha256},
        "output": declared.output,
        "network": dict(declared.network),
        "trainer": declared.trainer,
        "modelSpec": dict(declared.modelspec),
    }


def _show(model: ModelFile, aliases: tuple[Alias, ...], declared: Declared) -> None:
    line(f"{model.name}: safetensors, {model.bytes} bytes, {len(model.header.tensors)} tensors")
    line()
    render.table(
        ((each.alg, each.value or "–", WORTH[each.worth], each.note) for each in aliases),
        ("name", "value", "", "what to know"),
    )
    rows = list(_claims(declared))
    if rows:
        line()
        line("What its header claims, and nobody has checked:")
        render.table(rows)
    if declared.dataset_root is not None:
        from rakkan.schemas.trainingrun import DECLARED

        line()
        line(f"Trained on datasetRoot:{declared.dataset_root} ({DECLARED}).")


def _claims(declared: Declared) -> Iterator[tuple[str, str]]:
    from rakkan.schemas.instant import format_instant

    if declared.started:
        yield "began", format_instant(declared.started)
    if declared.finished:
        yield "ended", format_instant(declared.finished)
    for each in declared.folders:
        role = "regularisation" if each.regularisation else "trained on"
        yield role, f"{each.name}: {each.images} images, {each.repeats} times each"
    if declared.base_name or declared.base_sha256:
        yield "base model", " ".join(filter(None, (declared.base_name, declared.base_sha256)))
    yield from (*declared.network.items(), *declared.modelspec.items())
