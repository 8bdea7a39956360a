"""Verdicts that lost a consent: which, by what, and who says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rakkan.manifests.samples import render_samples
from rakkan.registry.flows.consent.consents import withdraw
from rakkan.registry.flows.judge.datasets import lock_dataset
from rakkan.registry.flows.judge.staleness import causes, standing
from rakkan.registry.flows.judge.verdicts import MadeVerdict, make
from rakkan.registry.flows.publish import publish
from rakkan.registry.flows.stamp.stamping import StampItem, StampOptions, stamp_files
from rakkan.registry.rules.policy.document import parse_policy
from rakkan.registry.rules.proofs import withdrawal_key
from rakkan.registry.service import Registry
from rakkan.registry.store.verdicts import StoredVerdict
from rakkan.registry.worker import Worker
from rakkan.schemas.errors import Unavailable
from rakkan.schemas.values import Digest
from rakkan.schemas.verdict import Reliance
from tests.homes import new_registry, own_terms

POLICY = parse_policy(
    b'{"policy":"rakkan-policy/1","name":"share","validDays":30,"all":['
    b'{"clause":"consent.share","scope":"cawg.ai_generative_training","grantee":"public","minBp":1}]}'
)


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    with new_registry(tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def items(registry: Registry, tmp_path: Path) -> list[StampItem]:
    done = stamp_files(
        registry,
        render_samples(tmp_path / "pictures")[:3],
        StampOptions(out=tmp_path / "dataset", terms=own_terms("open-training")),
    )
    publish(registry)
    return done


@pytest.fixture
def made(registry: Registry, items: list[StampItem], tmp_path: Path) -> MadeVerdict:
    verdict = make(registry, lock_dataset(tmp_path / "dataset").lock, POLICY)
    assert verdict.verdict.outcome == "approved"
    assert verdict.verdict.reliance.size == len(items)
    return verdict


def take_back(registry: Registry, item: StampItem, part: str = "") -> bytes:
    assert item.consent is not None
    chosen = Digest.from_hex(part, item.consent.parsed.subject[0].digest[part]) if part else None
    withdraw(registry, str(item.consent.record_id), item=chosen)
    return withdrawal_key(item.consent.record_id.digest, chosen.raw if chosen else None)


def test_what_stands_is_not_stale(registry: Registry, made: MadeVerdict) -> None:
    assert causes(registry, made.stored) == []
    assert standing(registry, made.stored).stale is False
    assert Worker(registry).settle().stale == 0


@pytest.mark.parametrize("part", ["", "sha256", "c2paClaim"])
def test_a_verdict_names_what_it_lost(
    registry: Registry, items: list[StampItem], made: MadeVerdict, part: str
) -> None:
    """A whole consent, or one work of it under either of its names; the worker says it once."""
    key = take_back(registry, items[1], part)
    (cause,) = causes(registry, made.stored)
    assert items[1].consent is not None
    assert (cause.consent, cause.key) == (items[1].consent.record_id.digest, key)
    (relied,) = [each for each in Reliance.read(made.stored.reliance) if each.record_id == cause.consent]
    assert cause.items == (relied.item,)
    document = standing(registry, made.stored).to_json()
    assert document["stale"] is True
    assert document["staleCausesTotal"] == len(document["staleCauses"]) == 1
    assert document["staleCauses"][0]["whole"] is (part == "")

    said: list[str] = []
    assert registry.store.verdicts.stale_since(made.stored.record_id) is None
    Worker(registry, said.append).settle()
    noted = registry.store.verdicts.stale_since(made.stored.record_id)
    assert noted is not None
    (line,) = [each for each in said if "is stale" in each]
    assert str(items[1].consent.record_id) in line
    assert str(made.record.record_id) in line
    Worker(registry, said.append).settle()
    assert len([each for each in said if "is stale" in each]) == 1, "said once"


def test_a_new_verdict_is_fresh_and_the_old_one_stays_stale(
    registry: Registry, items: list[StampItem], made: MadeVerdict, tmp_path: Path
) -> None:
    take_back(registry, items[0])
    Worker(registry).settle()
    again = make(registry, lock_dataset(tmp_path / "dataset").lock, POLICY)
    assert standing(registry, again.stored).stale is False
    assert standing(registry, made.stored).stale is True


def test_an_irrevocable_consent_is_lost_to_nobody(registry: Registry, made: MadeVerdict) -> None:
    """As the gate reads it: no brake bites on those."""
    relied = Reliance.read(made.stored.reliance)
    changed = b"".join(
        Reliance(each.record_id, each.item, each.authority, each.log_index, mode=3).leaf_data
        for each in relied
    )
    fields = {name: getattr(made.stored, name) for name in StoredVerdict.__slots__}
    irrevocable = StoredVerdict(**{**fields, "reliance": changed})
    for row in registry.store.records.find([Digest("sha256", each.item) for each in relied], "consent"):
        stored = registry.store.records.get([row.record_id])[row.record_id]
        withdraw(registry, str(stored.record.record_id))
    assert len(causes(registry, made.stored)) == 3
    assert causes(registry, irrevocable) == []


def test_who_cannot_look_cannot_say_no(registry: Registry, items: list[StampItem], made: MadeVerdict) -> None:
    def down(_: Registry) -> None:
        raise Unavailable("The node is down.", code="chain-unavailable")

    assert standing(registry, made.stored, look=down).stale is None
    take_back(registry, items[0])
    assert standing(registry, made.stored, look=down).stale is True, "a yes needs no chain"
