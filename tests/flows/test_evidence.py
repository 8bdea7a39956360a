"""Bundles checked by strangers: offline, with trust from outside alone; tampered ones fail."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rakkan.registry.flows.verify.evidence import pack, unpack
from rakkan.registry.flows.verify.verify import CHECKS
from rakkan.registry.rules.note import sign_head
from rakkan.registry.rules.tree import leaf_hash
from rakkan.schemas.errors import DomainError
from rakkan.schemas.record import Record
from rakkan.schemas.verdict import Outcome
from tests.flows.bundles import World, new_world, outcomes


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with new_world(tmp_path_factory.mktemp("world")) as made:
        yield made


def test_a_whole_bundle_is_believed_as_far_as_it_can_be(world: World) -> None:
    answer = world.check()
    assert tuple(check.name for check in answer.checks) == CHECKS
    found = outcomes(answer)
    assert answer.state == "trusted"
    assert found["record"] is found["log"] is found["softBinding"] is Outcome.PASS
    assert found["anchor"] is Outcome.UNDETERMINED  # nobody was asked
    assert found["consent"] is Outcome.UNDETERMINED  # allowed when signed; withdrawn since? not asked
    assert answer.anchor["state"] == "unanchored"


def test_a_bundle_packs_to_the_same_bytes_and_reads_back(world: World) -> None:
    root, content = pack(world.dossier)
    assert pack(world.dossier) == (root, content)
    again = unpack(content)
    assert (again.work, again.consents, again.note, again.root) == (
        world.dossier.work,
        world.dossier.consents,
        world.dossier.note,
        world.dossier.root,
    )


def test_without_keys_or_issuers_nothing_is_vouched_for(world: World) -> None:
    answer = world.check(log_keys=(), trust=None)
    found = outcomes(answer)
    assert answer.state == "intact"
    assert found["log"] is Outcome.UNDETERMINED
    assert found["trust"] is not Outcome.PASS


def test_a_bundle_cannot_bring_its_own_log(world: World) -> None:
    """Same records, a log of the forger's own making, signed by the forger's key."""
    forger = Ed25519PrivateKey.generate()
    leaf = leaf_hash(world.dossier.work.record.leaf_data)
    head = sign_head(world.dossier.origin, 1, leaf, forger)
    work = replace(world.dossier.work, index=0, proof=())
    forged = replace(world.dossier, work=work, consents=(), size=1, root=leaf, note=head.note)
    answer = world.check(forged)
    assert outcomes(answer)["log"] is Outcome.FAIL
    assert answer.state == "invalid"


def test_a_bundle_of_another_picture(world: World) -> None:
    answer = world.check(picture=world.other)
    assert outcomes(answer)["record"] is Outcome.FAIL
    assert answer.state == "invalid"


def test_an_unsigned_or_foreign_record_is_refused(world: World) -> None:
    stranger = Ed25519PrivateKey.generate()
    record = world.dossier.work.record
    from rakkan.registry.rules.proofs import sign_did

    forged = Record.build(record.statement, [sign_did(record.statement, stranger)])
    answer = world.check(replace(world.dossier, work=replace(world.dossier.work, record=forged)))
    assert outcomes(answer)["record"] is Outcome.FAIL
    assert outcomes(answer)["log"] is Outcome.FAIL
    assert answer.state == "invalid"


def test_a_proof_that_does_not_hold(world: World) -> None:
    proof = list(world.dossier.work.proof)
    proof[0] = bytes(32)
    answer = world.check(replace(world.dossier, work=replace(world.dossier.work, proof=tuple(proof))))
    assert outcomes(answer)["log"] is Outcome.FAIL
    assert answer.state == "invalid"


def test_no_flipped_byte_makes_a_bundle_say_more(world: World) -> None:
    """Every mutant is refused with our error, or says no more than the whole bundle does."""
    _, content = pack(world.dossier)
    whole = outcomes(world.check())
    random_source = random.Random(7)
    for place in [*range(120), *random_source.sample(range(120, len(content)), 120)]:
        mutant = bytearray(content)
        mutant[place] ^= 1 << random_source.randrange(8)
        try:
            answer = world.check(content=bytes(mutant))
        except DomainError:
            continue
        for name, outcome in outcomes(answer).items():
            assert outcome is not Outcome.PASS or whole[name] is Outcome.PASS, (place, name)


@pytest.mark.parametrize("cut", [0, 1, 40, 500, -1, -100])
def test_a_cut_bundle_is_refused(world: World, cut: int) -> None:
    _, content = pack(world.dossier)
    with pytest.raises(DomainError):
        world.check(content=content[:cut] if cut else b"")
