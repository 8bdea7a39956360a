// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

import {ApprovalBook} from "../src/ApprovalBook.sol";
import {ConsentGate} from "../src/ConsentGate.sol";
import {IApprovalBook} from "../src/IApprovalBook.sol";
import {IApprovals} from "../src/IApprovals.sol";
import {GateChecks} from "./GateChecks.sol";

contract ApprovalBookTest is GateChecks {
    address private constant TIMELOCK = address(0x7133);
    ApprovalBook private book;

    function setUp() public override {
        super.setUp();
        book = new ApprovalBook(gate, TIMELOCK);
    }

    function decide() private {
        vm.prank(TIMELOCK);
        book.approve(SUBJECT, POLICY);
    }

    function test_WritesDownWhatTheGateApproves() external {
        approve();
        no(book.isApproved(SUBJECT, POLICY), "not decided");
        vm.prank(TIMELOCK);
        vm.expectEmit(true, true, true, true, address(book));
        emit IApprovalBook.Approved(SUBJECT, POLICY, START + STANDING);
        book.approve(SUBJECT, POLICY);
        yes(book.isApproved(SUBJECT, POLICY), "decided");
        same(book.approvedAt(SUBJECT, POLICY), START + STANDING, "time");
        no(book.isApproved(POLICY, SUBJECT), "nothing else");
    }

    function test_RefusesWhatTheGateDoesNotApprove() external {
        submit(verdict(1));
        vm.prank(TIMELOCK);
        vm.expectRevert(abi.encodeWithSelector(ConsentGate.NotApproved.selector, SUBJECT, POLICY));
        book.approve(SUBJECT, POLICY);
        same(book.approvedAt(SUBJECT, POLICY), 0, "nothing written");
    }

    function test_ADecisionFallsWithItsConsent() external {
        approve();
        decide();
        withdraw(relianceOf(1).recordId);
        gate.brake(SUBJECT, POLICY, relianceOf(1), 1, pathOf(1));
        no(book.isApproved(SUBJECT, POLICY), "felled");
        yes(book.approvedAt(SUBJECT, POLICY) != 0, "history stays");
        vm.prank(TIMELOCK);
        vm.expectRevert(abi.encodeWithSelector(ConsentGate.NotApproved.selector, SUBJECT, POLICY));
        book.approve(SUBJECT, POLICY);
    }

    function test_DecidingAgainKeepsTheFirstTime() external {
        approve();
        decide();
        vm.warp(block.timestamp + 1 hours);
        vm.recordLogs();
        decide();
        same(vm.getRecordedLogs().length, 0, "no event");
        same(book.approvedAt(SUBJECT, POLICY), START + STANDING, "first time");
    }

    function test_TakesADecisionBack() external {
        approve();
        decide();
        vm.prank(TIMELOCK);
        vm.expectEmit(true, true, true, true, address(book));
        emit IApprovalBook.Revoked(SUBJECT, POLICY);
        book.revoke(SUBJECT, POLICY);
        no(book.isApproved(SUBJECT, POLICY), "revoked");
        vm.recordLogs();
        vm.prank(TIMELOCK);
        book.revoke(SUBJECT, POLICY);
        same(vm.getRecordedLogs().length, 0, "no event");
    }

    function testFuzz_OnlyTheExecutor(address caller) external {
        vm.assume(caller != TIMELOCK && caller != address(vm));
        approve();
        bytes memory refusal = abi.encodeWithSelector(ApprovalBook.NotExecutor.selector, caller);
        vm.prank(caller);
        vm.expectRevert(refusal);
        book.approve(SUBJECT, POLICY);
        vm.prank(caller);
        vm.expectRevert(refusal);
        book.revoke(SUBJECT, POLICY);
    }

    function test_BelongsToAGate() external {
        same(address(book.gate()), address(gate), "gate");
        same(book.executor(), TIMELOCK, "executor");
        vm.expectRevert(abi.encodeWithSelector(ApprovalBook.ZeroValue.selector));
        new ApprovalBook(gate, address(0));
        vm.expectRevert(abi.encodeWithSelector(ApprovalBook.NotAGate.selector, address(log)));
        new ApprovalBook(IApprovals(address(log)), TIMELOCK);
        vm.expectRevert(abi.encodeWithSelector(ApprovalBook.NotAGate.selector, address(1)));
        new ApprovalBook(IApprovals(address(1)), TIMELOCK);
    }

    function test_AGateThatMisbehavesSaysNo() external {
        StrangeGate strange = new StrangeGate();
        ApprovalBook other = new ApprovalBook(strange, TIMELOCK);
        vm.prank(TIMELOCK);
        other.approve(SUBJECT, POLICY);
        strange.answer(abi.encode(true), false);
        yes(other.isApproved(SUBJECT, POLICY), "a plain yes");
        strange.answer(abi.encode(uint256(2)), false);
        no(other.isApproved(SUBJECT, POLICY), "no bool");
        strange.answer("", false);
        no(other.isApproved(SUBJECT, POLICY), "nothing");
        strange.answer(hex"01", false);
        no(other.isApproved(SUBJECT, POLICY), "too little");
        strange.answer(abi.encode(true, true), false);
        no(other.isApproved(SUBJECT, POLICY), "too much");
        strange.answer(abi.encode(true), true);
        no(other.isApproved(SUBJECT, POLICY), "a revert");
    }

    function test_SaysWhatItIs() external view {
        yes(book.supportsInterface(type(IERC165).interfaceId), "ERC-165");
        yes(book.supportsInterface(type(IApprovalBook).interfaceId), "book");
        no(book.supportsInterface(0xffffffff), "nothing");
    }
}

/// Says that it is a gate, approves in writing, and answers the question as told.
contract StrangeGate is IApprovals {
    bytes private _answer;
    bool private _reverts;

    function answer(bytes calldata data, bool reverts) external {
        (_answer, _reverts) = (data, reverts);
    }

    function isApproved(bytes32, bytes32) external view returns (bool) {
        bytes memory data = _answer;
        bool reverts = _reverts;
        assembly ("memory-safe") {
            if reverts { revert(add(data, 32), mload(data)) }
            return(add(data, 32), mload(data))
        }
    }

    function requireApproved(bytes32, bytes32) external view {}

    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == type(IERC165).interfaceId || id == type(IApprovals).interfaceId;
    }
}
