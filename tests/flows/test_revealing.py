"""Commitments revealed on a real chain: the claim that was committed first stands above a quicker thief."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rakkan.registry.chain import local_chain
from rakkan.registry.flows.accept import accept_one
from rakkan.registry.flows.consent.asking import Inquiry, ask
from rakkan.registry.flows.consent.consents import show
from rakkan.registry.flows.consent.revealing import AGAIN, learn
from rakkan.registry.ledger.consent_calls import commit_call
from rakkan.registry.rules.commitments import commitment_of, revealed
from rakkan.registry.rules.proofs import sign_did, sign_wallet
from rakkan.registry.service import Registry
from rakkan.registry.worker import Worker, request
from rakkan.schemas.authorship import Authorship
from rakkan.schemas.errors import Refused
from rakkan.schemas.identity import Address
from rakkan.schemas.instant import format_instant
from rakkan.schemas.record import Record, statement_bytes
from rakkan.schemas.statement import Subject, parse_model
from rakkan.schemas.values import Digest
from tests.homes import new_registry
from tests.support import consent_record, did_of

pytestmark = pytest.mark.chain
WORK = Digest.of(b"a picture that nobody has seen yet")
TRAIN = "cawg.ai_generative_training"


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    with new_registry(tmp_path / "home", chain="local") as opened:
        yield opened


def claim(
    registry: Registry, key: Ed25519PrivateKey, reveal: tuple[Address, bytes] | None, wallet: bytes | None
) -> Record:
    value = {
        "audience": registry.origin,
        "claimant": did_of(key),
        "claimedAt": format_instant(datetime.now(UTC)),
        "rightsBasis": {"claim": "created", "coauthorsComplete": True},
    }
    if reveal is not None:
        value["reveal"] = {"authority": str(reveal[0]), "salt": reveal[1].hex()}
    subject = Subject(name="work", digest={WORK.kind: WORK.hex})
    statement = statement_bytes("authorship", [subject], parse_model(Authorship, value))
    proofs = [sign_did(statement, key)]
    if wallet is not None:
        assert registry.domain is not None
        proofs.append(sign_wallet(statement, registry.domain, wallet))
    return Record.build(statement, proofs)


def hand_in(registry: Registry, *records: Record) -> None:
    """Accepted, logged and anchored in a block of its own, which then becomes final."""
    for record in records:
        accept_one(registry, record, publish=True)
    Worker(registry).settle(seconds=30)
    settled(registry)


def settled(registry: Registry) -> None:
    with local_chain(registry.home) as chain:
        chain.advance(80)
    Worker(registry).settle(until_final=True, seconds=30)


def granted_by(registry: Registry, key: Ed25519PrivateKey) -> str:
    found = show(registry, [WORK], scopes=[TRAIN], grantee="public")[TRAIN]
    ((many,),) = ask(registry, [WORK], Inquiry(TRAIN, "public", registry.clock.now()))
    assert (many.answer, many.code) == (found.answer, found.code)
    if found.answer.value != "allowed":
        return found.code
    return "theirs" if found.relied[0].consent.grantor.id == did_of(key) else "another's"


def test_what_was_committed_first_stands_first(registry: Registry) -> None:
    artist, thief = registry.home.keys.artist, Ed25519PrivateKey.generate()
    wallet, authority = registry.home.keys.wallet("authority"), registry.home.keys.address("authority")
    salt, identity = secrets.token_bytes(32), registry.identity
    assert identity is not None
    commitment = commitment_of(authority, WORK.raw, salt)
    request(registry, "commit", commit_call(identity, commitment), seconds=30)
    settled(registry)

    digest = {WORK.kind: WORK.hex}
    hand_in(
        registry, claim(registry, thief, None, None), consent_record(thief, digest, origin=registry.origin)
    )
    assert granted_by(registry, thief) == "theirs"
    hand_in(registry, consent_record(artist, digest, origin=registry.origin))
    plain = claim(registry, artist, None, None)
    assert revealed(plain) is None
    hand_in(registry, plain)
    assert granted_by(registry, thief) == "theirs", "the thief was quicker"

    copied = claim(registry, thief, (authority, salt), None)
    assert revealed(copied) is None, "a reveal of somebody else's is nobody's"
    told = claim(registry, artist, (authority, salt), wallet)
    assert revealed(told) == commitment
    hand_in(registry, told)
    assert granted_by(registry, artist) == "theirs", "and the commitment was earlier still"
    with pytest.raises(Refused) as error:
        hand_in(registry, copied)
    assert (error.value.code, error.value.pointer) == ("proof-missing", "/predicate/reveal/authority")


def test_what_the_chain_does_not_have_dates_nothing(registry: Registry) -> None:
    artist = registry.home.keys.artist
    wallet, authority = registry.home.keys.wallet("authority"), registry.home.keys.address("authority")
    made_up = claim(registry, artist, (authority, bytes(32)), wallet)
    hand_in(registry, made_up)
    name = made_up.record_id.digest
    assert registry.store.commitments.dates([name]) == {}
    assert learn(registry) == 0, "it is not asked again at once"
    assert list(registry.store.commitments.open(datetime.now(UTC) - AGAIN, 9)) == []
