"""The contracts compute what the formats say: trees, leaves and digests against an independent reference."""

from __future__ import annotations

import pytest
from web3 import Web3

from rakkan.registry.rules import eip712
from rakkan.registry.rules.commitments import commitment_of
from rakkan.registry.rules.tree import Tree
from rakkan.schemas.identity import Address
from rakkan.schemas.verdict import Reliance as OurReliance
from tests.contracts import reference
from tests.contracts.reference import Reliance, Verdict, leaf, sha256, tree_path, tree_root
from tests.contracts.world import World, key_of

pytestmark = pytest.mark.chain

SIZES = range(1, 34)

VERDICT = Verdict(
    recordId=sha256(b"verdict"),
    subject=sha256(b"\2", (5).to_bytes(8, "big"), sha256(b"dataset")),
    policyId=sha256(b"policy"),
    outcome=1,
    logSize=2**64 - 1,
    logRoot=sha256(b"log"),
    issuedAt=1_800_000_000,
    validUntil=1_802_592_000,
    findingsRoot=sha256(b"findings"),
    findingsCount=5,
    relianceRoot=sha256(b"reliance"),
    relianceCount=0,
)


def records(size: int) -> list[bytes]:
    """Leaf hashes of records: sha256(statement) and sha256(envelope) are the leaf data."""
    return [leaf(sha256(b"statement %d" % i) + sha256(b"envelope %d" % i)) for i in range(size)]


