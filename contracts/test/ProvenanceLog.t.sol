// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {IC2PASoftBindingResolution} from "../src/IC2PASoftBindingResolution.sol";
import {IProvenanceLog} from "../src/IProvenanceLog.sol";
import {ProvenanceLog} from "../src/ProvenanceLog.sol";
import {Checks} from "./Checks.sol";
import {TreeBuilder} from "./TreeBuilder.sol";

contract ProvenanceLogTest is Checks {
    bytes32 private constant ORIGIN = "origin";
    address private immutable heir = account(0xBEEF);
    ProvenanceLog private log;

    function setUp() external {
        vm.warp(1_800_000_000);
        vm.roll(100);
        log = new ProvenanceLog(ORIGIN, address(this));
    }

    function expectHead(uint64 size, bytes32 root, uint64 time) private view {
        (uint64 headSize, bytes32 headRoot, uint64 headTime) = log.head();
        same(headSize, size, "size");
        same(headRoot, root, "root");
        same(headTime, time, "time");
    }

    function test_StartsEmpty() external view {
        expectHead(0, 0, 0);
        same(log.originHash(), ORIGIN, "origin");
        same(log.publisher(), address(this), "publisher");
        (uint64 size, uint64 time, uint64 number) = log.anchoredAt("unknown");
        yes(size == 0 && time == 0 && number == 0, "unknown root");
        (size, time, number) = log.anchoredAt(0);
        yes(size == 0 && time == 0 && number == 0, "no root");
    }

    function test_RefusesAnEmptyConstructor() external {
        vm.expectRevert(abi.encodeWithSelector(ProvenanceLog.ZeroValue.selector));
        new ProvenanceLog(0, address(this));
        vm.expectRevert(abi.encodeWithSelector(ProvenanceLog.ZeroValue.selector));
        new ProvenanceLog(ORIGIN, address(0));
    }

    function test_AnchorsAndRemembers() external {
        vm.expectEmit(true, true, true, true, address(log));
        emit IProvenanceLog.Anchored("first", 3, 1_800_000_000);
        log.anchor(3, "first");
        vm.warp(1_800_000_060);
        vm.roll(105);
        log.anchor(4, "second");

        expectHead(4, "second", 1_800_000_060);
        (uint64 size, uint64 time, uint64 number) = log.anchoredAt("first");
        yes(size == 3 && time == 1_800_000_000 && number == 100, "first stays");
        (size, time, number) = log.anchoredAt("second");
        yes(size == 4 && time == 1_800_000_060 && number == 105, "second");
    }

    function test_TheSameHeadAgainChangesNothing() external {
        log.anchor(3, "first");
        vm.warp(1_800_000_060);
        vm.recordLogs();
        log.anchor(3, "first");
        same(vm.getRecordedLogs().length, 0, "no event");
        expectHead(3, "first", 1_800_000_000);
    }

    function test_RefusesWhatDoesNotGrow() external {
        log.anchor(3, "first");
        log.anchor(5, "second");
        vm.expectRevert(abi.encodeWithSelector(ProvenanceLog.SizeNotGrowing.selector, 5, 5));
        log.anchor(5, "fork");
        vm.expectRevert(abi.encodeWithSelector(ProvenanceLog.SizeNotGrowing.selector, 3, 5));
        log.anchor(3, "first");
        vm.expectRevert(abi.encodeWithSelector(ProvenanceLog.SizeNotGrowing.selector, 4, 5));
        log.anchor(4, "second");
        vm.expectRevert(abi.encodeWithSelector(ProvenanceLog.RootAlreadyAnchored.selector, bytes32("second")));
        log.anchor(6, "second");
        vm.expectRevert(abi.encodeWithSelector(ProvenanceLog.RootAlreadyAnchored.selector, bytes32("first")));
        log.anchor(6, "first");
        vm.expectRevert(abi.encodeWithSelector(ProvenanceLog.ZeroValue.selector));
        log.anchor(6, 0);
    }

    function test_RefusesAnEmptyLog() external {
        vm.expectRevert(abi.encodeWithSelector(ProvenanceLog.SizeNotGrowing.selector, 0, 0));
        log.anchor(0, "empty");
    }

    function testFuzz_OnlyThePublisher(address caller) external {
        vm.assume(caller != address(this) && caller != address(vm));
        bytes memory refusal = abi.encodeWithSelector(ProvenanceLog.NotPublisher.selector, caller);
        vm.prank(caller);
        vm.expectRevert(refusal);
        log.anchor(3, "first");
        vm.prank(caller);
        vm.expectRevert(refusal);
        log.announce("key", "{}");
        vm.prank(caller);
        vm.expectRevert(refusal);
        log.transferPublisher(caller);
        vm.prank(caller);
        vm.expectRevert(refusal);
        log.acceptPublisher();
    }

    function test_HandoverTakesTwoSteps() external {
        vm.expectEmit(true, true, true, true, address(log));
        emit IProvenanceLog.PublisherOffered(address(this), heir);
        log.transferPublisher(heir);
        same(log.publisher(), address(this), "not yet");
        same(log.pendingPublisher(), heir, "offered");
        log.anchor(3, "first");

        vm.prank(heir);
        vm.expectEmit(true, true, true, true, address(log));
        emit IProvenanceLog.PublisherChanged(address(this), heir);
        log.acceptPublisher();
        same(log.publisher(), heir, "now");
        same(log.pendingPublisher(), address(0), "used up");
        vm.expectRevert(abi.encodeWithSelector(ProvenanceLog.NotPublisher.selector, address(this)));
        log.anchor(4, "second");
        vm.prank(heir);
        log.anchor(4, "second");
        vm.prank(heir);
        vm.expectRevert(abi.encodeWithSelector(ProvenanceLog.NotPublisher.selector, heir));
        log.acceptPublisher();
    }

    function test_AnOfferCanBeTakenBack() external {
        log.transferPublisher(heir);
        log.transferPublisher(address(0));
        vm.prank(heir);
        vm.expectRevert(abi.encodeWithSelector(ProvenanceLog.NotPublisher.selector, heir));
        log.acceptPublisher();
    }

    function test_InclusionNeedsTheAnchoredRootAndSize() external {
        bytes32[] memory leaves = TreeBuilder.leavesOf(7, "log");
        bytes32 root = TreeBuilder.root(leaves);
        bytes32[] memory proof = TreeBuilder.path(5, leaves);
        no(log.verifyInclusion(root, 7, 5, leaves[5], proof), "not anchored");
        log.anchor(7, root);
        yes(log.verifyInclusion(root, 7, 5, leaves[5], proof), "anchored");
        no(log.verifyInclusion(root, 6, 5, leaves[5], proof), "other size");
        no(log.verifyInclusion(root, 7, 4, leaves[5], proof), "other index");
        no(log.verifyInclusion(root, 7, 5, leaves[4], proof), "other leaf");
        no(log.verifyInclusion(root, 7, 5, leaves[5], new bytes32[](0)), "no proof");
        no(log.verifyInclusion(root, 7, 5, leaves[5], new bytes32[](200)), "long proof");
        log.anchor(8, "later");
        yes(log.verifyInclusion(root, 7, 5, leaves[5], proof), "an older root stays good");
    }

    function test_NothingIsInAnUnknownTree() external view {
        no(log.verifyInclusion(0, 0, 0, 0, new bytes32[](0)), "zero root, zero size");
        no(log.verifyInclusion(sha256(""), 0, 0, sha256(""), new bytes32[](0)), "empty tree");
    }

    function test_AnnouncesResolutions() external {
        string memory resolution = '{"endpoints":["https://registry.example/c2pa"]}';
        vm.expectEmit(true, true, true, true, address(log));
        emit IProvenanceLog.Announced("fingerprint", resolution);
        log.announce("fingerprint", resolution);
    }

    function test_DescribesItsOwnEvents() external view {
        bytes memory json = bytes(log.describe());
        bytes memory start = bytes(
            string.concat(
                '[{"resolutionMethod":"eventLog","queryEventLog":{"smartContractAddress":"',
                Strings.toHexString(address(log)),
                '","keyTopic":"topic1"'
            )
        );
        for (uint256 i = 0; i < start.length; ++i) {
            yes(json[i] == start[i], "address in JSON");
        }
    }

    function test_SaysWhatItIs() external view {
        yes(log.supportsInterface(type(IERC165).interfaceId), "ERC-165");
        yes(log.supportsInterface(type(IProvenanceLog).interfaceId), "log");
        yes(log.supportsInterface(type(IC2PASoftBindingResolution).interfaceId), "C2PA");
        no(log.supportsInterface(0xffffffff), "nothing");
    }
}
