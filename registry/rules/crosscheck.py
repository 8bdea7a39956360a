"""Whether what a model's header claims fits the lock, the file and what the trainer states.

It decides each check and its words. Neither side is believed: the header is written by whoever made the file, the
statement by whoever signs it, so a check that holds shows only that both tell the same. What the header says is read
in ``rakkan.manifests.models.declared``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from rakkan.manifests.models.aliases import Alias
from rakkan.manifests.models.declared import Declared
from rakkan.registry.rules.dataset import Lock
from rakkan.schemas.instant import format_instant
from rakkan.schemas.values import Digest
from rakkan.schemas.verdict import Outcome

NAMES: Final = ("aliases", "images", "epoch", "folders", "dataset", "began", "ended", "base")
"""All checks, always all present, in this order."""

_CLOCKS: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class CrossCheck:
    """One check.

    Attributes:
        name: One of :data:`NAMES`.
        outcome: ``fail`` where the two contradict each other, ``not-applicable`` where the header says nothing.
        detail: Both sides, in words.
    """

    name: str
    outcome: Outcome
    detail: str

    def to_json(self) -> dict[str, str]:
        """As it stands in documents."""
        return {"name": self.name, "outcome": self.outcome.value, "detail": self.detail}


def cross_check(
    declared: Declared,
    aliases: tuple[Alias, ...],
    lock: Lock,
    *,
    began: datetime,
    ended: datetime | None,
    base: tuple[Digest, ...],
) -> tuple[CrossCheck, ...]:
    """Every check, in the order of :data:`NAMES`.

    Args:
        declared: What the header claims.
        aliases: Its names, judged.
        lock: The dataset that the trainer states.
        began: When they say that training began.
        ended: When they say that it ended.
        base: Every digest of the base model that they name; none if they name none.
    """
    return (
        _aliases(aliases),
        _images(declared, lock),
        _epoch(declared),
        _folders(declared, lock),
        _dataset(declared, lock),
        _instant("began", declared.started, began),
        _instant("ended", declared.finished, ended),
        _base(declared, base),
    )


def _aliases(aliases: tuple[Alias, ...]) -> CrossCheck:
    told = [each for each in aliases if each.basis == "declared" and each.value]
    wrong = [f"{each.alg} {each.value[:16]}" for each in told if each.worth != "agrees"]
    if wrong:
        return CrossCheck("aliases", Outcome.FAIL, f"In the header, and not so: {', '.join(wrong)}.")
    if told:
        return CrossCheck("aliases", Outcome.PASS, f"{', '.join(each.alg for each in told)}: as computed.")
    return _silent("aliases")


def _images(declared: Declared, lock: Lock) -> CrossCheck:
    if not declared.folders:
        return _silent("images")
    trained = sum(each.images for each in declared.folders if not each.regularisation)
    beside = sum(each.images for each in declared.folders if each.regularisation)
    locked = sum(item.count for item in lock.items)
    said = f"{trained} images" + (f" and {beside} for regularisation" if beside else "")
    holds = trained + beside == locked
    detail = f"The header says {said}, the lock has {locked}."
    if not holds and trained == locked:
        detail += " Those for regularisation are trained on too: lock them with the others."
    return CrossCheck("images", Outcome.PASS if holds else Outcome.FAIL, detail)


def _epoch(declared: Declared) -> CrossCheck:
    told = [
        (declared.images, [each for each in declared.folders if not each.regularisation]),
        (declared.regularisation, [each for each in declared.folders if each.regularisation]),
    ]
    if declared.images is None or not declared.folders:
        return _silent("epoch")
    counted = [sum(each.images * each.repeats for each in folders) for _, folders in told]
    wrong = [
        f"{said} an epoch, and its folders come to {count}"
        for (said, _), count in zip(told, counted, strict=True)
        if said is not None and said != count
    ]
    if wrong:
        return CrossCheck("epoch", Outcome.FAIL, f"The header contradicts itself: {'; '.join(wrong)}.")
    return CrossCheck("epoch", Outcome.PASS, f"{counted[0]} images an epoch, repeats counted.")


def _folders(declared: Declared, lock: Lock) -> CrossCheck:
    if not declared.folders:
        return _silent("folders")
    there = {part for path in {item.path for item in lock.items} for part in path.split("/")[:-1]}
    if not there:
        return CrossCheck(
            "folders", Outcome.UNDETERMINED, "The lock is of one folder, and does not say what it is called."
        )
    missing = sorted({each.name for each in declared.folders} - there)
    if missing:
        return CrossCheck(
            "folders", Outcome.FAIL, f"Trained on, and not in the lock: {', '.join(missing[:8])}."
        )
    return CrossCheck("folders", Outcome.PASS, "Every folder that the header names is in the lock.")


def _dataset(declared: Declared, lock: Lock) -> CrossCheck:
    if declared.dataset_root is None:
        return _silent("dataset")
    if declared.dataset_root != lock.root.hex():
        return CrossCheck(
            "dataset",
            Outcome.FAIL,
            f"An earlier registration wrote datasetRoot:{declared.dataset_root} into the header; "
            f"the lock has {lock.root.hex()}.",
        )
    return CrossCheck("dataset", Outcome.PASS, "The header names this dataset already.")


def _instant(name: str, declared: datetime | None, stated: datetime | None) -> CrossCheck:
    if declared is None or stated is None:
        return _silent(name)
    said = f"The header says {format_instant(declared)}, the trainer {format_instant(stated)}."
    near = abs(declared - stated) <= _CLOCKS
    return CrossCheck(name, Outcome.PASS if near else Outcome.FAIL, said)


def _base(declared: Declared, base: tuple[Digest, ...]) -> CrossCheck:
    if declared.base_sha256 is None:
        return _silent("base")
    files = [each.hex for each in base if each.kind == "sha256"]
    if not files:
        return CrossCheck("base", Outcome.UNDETERMINED, f"The header says sha256:{declared.base_sha256}.")
    holds = declared.base_sha256 in files
    detail = f"The header says sha256:{declared.base_sha256}, the trainer sha256:{files[0]}."
    return CrossCheck("base", Outcome.PASS if holds else Outcome.FAIL, detail)


def _silent(name: str) -> CrossCheck:
    return CrossCheck(name, Outcome.NOT_APPLICABLE, "The header, or the trainer, says nothing of it.")
