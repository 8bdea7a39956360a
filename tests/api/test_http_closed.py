"""What the chain takes back, or cannot be asked about, is never "allowed"."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from rakkan.api import withdrawn
from rakkan.api.shapes import VerdictShape
from rakkan.manifests.samples import render_samples
from rakkan.registry.flows.consent.consents import give
from rakkan.registry.flows.judge.datasets import lock_dataset
from rakkan.registry.flows.publish import publish
from rakkan.registry.flows.stamp.stamping import StampItem, StampOptions, stamp_files
from rakkan.registry.keys import AUTHORITY
from rakkan.registry.ledger import calls
from rakkan.registry.rules.dataset import lock_document
from rakkan.registry.rules.proofs import sign_wallet, withdrawal_key, withdrawal_statement
from rakkan.registry.service import Registry, open_registry
from rakkan.registry.settings import load_settings
from rakkan.schemas.record import Record
from rakkan.schemas.statement import Subject
from tests.api.asking import consent_of, output_of, problem, record_of, upload
from tests.api.server import serving
from tests.homes import new_registry, own_terms
from tests.ports.anvil import send

pytestmark = pytest.mark.chain
TRAINING = "cawg.ai_generative_training"


@dataclass(frozen=True, slots=True)
class World:
    """A registry with a chain, served; two pictures open for training."""

    registry: Registry
    http: httpx.Client
    items: list[StampItem]

    def take_back(self, consent: Record, item: bytes | None = None) -> None:
        """Withdraw on chain, and tell the registry nothing."""
        registry = self.registry
        assert registry.identity is not None
        assert registry.domain is not None
        keys = registry.home.keys
        statement = withdrawal_statement(consent, item, registry.origin)
        slip = bytes.fromhex(sign_wallet(statement, registry.domain, keys.wallet(AUTHORITY)).signature)
        key = withdrawal_key(consent.record_id.digest, item)
        call = calls.withdraw_by_sig_call(registry.identity, keys.address(AUTHORITY), key, slip)
        send(registry.ledger, call)
        question = calls.withdrawn_at_call(registry.identity, keys.address(AUTHORITY), key)
        assert calls.withdrawn_at_answer(registry.ledger.call(question)) is not None

    def told(self, item: StampItem, http: httpx.Client | None = None) -> dict[str, Any]:
        answer = (http or self.http).get(
            f"/v1/consent/c2paClaim:{item.digest['c2paClaim']}", params={"scope": TRAINING}
        )
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()["answers"][0]
        return told


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(withdrawn, "FRESH_SECONDS", 0.0)  # else an answer of a moment ago would be repeated
    with new_registry(tmp_path / "home", chain="local") as registry:
        options = StampOptions(out=tmp_path / "stamped", terms=own_terms("open-training"))
        items = stamp_files(registry, render_samples(tmp_path / "pictures")[:2], options)
        publish(registry)
        with serving(registry) as url, httpx.Client(base_url=url, timeout=60) as http:
            yield World(registry, http, items)


def test_a_withdrawal_that_only_the_chain_knows(world: World) -> None:
    first, second = world.items
    assert world.told(first)["answer"] == world.told(second)["answer"] == "allowed"
    world.take_back(consent_of(first))
    found = upload(world.http, output_of(first).read_bytes()).json()
    assert "allowed" not in found["consent"]["scopes"].values(), "verifying asks by itself"
    assert (world.told(first)["answer"], world.told(first)["code"]) == ("denied", "withdrawn")
    assert world.told(second)["answer"] == "allowed"


def test_one_work_that_only_the_chain_knows_is_taken_out(world: World) -> None:
    registry = world.registry
    subjects = [Subject(name=item.input.name, digest=dict(item.digest)) for item in world.items]
    for item in world.items:
        world.take_back(consent_of(item))
    both = give(registry, subjects, own_terms("open-training"), publish=True)
    publish(registry)
    first, second = world.items
    assert world.told(first)["answer"] == world.told(second)["answer"] == "allowed"
    world.take_back(both, bytes.fromhex(first.digest["sha256"]))
    found = upload(world.http, output_of(first).read_bytes()).json()
    assert "allowed" not in found["consent"]["scopes"].values(), "verifying asks by itself"
    assert world.told(first)["answer"] == "denied"
    assert world.told(second)["answer"] == "allowed"


def test_while_the_chain_does_not_answer_nothing_is_allowed(world: World) -> None:
    item = world.items[0]
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound, and nobody listens
        settings = load_settings(
            home=world.registry.home.folder, rpc_url=f"http://127.0.0.1:{nobody.getsockname()[1]}"
        )
        with (
            open_registry(settings) as registry,
            serving(registry) as url,
            httpx.Client(base_url=url, timeout=120) as http,
        ):
            told = world.told(item, http)
            assert (told["answer"], told["code"]) == ("undetermined", "withdrawal-not-consulted")
            found = upload(http, output_of(item).read_bytes()).json()
            outcomes = {check["name"]: check for check in found["checks"]}
            assert outcomes["consent"]["outcome"] == outcomes["anchor"]["outcome"] == "undetermined"
            assert "allowed" not in found["consent"]["scopes"].values()
            page = http.post("/", files={"file": ("a.png", output_of(item).read_bytes())}).text
            assert "answer-allowed" not in page
            batch = http.post("/v1/verify", json={"digests": [f"sha256:{item.digest['sha256']}"]}).json()
            assert "allowed" not in batch["items"][0]["verification"]["consent"]["scopes"].values()
            record = http.get(f"/v1/records/{record_of(item).record_id}")
            assert record.content == record_of(item).statement, "what is stored is still served"
            assert http.get("/healthz").json() == {"status": "alive"}
            ready = problem(http.get("/readyz"), 503, "not-ready")
            assert {each["name"]: each["outcome"] for each in ready["checks"]}["chain"] == "fail"


def test_a_verdict_that_lost_a_consent_is_stale(world: World, tmp_path: Path) -> None:
    """Withdrawn past us: the verdict says by what it became stale, and without a chain that nobody can tell."""
    token = world.registry.store.new_token("test", world.registry.clock.now())
    lock = lock_document(lock_dataset(tmp_path / "stamped").lock)
    judging = {"lock": lock, "policy": "permissive-research"}
    bearer = {"Authorization": f"Bearer {token}"}
    made = VerdictShape.model_validate(world.http.post("/v1/verdicts", json=judging, headers=bearer).json())
    assert made.verdict["predicate"]["reliance"]["size"] == 2
    where = f"/v1/verdicts/datasetRoot:{lock['root']}"
    assert VerdictShape.model_validate(world.http.get(where).json()) == made
    assert made.stale is False
    consent = consent_of(world.items[0])
    world.take_back(consent)
    found = VerdictShape.model_validate(world.http.get(where).json())
    assert (found.stale, found.staleCausesTotal) == (True, 1)
    assert found.staleCauses[0]["consent"] == str(consent.record_id)
    assert found.verdict == made.verdict, "what was said of its own instant stays"


def test_a_known_withdrawal_hides_no_other_one(world: World) -> None:
    """Two grants, one taken back; the other may be too, and the chain cannot be asked."""
    item = world.items[0]
    other = give(
        world.registry,
        [Subject(name="work", digest=dict(item.digest))],
        own_terms("open-training"),
        publish=True,
    )
    publish(world.registry)
    world.take_back(other)
    assert world.told(item)["answer"] in ("allowed", "denied")  # and it is known here from now on
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        settings = load_settings(
            home=world.registry.home.folder, rpc_url=f"http://127.0.0.1:{nobody.getsockname()[1]}"
        )
        with (
            open_registry(settings) as registry,
            serving(registry) as url,
            httpx.Client(base_url=url, timeout=120) as http,
        ):
            found = upload(http, output_of(item).read_bytes()).json()
            assert "allowed" not in found["consent"]["scopes"].values()


def test_anchored_records_say_where(world: World) -> None:
    found = world.http.get(f"/v1/assets/c2paClaim:{world.items[0].digest['c2paClaim']}").json()
    anchor = found["anchor"]
    identity = world.registry.identity
    assert identity is not None
    assert anchor["state"] in ("mined", "final")
    assert (anchor["chain"], anchor["contract"].lower()) == (identity.chain_id, str(identity.log).lower())
    assert anchor["tx"].startswith("0x")
    assert world.http.get("/readyz").status_code == 200
