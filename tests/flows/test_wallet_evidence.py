"""Evidence that rests on wallets held by code: offline it says neither yes nor no; with a chain they are asked."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from rakkan.registry.flows.accept import accept_one
from rakkan.registry.flows.judge.datasets import lock_dataset
from rakkan.registry.flows.judge.verdicts import make
from rakkan.registry.flows.verify.dossier import Dossier, gather_work
from rakkan.registry.flows.verify.evidence import pack
from rakkan.registry.flows.verify.opening import VerifyOptions, verify_digest, verify_name
from rakkan.registry.flows.verify.verify import Verification
from rakkan.registry.rules.policy.document import parse_policy
from rakkan.registry.rules.proofs import withdrawal_statement
from rakkan.registry.settings import load_settings
from rakkan.registry.worker import Worker
from rakkan.schemas.identity import Address
from rakkan.schemas.record import Record
from rakkan.schemas.values import Digest
from tests.flows.walletry import ANN, BEN, TRAIN, Town, statement_of, town
from tests.ports.anvil import lying_node
from tests.ports.wallets import wallet_code

__all__ = ["town", "wallet_code"]

pytestmark = pytest.mark.chain


@dataclass
class Exhibition:
    """A work that a wallet registered and gave, and a stranger who is handed the evidence."""

    town: Town
    wallet: Address
    work: Record
    given: Record
    folder: Path

    def dossier(self) -> Dossier:
        records = self.town.registry.store.records
        stored = records.get([self.work.record_id.digest])[self.work.record_id.digest]
        return gather_work(self.town.registry, stored, portable=True)

    def check(self, url: str = "", dossier: Dossier | None = None, **more: Any) -> Verification:
        """What a stranger finds who asks this node, or none."""
        registry = self.town.registry
        assert registry.config.chain is not None
        bundle, chain = self.folder / "bundle.car", self.folder / "chain.json"
        bundle.write_bytes(pack(dossier or self.dossier())[1])
        chain.write_text(json.dumps({**registry.config.chain.to_json(), "rpcUrl": url}))
        keys = tuple(registry.config.log_keys)
        options = VerifyOptions(bundle=bundle, chain=str(chain), log_keys=keys)
        stranger = load_settings(home=self.folder / "nobody")
        return verify_name(stranger, str(self.work.record_id), replace(options, **more))

    @property
    def node(self) -> str:
        return f"http://127.0.0.1:{self.town.wallets.port}"


@pytest.fixture
def exhibition(town: Town, tmp_path: Path) -> Exhibition:
    wallet = town.wallets.deploy("CodeWallet", ANN[1])
    statement = statement_of(town, "work", wallet, town.registry.clock.now())
    work = Record.build(statement, [town.proof(statement, wallet)])
    accept_one(town.registry, work, publish=True)
    given = town.grant(wallet, work.parsed.subject[0].digests[0])
    accept_one(town.registry, given, publish=True)
    Worker(town.registry).settle()
    return Exhibition(town, wallet, work, given, tmp_path)


def said(found: Verification) -> dict[str, tuple[str, str]]:
    return {check.name: (check.outcome.value, check.code) for check in found.checks}


def test_offline_nobody_can_tell(exhibition: Exhibition) -> None:
    for found in (exhibition.check(), exhibition.check(exhibition.node, offline=True)):
        assert said(found)["record"] == ("undetermined", "proof-unanswered")
        assert said(found)["consent"] == ("undetermined", "proof-unanswered")
        assert said(found)["anchor"] == ("undetermined", "chain-not-consulted")
        assert set(found.consent["scopes"].values()) == {"undetermined"}


def test_with_a_chain_its_wallets_are_asked(exhibition: Exhibition) -> None:
    exhibition.town.wallets.rotate(exhibition.wallet, BEN[1])
    found = exhibition.check(exhibition.node)
    assert said(found)["record"] == ("pass", "record-signed"), "as it was at the block that the proof names"
    assert said(found)["anchor"] == ("pass", "anchored")
    assert said(found)["consent"] == ("undetermined", "records-not-consulted"), "a bundle may leave some out"


def test_a_node_that_does_not_answer_decides_nothing(exhibition: Exhibition) -> None:
    found = exhibition.check("http://127.0.0.1:9")
    assert said(found)["record"] == ("undetermined", "proof-unanswered")


def test_what_its_wallet_denies_fails(exhibition: Exhibition) -> None:
    """A bundle around a statement that the wallet never signed, and one whose node says no."""
    dossier, town = exhibition.dossier(), exhibition.town
    thief = Record.build(
        exhibition.work.statement, [town.proof(exhibition.work.statement, exhibition.wallet, by=BEN[0])]
    )
    forged = replace(dossier, work=replace(dossier.work, record=thief))
    assert said(exhibition.check(exhibition.node, forged))["record"] == ("fail", "proof-invalid")

    def lie(method: str, parameters: list[Any], truth: dict[str, Any]) -> Any:
        if method == "eth_call" and "to" not in parameters[0]:
            truth["result"] = "0x" + "00" * 32
        return truth

    with lying_node(town.wallets.port, lie) as url:
        found = exhibition.check(url)
    assert said(found)["record"] == ("fail", "proof-invalid")
    assert found.state == "invalid"


def test_a_withdrawal_that_nobody_can_judge_allows_nothing(exhibition: Exhibition) -> None:
    town = exhibition.town
    statement = withdrawal_statement(exhibition.given, None, town.registry.origin)
    taken = Record.build(statement, [town.proof(statement, exhibition.wallet)])
    accept_one(town.registry, taken, publish=True)
    Worker(town.registry).settle()
    found = exhibition.check()
    assert said(found)["consent"] == ("undetermined", "proof-unanswered")
    assert "allowed" not in found.consent["scopes"].values()
    found = exhibition.check(exhibition.node)
    assert said(found)["consent"] == ("pass", "consent-withdrawn")


def test_the_home_that_heard_the_wallets_believes_them(exhibition: Exhibition) -> None:
    """Also after its node forgot: proofs are checked when records are accepted, and by fsck again."""
    town = exhibition.town
    town.pass_time(60, blocks=200)
    digest = exhibition.work.parsed.subject[0].digests[0]
    found = verify_digest(town.registry, digest)
    assert said(found)["record"] == ("pass", "record-signed")
    assert found.consent["scopes"][TRAIN] == "allowed"


def test_a_verdict_counts_what_a_wallet_gave(town: Town, tmp_path: Path) -> None:
    from rakkan.manifests.samples import render_samples

    picture = render_samples(tmp_path / "dataset")[0]
    for other in (tmp_path / "dataset").iterdir():
        if other != picture:
            other.unlink()
    policy = parse_policy(
        json.dumps(
            {
                "policy": "rakkan-policy/1",
                "name": "test",
                "validDays": 30,
                "all": [{"clause": "consent.share", "scope": TRAIN, "grantee": "self", "minBp": 10000}],
            }
        ).encode()
    )

    def judged() -> str:
        return make(town.registry, lock_dataset(tmp_path / "dataset").lock, policy).verdict.outcome

    assert judged() != "approved"
    wallet = town.wallets.deploy("CodeWallet", ANN[1])
    given = town.grant(wallet, Digest.of(picture.read_bytes()))
    accept_one(town.registry, given, publish=True)
    Worker(town.registry).settle()
    assert judged() == "approved"
    town.wallets.rotate(wallet, BEN[1])
    assert judged() == "approved", "what was given stays given until it is taken back"
    statement = withdrawal_statement(given, None, town.registry.origin)
    taken = Record.build(statement, [town.proof(statement, wallet, by=BEN[0])])
    accept_one(town.registry, taken, publish=True)
    assert judged() != "approved", "its new owner takes it back"
