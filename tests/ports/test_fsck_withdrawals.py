"""``fsck`` on both engines: a withdrawal that stopped counting, or that nobody is told of, is found out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from rakkan.registry.flows.consent.consents import give
from rakkan.registry.flows.founding import found
from rakkan.registry.flows.verify.fsck import inspect
from rakkan.registry.flows.withdraw.withdrawing import withdraw
from rakkan.registry.service import Registry, open_registry
from rakkan.registry.settings import load_settings
from rakkan.registry.worker import Worker
from rakkan.schemas.statement import Subject
from rakkan.schemas.values import Digest
from tests.homes import own_terms

CHAIN = "INSERT INTO chain_withdrawal (key, authority, at, block) VALUES (:key, :authority, 1790000000, 7)"


@pytest.fixture
def registry(tmp_path: Path, database_url: str) -> Iterator[Registry]:
    settings = load_settings(home=tmp_path / "home", database_url=database_url)
    found(settings, creator="Test artist", chain="none", standing_seconds=1)
    with open_registry(settings) as opened:
        subject = Subject(name="work", digest={"sha256": Digest.of(b"a work").hex})
        consent = give(opened, [subject], own_terms("open-training"), publish=True)
        withdraw(opened, str(consent.record_id))
        Worker(opened).settle()
        yield opened


@pytest.mark.parametrize(
    ("damage", "said"),
    [("DELETE FROM withdrawal", "does not count here"), ("DELETE FROM event", "does not tell of it")],
    ids=["uncounted", "untold"],
)
def test_a_lost_withdrawal_is_found_out(registry: Registry, damage: str, said: str) -> None:
    assert inspect(registry).problems == ()
    with registry.store.database.write() as connection:
        connection.execute(text(damage))
    (problem,) = inspect(registry).problems
    assert problem.code == "index-damaged"
    assert said in problem.message
    assert problem.where.startswith("baguqeera")


def test_one_that_the_chain_alone_has_is_told_of_too(registry: Registry) -> None:
    with registry.store.database.write() as connection:
        connection.execute(text(CHAIN), {"key": bytes(32), "authority": bytes(20)})
    (problem,) = inspect(registry).problems
    assert (problem.where, problem.code) == (f"withdrawal {bytes(8).hex()}", "index-damaged")
