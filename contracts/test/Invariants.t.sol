// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ConsentGate} from "../src/ConsentGate.sol";
import {ConsentRegistry} from "../src/ConsentRegistry.sol";
import {IConsentGate} from "../src/IConsentGate.sol";
import {IConsentRegistry} from "../src/IConsentRegistry.sol";
import {ProvenanceLog} from "../src/ProvenanceLog.sol";
import {Checks} from "./Checks.sol";
import {TreeBuilder} from "./TreeBuilder.sol";

/// @dev Does what people do, in any order, and writes down what must stay true. Two subjects, three consents that
/// every verdict relies on; forge calls the actions at random.
contract Actor is Checks {
    uint256 private constant ATTESTER = 0xA77E57;
    uint256 private constant ARTIST = 0xA11CE;
    uint64 private constant STANDING = 1 hours;

    struct Seen {
        uint64 size;
        uint64 time;
        uint64 number;
    }

    ProvenanceLog public immutable log;
    ConsentRegistry public immutable consents;
    ConsentGate public immutable gate;
    address private immutable attester;
    address private immutable artist;

    bytes32[] public roots;
    mapping(bytes32 root => Seen) public seen;
    mapping(bytes32 key => uint64 time) public firstWithdrawn;
    mapping(bytes32 commitment => uint64 time) public firstCommitted;
    mapping(bytes32 recordId => bool) public fell;
    mapping(bytes32 subject => IConsentGate.RecordedVerdict) private last;
    bool public wentBack;
    uint256 public approvals;
    uint256 public falls;
    uint256 private serial;

    constructor() {
        vm.warp(1_800_000_000);
        attester = account(ATTESTER);
        artist = account(ARTIST);
        log = new ProvenanceLog("origin", address(this));
        consents = new ConsentRegistry();
        gate = new ConsentGate(log, consents, address(this), attester, STANDING);
        anchor(3, "first");
    }

    modifier watched() {
        _;
        for (uint256 i = 0; i < 2; ++i) {
            IConsentGate.RecordedVerdict memory now_ = gate.verdictOf(bytes32(i), "policy");
            IConsentGate.RecordedVerdict memory before = last[bytes32(i)];
            bool forward =
                now_.logSize > before.logSize || (now_.logSize == before.logSize && now_.issuedAt >= before.issuedAt);
            if (!forward || now_.fellAt < before.fellAt) wentBack = true;
            if (gate.isApproved(bytes32(i), "policy")) ++approvals;
            last[bytes32(i)] = now_;
        }
    }

    function consentOf(uint256 index) public view returns (IConsentGate.Reliance memory) {
        return
            IConsentGate.Reliance(bytes32(0x100 + index % 3), bytes32(0x200 + index % 3), artist, uint64(index % 3), 0);
    }

    function leaves() private view returns (bytes32[] memory hashes) {
        hashes = new bytes32[](3);
        for (uint256 i = 0; i < 3; ++i) {
            IConsentGate.Reliance memory r = consentOf(i);
            hashes[i] = sha256(abi.encodePacked(uint8(0), r.recordId, r.item, r.authority, r.logIndex, r.mode));
        }
    }

    function wait_(uint16 time) external watched {
        vm.warp(block.timestamp + time);
        vm.roll(block.number + 1);
    }

    function anchor(uint64 size, bytes32 root) public {
        try log.anchor(size % 1000, root) {
            if (seen[root].size == 0) {
                roots.push(root);
                seen[root] = Seen(size % 1000, uint64(block.timestamp), uint64(block.number));
            }
        } catch {}
    }

    function grow(uint8 by, bytes32 root) external {
        (uint64 size,,) = log.head();
        anchor(size + by, root);
    }

    function withdraw(uint8 which, bool wholly) external watched {
        IConsentGate.Reliance memory r = consentOf(which);
        bytes32 key = wholly ? r.recordId : sha256(abi.encodePacked(r.recordId, r.item));
        vm.prank(artist);
        consents.withdraw(key);
        noted(key);
    }

    function noted(bytes32 key) private {
        if (firstWithdrawn[key] == 0) firstWithdrawn[key] = uint64(block.timestamp);
    }

    /// @dev All of one consent under one signature, which may be somebody else's, and then is for none of it.
    function withdrawUnderOne(uint8 which, bool foreign) external watched {
        bytes32[] memory keys = new bytes32[](2);
        IConsentGate.Reliance memory r = consentOf(which);
        (keys[0], keys[1]) = (sha256(abi.encodePacked(r.recordId, r.item)), r.recordId);
        bytes memory signature = signed(foreign ? ATTESTER : ARTIST, consents.withdrawalsDigest(artist, keys));
        try consents.withdrawKeysBySig(artist, keys, signature) {
            if (foreign) return; // and nothing new is withdrawn by it
            noted(keys[0]);
            noted(keys[1]);
        } catch {}
    }

    /// @dev All of one consent by the artist, or two slips of which the second may be somebody else's.
    function withdrawTogether(uint8 which, bool relayed, bool foreign) external watched {
        bytes32[] memory keys = new bytes32[](2);
        IConsentGate.Reliance memory r = consentOf(which);
        (keys[0], keys[1]) = (r.recordId, sha256(abi.encodePacked(r.recordId, r.item)));
        IConsentRegistry.Slip[] memory slips = new IConsentRegistry.Slip[](2);
        for (uint256 i = 0; i < 2; ++i) {
            uint256 signer = foreign && i == 1 ? ATTESTER : ARTIST;
            slips[i] = IConsentRegistry.Slip(artist, keys[i], signed(signer, consents.withdrawalDigest(artist, keys[i])));
        }
        if (!relayed) vm.prank(artist);
        if (relayed) consents.withdrawManyBySig(slips);
        else consents.withdrawMany(keys);
        noted(keys[0]);
        if (!relayed || !foreign) noted(keys[1]);
    }

    function commit(uint8 which) external {
        bytes32 commitment = bytes32(uint256(which % 4));
        consents.commit(commitment);
        if (firstCommitted[commitment] == 0) firstCommitted[commitment] = uint64(block.timestamp);
    }

    function submit(bool subject, uint8 outcome, uint16 age, uint8 head) external watched {
        bytes32 root = roots[head % roots.length];
        IConsentGate.Verdict memory given = IConsentGate.Verdict({
            recordId: bytes32(++serial),
            subject: bytes32(uint256(subject ? 1 : 0)),
            policyId: "policy",
            outcome: outcome % 4 == 0 ? 2 : 1,
            logSize: seen[root].size,
            logRoot: root,
            issuedAt: uint64(block.timestamp) - age % 100,
            validUntil: uint64(block.timestamp) + 30 days,
            findingsRoot: 0,
            findingsCount: 0,
            relianceRoot: TreeBuilder.root(leaves()),
            relianceCount: 3
        });
        bytes memory signature = signed(ATTESTER, gate.verdictDigest(given));
        try gate.submitVerdict(given, attester, signature) {} catch {}
    }

    function brake(bool subject, uint8 which) external watched {
        bytes32 id = bytes32(uint256(subject ? 1 : 0));
        bytes32 recordId = gate.verdictOf(id, "policy").recordId;
        bytes32[] memory path = TreeBuilder.path(which % 3, leaves());
        try gate.brake(id, "policy", consentOf(which), which % 3, path) {
            fell[recordId] = true;
            ++falls;
        } catch {}
    }

    function retract(bool subject) external watched {
        vm.prank(attester);
        try gate.retract(bytes32(uint256(subject ? 1 : 0)), "policy") {} catch {}
    }

    function pause(bool subject, bool on) external watched {
        bytes32 id = bytes32(uint256(subject ? 1 : 0));
        if (on) gate.suspend(id, "policy");
        else gate.lift(id, "policy");
    }

    function name(uint8 current) external watched {
        gate.setAttester(attester, current % 4 != 0);
    }

    function rootCount() external view returns (uint256) {
        return roots.length;
    }
}

