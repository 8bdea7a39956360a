"""What each step costs, with a ceiling 3 % above what was measured; `pytest -s` prints the figures."""

from __future__ import annotations

import pytest

from tests.contracts import reference
from tests.contracts.reference import Reliance, Verdict, leaf, sha256, tree_path, tree_root
from tests.contracts.world import STANDING_TIME, World

pytestmark = pytest.mark.chain

EACH = 100
"""Withdrawals in a batch; the figure is the whole transaction's over these."""

FEW = 10
"""From so many keys under one signature on, each costs at most 28,000."""

BASE = 21_000
"""What any transaction costs; subtracted from reads, which nobody sends as one."""

CEILINGS = {
    "anchor, first": 75_000,
    "anchor": 57_500,
    "withdraw": 47_500,
    "withdrawBySig": 54_000,
    "withdrawMany, each": 28_000,
    "withdrawManyBySig, each": 32_500,
    "withdrawKeysBySig, each of few": 28_000,
    "withdrawKeysBySig, each": 26_200,
    "withdraw, a collection": 47_500,
    "commit": 46_500,
    "submitVerdict, first": 143_500,
    "isApproved (read)": 9_000,
    "approve in the book": 59_000,
    "verifyInclusion, 1,000 records (read)": 18_600,
    "brake, 1,000 reliances": 85_000,
    "submitVerdict, replacing": 70_500,
    "withdrawAndBrake, 1,000 reliances": 98_400,
}


def test_gas(world: World) -> None:
    """Each step in the order of a first day."""
    artist, chain = world.artist.address, world.w3.eth.chain_id
    size = 1000
    records = [leaf(b"record %d" % i) for i in range(size)]
    consents = [Reliance(sha256(b"c%d" % i), sha256(b"i%d" % i), artist, i, 0) for i in range(size)]
    leaves = [leaf(each.content) for each in consents]
    subject, policy = sha256(b"subject"), sha256(b"policy")
    found: dict[str, int] = {}

    def slip(key: bytes) -> bytes:
        return reference.sign(reference.withdrawal(artist, key, world.consents.address, chain), world.artist)

    def submit(step: str) -> None:
        given = Verdict(
            recordId=sha256(step.encode()),
            subject=subject,
            policyId=policy,
            outcome=1,
            logSize=size,
            logRoot=tree_root(records),
            issuedAt=world.now,
            validUntil=world.now + 30 * 86_400,
            findingsRoot=sha256(b"findings"),
            findingsCount=size,
            relianceRoot=tree_root(leaves),
            relianceCount=size,
        )
        signature = reference.sign(reference.verdict(given, world.gate.address, chain), world.attester)
        call = world.gate.functions.submitVerdict(given.args, world.attester.address, signature)
        found[step] = world.send(call)["gasUsed"]

    found["anchor, first"] = world.send(world.log.functions.anchor(3, tree_root(records[:3])))["gasUsed"]
    found["anchor"] = world.send(world.log.functions.anchor(size, tree_root(records)))["gasUsed"]
    prove = world.log.functions.verifyInclusion(
        tree_root(records), size, 7, records[7], tree_path(7, records)
    )
    assert prove.call() is True
    found["verifyInclusion, 1,000 records (read)"] = prove.estimate_gas() - BASE

    submit("submitVerdict, first")
    world.wait(STANDING_TIME)
    approved = world.gate.functions.isApproved(subject, policy)
    assert approved.call() is True
    found["isApproved (read)"] = approved.estimate_gas() - BASE
    found["approve in the book"] = world.send(world.book.functions.approve(subject, policy))["gasUsed"]

    found["withdraw"] = world.send(world.consents.functions.withdraw(sha256(b"own")))["gasUsed"]
    own = [sha256(b"own %d" % i) for i in range(EACH)]
    found["withdrawMany, each"] = world.send(world.consents.functions.withdrawMany(own))["gasUsed"] // EACH
    slips = [(artist, key, slip(key)) for key in own]
    call = world.consents.functions.withdrawManyBySig(slips)
    found["withdrawManyBySig, each"] = world.send(call)["gasUsed"] // EACH
    for step, number in (("withdrawKeysBySig, each of few", FEW), ("withdrawKeysBySig, each", EACH)):
        keys = [sha256(step.encode(), b"%d" % i) for i in range(number)]
        signable = reference.withdrawals(artist, keys, world.consents.address, chain)
        together = world.consents.functions.withdrawKeysBySig(
            artist, keys, reference.sign(signable, world.artist)
        )
        found[step] = world.send(together)["gasUsed"] // number
    # A grant over 30,000 works is one record: one key, whatever their number.
    collection = world.consents.functions.withdraw(sha256(b"grant over 30,000 works"))
    found["withdraw, a collection"] = world.send(collection)["gasUsed"]
    found["commit"] = world.send(world.consents.functions.commit(sha256(b"claim")))["gasUsed"]
    key = consents[1].record_id
    call = world.consents.functions.withdrawBySig(artist, key, slip(key))
    found["withdrawBySig"] = world.send(call)["gasUsed"]
    path = tree_path(1, leaves)
    call = world.gate.functions.brake(subject, policy, consents[1].args, 1, path)
    found["brake, 1,000 reliances"] = world.send(call)["gasUsed"]
    assert approved.call() is False

    submit("submitVerdict, replacing")
    world.wait(
        60
    )  # in the second of the first brake, the time of the fall would be there already, and cost less
    key, path = consents[2].record_id, tree_path(2, leaves)
    call = world.gate.functions.withdrawAndBrake(
        artist, key, slip(key), subject, policy, consents[2].args, 2, path
    )
    assert call.call() is True
    found["withdrawAndBrake, 1,000 reliances"] = world.send(call)["gasUsed"]

    for step, gas in found.items():
        print(f"{step}: {gas:,}")  # noqa: T201 - the figures are what one runs this alone for
    assert found.keys() == CEILINGS.keys()
    assert {step: gas for step, gas in found.items() if gas > CEILINGS[step]} == {}
