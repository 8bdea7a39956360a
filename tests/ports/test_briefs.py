"""Briefs on both engines: kept in step with records, made for a database of before, found out when damaged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from rakkan.registry.flows.accept import accept_all
from rakkan.registry.flows.consent.asking import Inquiry, ask
from rakkan.registry.flows.founding import found
from rakkan.registry.flows.verify.fsck import inspect
from rakkan.registry.service import Registry, open_registry
from rakkan.registry.settings import Settings, load_settings
from rakkan.registry.worker import Worker
from rakkan.schemas.record import Record
from rakkan.schemas.values import Digest
from tests.support import NOW, consent_record, work_record

TRAIN = "cawg.ai_generative_training"
FILES = [Digest.of(b"brief %d" % each) for each in range(3)]
OLD = (
    "DROP TABLE brief",
    "DROP TABLE terms",
    "DROP INDEX identifier_rare",
    "DROP INDEX link_rare",
    "UPDATE setting SET value = '1' WHERE name = 'schema'",
)


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    made = load_settings(home=tmp_path / "home", database_url=database_url)
    found(made, creator="Test artist", chain="none", standing_seconds=1)
    return made


@pytest.fixture
def registry(settings: Settings) -> Iterator[Registry]:
    with open_registry(settings) as opened:
        fill(opened)
        yield opened


def fill(registry: Registry) -> list[Record]:
    """A work with a grant, another grant, and one that nobody is shown."""
    key = Ed25519PrivateKey.generate()
    files = [{"sha256": each.hex} for each in FILES]
    records = [
        work_record(key, origin=registry.origin, sha256=FILES[0].hex),
        *(consent_record(key, each, origin=registry.origin) for each in files[:2]),
    ]
    accept_all(registry, records, publish=True)
    accept_all(registry, [consent_record(key, files[2], origin=registry.origin)], publish=False)
    Worker(registry).settle()
    return records


def answers(registry: Registry) -> list[str]:
    return [each.code for (each,) in ask(registry, FILES, Inquiry(TRAIN, "public", NOW))]


def test_briefs_follow_their_records(registry: Registry) -> None:
    assert answers(registry) == ["granted-to-public", "granted-to-public", "unlogged"]
    assert inspect(registry).problems == ()
    hidden = registry.store.records.pending()
    registry.store.records.publish([each.record.record_id.digest for each in hidden], NOW)
    assert answers(registry)[2] == "unlogged"
    Worker(registry).settle()
    assert answers(registry)[2] == "granted-to-public"
    assert inspect(registry).problems == ()


def test_a_database_of_before_is_brought_up_to_date(registry: Registry, settings: Settings) -> None:
    with registry.store.database.write() as connection:
        before = connection.execute(text("SELECT * FROM brief ORDER BY record_id")).all()
        for statement in OLD:
            connection.execute(text(statement))
    with open_registry(settings) as opened:
        with opened.store.database.read() as connection:
            assert connection.execute(text("SELECT * FROM brief ORDER BY record_id")).all() == before
        assert answers(opened) == ["granted-to-public", "granted-to-public", "unlogged"]
        assert inspect(opened).problems == ()
    with open_registry(settings):
        pass  # once is enough


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM brief",
        "DELETE FROM terms",
        "UPDATE terms SET content = envelope_bytes FROM record",
    ],
)
def test_without_their_briefs_records_are_read(registry: Registry, damage: str) -> None:
    with registry.store.database.write() as connection:
        connection.execute(text(damage))
    assert answers(registry) == ["granted-to-public", "granted-to-public", "unlogged"]
    assert {each.code for each in inspect(registry).problems} == {"index-damaged"}


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE brief SET valid_until = '9999-01-01T00:00:00Z'",
        "UPDATE brief SET log_index = 7",
        "UPDATE brief SET actor = 'did:key:z6Mk'",
        "UPDATE brief SET publish = NOT publish",
    ],
)
def test_a_brief_that_says_otherwise_is_found_out(registry: Registry, damage: str) -> None:
    assert inspect(registry).problems == ()
    with registry.store.database.write() as connection:
        connection.execute(text(damage))
    assert {each.code for each in inspect(registry).problems} == {"index-damaged"}
