"""Budgets in a real home: training runs on file spend what grants allow, found for every work in few queries."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from rakkan.registry.flows.consent.asking import Inquiry, ask
from rakkan.registry.flows.consent.cases import open_casebook
from rakkan.registry.flows.consent.consents import show, why
from rakkan.registry.flows.consent.history import history
from rakkan.registry.flows.founding import found
from rakkan.registry.flows.publish import plan
from rakkan.registry.flows.verify.fsck import inspect
from rakkan.registry.service import Registry, open_registry
from rakkan.registry.settings import load_settings
from rakkan.schemas.canonical import canonical
from rakkan.schemas.community import Community
from rakkan.schemas.errors import Invalid, Refused
from rakkan.schemas.instant import format_instant
from rakkan.schemas.record import Record
from rakkan.schemas.statement import Subject
from rakkan.schemas.values import Cid, Digest
from tests.flows.homesteads import DAY, START, TRAIN, People, link, who

WORK = Digest.of(b"the work")
ROOT = Subject(name="dataset", digest={"datasetRoot": "da" * 32})
OUT = Subject(name="output", digest={"autov3": "a3" * 32})
GATE = "eip155:1:0x" + "22" * 20
LEFT, SPENT = "allowed granted-to-public", "undetermined budget-spent"


@pytest.fixture
def registry(tmp_path: Path, database_url: str) -> Iterator[Registry]:
    settings = load_settings(home=tmp_path / "home", database_url=database_url)
    found(settings, creator="Test artist", chain="none", standing_seconds=1)
    with open_registry(settings) as opened:
        community = Community(gate=GATE, adjudicators=(who("judge"),), trainers=(who("member"),))
        opened.home.community.write_bytes(canonical(community.to_json()))
        yield opened


@pytest.fixture
def people(registry: Registry) -> People:
    return People(registry)


def run(
    people: People, trainer: str, *grants: Record, name: str = "one", log: bool = True, **more: Any
) -> Record:
    said = {
        "trainer": who(trainer),
        "run": hashlib.sha256(name.encode()).hexdigest()[:32],
        "began": format_instant(people.clock.at),
        "consents": [link(each) for each in grants],
        **more,
    }
    return people.state("training-run", [ROOT, OUT], said, trainer, log=log)


def answer(
    registry: Registry, *, grantee: str = "public", used: float | None = None, known: float | None = None
) -> str:
    used_at = registry.clock.now() if used is None else START + used * DAY
    known_at = None if known is None else START + known * DAY
    found = show(registry, [WORK], scopes=[TRAIN], grantee=grantee, used_at=used_at, known_at=known_at)[TRAIN]
    (among_many,) = ask(registry, [WORK], Inquiry(TRAIN, grantee, used_at, known_at=(known_at,)))[0]
    assert among_many[:2] == (found.answer, found.code), "asked with many others it is the same"
    return f"{found.answer.value} {found.code}"


def test_n_runs_spend_a_budget_of_n(registry: Registry, people: People) -> None:
    grant = people.consent("artist", WORK, bounds={"runs": 2})
    assert answer(registry) == LEFT
    people.on(1)
    run(people, "ben", grant)
    assert answer(registry) == LEFT
    run(people, "ben", grant, ended=format_instant(people.clock.at + DAY))  # the same run, told again
    assert answer(registry) == LEFT
    people.on(2)
    run(people, "zoe", grant, log=False)
    assert answer(registry) == SPENT, "what makes it stricter counts before it is logged"
    assert answer(registry, used=1.5) == LEFT, "of two runs, one had begun"
    assert answer(registry, used=2, known=1.5) == LEFT, (
        "what was known then is not changed by what came later"
    )
    assert people.registry.store.records.count()["training-run"] == 3


def test_a_run_that_relied_on_something_else_spends_nothing(registry: Registry, people: People) -> None:
    people.consent("artist", WORK, bounds={"runs": 1})
    other = people.consent("artist", Digest.of(b"another work"), bounds={"runs": 1})
    run(people, "ben", other)
    assert answer(registry) == LEFT


def test_a_stranger_cannot_spend_what_is_for_others(registry: Registry, people: People) -> None:
    mine = people.consent("artist", WORK, grantee=[who("ben"), GATE], bounds={"runs": 1})
    run(people, "zoe", mine)
    assert answer(registry, grantee=who("ben")) == "allowed granted"
    run(people, "member", mine, name="two")
    assert answer(registry, grantee=who("ben")) == SPENT


def test_a_run_can_be_voided_by_an_adjudicator_alone(registry: Registry, people: People) -> None:
    grant = people.consent("artist", WORK, bounds={"runs": 1})
    made = run(people, "ben", grant)
    about = Subject(name="record", digest={"record": made.record_id.digest.hex()})

    def rule(by: str) -> None:
        said = {
            "adjudicator": who(by),
            "decision": "void",
            "target": link(made),
            "decidedAt": format_instant(people.clock.at),
        }
        people.state("ruling", [about], said, by)

    rule("zoe")
    assert answer(registry) == SPENT
    rule("judge")
    assert answer(registry) == LEFT


def test_what_spent_it_is_told(registry: Registry, people: People) -> None:
    grant = people.consent("artist", WORK, bounds={"runs": 1})
    made = run(people, "ben", grant)
    found = why(registry, [WORK], scope=TRAIN, grantee="public")
    voices = {voice.record_id: voice for voice in found.voices}
    spent, told = voices[grant.record_id.digest], voices[made.record_id.digest]
    assert (spent.part, spent.code, spent.because) == ("silent", "budget-spent", (made.record_id.digest,))
    assert (told.kind, told.part, told.code, told.by) == ("training-run", "relies", "spends", who("ben"))
    stored = registry.store.records.get([grant.record_id.digest])[grant.record_id.digest]
    moments = [(each.state, each.fields.get("by")) for each in history(registry, stored).moments]
    assert ("relied-on", who("ben")) in moments
    assert inspect(registry).problems == ()


def test_grants_must_be_known_and_be_grants(registry: Registry, people: People) -> None:
    grant = people.consent("artist", WORK, bounds={"runs": 1})
    no = people.consent("artist", WORK, use="notAllowed", kind="reservation")
    before = registry.store.records.count()
    for consents, error, at in (
        ([link(grant), Cid.of(b"{}").link], Refused, "/predicate/consents/1"),
        ([link(no)], Refused, "/predicate/consents/0"),
        ([link(grant), link(grant)], Invalid, "/predicate/consents"),
    ):
        with pytest.raises(error) as caught:
            run(people, "ben", consents=consents)
        assert caught.value.pointer == at
    assert registry.store.records.count() == before


def test_publishing_a_model_brings_its_run_and_says_what_is_told(registry: Registry, people: People) -> None:
    grant = people.consent("artist", WORK, bounds={"runs": 1})
    made = run(people, "ben", grant, tool="sd-scripts", base={"digest": f"autov3:{'bb' * 32}"})
    said = {
        "creator": who("ben"),
        "statedAt": format_instant(people.clock.at),
        "role": "lora",
        "format": "safetensors",
        "bytes": 4096,
        "tensors": 2,
        "run": link(made),
    }
    model = people.state("model", [Subject(name="model", digest=OUT.digest)], said, "ben")
    (told,) = plan(registry, [str(model.record_id)])
    assert (told.kind, f"model autov3:{'a3' * 32}" in told.shows) == ("model", True)
    (told,) = plan(registry, [str(made.record_id)])
    assert {f"made from autov3:{'bb' * 32}", "trained with sd-scripts"} <= set(told.shows)
    assert any(each.startswith("relied on bagu") for each in told.shows)


def test_runs_are_gathered_for_many_works_in_as_many_queries(registry: Registry, people: People) -> None:
    works = [Digest.of(b"work %d" % number) for number in range(40)]
    grants = [people.consent("artist", work, bounds={"runs": 1}, log=False) for work in works]
    run(people, "ben", *grants)

    def queries(digests: list[Digest]) -> int:
        asked = []
        engine = registry.store.database._engine

        def note(*_: Any) -> None:
            asked.append(1)

        event.listen(engine, "before_cursor_execute", note)
        try:
            open_casebook(registry, digests)
        finally:
            event.remove(engine, "before_cursor_execute", note)
        return len(asked)

    assert queries(works) == queries(works[:1])
    book = open_casebook(registry, works)
    assert all(len(book.about([work], {})[1].runs) == 1 for work in works)
