// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ConsentGate} from "../src/ConsentGate.sol";
import {ConsentRegistry} from "../src/ConsentRegistry.sol";
import {IConsentGate} from "../src/IConsentGate.sol";
import {GateChecks} from "./GateChecks.sol";

/// @dev How an approval falls when a consent behind it falls, and how it stays fallen.
contract BrakeTest is GateChecks {
    function brake(uint256 index) private {
        gate.brake(SUBJECT, POLICY, relianceOf(index), uint64(index), pathOf(index));
    }

    function refuseBrake(IConsentGate.Reliance memory r, uint64 index, bytes32[] memory proof, bytes4 reason) private {
        vm.expectRevert(abi.encodeWithSelector(reason, r.recordId));
        gate.brake(SUBJECT, POLICY, r, index, proof);
    }

    function test_AWithdrawnConsentFellsTheApproval() external {
        approve();
        withdraw(relianceOf(1).recordId);
        yes(approved(), "not by itself: somebody brings the proof");
        IConsentGate.Reliance memory r = relianceOf(1);
        bytes32[] memory proof = pathOf(1);
        vm.prank(address(0xCAFE));
        vm.expectEmit(true, true, true, true, address(gate));
        emit IConsentGate.Braked(SUBJECT, POLICY, "verdict", r);
        gate.brake(SUBJECT, POLICY, r, 1, proof);
        no(approved(), "felled");
        yes(recorded().braked, "braked");
        same(recorded().fellAt, START + STANDING, "fellAt");
    }

    function test_DuringTheStandingTimeToo() external {
        submit(verdict(1));
        withdraw(relianceOf(0).recordId);
        brake(0);
        vm.warp(block.timestamp + STANDING);
        no(approved(), "felled before it counted");
    }

    function test_OneWorkOutOfACollection() external {
        approve();
        IConsentGate.Reliance memory r = relianceOf(2);
        withdraw(sha256(abi.encodePacked(r.recordId, r.item)));
        brake(2);
        no(approved(), "felled");
    }

    function test_AnotherWorkOfTheCollectionDoesNotCount() external {
        approve();
        withdraw(sha256(abi.encodePacked(relianceOf(2).recordId, relianceOf(1).item)));
        refuseBrake(relianceOf(2), 2, pathOf(2), ConsentGate.NotWithdrawn.selector);
        yes(approved(), "stays");
    }

    function test_NothingWithdrawnNothingFelled() external {
        approve();
        refuseBrake(relianceOf(1), 1, pathOf(1), ConsentGate.NotWithdrawn.selector);
        vm.prank(account(STRANGER));
        consents.withdraw(relianceOf(1).recordId);
        refuseBrake(relianceOf(1), 1, pathOf(1), ConsentGate.NotWithdrawn.selector);
        yes(approved(), "somebody else's withdrawal");
    }

    function test_WhatWasGivenForGoodStays() external {
        approve();
        withdraw(relianceOf(4).recordId);
        refuseBrake(relianceOf(4), 4, pathOf(4), ConsentGate.Irrevocable.selector);
        // Claiming another mode is another leaf.
        IConsentGate.Reliance memory r = relianceOf(4);
        r.mode = 0;
        refuseBrake(r, 4, pathOf(4), ConsentGate.RelianceNotProven.selector);
        yes(approved(), "stays");
    }

    function test_ForgedProofsFellNothing() external {
        approve();
        withdraw(relianceOf(1).recordId);
        bytes32[] memory proof = pathOf(1);
        IConsentGate.Reliance memory r = relianceOf(1);
        bytes4 reason = ConsentGate.RelianceNotProven.selector;
        refuseBrake(r, 2, proof, reason);
        refuseBrake(r, RELIANCES, proof, reason);
        refuseBrake(r, 1, pathOf(2), reason);
        refuseBrake(r, 1, new bytes32[](0), reason);
        proof[0] ^= bytes32(uint256(1));
        refuseBrake(r, 1, proof, reason);
        r.item = "another";
        refuseBrake(r, 1, pathOf(1), reason);
        r = relianceOf(1);
        r.authority = account(STRANGER);
        refuseBrake(r, 1, pathOf(1), reason);
        r = relianceOf(1);
        r.logIndex += 1;
        refuseBrake(r, 1, pathOf(1), reason);
        yes(approved(), "stays");
    }

    function test_NoVerdictNothingToFell() external {
        withdraw(relianceOf(1).recordId);
        refuseBrake(relianceOf(1), 1, pathOf(1), ConsentGate.RelianceNotProven.selector);
    }

    function test_OnlyThisSubjectAndPolicy() external {
        approve();
        IConsentGate.Verdict memory other = verdict(1);
        other.policyId = "other policy";
        submit(other);
        vm.warp(block.timestamp + STANDING);
        withdraw(relianceOf(1).recordId);
        brake(1);
        no(approved(), "felled");
        yes(gate.isApproved(SUBJECT, "other policy"), "its own proof is needed");
    }

    function test_TheSecondBrakeIsNoError() external {
        approve();
        withdraw(relianceOf(1).recordId);
        withdraw(relianceOf(2).recordId);
        brake(1);
        vm.recordLogs();
        brake(2);
        same(vm.getRecordedLogs().length, 0, "no event");
        no(approved(), "felled");
    }

    function test_OnlyANewerVerdictRestores() external {
        approve();
        withdraw(relianceOf(1).recordId);
        brake(1);
        vm.warp(block.timestamp + 1 hours);
        IConsentGate.Verdict memory repaired = verdict(1);
        repaired.relianceRoot = "without the withdrawn consent";
        submit(repaired);
        no(approved(), "standing");
        vm.warp(block.timestamp + STANDING);
        yes(approved(), "restored");
        no(recorded().braked, "fresh");
        refuseBrake(relianceOf(1), 1, pathOf(1), ConsentGate.RelianceNotProven.selector);
    }

    /// @dev Signed before the withdrawal, kept back, brought in after the fall.
    function test_APresignedVerdictDoesNotResurrect() external {
        IConsentGate.Verdict memory first = verdict(1);
        submit(first);
        vm.warp(block.timestamp + STANDING);
        IConsentGate.Verdict memory presigned = verdict(1);
        bytes memory signature = signed(ATTESTER, gate.verdictDigest(presigned));

        vm.warp(block.timestamp + 1 hours);
        withdraw(relianceOf(1).recordId);
        uint64 withdrawnAt = uint64(block.timestamp);
        brake(1);
        vm.expectRevert(
            abi.encodeWithSelector(ConsentGate.MadeBeforeWithdrawal.selector, presigned.issuedAt, withdrawnAt)
        );
        gate.submitVerdict(presigned, attester, signature);
    }

    /// @dev A verdict that ignores the withdrawal can come in, and falls by the same proof.
    function test_AnIgnorantNewerVerdictFallsAgain() external {
        approve();
        withdraw(relianceOf(1).recordId);
        brake(1);
        submit(verdict(1));
        brake(1);
        vm.warp(block.timestamp + STANDING);
        no(approved(), "felled again");
        same(recorded().fellAt, START + STANDING, "fellAt");
    }

    function test_FellAtNeverGoesBack() external {
        approve();
        withdraw(relianceOf(1).recordId);
        vm.warp(block.timestamp + 1 hours);
        withdraw(relianceOf(2).recordId);
        brake(2);
        uint64 fellAt = recorded().fellAt;
        submit(verdict(1));
        brake(1);
        same(recorded().fellAt, fellAt, "the later withdrawal stays");
    }

    function slip(bytes32 key) private view returns (bytes memory) {
        return signed(ARTIST, consents.withdrawalDigest(artist, key));
    }

    function test_WithdrawsAndBrakesInOne() external {
        approve();
        IConsentGate.Reliance memory r = relianceOf(1);
        bytes memory signature = slip(r.recordId);
        vm.prank(address(0xCAFE));
        bool felled = gate.withdrawAndBrake(artist, r.recordId, signature, SUBJECT, POLICY, r, 1, pathOf(1));
        yes(felled, "felled");
        no(approved(), "not approved");
        same(consents.withdrawnAt(artist, r.recordId), START + STANDING, "withdrawn");
    }

    function test_AWithdrawalStandsWhereTheBrakeDoesNotBite() external {
        approve();
        IConsentGate.Reliance memory r = relianceOf(1);
        yes(approved(), "approved");
        no(
            gate.withdrawAndBrake(artist, r.recordId, slip(r.recordId), SUBJECT, POLICY, r, 2, pathOf(1)),
            "a wrong proof"
        );
        yes(approved(), "not felled");
        same(consents.withdrawnAt(artist, r.recordId), START + STANDING, "withdrawn all the same");
        yes(gate.withdrawAndBrake(artist, r.recordId, "", SUBJECT, POLICY, r, 1, pathOf(1)), "now");
        r = relianceOf(4);
        yes(gate.withdrawAndBrake(artist, r.recordId, slip(r.recordId), SUBJECT, POLICY, r, 4, pathOf(4)), "felled");
        same(consents.withdrawnAt(artist, r.recordId), START + STANDING, "withdrawn after the fall");
    }

    function test_NobodyWithdrawsForSomebodyElse() external {
        approve();
        IConsentGate.Reliance memory r = relianceOf(1);
        bytes memory forged = signed(STRANGER, consents.withdrawalDigest(artist, r.recordId));
        bytes32[] memory proof = pathOf(1);
        vm.expectRevert(abi.encodeWithSelector(ConsentRegistry.InvalidSignature.selector, artist));
        gate.withdrawAndBrake(artist, r.recordId, forged, SUBJECT, POLICY, r, 1, proof);
        yes(approved(), "stays");
    }

    function testFuzz_OnlyTheProvenRelianceFells(IConsentGate.Reliance memory r, uint64 index, bytes32[] memory proof)
        external
    {
        vm.assume(r.mode != 3);
        approve();
        vm.assume(r.authority != address(vm));
        vm.prank(r.authority);
        consents.withdraw(r.recordId);
        vm.expectRevert(abi.encodeWithSelector(ConsentGate.RelianceNotProven.selector, r.recordId));
        gate.brake(SUBJECT, POLICY, r, index, proof);
        yes(approved(), "stays");
    }
}
