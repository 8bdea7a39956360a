"""The whole story on a real chain: a verdict counts, a withdrawal fells it, a repair restores it; forgeries do not."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hexbytes import HexBytes

from tests.contracts import reference
from tests.contracts.reference import Reliance, Verdict, leaf, sha256, tree_path, tree_root
from tests.contracts.world import STANDING_TIME, World, key_of

pytestmark = pytest.mark.chain

SUBJECT = sha256(b"\2", (3).to_bytes(8, "big"), sha256(b"dataset"))
POLICY = sha256(b"policy")
HEAD = sha256(b"log of nine records")
CONSENTS = [
    Reliance(sha256(b"c%d" % i), sha256(b"i%d" % i), key_of("artist").address, i, 0) for i in range(3)
]
FOREVER = Reliance(sha256(b"c3"), sha256(b"i3"), key_of("artist").address, 3, 3)

Sign = Callable[[Verdict], bytes]


def leaves_of(consents: list[Reliance]) -> list[bytes]:
    return [leaf(each.content) for each in consents]


@pytest.fixture
def story(world: World) -> World:
    """A world whose log is anchored."""
    world.send(world.log.functions.anchor(9, HEAD))
    return world


def verdict_now(world: World, consents: list[Reliance], **changes: object) -> Verdict:
    given = Verdict(
        recordId=sha256(b"verdict", world.now.to_bytes(8, "big")),
        subject=SUBJECT,
        policyId=POLICY,
        outcome=1,
        logSize=9,
        logRoot=HEAD,
        issuedAt=world.now,
        validUntil=world.now + 30 * 86400,
        findingsRoot=sha256(b"findings"),
        findingsCount=3,
        relianceRoot=tree_root(leaves_of(consents)),
        relianceCount=len(consents),
    )
    return given.but(**changes)


def signed(world: World, given: Verdict) -> bytes:
    return reference.sign(reference.verdict(given, world.gate.address, world.w3.eth.chain_id), world.attester)


def submit(world: World, given: Verdict, signature: bytes | None = None) -> None:
    signature = signature if signature is not None else signed(world, given)
    world.send(world.gate.functions.submitVerdict(given.args, world.attester.address, signature))


def slip(world: World, key: bytes) -> bytes:
    authority = world.artist.address
    signable = reference.withdrawal(authority, key, world.consents.address, world.w3.eth.chain_id)
    return reference.sign(signable, world.artist)


def brake_call(world: World, consents: list[Reliance], index: int) -> object:
    path = tree_path(index, leaves_of(consents))
    return world.gate.functions.brake(SUBJECT, POLICY, consents[index].args, index, path)


def approved(world: World) -> bool:
    answer: bool = world.gate.functions.isApproved(SUBJECT, POLICY).call()
    return answer


def test_a_consent_is_withdrawn_and_the_dataset_repaired(story: World) -> None:
    """Submit, stand, count; withdraw, brake, fall; repair, stand, count again."""
    require = story.gate.functions.requireApproved(SUBJECT, POLICY)
    submit(story, verdict_now(story, CONSENTS))
    assert not approved(story)
    assert story.refusal(require) == "NotApproved"
    assert story.refusal(story.book.functions.approve(SUBJECT, POLICY)) == "NotApproved"

    story.wait(STANDING_TIME)
    assert approved(story)
    require.call()
    story.send(story.book.functions.approve(SUBJECT, POLICY))
    assert story.book.functions.isApproved(SUBJECT, POLICY).call() is True

    key = CONSENTS[1].record_id
    call = story.consents.functions.withdrawBySig(story.artist.address, key, slip(story, key))
    receipt = story.send(call)
    (event,) = story.consents.events.Withdrawn().process_receipt(receipt)
    assert event["args"] == {"authority": story.artist.address, "key": key, "time": story.now}
    assert approved(story), "nothing falls by itself; somebody brings the proof"

    receipt = story.send(brake_call(story, CONSENTS, 1))
    (event,) = story.gate.events.Braked().process_receipt(receipt)
    assert event["args"]["reliance"]["recordId"] == key
    assert not approved(story)
    assert story.book.functions.isApproved(SUBJECT, POLICY).call() is False
    assert story.refusal(require) == "NotApproved"

    story.wait(60)
    repaired = [CONSENTS[0], CONSENTS[2]]
    submit(story, verdict_now(story, repaired))
    assert not approved(story)
    story.wait(STANDING_TIME)
    assert approved(story)
    assert story.book.functions.isApproved(SUBJECT, POLICY).call() is True


def test_the_artist_needs_one_transaction(story: World) -> None:
    """withdrawAndBrake, relayed by anyone, for one work out of a collection grant."""
    submit(story, verdict_now(story, CONSENTS))
    story.wait(STANDING_TIME)
    chosen = CONSENTS[2]
    key = sha256(chosen.record_id, chosen.item)
    path = tree_path(2, leaves_of(CONSENTS))
    call = story.gate.functions.withdrawAndBrake(
        story.artist.address, key, slip(story, key), SUBJECT, POLICY, chosen.args, 2, path
    )
    assert call.call() is True
    story.send(call)
    assert story.consents.functions.withdrawnAt(story.artist.address, key).call() == story.now
    assert not approved(story)


def test_forged_proofs_fell_nothing(story: World) -> None:
    """Another index, path, item, authority or mode than the verdict's own."""
    consents = [*CONSENTS, FOREVER]
    submit(story, verdict_now(story, consents))
    story.wait(STANDING_TIME)
    key = CONSENTS[1].record_id
    story.send(story.consents.functions.withdrawBySig(story.artist.address, key, slip(story, key)))
    path = tree_path(1, leaves_of(consents))
    true = CONSENTS[1]
    forged = [
        (true, 0, path),
        (true, 4, path),
        (true, 1, path[:-1]),
        (true, 1, [sha256(path[0]), *path[1:]]),
        (Reliance(key, sha256(b"other"), true.authority, 1, 0), 1, path),
        (Reliance(key, true.item, story.attester.address, 1, 0), 1, path),
        (Reliance(key, true.item, true.authority, 2, 0), 1, path),
        (Reliance(key, true.item, true.authority, 1, 1), 1, path),
    ]
    for reliance, index, proof in forged:
        call = story.gate.functions.brake(SUBJECT, POLICY, reliance.args, index, proof)
        assert story.refusal(call) == "RelianceNotProven"
    assert story.refusal(brake_call(story, consents, 0)) == "NotWithdrawn"
    assert story.refusal(brake_call(story, consents, 3)) == "Irrevocable"
    assert approved(story)


