"""From a picture to its LoRA, the run, the dataset and its verdict in one call: by what the generator declared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from rakkan.registry.flows.founding import found
from rakkan.registry.flows.judge.verdicts import make
from rakkan.registry.flows.verify.tracing import trace
from rakkan.registry.rules.dataset import Lock, LockItem, training_input
from rakkan.registry.rules.policy.document import shipped_policies
from rakkan.registry.service import Registry, open_registry
from rakkan.registry.settings import load_settings
from rakkan.schemas.instant import format_instant
from rakkan.schemas.record import Record
from rakkan.schemas.statement import Subject
from rakkan.schemas.values import Digest
from tests.flows.homesteads import People, link, who

AUTOV3, FILE, BASE = "a3b4c5d6e7f8" + "00" * 26, "5f60718293" + "00" * 27, "bb" * 32
ROOT = "da" * 32


@pytest.fixture
def registry(tmp_path: Path, database_url: str) -> Iterator[Registry]:
    settings = load_settings(home=tmp_path / "home", database_url=database_url)
    found(settings, creator="Test artist", chain="none", standing_seconds=1)
    with open_registry(settings) as opened:
        yield opened


@pytest.fixture
def people(registry: Registry) -> People:
    return People(registry)


def work(people: People, name: bytes, **declared: str) -> Record:
    models = [{"role": "lora", "weight": "0.8", "declared": declared}] if declared else []
    generation = {"tool": "a1111", "models": models}
    return people.work("artist", Digest.of(name), generation=generation)


def run(people: People, *outputs: str, root: str = ROOT, base: str = "", trainer: str = "ben") -> Record:
    subjects = [Subject(name="dataset", digest={"datasetRoot": root})]
    subjects += [Subject(name="output", digest={"autov3": each}) for each in outputs]
    said: dict[str, Any] = {
        "trainer": who(trainer),
        "run": outputs[0][:32],
        "began": format_instant(people.clock.at),
    }
    if base:
        said["base"] = {"digest": base}
    return people.state("training-run", subjects, said, trainer)


def model(people: People, autov3: str, sha256: str, made: Record | None = None, by: str = "ben") -> Record:
    said: dict[str, Any] = {
        "creator": who(by),
        "statedAt": format_instant(people.clock.at),
        "role": "lora",
        "format": "safetensors",
        "bytes": 4096,
        "tensors": 2,
    }
    if made is not None:
        said["run"] = link(made)
    return people.state(
        "model", [Subject(name="model", digest={"autov3": autov3, "sha256": sha256})], said, by
    )


def traced(registry: Registry, record: Record) -> tuple[dict[str, Any], set[tuple[str, str, str]]]:
    graph = trace(registry, record.record_id.digest)
    nodes = {each["id"]: each for each in graph["nodes"]}
    assert len(nodes) == len(graph["nodes"])
    edges = {(each["from"], each["relation"], each["to"]) for each in graph["edges"]}
    assert {end for source, _, target in edges for end in (source, target)} <= nodes.keys()
    return nodes, edges


@pytest.mark.parametrize(
    "declared",
    [
        {"autov3": AUTOV3[:12]},
        {"autov3": "0x" + AUTOV3[:12].upper()},
        {"autov2": FILE[:10].upper()},
        {"full": AUTOV3},
        {"full": FILE},
    ],
)
def test_a_picture_leads_to_the_dataset_of_its_lora(
    registry: Registry, people: People, declared: dict[str, str]
) -> None:
    made = run(people, AUTOV3, base=f"sha256:{BASE}")
    model(people, AUTOV3, FILE, made)
    picture = work(people, b"a picture", **declared)
    nodes, edges = traced(registry, picture)
    run_id, name = str(made.record_id), f"autov3:{AUTOV3}"
    assert edges == {
        (str(picture.record_id), "usedModel", name),
        (name, "cameOutOf", run_id),
        (run_id, "trainedOn", f"datasetRoot:{ROOT}"),
        (run_id, "beganFrom", f"sha256:{BASE}"),
    }
    assert (nodes[name]["kind"], nodes[name]["role"]) == ("model", "lora")
    assert (nodes[run_id]["kind"], nodes[run_id]["link"]) == ("training-run", "declared by the trainer")
    assert nodes[f"datasetRoot:{ROOT}"] == {
        "id": f"datasetRoot:{ROOT}",
        "kind": "dataset",
        "digest": f"datasetRoot:{ROOT}",
        "verdict": None,
    }
    assert nodes[f"sha256:{BASE}"]["kind"] == "unknown"


@pytest.mark.parametrize(
    "declared", [{}, {"autov3": "000000000000"}, {"autov1": "01234567"}, {"autov3": "zz"}]
)
def test_what_names_no_model_leads_nowhere(
    registry: Registry, people: People, declared: dict[str, str]
) -> None:
    model(people, AUTOV3, FILE, run(people, AUTOV3))
    nodes, edges = traced(registry, work(people, b"a picture", **declared))
    assert (len(nodes), edges) == (1, set())


def test_models_that_begin_alike_are_all_told(registry: Registry, people: People) -> None:
    twin = AUTOV3[:12] + "ff" * 26
    model(people, AUTOV3, FILE)
    model(people, twin, "77" * 32, by="zoe")
    _, edges = traced(registry, work(people, b"a picture", autov3=AUTOV3[:12]))
    assert {target for _, _, target in edges} == {f"autov3:{AUTOV3}", f"autov3:{twin}"}


def test_models_trained_from_one_another_in_a_circle_end(registry: Registry, people: People) -> None:
    other = "cc" * 32
    model(people, AUTOV3, FILE)
    model(people, other, "77" * 32)
    first = run(people, AUTOV3, base=f"autov3:{other}")
    second = run(people, other, base=f"autov3:{AUTOV3}", root="db" * 32)
    nodes, edges = traced(registry, work(people, b"a picture", autov3=AUTOV3[:12]))
    assert (str(second.record_id), "beganFrom", f"autov3:{AUTOV3}") in edges
    assert (str(first.record_id), "beganFrom", f"autov3:{other}") in edges
    assert len(nodes) == 7


def test_the_newest_verdict_about_the_dataset_is_told(registry: Registry, people: People) -> None:
    item = LockItem(Digest.of(b"an item").raw, "a.png", 7, 1, training_input(None, None, 1, "train"))
    lock = Lock.of([item])
    made = run(people, AUTOV3, root=lock.root.hex())
    model(people, AUTOV3, FILE, made)
    policy = shipped_policies()["strict-art-lora"]
    verdict = make(registry, lock, policy)
    nodes, _ = traced(registry, work(people, b"a picture", autov3=AUTOV3[:12]))
    assert nodes[f"datasetRoot:{lock.root.hex()}"]["verdict"] == {
        "recordId": str(verdict.record.record_id),
        "policy": str(policy.cid),
        "outcome": verdict.verdict.outcome,
    }


def test_many_models_are_looked_up_in_as_many_queries_as_one(registry: Registry, people: People) -> None:
    digests = [Digest.of(b"model %d" % number).hex for number in range(20)]
    made = run(people, *digests)
    for each in digests:
        model(people, each, Digest.of(each.encode()).hex, made)
    one = work(people, b"a picture", autov3=digests[0][:12])
    models = [{"role": "lora", "declared": {"autov3": each[:12]}} for each in digests]
    all_of_them = people.work("artist", Digest.of(b"more"), generation={"tool": "a1111", "models": models})

    def queries(record: Record) -> int:
        asked: list[int] = []
        engine = registry.store.database._engine

        def note(*_: Any) -> None:
            asked.append(1)

        event.listen(engine, "before_cursor_execute", note)
        try:
            traced(registry, record)
        finally:
            event.remove(engine, "before_cursor_execute", note)
        return len(asked)

    assert queries(all_of_them) == queries(one)
    assert len(traced(registry, all_of_them)[0]) == 23
