"""From consent to contract and back: approve, withdraw, brake, repair; and what must not pass."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rakkan.manifests.samples import render_samples
from rakkan.registry.chain import local_chain
from rakkan.registry.flows.accept import accept
from rakkan.registry.flows.consent.consents import withdraw
from rakkan.registry.flows.judge.datasets import lock_dataset
from rakkan.registry.flows.judge.gates import brake, status, submit
from rakkan.registry.flows.judge.verdicts import MadeVerdict, load, make
from rakkan.registry.flows.publish import publish
from rakkan.registry.flows.stamp.stamping import StampItem, StampOptions, stamp_files
from rakkan.registry.flows.verify.fsck import inspect
from rakkan.registry.flows.verify.opening import VerifyOptions, verify_name
from rakkan.registry.rules.policy.document import Policy, parse_policy
from rakkan.registry.rules.proofs import sign_did, withdrawal_statement
from rakkan.registry.service import Registry, open_registry
from rakkan.registry.signers.port import WalletSigner
from rakkan.registry.worker import Worker
from rakkan.schemas.errors import DomainError, NotFound, Refused, Unavailable
from rakkan.schemas.record import Record
from tests.homes import new_home, own_terms
from tests.support import consent_record

POLICY = parse_policy(
    json.dumps(
        {
            "policy": "rakkan-policy/1",
            "name": "test",
            "validDays": 30,
            "all": [
                {
                    "clause": "consent.share",
                    "scope": "cawg.ai_generative_training",
                    "grantee": "self",
                    "minBp": 10000,
                },
                {"clause": "consent.unrevoked"},
                {"clause": "provenance.unknown", "maxBp": 0},
            ],
        }
    ).encode()
)


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    with open_registry(new_home(tmp_path / "home", chain="local", standing_seconds=1)) as opened:
        yield opened


@pytest.fixture
def items(registry: Registry, tmp_path: Path) -> list[StampItem]:
    """Five pictures, by key and by wallet, granted to this community alone."""
    pictures = render_samples(tmp_path / "pictures")
    identity = registry.identity
    assert identity is not None
    terms = own_terms("open-training", (f"eip155:31337:{identity.gate}",))
    out = tmp_path / "dataset"
    done = stamp_files(registry, pictures[:3], StampOptions(out=out, terms=terms))
    done += stamp_files(
        registry,
        pictures[3:],
        StampOptions(out=out, terms=terms, signer=WalletSigner(secrets.token_bytes(32))),
    )
    assert [item.state for item in done] == ["stamped"] * 5, [item.error for item in done]
    publish(registry)
    return done


def judged(registry: Registry, folder: Path, policy: Policy = POLICY) -> MadeVerdict:
    return make(registry, lock_dataset(folder).lock, policy)


def stand(registry: Registry) -> None:
    """Let the standing time pass."""
    with local_chain(registry.home) as chain:
        chain.advance(5)


def approved(registry: Registry, made: MadeVerdict) -> bool:
    return status(registry, made.stored.subject, made.stored.policy).approved


@pytest.mark.chain
def test_the_whole_way(registry: Registry, items: list[StampItem], tmp_path: Path) -> None:
    made = judged(registry, tmp_path / "dataset")
    assert made.verdict.outcome == "approved"
    assert made.verdict.reliance.size == 5
    submit(registry, made)
    assert not approved(registry, made), "an approval stands before it counts"
    stand(registry)
    assert approved(registry, made)
    with pytest.raises(NotFound) as nothing:
        brake(registry, made.stored.subject, made.stored.policy)
    assert nothing.value.code == "nothing-withdrawn"

    first = items[0]
    assert first.consent is not None
    withdraw(registry, str(first.consent.record_id))
    Worker(registry).settle()
    brake(registry, made.stored.subject, made.stored.policy)
    assert not approved(registry, made)
    answer = verify_name(registry.settings, str(first.output), VerifyOptions(grantee=made_for(registry)))
    assert next(check.code for check in answer.checks if check.name == "consent") == "consent-withdrawn"
    assert set(answer.consent["scopes"].values()) <= {"denied", "undetermined"}

    again = judged(registry, tmp_path / "dataset")
    assert again.verdict.outcome == "rejected"
    assert first.output is not None
    first.output.unlink()
    repaired = judged(registry, tmp_path / "dataset")
    assert repaired.verdict.outcome == "approved"
    submit(registry, repaired)
    stand(registry)
    assert approved(registry, repaired)
    assert not approved(registry, made)
    assert load(registry, str(repaired.record.record_id)).stored == repaired.stored
    Worker(registry).settle()
    seen = inspect(registry)
    assert (seen.problems, seen.unknown) == ((), ())


def made_for(registry: Registry) -> str:
    identity = registry.identity
    assert identity is not None
    return f"eip155:{identity.chain_id}:{identity.gate}"


@pytest.mark.chain
def test_unknown_reserved_and_foreign_items_are_never_approved(
    registry: Registry, items: list[StampItem], tmp_path: Path
) -> None:
    unknown = render_samples(tmp_path / "more")[0]
    shutil.copy(unknown, tmp_path / "dataset" / "unknown.png")
    made = judged(registry, tmp_path / "dataset")
    # the unstamped input is an alias of a registered work, so it is known; a re-encoded copy is not
    assert made.verdict.outcome == "approved"
    from PIL import Image

    with Image.open(unknown) as opened:
        opened.convert("L").save(tmp_path / "dataset" / "unknown.png")
    assert judged(registry, tmp_path / "dataset").verdict.outcome != "approved"
    (tmp_path / "dataset" / "unknown.png").unlink()

    assert items[0].record is not None
    digest = dict(items[0].record.parsed.subject[0].digest)

    assert registry.identity is not None
    community = [f"eip155:31337:{registry.identity.gate}"]

    def objected(by: Ed25519PrivateKey, kind: str) -> str:
        refusal = consent_record(
            by, digest, origin=registry.origin, kind=kind, use="notAllowed", grantee=community
        )
        assert [each.error for each in accept(registry, [refusal], publish=True)] == [None]
        publish(registry)
        return judged(registry, tmp_path / "dataset").verdict.outcome

    assert objected(Ed25519PrivateKey.generate(), "reservation") == "approved", (
        "who claims nothing suspends nothing"
    )
    assert objected(registry.home.keys.artist, "grant") != "approved", "the artist's own no"


@pytest.mark.chain
def test_a_strangers_grant_grants_nothing(registry: Registry, tmp_path: Path) -> None:
    (item,) = stamp_files(
        registry, render_samples(tmp_path / "pictures")[:1], StampOptions(out=tmp_path / "dataset")
    )
    assert item.record is not None
    stranger = Ed25519PrivateKey.generate()
    grant = consent_record(stranger, dict(item.record.parsed.subject[0].digest), origin=registry.origin)
    assert [each.error for each in accept(registry, [grant], publish=True)] == [None]
    publish(registry)
    made = judged(registry, tmp_path / "dataset")
    assert made.verdict.outcome == "undetermined"
    assert made.verdict.reliance.size == 0


@pytest.mark.chain
def test_verdicts_for_others_and_older_ones_are_refused(
    registry: Registry, items: list[StampItem], tmp_path: Path
) -> None:
    old = judged(registry, tmp_path / "dataset")
    with local_chain(registry.home) as chain:
        chain.advance(10)
    new = judged(registry, tmp_path / "dataset")
    assert old.record.statement != new.record.statement
    submit(registry, new)
    with pytest.raises(Refused) as older:
        submit(registry, old)
    assert older.value.code == "call-reverted"
    malleated = bytearray(new.stored.signature or b"")
    malleated[10] ^= 1
    with pytest.raises(Refused):
        submit(
            registry,
            replace(
                new, stored=replace(new.stored, signature=bytes(malleated), record_id=secrets.token_bytes(32))
            ),
        )


@pytest.mark.chain
def test_the_same_inputs_give_the_same_bytes(
    registry: Registry, items: list[StampItem], tmp_path: Path
) -> None:
    one, two = judged(registry, tmp_path / "dataset"), judged(registry, tmp_path / "dataset")
    assert one.record.statement == two.record.statement
    assert one.stored == two.stored


@pytest.mark.chain
def test_somebody_elses_withdrawal(registry: Registry, items: list[StampItem]) -> None:
    consent = items[0].consent
    assert consent is not None
    with pytest.raises(Refused) as foreign:
        withdraw(registry, str(consent.record_id), signer=WalletSigner(secrets.token_bytes(32)))
    assert foreign.value.code == "withdrawal-foreign"
    stranger = Ed25519PrivateKey.generate()
    statement = withdrawal_statement(consent, None, registry.origin)
    forged = Record.build(statement, [sign_did(statement, stranger)])
    (acceptance,) = accept(registry, [forged], publish=True)
    assert acceptance.error is not None
    assert registry.store.withdrawals.get([consent.record_id.digest]) == {}


def test_without_a_chain_nothing_can_be_approved(tmp_path: Path) -> None:
    with open_registry(new_home(tmp_path / "home")) as registry:
        stamp_files(
            registry,
            render_samples(tmp_path / "p"),
            StampOptions(out=tmp_path / "d", terms=own_terms("open-training")),
        )
        publish(registry)
        policy = parse_policy(POLICY.canonical.replace(b'"self"', b'"public"'))
        made = make(registry, lock_dataset(tmp_path / "d").lock, policy)
        assert made.verdict.outcome == "approved"
        assert made.verdict.gate is None
        assert made.verdict.as_of.block is None
        for act in (
            lambda: submit(registry, made),
            lambda: status(registry, made.stored.subject, made.stored.policy),
        ):
            with pytest.raises(Unavailable) as nothing:
                act()
            assert nothing.value.code == "no-chain"


def test_an_empty_dataset_is_undetermined(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with open_registry(new_home(tmp_path / "home")) as registry:
        made = make(registry, lock_dataset(tmp_path / "empty").lock, POLICY)
        assert made.verdict.outcome == "undetermined"


def test_a_chain_that_does_not_answer_gives_no_verdict(
    registry: Registry, items: list[StampItem], tmp_path: Path
) -> None:
    dead = registry.settings.model_copy(update={"rpc_url": "http://127.0.0.1:9"})
    registry.close()
    with open_registry(dead) as deaf, pytest.raises(DomainError) as silent:
        judged(deaf, tmp_path / "dataset")
    assert silent.value.code == "chain-unavailable"
