"""What is on file about one model: who registered it, the runs that it came out of, what was judged of their data.

It decides what is gathered, and how much of it. A run is declared by its trainer; what a verdict says is for whoever
asks about it (``rakkan.registry.flows.judge``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rakkan.registry.service import Registry
from rakkan.registry.store.records import Match, StoredRecord
from rakkan.schemas.model import Model
from rakkan.schemas.trainingrun import TrainingRun
from rakkan.schemas.values import Digest
from rakkan.schemas.verdict import Verdict

SHOWN: Final = 50
"""Records of one kind that are told."""


@dataclass(frozen=True, slots=True)
class KnownRun:
    """A training run on file.

    Attributes:
        stored: Its record.
        said: What it says.
        dataset: The root of what it trained on.
        verdicts: Verdicts about that dataset, the newest first.
    """

    stored: StoredRecord
    said: TrainingRun
    dataset: Digest
    verdicts: tuple[tuple[StoredRecord, Verdict], ...]


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model on file.

    Attributes:
        autov3: Its tensors.
        records: Who registered it, in order of acceptance.
        runs: The runs that say that it came out of them, in order of acceptance.
        more: Whether there are more records than are told.
    """

    autov3: Digest
    records: tuple[tuple[StoredRecord, Model], ...]
    runs: tuple[KnownRun, ...]
    more: bool


def known_model(registry: Registry, name: Digest) -> KnownModel | None:
    """Everything on file about the model of that name; None if nothing is.

    Args:
        registry: Whose memory is asked.
        name: Its ``autov3``, or the ``sha256`` of a file of it that is registered.
    """
    records = registry.store.records
    autov3 = name
    if name.kind != "autov3":
        named = _told(registry, records.find([name], "model"))
        if not named:
            return None
        autov3 = Digest.from_hex("autov3", named[0].record.parsed.subject[0].digest["autov3"])
    models, runs = records.find([autov3], "model"), records.find([autov3], "training-run")
    if not models and not runs:
        return None
    found = _told(registry, runs)
    judged = _verdicts(registry, [_dataset(each) for each in found])
    return KnownModel(
        autov3,
        tuple(
            (each, said)
            for each in _told(registry, models)
            if isinstance(said := each.record.predicate, Model)
        ),
        tuple(
            KnownRun(each, said, _dataset(each), judged.get(_dataset(each), ()))
            for each in found
            if isinstance(said := each.record.predicate, TrainingRun)
        ),
        len({each.record_id for each in models}) > SHOWN or len({each.record_id for each in runs}) > SHOWN,
    )


def _verdicts(
    registry: Registry, roots: Sequence[Digest]
) -> dict[Digest, tuple[tuple[StoredRecord, Verdict], ...]]:
    matches = registry.store.records.find(list(dict.fromkeys(roots)), "verdict")
    by_root: dict[Digest, list[bytes]] = {}
    for match in reversed(matches):  # the newest first
        by_root.setdefault(match.digest, []).append(match.record_id)
    shown = {root: ids[:SHOWN] for root, ids in by_root.items()}
    stored = registry.store.records.get([each for ids in shown.values() for each in ids])
    return {
        root: tuple(
            (stored[each], said) for each in ids if isinstance(said := stored[each].record.predicate, Verdict)
        )
        for root, ids in shown.items()
    }


def _told(registry: Registry, matches: Sequence[Match]) -> list[StoredRecord]:
    ids = list(dict.fromkeys(match.record_id for match in matches))[:SHOWN]
    stored = registry.store.records.get(ids)
    return [stored[each] for each in ids if each in stored]


def _dataset(run: StoredRecord) -> Digest:
    return Digest.from_hex("datasetRoot", run.record.parsed.subject[0].digest["datasetRoot"])
