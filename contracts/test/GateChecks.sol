// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ConsentGate} from "../src/ConsentGate.sol";
import {ConsentRegistry} from "../src/ConsentRegistry.sol";
import {IConsentGate} from "../src/IConsentGate.sol";
import {ProvenanceLog} from "../src/ProvenanceLog.sol";
import {Checks} from "./Checks.sol";
import {TreeBuilder} from "./TreeBuilder.sol";

/// @dev A log with one anchored head, a registry, a gate with one attester and a day of standing time, and a dataset
/// of five items that rely on five consents. This test contract is publisher and community.
abstract contract GateChecks is Checks {
    uint256 internal constant ARTIST = 0xA11CE;
    uint256 internal constant ATTESTER = 0xA77E57;
    uint256 internal constant STRANGER = 0xBAD;
    uint64 internal constant START = 1_800_000_000;
    uint64 internal constant STANDING = 1 days;
    uint64 internal constant RELIANCES = 5;
    bytes32 internal constant SUBJECT = "dataset";
    bytes32 internal constant POLICY = "policy";
    bytes32 internal constant ROOT = "root of ten records";

    ProvenanceLog internal log;
    ConsentRegistry internal consents;
    ConsentGate internal gate;
    address internal artist;
    address internal attester;

    function setUp() public virtual {
        vm.warp(START);
        artist = account(ARTIST);
        attester = account(ATTESTER);
        log = new ProvenanceLog("origin", address(this));
        consents = new ConsentRegistry();
        gate = new ConsentGate(log, consents, address(this), attester, STANDING);
        log.anchor(10, ROOT);
    }

    /// @dev Consent number `index` that the verdict relies on; number 4 is irrevocable.
    function relianceOf(uint256 index) internal view returns (IConsentGate.Reliance memory) {
        return IConsentGate.Reliance({
            recordId: bytes32(0x1000 + index),
            item: bytes32(0x2000 + index),
            authority: artist,
            logIndex: uint64(index),
            mode: index == 4 ? 3 : uint8(index % 3)
        });
    }

    function relianceLeaves() internal view returns (bytes32[] memory leaves) {
        leaves = new bytes32[](RELIANCES);
        for (uint256 i = 0; i < RELIANCES; ++i) {
            IConsentGate.Reliance memory r = relianceOf(i);
            bytes memory content = abi.encodePacked(r.recordId, r.item, r.authority, r.logIndex, r.mode);
            same(content.length, 93, "leaf data");
            leaves[i] = sha256(abi.encodePacked(uint8(0), content));
        }
    }

    function pathOf(uint256 index) internal view returns (bytes32[] memory) {
        return TreeBuilder.path(index, relianceLeaves());
    }

    function verdict(uint8 outcome) internal view returns (IConsentGate.Verdict memory) {
        return IConsentGate.Verdict({
            recordId: "verdict",
            subject: SUBJECT,
            policyId: POLICY,
            outcome: outcome,
            logSize: 10,
            logRoot: ROOT,
            issuedAt: uint64(block.timestamp),
            validUntil: uint64(block.timestamp) + 30 days,
            findingsRoot: "findings",
            findingsCount: RELIANCES,
            relianceRoot: TreeBuilder.root(relianceLeaves()),
            relianceCount: RELIANCES
        });
    }

    function submit(IConsentGate.Verdict memory given) internal {
        bytes memory signature = signed(ATTESTER, gate.verdictDigest(given));
        gate.submitVerdict(given, attester, signature);
    }

    /// @dev An approval whose standing time is over.
    function approve() internal {
        submit(verdict(1));
        vm.warp(block.timestamp + STANDING);
        yes(approved(), "approved");
    }

    function withdraw(bytes32 key) internal {
        vm.prank(artist);
        consents.withdraw(key);
    }

    function approved() internal view returns (bool) {
        return gate.isApproved(SUBJECT, POLICY);
    }

    function recorded() internal view returns (IConsentGate.RecordedVerdict memory) {
        return gate.verdictOf(SUBJECT, POLICY);
    }
}
