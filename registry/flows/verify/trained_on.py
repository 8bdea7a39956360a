"""From works to what their models were trained on: model, training run, dataset, verdict, generation by generation.

It decides how a picture's models are found and what is told of them. None of it is more than a claim: the generator
declares which models it used, by prefixes of digests, and a run is declared by its trainer. It is cycle-safe, and
it asks for all models of a generation at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from rakkan.registry.service import Registry
from rakkan.registry.store.models import ShortName
from rakkan.registry.store.records import StoredRecord
from rakkan.schemas.model import Model
from rakkan.schemas.record import Record
from rakkan.schemas.trainingrun import DECLARED, TrainingRun
from rakkan.schemas.values import Digest
from rakkan.schemas.verdict import Verdict
from rakkan.schemas.work import Work

Nodes = dict[str, dict[str, Any]]
Edges = dict[tuple[str, str, str], dict[str, str]]

_GENERATIONS: Final = 8
"""Models that were trained from models, and so on, that are followed."""


def add_models(registry: Registry, works: Iterable[Record], nodes: Nodes, edges: Edges, room: int) -> None:
    """Add to a graph of works the models that made them, and what those came from.

    Args:
        registry: Whose memory is asked.
        works: The works in the graph.
        nodes: By id; a model's is ``autov3:hex``, a dataset's ``datasetRoot:hex``, a run's its recordId.
        edges: By both ends and relation: ``usedModel``, ``cameOutOf``, ``trainedOn``, ``beganFrom``.
        room: Nodes that there may be.
    """
    used: dict[ShortName, list[str]] = {}
    for work in works:
        said = work.predicate
        models = said.generation.models if isinstance(said, Work) and said.generation else ()
        for model in models:
            for name in (model.declared or {}).items():
                used.setdefault(name, []).append(str(work.record_id))
    named = registry.store.models.named(used) if used else {}
    stored = registry.store.records.get(sorted({each for ids in named.values() for each in ids}))
    todo: list[Digest] = []
    for name, ids in named.items():
        for record_id in ids:
            if record_id in stored and len(nodes) < room:
                autov3 = _add_model(stored[record_id], nodes)
                todo.append(autov3)
                for work_id in used[name]:
                    _edge(edges, work_id, str(autov3), "usedModel", matched=f"{name[0]}:{name[1]}")
    seen: set[Digest] = set()
    for _ in range(_GENERATIONS):
        fresh = [each for each in dict.fromkeys(todo) if each not in seen]
        seen.update(fresh)
        if not fresh or len(nodes) >= room:
            break
        todo = _add_runs(registry, fresh, nodes, edges, room)
    _add_verdicts(registry, nodes)


def _add_model(stored: StoredRecord, nodes: Nodes) -> Digest:
    said = stored.record.predicate
    assert isinstance(said, Model)
    autov3 = Digest.from_hex("autov3", stored.record.parsed.subject[0].digest["autov3"])
    node = {"role": said.role, "record": str(stored.record.record_id), "creator": said.creator}
    nodes.setdefault(str(autov3), {"id": str(autov3), "kind": "model", "digest": str(autov3), **node})
    return autov3


def _add_runs(
    registry: Registry, models: Sequence[Digest], nodes: Nodes, edges: Edges, room: int
) -> list[Digest]:
    """The runs that these came out of, their datasets, and the models that they began from, which are returned."""
    matches = registry.store.records.find(models, "training-run")
    stored = registry.store.records.get(list(dict.fromkeys(each.record_id for each in matches)))
    bases: dict[Digest, list[str]] = {}
    for match in matches:
        each = stored.get(match.record_id)
        said = each.record.predicate if each is not None else None
        if each is None or not isinstance(said, TrainingRun) or len(nodes) + 2 > room:
            continue
        name = str(each.record.record_id)
        root = f"datasetRoot:{each.record.parsed.subject[0].digest['datasetRoot']}"
        record = f"record:{each.record.record_id.digest.hex()}"
        told = {"trainer": said.trainer, "began": said.began, "link": DECLARED}
        nodes.setdefault(name, {"id": name, "kind": "training-run", "digest": record, **told})
        nodes.setdefault(root, {"id": root, "kind": "dataset", "digest": root, "verdict": None})
        _edge(edges, str(match.digest), name, "cameOutOf")
        _edge(edges, name, root, "trainedOn")
        if said.base is not None:
            bases.setdefault(Digest.parse(said.base.digest), []).append(name)
    return _add_bases(registry, bases, nodes, edges)


def _add_bases(
    registry: Registry, bases: dict[Digest, list[str]], nodes: Nodes, edges: Edges
) -> list[Digest]:
    matches = registry.store.records.find(list(bases), "model")
    stored = registry.store.records.get([each.record_id for each in matches])
    known = {each.digest: stored[each.record_id] for each in reversed(matches) if each.record_id in stored}
    found: list[Digest] = []
    for base, runs in bases.items():
        name = str(base)
        if base in known:
            found.append(_add_model(known[base], nodes))
            name = str(found[-1])
        else:
            nodes.setdefault(name, {"id": name, "kind": "unknown", "digest": name})
        for run in runs:
            _edge(edges, run, name, "beganFrom")
    return found


def _add_verdicts(registry: Registry, nodes: Nodes) -> None:
    """The newest verdict about each dataset; whether it still stands is for whoever asks about it."""
    roots = {Digest.parse(each["digest"]): each for each in nodes.values() if each["kind"] == "dataset"}
    newest = {match.digest: match.record_id for match in registry.store.records.find(list(roots), "verdict")}
    stored = registry.store.records.get(sorted(newest.values()))
    for root, record_id in newest.items():
        found = stored.get(record_id)
        said = found.record.predicate if found is not None else None
        if found is not None and isinstance(said, Verdict):
            roots[root]["verdict"] = {
                "recordId": str(found.record.record_id),
                "policy": said.policy.target,
                "outcome": said.outcome,
            }


def _edge(edges: Edges, source: str, target: str, relation: str, **more: str) -> None:
    edges.setdefault((source, target, relation), {"from": source, "to": target, "relation": relation, **more})