def test_withdrawals_of_others_are_refused(story: World) -> None:
    """A stranger's, a malleated, another registry's or another chain's signature withdraws nothing."""
    authority, key = story.artist.address, CONSENTS[0].record_id
    here, chain = story.consents.address, story.w3.eth.chain_id
    good = slip(story, key)
    bad = {
        "stranger": reference.sign(reference.withdrawal(authority, key, here, chain), key_of("stranger")),
        "high s": reference.malleate(good),
        "other key": slip(story, sha256(b"other")),
        "other registry": reference.sign(
            reference.withdrawal(authority, key, story.deploy("ConsentRegistry").address, chain), story.artist
        ),
        "other chain": reference.sign(reference.withdrawal(authority, key, here, 1), story.artist),
        "v of 0": good[:64] + bytes([good[64] - 27]),
        "short": good[:64],
        "empty": b"",
    }
    for name, signature in bad.items():
        call = story.consents.functions.withdrawBySig(authority, key, signature)
        assert story.refusal(call) == "InvalidSignature", name
    story.send(story.consents.functions.withdrawBySig(authority, key, good))
    first = story.consents.functions.withdrawnAt(authority, key).call()
    story.wait(100)
    story.send(story.consents.functions.withdrawBySig(authority, key, good))
    assert story.consents.functions.withdrawnAt(authority, key).call() == first


