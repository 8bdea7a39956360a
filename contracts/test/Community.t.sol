// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Community} from "../src/Community.sol";
import {ConsentGate} from "../src/ConsentGate.sol";
import {ICommunity} from "../src/ICommunity.sol";
import {IConsentGate} from "../src/IConsentGate.sol";
import {GateChecks} from "./GateChecks.sol";

/// @dev What the community and its attesters can do to an approval, and nobody else.
contract CommunityTest is GateChecks {
    function test_NamesItsFirstAttester() external {
        yes(gate.isAttester(attester), "attester");
        no(gate.isAttester(address(this)), "not the community");
        same(gate.community(), address(this), "community");
        vm.expectRevert(abi.encodeWithSelector(Community.ZeroValue.selector));
        new ConsentGate(log, consents, address(0), attester, STANDING);
        vm.expectRevert(abi.encodeWithSelector(Community.ZeroValue.selector));
        new ConsentGate(log, consents, address(this), address(0), STANDING);
    }

    function test_ARemovedAttestersApprovalsEnd() external {
        approve();
        vm.expectEmit(true, true, true, true, address(gate));
        emit ICommunity.AttesterSet(attester, false);
        gate.setAttester(attester, false);
        no(approved(), "removed");
        gate.setAttester(attester, true);
        yes(approved(), "named again");
        vm.expectRevert(abi.encodeWithSelector(Community.ZeroValue.selector));
        gate.setAttester(address(0), true);
    }

    function test_AnAttesterRetracts() external {
        approve();
        vm.prank(attester);
        vm.expectEmit(true, true, true, true, address(gate));
        emit IConsentGate.Retracted(SUBJECT, POLICY, "verdict");
        gate.retract(SUBJECT, POLICY);
        no(approved(), "retracted");
        submit(verdict(1));
        vm.warp(block.timestamp + STANDING);
        yes(approved(), "a newer verdict counts");
    }

    function testFuzz_OnlyTheSignerRetracts(address caller) external {
        vm.assume(caller != attester && caller != address(vm));
        approve();
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(ConsentGate.NotAttester.selector, caller));
        gate.retract(SUBJECT, POLICY);
        yes(approved(), "stays");
    }

    function test_APauseHoldsForNewerVerdictsToo() external {
        approve();
        vm.expectEmit(true, true, true, true, address(gate));
        emit IConsentGate.Suspended(SUBJECT, POLICY);
        gate.suspend(SUBJECT, POLICY);
        no(approved(), "paused");
        submit(verdict(1));
        vm.warp(block.timestamp + STANDING);
        no(approved(), "still paused");
        vm.expectEmit(true, true, true, true, address(gate));
        emit IConsentGate.Lifted(SUBJECT, POLICY);
        gate.lift(SUBJECT, POLICY);
        yes(approved(), "lifted");
    }

    function test_APauseCanComeBeforeAnyVerdict() external {
        gate.suspend(SUBJECT, POLICY);
        submit(verdict(1));
        vm.warp(block.timestamp + STANDING);
        no(approved(), "paused");
    }

    function test_LiftingRestoresNothingThatFell() external {
        approve();
        withdraw(relianceOf(1).recordId);
        gate.brake(SUBJECT, POLICY, relianceOf(1), 1, pathOf(1));
        gate.suspend(SUBJECT, POLICY);
        gate.lift(SUBJECT, POLICY);
        no(approved(), "felled");
    }

    function testFuzz_OnlyTheCommunity(address caller) external {
        vm.assume(caller != address(this) && caller != address(vm));
        bytes memory refusal = abi.encodeWithSelector(Community.NotCommunity.selector, caller);
        vm.prank(caller);
        vm.expectRevert(refusal);
        gate.setAttester(caller, true);
        vm.prank(caller);
        vm.expectRevert(refusal);
        gate.suspend(SUBJECT, POLICY);
        vm.prank(caller);
        vm.expectRevert(refusal);
        gate.lift(SUBJECT, POLICY);
        vm.prank(caller);
        vm.expectRevert(refusal);
        gate.transferCommunity(caller);
        vm.prank(caller);
        vm.expectRevert(refusal);
        gate.acceptCommunity();
    }

    function test_HandoverTakesTwoSteps() external {
        address heir = account(0xBEEF);
        vm.expectEmit(true, true, true, true, address(gate));
        emit ICommunity.CommunityOffered(address(this), heir);
        gate.transferCommunity(heir);
        same(gate.community(), address(this), "not yet");
        same(gate.pendingCommunity(), heir, "offered");
        vm.prank(heir);
        vm.expectEmit(true, true, true, true, address(gate));
        emit ICommunity.CommunityChanged(address(this), heir);
        gate.acceptCommunity();
        same(gate.community(), heir, "now");
        same(gate.pendingCommunity(), address(0), "used up");
        vm.expectRevert(abi.encodeWithSelector(Community.NotCommunity.selector, address(this)));
        gate.suspend(SUBJECT, POLICY);
    }
}
