"""A registry on a chain of its own, and wallets held by code that sign for it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from rakkan.registry.chain import local_chain
from rakkan.registry.flows.accept import accept_one
from rakkan.registry.flows.consent.consents import consent_statement, show
from rakkan.registry.ledger.chainfiles import ChainRecord
from rakkan.registry.ledger.evm import EvmLedger
from rakkan.registry.rules.duties import actor_digest
from rakkan.registry.rules.eip712 import Domain
from rakkan.registry.service import Registry
from rakkan.schemas.errors import DomainError
from rakkan.schemas.identity import Address
from rakkan.schemas.instant import format_instant
from rakkan.schemas.record import KINDS, Record, statement_bytes
from rakkan.schemas.statement import BlockName, Proof, Subject, parse_model
from rakkan.schemas.values import Digest
from tests.flows.homesteads import who
from tests.homes import new_registry, own_terms
from tests.ports.wallets import Wallets, did, owner, owner_signature, proof

TRAIN = "cawg.ai_generative_training"
ANN, BEN = owner("ann"), owner("ben")


@dataclass
class Town:
    """A registry on a chain, and wallets on it.

    Attributes:
        registry: It accepts.
        wallets: They are asked.
    """

    registry: Registry
    wallets: Wallets

    @property
    def domain(self) -> Domain:
        domain = self.registry.domain
        assert domain is not None
        return domain

    def grant(
        self, wallet: Address, work: Digest, *, at: BlockName | None = None, by: bytes = ANN[0]
    ) -> Record:
        """A grant by a wallet, signed by somebody who owns it, or does not."""
        statement = self.statement(wallet, work)
        return Record.build(statement, [self.proof(statement, wallet, at=at, by=by)])

    def statement(self, wallet: Address, work: Digest) -> bytes:
        terms = own_terms("open-training", ("public",))
        subjects = [Subject(name="work", digest={work.kind: work.hex})]
        grantor = did(wallet, self.domain)
        return consent_statement(self.registry, subjects, terms, grantor=grantor, authority=str(wallet))

    def proof(
        self, statement: bytes, wallet: Address, *, at: BlockName | None = None, by: bytes = ANN[0]
    ) -> Proof:
        signature = owner_signature(statement, self.domain, wallet, by)
        return proof(signature, self.domain, wallet, at or self.wallets.newest())

    def refusal(self, record: Record) -> tuple[str, str]:
        """Code and pointer of why a record is not accepted."""
        with pytest.raises(DomainError) as caught:
            accept_one(self.registry, record, publish=True)
        assert self.registry.store.records.get([record.record_id.digest]) == {}
        return caught.value.code, caught.value.pointer

    def answer(self, work: Digest, **more: Any) -> str:
        return show(self.registry, [work], scopes=[TRAIN], grantee="public", **more)[TRAIN].answer.value

    def pass_time(self, seconds: int, blocks: int = 1) -> None:
        with local_chain(self.registry.home) as chain:
            chain.advance(seconds)
            chain.mine(blocks)


@pytest.fixture
def town(tmp_path: Path, wallet_code: dict[str, str]) -> Iterator[Town]:
    with new_registry(tmp_path / "home", chain="local") as registry:
        registry.ledger.head()
        running = ChainRecord.read(registry.home.chain_folder)
        assert running is not None
        yield Town(registry, Wallets(running.port, wallet_code))


def a_work() -> Digest:
    return Digest("sha256", secrets.token_bytes(32))


def statement_of(town: Town, kind: str, wallet: Address, at: datetime) -> bytes:
    me, instant = did(wallet, town.domain), format_instant(at)
    said: dict[str, dict[str, Any]] = {
        "authorship": {
            "claimant": me,
            "claimedAt": instant,
            "rightsBasis": {"claim": "created", "coauthorsComplete": True},
        },
        "key": {"actor": me, "action": "rotate", "successor": who("new"), "statedAt": instant},
        "work": {
            "creator": me,
            "making": "generated",
            "stampedAt": instant,
            "asset": {"mediaType": "image/png", "width": 8, "height": 8},
        },
    }
    predicate = parse_model(KINDS[f"urn:rakkan:{kind}:1"], {"audience": town.registry.origin, **said[kind]})
    work = a_work()
    about = {
        "authorship": Subject(name="work", digest={work.kind: work.hex}),
        "key": Subject(name="actor", digest={"actor": actor_digest(me).hex}),
        "work": Subject(name="work", digest={"c2paClaim": secrets.token_hex(32)}),
    }
    return statement_bytes(kind, [about[kind]], predicate)


def silence(town: Town) -> None:
    """Nobody answers for the chain any more."""
    assert town.registry.identity is not None
    town.registry.ledger = EvmLedger("http://127.0.0.1:9", town.registry.identity, None, timeout=2)
