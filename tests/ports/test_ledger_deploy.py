"""Contracts of our own: deployed in order, told of, and recognised again by what they answer."""

from __future__ import annotations

import pytest

from rakkan.registry.ledger.anvil import LocalChain
from rakkan.registry.ledger.deploy import DeployedContract, attach, deploy
from rakkan.registry.ledger.loopback import ask
from rakkan.registry.ports import ChainIdentity
from rakkan.registry.rules.eip712 import (
    address_of,
)
from rakkan.schemas.errors import Integrity, Unavailable
from rakkan.schemas.identity import Address
from tests.ports.anvil import (
    ATTESTER_KEY,
    COMMUNITY_KEY,
    ORIGIN,
    PUBLISHER_KEY,
    anvil_program,
    chain,
)

__all__ = ["anvil_program", "chain"]

pytestmark = pytest.mark.chain


def test_deploying_tells_each_contract_and_attaching_recognises_them(chain: LocalChain) -> None:
    publisher, community = address_of(PUBLISHER_KEY), address_of(COMMUNITY_KEY)
    told: list[DeployedContract] = []

    def put(origin: str) -> DeployedContract:
        deployment = deploy(
            chain.rpc_url,
            PUBLISHER_KEY,
            origin=origin,
            community=community,
            attester=address_of(ATTESTER_KEY),
            standing_time=7,
            progress=told.append,
        )
        assert deployment.gas_used == sum(each.gas_used for each in deployment.transactions)
        deployments.append(deployment.identity)
        return deployment.transactions[0]

    deployments: list[ChainIdentity] = []
    with pytest.raises(Unavailable) as unfunded:
        put(ORIGIN)
    assert unfunded.value.code == "funds-missing"
    chain.fund(publisher)
    put(ORIGIN)
    put("rakkan/other")
    names = ["ProvenanceLog", "ConsentRegistry", "ConsentGate", "ApprovalBook"]
    assert [each.name for each in told] == names * 2
    assert [each.block_number for each in told] == list(range(1, 9))
    ours, others = deployments
    assert ours.genesis == chain.genesis
    assert ask(chain.port, "eth_getTransactionCount", str(publisher), "latest") == hex(8)

    def attaching(**changes: Address | str | None) -> ChainIdentity:
        given = {
            "origin": ORIGIN,
            "log": ours.log,
            "consents": ours.consents,
            "gate": ours.gate,
            "book": ours.book,
        }
        return attach(chain.rpc_url, **{**given, **changes})  # type: ignore[arg-type]

    assert attaching() == ours
    assert attaching(gate=None, book=None).gate is None
    wrong: dict[str, dict[str, Address | str | None]] = {
        "another origin": {"origin": "rakkan/other"},
        "no ProvenanceLog": {"log": ours.consents},
        "no ConsentRegistry": {"consents": Address(b"\x01" * 20)},
        "another log": {"gate": others.gate},
        "another registry": {"consents": others.consents},
        "another gate": {"book": others.book},
    }
    for problem, changes in wrong.items():
        with pytest.raises(Integrity, match=problem) as caught:
            attaching(**changes)
        assert caught.value.code == "contract-foreign"