def test_inclusion_in_every_small_log(world: World) -> None:
    """Every leaf of every size from 1 to 33 is found, and at no other index, size or root."""
    for size in SIZES:
        leaves = records(size)
        root = tree_root(leaves)
        world.send(world.log.functions.anchor(size, root))
        assert world.log.functions.head().call()[:2] == [size, root]
        ours = Tree(b"".join(leaves))
        assert ours.root() == root
        for index in {0, size // 3, size // 2, size - 1}:
            path = tree_path(index, leaves)
            assert ours.inclusion(index) == path
            verify = world.log.functions.verifyInclusion
            assert verify(root, size, index, leaves[index], path).call() is True
            assert verify(root, size, index + 1, leaves[index], path).call() is False
            assert verify(root, size + 1, index, leaves[index], path).call() is False
            assert verify(root, size, index, sha256(leaves[index]), path).call() is False
            assert verify(root, size, index, leaves[index], [*path, root]).call() is False
            if path:
                assert verify(root, size, index, leaves[index], path[:-1]).call() is False
                swapped = [sha256(path[0]), *path[1:]]
                assert verify(root, size, index, leaves[index], swapped).call() is False


def test_older_roots_stay_proven(world: World) -> None:
    """A proof under an anchored head holds after the log has grown."""
    leaves = records(20)
    early = tree_root(leaves[:7])
    world.send(world.log.functions.anchor(7, early))
    world.send(world.log.functions.anchor(20, tree_root(leaves)))
    path = tree_path(3, leaves[:7])
    assert world.log.functions.verifyInclusion(early, 7, 3, leaves[3], path).call() is True


@pytest.mark.parametrize("name", ["artist", "a second artist", "a third"])
def test_withdrawal_digest(world: World, name: str) -> None:
    """The registry contract, eth_account and our own rules agree on what an authority signs."""
    authority, key = key_of(name).address, sha256(name.encode())
    oracle = reference.withdrawal(authority, key, world.consents.address, world.w3.eth.chain_id)
    domain = eip712.Domain(world.w3.eth.chain_id, Address.parse(world.consents.address))
    assert world.consents.functions.withdrawalDigest(authority, key).call() == reference.digest(oracle)
    assert eip712.withdrawal_digest(domain, Address.parse(authority), key) == reference.digest(oracle)


@pytest.mark.parametrize("number", [0, 1, 2, 33])
def test_withdrawals_digest(world: World, number: int) -> None:
    """The registry contract and eth_account agree on what an authority signs for many keys."""
    authority, keys = key_of("artist").address, [sha256(b"%d" % i) for i in range(number)]
    oracle = reference.withdrawals(authority, keys, world.consents.address, world.w3.eth.chain_id)
    assert world.consents.functions.withdrawalsDigest(authority, keys).call() == reference.digest(oracle)


@pytest.mark.parametrize("name", ["artist", "a second artist", "a third"])
def test_commitment(world: World, name: str) -> None:
    """The contract, web3's own encoder and our rules agree on what a claim is committed as."""
    authority, claim, salt = key_of(name).address, sha256(name.encode()), sha256(b"salt", name.encode())
    oracle = Web3.solidity_keccak(["uint96", "address", "bytes32", "bytes32"], [0, authority, claim, salt])
    assert world.consents.functions.commitmentOf(authority, claim, salt).call() == oracle
    assert commitment_of(Address.parse(authority), claim, salt) == oracle


@pytest.mark.parametrize(
    "given",
    [
        VERDICT,
        VERDICT.but(outcome=3, relianceCount=2**64 - 1),
        VERDICT.but(logSize=0, outcome=0, issuedAt=2**64 - 1),
    ],
)
def test_verdict_digest(world: World, given: Verdict) -> None:
    """The gate, eth_account and our own rules agree on what an attester signs."""
    oracle = reference.verdict(given, world.gate.address, world.w3.eth.chain_id)
    domain = eip712.Domain(world.w3.eth.chain_id, Address.parse(world.gate.address))
    assert world.gate.functions.verdictDigest(given.args).call() == reference.digest(oracle)
    assert eip712.verdict_digest(domain, eip712.VerdictMessage(*given.args)) == reference.digest(oracle)


def test_signatures_of_both_sides(world: World) -> None:
    """What our rules sign, the gate accepts, byte for byte as eth_account would."""
    oracle = reference.verdict(VERDICT, world.gate.address, world.w3.eth.chain_id)
    domain = eip712.Domain(world.w3.eth.chain_id, Address.parse(world.gate.address))
    ours = eip712.sign(
        eip712.verdict_digest(domain, eip712.VerdictMessage(*VERDICT.args)), world.attester.key
    )
    assert ours == reference.sign(oracle, world.attester)
    check = world.gate.functions.checkVerdict
    assert check(VERDICT.args, world.attester.address, ours).call() is True
    assert check(VERDICT.args, world.attester.address, reference.malleate(ours)).call() is False
    assert check(VERDICT.args, world.artist.address, ours).call() is False
    for malformed in (b"", ours[:64], ours + b"\0", bytes(65), bytes(3000)):
        assert check(VERDICT.args, world.attester.address, malformed).call() is False


def test_domains_are_named(world: World) -> None:
    """ERC-5267: both contracts state their own EIP-712 domain."""
    for contract in (world.consents, world.gate):
        domain = contract.functions.eip712Domain().call()
        assert domain[:5] == [b"\x0f", "Rakkan", "1", world.w3.eth.chain_id, contract.address]


def test_reliance_leaves(world: World) -> None:
    """A brake accepts exactly the 93 bytes that Python writes, at sizes from 1 to 33."""
    artist = world.artist.address
    for size in (1, 2, 3, 7, 8, 33):
        consents = [
            Reliance(sha256(b"consent %d" % i), sha256(b"item %d" % i), artist, 2**63 + i, i % 3)
            for i in range(size)
        ]
        for each in consents:
            raw = bytes.fromhex(artist[2:])
            ours = OurReliance(each.record_id, each.item, raw, each.log_index, each.mode)
            assert ours.leaf_data == each.content
            assert len(each.content) == 93
        leaves = [leaf(each.content) for each in consents]
        world.send(world.log.functions.anchor(size, sha256(b"head %d" % size)))
        given = VERDICT.but(
            subject=sha256(b"subject %d" % size),
            logSize=size,
            logRoot=sha256(b"head %d" % size),
            issuedAt=world.now,
            validUntil=world.now + 10_000,
            relianceRoot=tree_root(leaves),
            relianceCount=size,
        )
        oracle = reference.verdict(given, world.gate.address, world.w3.eth.chain_id)
        signature = reference.sign(oracle, world.attester)
        world.send(world.gate.functions.submitVerdict(given.args, world.attester.address, signature))
        for index in {0, size - 1}:
            chosen = consents[index]
            call = world.gate.functions.brake(
                given.subject, given.policyId, chosen.args, index, tree_path(index, leaves)
            )
            assert world.refusal(call) == "NotWithdrawn"  # the proof holds; nothing is withdrawn yet
            other = world.gate.functions.brake(
                given.subject, given.policyId, chosen.args, index + 1, tree_path(index, leaves)
            )
            assert world.refusal(other) == "RelianceNotProven"