contract InvariantsTest is Checks {
    Actor private actor;

    function setUp() external {
        actor = new Actor();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actor);
    }

    /// @dev The actions reach both an approval and its fall, so that the invariants are about something.
    function test_TheActionsReachApprovalAndFall() external {
        actor.submit(true, 1, 0, 0);
        actor.wait_(3600);
        yes(actor.approvals() != 0, "approved");
        actor.withdraw(2, false);
        actor.brake(true, 2);
        same(actor.falls(), 1, "fell");
        invariant_WhatFellIsNeverApproved();
    }

    function invariant_AnAnchoredRootNeverChanges() external view {
        ProvenanceLog log = actor.log();
        uint64 before;
        for (uint256 i = 0; i < actor.rootCount(); ++i) {
            bytes32 root = actor.roots(i);
            (uint64 size, uint64 time, uint64 number) = log.anchoredAt(root);
            (uint64 seenSize, uint64 seenTime, uint64 seenNumber) = actor.seen(root);
            yes(size == seenSize && time == seenTime && number == seenNumber, "anchor changed");
            yes(size > before, "size did not grow");
            before = size;
        }
        (uint64 headSize, bytes32 headRoot,) = log.head();
        yes(headSize == before && headRoot == actor.roots(actor.rootCount() - 1), "head");
    }

    function invariant_AWithdrawalIsForEver() external view {
        for (uint256 i = 0; i < 3; ++i) {
            IConsentGate.Reliance memory r = actor.consentOf(i);
            bytes32 itemKey = sha256(abi.encodePacked(r.recordId, r.item));
            ConsentRegistry consents = actor.consents();
            same(consents.withdrawnAt(r.authority, r.recordId), actor.firstWithdrawn(r.recordId), "record");
            same(consents.withdrawnAt(r.authority, itemKey), actor.firstWithdrawn(itemKey), "item");
        }
    }

    function invariant_ACommitmentKeepsItsFirstTime() external view {
        for (uint256 i = 0; i < 4; ++i) {
            same(actor.consents().committedAt(bytes32(i)), actor.firstCommitted(bytes32(i)), "commitment");
        }
    }

    function invariant_WhatFellIsNeverApproved() public view {
        for (uint256 i = 0; i < 2; ++i) {
            ConsentGate gate = actor.gate();
            IConsentGate.RecordedVerdict memory kept = gate.verdictOf(bytes32(i), "policy");
            if (!gate.isApproved(bytes32(i), "policy")) continue;
            no(actor.fell(kept.recordId) || kept.braked, "braked and approved");
            no(kept.retracted || kept.suspended, "paused and approved");
            yes(kept.outcome == 1 && kept.issuedAt >= kept.fellAt, "approved");
            yes(gate.isAttester(kept.attester), "approved by nobody");
            yes(block.timestamp >= uint256(kept.recordedAt) + 1 hours, "approved too early");
        }
    }

    function invariant_VerdictsOnlyMoveForward() external view {
        no(actor.wentBack(), "went back");
    }
}
