"""Withdrawals that come from elsewhere, or for one work only: no verdict overlooks them, and each fells."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rakkan.manifests.samples import render_samples
from rakkan.registry.chain import local_chain
from rakkan.registry.flows.accept import accept
from rakkan.registry.flows.consent.consents import withdraw
from rakkan.registry.flows.judge.datasets import lock_dataset
from rakkan.registry.flows.judge.gates import brake, status, submit
from rakkan.registry.flows.judge.verdicts import MadeVerdict, make
from rakkan.registry.flows.publish import publish
from rakkan.registry.flows.stamp.stamping import StampItem, StampOptions, stamp_files
from rakkan.registry.keys import AUTHORITY
from rakkan.registry.ledger import calls
from rakkan.registry.rules.eip712 import sign, withdrawal_digest
from rakkan.registry.rules.policy.document import parse_policy
from rakkan.registry.rules.proofs import withdrawal_key
from rakkan.registry.service import Registry, open_registry
from rakkan.registry.store.tables import WithdrawalRow, table
from rakkan.registry.worker import Worker
from rakkan.schemas.values import Digest
from tests.homes import new_home, own_terms
from tests.ports.anvil import send
from tests.support import consent_record

POLICY = parse_policy(
    b'{"policy":"rakkan-policy/1","name":"share","validDays":30,"all":['
    b'{"clause":"consent.share","scope":"cawg.ai_generative_training","grantee":"self","minBp":10000}]}'
)

pytestmark = pytest.mark.chain


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    with open_registry(new_home(tmp_path / "home", chain="local", standing_seconds=1)) as opened:
        yield opened


@pytest.fixture
def items(registry: Registry, tmp_path: Path) -> list[StampItem]:
    """Three pictures in a dataset, granted to everybody."""
    done = stamp_files(
        registry,
        render_samples(tmp_path / "pictures")[:3],
        StampOptions(out=tmp_path / "dataset", terms=own_terms("open-training")),
    )
    publish(registry)
    assert judged(registry, tmp_path).verdict.outcome == "approved"
    return done


def judged(registry: Registry, folder: Path) -> MadeVerdict:
    return make(registry, lock_dataset(folder / "dataset").lock, POLICY)


def consent_of(item: StampItem) -> bytes:
    assert item.consent is not None
    return item.consent.record_id.digest


def digest_of(item: StampItem) -> bytes:
    """sha256 of the stamped file, the item of a dataset."""
    assert item.record is not None
    return bytes.fromhex(item.record.parsed.subject[0].digest["sha256"])


def withdraw_past_us(registry: Registry, key: bytes) -> None:
    """The authority's signed slip, brought to the contract by somebody else."""
    assert registry.identity is not None
    assert registry.domain is not None
    keys = registry.home.keys
    authority = keys.address(AUTHORITY)
    slip = sign(withdrawal_digest(registry.domain, authority, key), keys.wallet(AUTHORITY))
    call = calls.withdraw_by_sig_call(registry.identity, authority, key, slip)
    send(registry.ledger, call)
    assert registry.store.withdrawals.get([key]) == {}, "the registry knows nothing of it"


@pytest.mark.parametrize("whole", [True, False], ids=["the whole consent", "this one work"])
def test_what_was_withdrawn_past_us_is_neither_approved_nor_left_standing(
    registry: Registry, items: list[StampItem], tmp_path: Path, whole: bool
) -> None:
    made = judged(registry, tmp_path)
    submit(registry, made)
    with local_chain(registry.home) as chain:
        chain.advance(5)
    assert status(registry, made.stored.subject, made.stored.policy).approved

    item = None if whole else digest_of(items[1])
    withdraw_past_us(registry, withdrawal_key(consent_of(items[1]), item))
    brake(registry, made.stored.subject, made.stored.policy)
    assert not status(registry, made.stored.subject, made.stored.policy).approved
    again = judged(registry, tmp_path)
    assert again.verdict.outcome == "rejected"
    assert again.verdict.reliance.size == 2


def test_a_verdict_asks_the_chain_about_single_works(
    registry: Registry, items: list[StampItem], tmp_path: Path
) -> None:
    withdraw_past_us(registry, withdrawal_key(consent_of(items[0]), digest_of(items[0])))
    assert judged(registry, tmp_path).verdict.outcome == "rejected"


def test_one_work_is_withdrawn_under_whichever_name(
    registry: Registry, items: list[StampItem], tmp_path: Path
) -> None:
    """A consent names a work twice, by claim and by file; the withdrawal is for one of these names."""
    assert items[0].consent is not None
    assert {"c2paClaim", "sha256"} <= items[0].consent.parsed.subject[0].digest.keys()
    withdraw(registry, str(items[0].consent.record_id), item=Digest("sha256", digest_of(items[0])))
    Worker(registry).settle()
    with local_chain(registry.home) as chain:
        chain.advance(1)
    assert judged(registry, tmp_path).verdict.outcome == "rejected"


def test_a_refusal_that_is_not_anchored_yet_is_heard(
    registry: Registry, items: list[StampItem], tmp_path: Path
) -> None:
    """A grant beyond the anchored head cannot be relied on; a no beyond it is a no."""
    assert items[2].record is not None
    digest = dict(items[2].record.parsed.subject[0].digest)
    refusal = consent_record(
        registry.home.keys.artist, digest, origin=registry.origin, kind="grant", use="notAllowed"
    )
    with local_chain(registry.home) as chain:
        assert [each.error for each in accept(registry, [refusal], publish=True)] == [None]
        Worker(registry)._pin()
        Worker(registry)._log()
        chain.advance(2)
        stored = registry.store.records.get([refusal.record_id.digest])[refusal.record_id.digest]
        assert stored.log_index is not None
        made = judged(registry, tmp_path)
    assert made.verdict.as_of.log_size <= stored.log_index
    assert made.verdict.outcome != "approved"


def test_a_brake_is_not_distracted_by_what_cannot_fell(
    registry: Registry, items: list[StampItem], tmp_path: Path
) -> None:
    """A withdrawal that only we have on record stands first in the list; one on chain comes after it."""
    made = judged(registry, tmp_path)
    submit(registry, made)
    first, *_, last = sorted(items, key=consent_of)
    withdraw_past_us(registry, consent_of(last))
    # a withdrawal by did:key carries nothing that could be relayed to the contract
    authority = registry.home.keys.address(AUTHORITY).raw
    row = {"key": consent_of(first), "authority": authority, "recorded_at": 1}
    with registry.store.database.write() as connection:
        connection.execute(table(WithdrawalRow).insert(), [row])
    assert registry.store.withdrawals.relayable() == []
    brake(registry, made.stored.subject, made.stored.policy)
    held = status(registry, made.stored.subject, made.stored.policy).verdict
    assert held is not None
    assert held.braked
