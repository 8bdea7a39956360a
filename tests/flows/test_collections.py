"""Collections in a real home: 30,000 works under one signature, found each, withdrawn one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from rakkan.registry.flows.accept import accept, accept_one
from rakkan.registry.flows.consent.cases import open_casebook, recorded
from rakkan.registry.flows.consent.consents import withdraw
from rakkan.registry.flows.verify.fsck import inspect
from rakkan.registry.rules.collection import collect
from rakkan.registry.rules.facts import ConsentFact
from rakkan.registry.rules.proofs import sign_did
from rakkan.registry.service import Registry
from rakkan.schemas.errors import Invalid
from rakkan.schemas.record import Record
from rakkan.schemas.values import Digest
from tests.flows.homesteads import People, key
from tests.homes import new_registry


def facts_about(registry: Registry, works: Sequence[Digest]) -> dict[Digest, tuple[ConsentFact, ...]]:
    book = open_casebook(registry, works)
    withdrawn = recorded(registry, {pair for work in works for pair in book.pairs([work])})
    found = {work: book.about([work], withdrawn)[0] for work in works}
    return {work: facts for work, facts in found.items() if facts}


WORKS = [Digest.of(b"work %d" % number) for number in range(5)]
MANY = 30_000


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    with new_registry(tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def people(registry: Registry) -> People:
    return People(registry)


def test_a_large_collection_is_found_by_every_member(registry: Registry, people: People) -> None:
    works = [Digest.of(b"work %d" % number) for number in range(MANY)]
    record = people.collection("artist", works)
    facts = facts_about(registry, works)
    assert len(facts) == MANY
    assert {fact.record_id for each in facts.values() for fact in each} == {record.record_id.digest}
    assert facts_about(registry, [Digest.of(b"another work")]) == {}
    assert facts_about(registry, [Digest("c2paClaim", works[0].raw)]) == {}, "of the kind that was named"
    found = inspect(registry)
    assert found.problems == ()
    assert found.blocks == 3, "statement, envelope, members"


def test_one_work_is_withdrawn_out_of_it(registry: Registry, people: People) -> None:
    made = collect(WORKS)
    keys = registry.home.keys
    statement = people.consent_statement(
        "artist",
        [made.subject],
        match="collection",
        collection=made.collection.to_json(),
        grantor={"id": keys.artist_did, "capacity": "author"},
    )
    record = Record.build(statement, [sign_did(statement, keys.artist)])
    accept_one(registry, record, publish=True, blocks=made.blocks)
    withdraw(registry, str(record.record_id), item=WORKS[2])
    facts = facts_about(registry, WORKS)
    taken_back = [work for work in WORKS if facts[work][0].withdrawn_item_at is not None]
    assert taken_back == [WORKS[2]]
    assert all(facts[work][0].withdrawn_at is None for work in WORKS)


def test_a_collection_without_the_list_of_its_works_is_refused(registry: Registry, people: People) -> None:
    made = collect(WORKS)
    statement = people.consent_statement(
        "artist", [made.subject], match="collection", collection=made.collection.to_json()
    )
    record = Record.build(statement, [sign_did(statement, key("artist"))])
    for blocks in ((), (made.blocks[0][:-1],), (b"",)):
        with pytest.raises(Invalid) as error:
            accept_one(registry, record, publish=True, blocks=blocks)
        assert (error.value.code, error.value.pointer) == (
            "collection-blocks",
            "/predicate/collection/members",
        )
    assert registry.store.records.count() == {}
    assert registry.store.members.get([link.cid.digest for link in made.collection.members]) == {}
    assert accept_one(registry, record, publish=True, blocks=[b"another", *made.blocks])
    again = accept(registry, [record], publish=True)
    assert [(each.new, each.error) for each in again] == [(False, None)], "the list is here already"


def test_a_list_that_does_not_give_the_root_stores_nothing(registry: Registry, people: People) -> None:
    made, other = collect(WORKS), collect(WORKS[1:])
    said = {**made.collection.to_json(), "members": other.collection.to_json()["members"]}
    statement = people.consent_statement("artist", [made.subject], match="collection", collection=said)
    record = Record.build(statement, [sign_did(statement, key("artist"))])
    with pytest.raises(Invalid) as error:
        accept_one(registry, record, publish=True, blocks=other.blocks)
    assert error.value.code == "collection-count"
    assert registry.store.records.count() == {}
    assert facts_about(registry, WORKS) == {}


def test_fsck_sees_a_lost_list_and_a_lost_index(registry: Registry, people: People) -> None:
    from sqlalchemy import delete

    from rakkan.registry.store.tables import IdentifierRow, MemberRow, table

    people.collection("artist", WORKS)
    assert inspect(registry).problems == ()
    identifiers = table(IdentifierRow)
    with registry.store.database.write() as connection:
        connection.execute(delete(identifiers).where(identifiers.c.digest == WORKS[0].raw))
    assert [each.code for each in inspect(registry).problems] == ["index-damaged"]
    with registry.store.database.write() as connection:
        connection.execute(delete(table(MemberRow)))
    assert [each.code for each in inspect(registry).problems] == ["collection-blocks"]
