"""The names of a model, each with what it is worth: computed or declared, equal or not, and its trap.

It decides the words about aliases. How they are computed is in ``digests``, what is declared in ``declared``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from rakkan.manifests.models.declared import Declared
from rakkan.manifests.models.digests import ModelFile

EMPTY: Final = "e3b0c442"
"""How sha256 of nothing begins: a broken tool's answer for every file, and so no evidence."""

_AT: Final = 0x100000

Worth = Literal["computed", "agrees", "differs", "refused"]


@dataclass(frozen=True, slots=True)
class Alias:
    """One name.

    Attributes:
        alg: ``autov3``, ``sha256``, ``autov2``, ``autov1``, ``kohya``, ``kohyaLegacy``, ``modelspec``.
        value: Hex digits; empty where the file has no such name.
        basis: ``computed`` from the bytes, or ``declared`` in the header.
        worth: ``computed``; of a declared one whether it ``agrees`` with the bytes or ``differs``; ``refused`` is what
            names nothing.
        note: The trap, for people; or nothing.
    """

    alg: str
    value: str
    basis: Literal["computed", "declared"]
    worth: Worth
    note: str = ""


def aliases_of(model: ModelFile, declared: Declared) -> tuple[Alias, ...]:
    """Every name of a model file, what is computed first."""
    found = [
        Alias("autov3", model.autov3.hex, "computed", "computed", "the tensors alone: this is the model"),
        Alias(
            "sha256",
            model.sha256.hex,
            "computed",
            "computed",
            "the whole file: changes with every edit of its header",
        ),
        Alias("autov2", model.autov2, "computed", "computed", "the first ten digits of sha256"),
        _short("autov1", model.autov1, model.bytes, "64 KiB at 1 MiB: changes with the header's length"),
    ]
    if model.kohya is not None:
        same = model.kohya == model.autov3.hex
        note = (
            "equals autov3"
            if same
            else "not autov3: the tensors stand in another order than its library writes"
        )
        found.append(Alias("kohya", model.kohya, "computed", "computed", note))
        found.append(_short("kohyaLegacy", model.kohya_legacy, model.bytes, "not autov1 of this file"))
    found += [
        _declared("kohya", declared.sshs_model_hash, {model.kohya, model.autov3.hex}),
        _declared("kohyaLegacy", declared.sshs_legacy_hash, {model.kohya_legacy}),
        _declared("modelspec", declared.modelspec_hash, {model.autov3.hex}),
    ]
    return tuple(each for each in found if each.value or each.note)


def _short(alg: str, value: str | None, size: int, note: str) -> Alias:
    if value is not None:
        return Alias(alg, value, "computed", "computed", note)
    ends = f"none: the file ends before 1 MiB, and tools write {EMPTY}… for it"
    why = ends if size <= _AT else "cannot be told: the header itself reaches to where it is read"
    return Alias(alg, "", "computed", "refused", why)


def _declared(alg: str, value: str | None, computed: set[str | None]) -> Alias:
    if value is None:
        return Alias(alg, "", "declared", "refused")
    if value.startswith(EMPTY):
        return Alias(
            alg,
            value,
            "declared",
            "refused",
            "sha256 of nothing: a broken tool wrote it, and it names no model",
        )
    if value in computed:
        return Alias(alg, value, "declared", "agrees")
    return Alias(alg, value, "declared", "differs", "claimed in the header; the bytes say otherwise")
