"""What another policy, or a withdrawal, would have changed in verdicts made before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from rakkan.manifests.samples import render_samples
from rakkan.registry.clock import FixedClock
from rakkan.registry.flows.consent.consents import withdraw
from rakkan.registry.flows.judge.datasets import lock_dataset
from rakkan.registry.flows.judge.gathering import community, gather
from rakkan.registry.flows.judge.simulating import simulate
from rakkan.registry.flows.judge.verdicts import MadeVerdict, make
from rakkan.registry.flows.publish import publish
from rakkan.registry.flows.stamp.stamping import StampItem, StampOptions, stamp_files
from rakkan.registry.rules.dataset import Lock
from rakkan.registry.rules.policy.document import shipped_policies
from rakkan.registry.service import Registry
from rakkan.schemas.verdict import Decision, Outcome
from tests.homes import new_registry, own_terms

MILD, STRICT = (shipped_policies()[name] for name in ("community-lora", "strict-art-lora"))


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    with new_registry(tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def items(registry: Registry, tmp_path: Path) -> list[StampItem]:
    options = StampOptions(out=tmp_path / "dataset", terms=own_terms("community-lora"))
    done = stamp_files(registry, render_samples(tmp_path / "pictures")[:3], options)
    publish(registry)
    return done


@pytest.fixture
def lock(items: list[StampItem], tmp_path: Path) -> Lock:
    assert len(items) == 3
    return lock_dataset(tmp_path / "dataset").lock


@pytest.fixture
def made(registry: Registry, lock: Lock) -> MadeVerdict:
    return make(registry, lock, MILD)


def consent_of(item: StampItem) -> bytes:
    assert item.consent is not None
    return item.consent.record_id.digest


def test_a_verdict_under_its_own_policy_stays_what_it_was(registry: Registry, made: MadeVerdict) -> None:
    (again,) = simulate(registry, policy=MILD)
    assert (again.before, again.after.decision) == (Decision.APPROVED, Decision.APPROVED)
    assert again.flips == ()
    assert again.record_id == made.record.record_id.digest
    assert b"\n".join(again.after.documents) == made.stored.documents


def test_another_policy(registry: Registry, made: MadeVerdict, items: list[StampItem]) -> None:
    (again,) = simulate(registry, policy=STRICT, instead_of=MILD.cid.digest)
    assert again.after.decision is Decision.UNDETERMINED  # nobody knows who granted
    assert len(again.flips) == len(items)
    assert {(flip.before, flip.after) for flip in again.flips} == {(Outcome.PASS, Outcome.UNDETERMINED)}
    assert list(simulate(registry, policy=STRICT, instead_of=STRICT.cid.digest)) == []
    assert registry.store.verdicts.all() == [made.stored]  # nothing is kept


def test_a_consent_that_is_supposed_to_be_gone(
    registry: Registry, made: MadeVerdict, items: list[StampItem]
) -> None:
    (again,) = simulate(registry, without=[consent_of(items[0])])
    (flip,) = again.flips
    assert (flip.before, flip.after, again.after.decision) == (
        Outcome.PASS,
        Outcome.FAIL,
        Decision.REJECTED,
    )
    assert made.verdict.outcome == "approved"


def test_it_foretells_what_a_withdrawal_does(
    registry: Registry, made: MadeVerdict, lock: Lock, items: list[StampItem]
) -> None:
    (foretold,) = simulate(registry, without=[consent_of(items[0])])
    assert items[0].consent is not None
    registry.clock = FixedClock(registry.clock.now() + timedelta(hours=1))
    withdraw(registry, str(items[0].consent.record_id))
    result = gather(registry, lock).judge(MILD, community(registry))
    assert result.decision is foretold.after.decision
    assert [each.outcome for each in result.findings] == [each.outcome for each in foretold.after.findings]
    (unchanged,) = simulate(registry, policy=MILD)  # as of then, nothing was withdrawn
    assert (unchanged.flips, unchanged.after.decision) == ((), Decision.APPROVED)
    assert made.verdict.counts.passed == 3
