"""Lineage: what a work was made from, and what was made from it, as nodes and edges.

It decides how far is walked and what a node shows. It is cycle-safe, and it reads one generation at a
time, never one work at a time. The models that made a work are added in ``trained_on``.
"""

from __future__ import annotations

from typing import Any, Final

from rakkan.registry.flows.verify.trained_on import add_models
from rakkan.registry.service import Registry
from rakkan.registry.store.records import StoredRecord
from rakkan.schemas.record import Record
from rakkan.schemas.values import Cid, Digest
from rakkan.schemas.work import Work

MAX_NODES: Final = 1000


def trace(registry: Registry, record_id: bytes) -> dict[str, Any]:
    """The graph around one work: ancestors and descendants, and what their models were trained on.

    Returns:
        ``{"nodes": [{"id", "kind", "digest", …}], "edges": [{"from", "to", "relation"}], "truncated"}``;
        an edge goes from a thing to what it was made from.
    """
    nodes: dict[str, dict[str, Any]] = {}
    edges: dict[tuple[str, str, str], dict[str, str]] = {}
    start = registry.store.records.get([record_id]).get(record_id)
    generation = [start] if start else []
    upward = list(generation)
    while upward and len(nodes) < MAX_NODES:
        upward = _upward(registry, upward, nodes, edges)
    downward = list(generation)
    seen: set[bytes] = set()
    while downward and len(nodes) < MAX_NODES:
        downward = _downward(registry, downward, nodes, edges, seen)
    works = [Cid.parse(name).digest for name, node in nodes.items() if node["kind"] == "work"]
    stored = registry.store.records.get(works)
    add_models(registry, (each.record for each in stored.values()), nodes, edges, MAX_NODES)
    return {
        "nodes": list(nodes.values()),
        "edges": list(edges.values()),
        "truncated": len(nodes) >= MAX_NODES,
    }


def _upward(
    registry: Registry,
    children: list[StoredRecord],
    nodes: dict[str, Any],
    edges: dict[tuple[str, str, str], Any],
) -> list[StoredRecord]:
    parents: dict[Digest, list[tuple[str, str]]] = {}
    for child in children:
        name = _node(child.record, nodes)
        for parent in _work(child.record).parents:
            parents.setdefault(Digest.parse(parent.digest), []).append((name, parent.relation))
    found = {match.digest: match.record_id for match in registry.store.records.find(list(parents), "work")}
    stored = registry.store.records.get(sorted(set(found.values())))
    fresh: dict[bytes, StoredRecord] = {}
    for digest, uses in parents.items():
        parent_record = stored.get(found[digest]) if digest in found else None
        if parent_record is None:
            name = str(digest)
            nodes.setdefault(name, {"id": name, "kind": "unknown", "digest": name})
        else:
            name = str(parent_record.record.record_id)
            if name not in nodes:
                fresh[found[digest]] = parent_record
            _node(parent_record.record, nodes)
        for child_name, relation in uses:
            edges[child_name, name, relation] = {"from": child_name, "to": name, "relation": relation}
    return list(fresh.values())


def _downward(
    registry: Registry,
    parents: list[StoredRecord],
    nodes: dict[str, Any],
    edges: dict[tuple[str, str, str], Any],
    seen: set[bytes],
) -> list[StoredRecord]:
    names: dict[Digest, str] = {}
    for parent in parents:
        name = _node(parent.record, nodes)
        seen.add(parent.record.record_id.digest)
        names.update((digest, name) for subject in parent.record.parsed.subject for digest in subject.digests)
    rows = registry.store.records.children(list(names))
    stored = registry.store.records.get(sorted({child for child, _, _ in rows}))
    for child, digest, relation in rows:
        if digest in names and child in stored:
            name = _node(stored[child].record, nodes)
            edges[name, names[digest], relation] = {"from": name, "to": names[digest], "relation": relation}
    return [each for child, each in stored.items() if child not in seen]


def _node(record: Record, nodes: dict[str, Any]) -> str:
    name = str(record.record_id)
    if name not in nodes:
        digests = record.parsed.subject[0].digest
        kind = "c2paClaim" if "c2paClaim" in digests else next(iter(digests))
        work = _work(record)
        nodes[name] = {
            "id": name,
            "kind": "work",
            "digest": f"{kind}:{digests[kind]}",
            "making": work.making,
            "tool": work.generation.tool if work.generation else None,
            "creator": work.creator,
        }
    return name


def _work(record: Record) -> Work:
    predicate: Any = record.predicate
    assert isinstance(predicate, Work)
    return predicate