def test_verdicts_of_others_are_refused(story: World) -> None:
    """A stranger's, a malleated, another gate's or another chain's signature brings in no verdict."""
    given = verdict_now(story, CONSENTS)
    here, chain = story.gate.address, story.w3.eth.chain_id
    elsewhere = story.deploy(
        "ConsentGate", story.log.address, story.consents.address, here, story.attester.address, 0
    ).address
    bad = {
        "stranger": reference.sign(reference.verdict(given, here, chain), key_of("stranger")),
        "high s": reference.malleate(signed(story, given)),
        "other gate": reference.sign(reference.verdict(given, elsewhere, chain), story.attester),
        "other chain": reference.sign(reference.verdict(given, here, 1), story.attester),
        "other verdict": signed(story, given.but(outcome=2)),
    }
    for name, signature in bad.items():
        call = story.gate.functions.submitVerdict(given.args, story.attester.address, signature)
        assert story.refusal(call) == "InvalidSignature", name
    stranger = key_of("stranger").address
    call = story.gate.functions.submitVerdict(given.args, stranger, bad["stranger"])
    assert story.refusal(call) == "NotAttester"


def test_only_newer_and_anchored_verdicts_come_in(story: World) -> None:
    """An older one, the same one, one under an unknown head, one from the future."""
    given = verdict_now(story, CONSENTS)
    submit(story, given)

    def refusal(**changes: object) -> str:
        other = given.but(**changes)
        signature = signed(story, other)
        return story.refusal(
            story.gate.functions.submitVerdict(other.args, story.attester.address, signature)
        )

    assert refusal() == "NotNewer"
    assert refusal(recordId=sha256(b"another"), issuedAt=given.issuedAt - 1) == "NotNewer"
    assert refusal(logRoot=sha256(b"unknown"), logSize=10) == "HeadNotAnchored"
    assert refusal(logSize=10) == "HeadNotAnchored"
    assert refusal(logRoot=bytes(32), logSize=0) == "HeadNotAnchored"
    assert refusal(issuedAt=story.now + 3600) == "PeriodInvalid"
    assert refusal(issuedAt=0) == "PeriodInvalid"
    assert refusal(validUntil=given.issuedAt) == "PeriodInvalid"
    assert refusal(outcome=4) == "OutcomeUnknown"


def test_a_presigned_verdict_does_not_resurrect(story: World) -> None:
    """Signed before the withdrawal, kept back, brought in after the fall."""
    submit(story, verdict_now(story, CONSENTS))
    story.wait(STANDING_TIME)
    presigned = verdict_now(story, CONSENTS)
    signature = signed(story, presigned)
    story.wait(10)
    key = CONSENTS[0].record_id
    story.send(story.consents.functions.withdrawBySig(story.artist.address, key, slip(story, key)))
    story.send(brake_call(story, CONSENTS, 0))
    call = story.gate.functions.submitVerdict(presigned.args, story.attester.address, signature)
    assert story.refusal(call) == "MadeBeforeWithdrawal"


def test_describes_itself_to_c2pa(story: World) -> None:
    """describe() is the JSON of C2PA's federated lookup, and names this contract's own events."""
    (method,) = json.loads(story.log.functions.describe().call())
    assert method["resolutionMethod"] == "eventLog"
    query = method["queryEventLog"]
    assert story.w3.to_checksum_address(query["smartContractAddress"]) == story.log.address
    assert query["byBindingOutputSchema"]["required"] == ["endpoints"]
    key, resolution = sha256(b"soft binding value"), json.dumps({"endpoints": ["https://registry.example"]})
    receipt = story.send(story.log.functions.announce(key, resolution))
    (entry,) = story.w3.eth.get_logs(
        {"address": story.log.address, "topics": [None, HexBytes(key)], "fromBlock": receipt["blockNumber"]}
    )
    assert query["keyTopic"] == "topic1"
    assert json.loads(story.w3.codec.decode(["string"], entry["data"])[0])["endpoints"]
