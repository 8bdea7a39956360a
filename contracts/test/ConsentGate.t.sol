// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

import {ConsentGate} from "../src/ConsentGate.sol";
import {IApprovals} from "../src/IApprovals.sol";
import {IConsentGate} from "../src/IConsentGate.sol";
import {IConsentRegistry} from "../src/IConsentRegistry.sol";
import {IProvenanceLog} from "../src/IProvenanceLog.sol";
import {GateChecks} from "./GateChecks.sol";
import {CodeWallet, RevertingWallet} from "./Wallets.sol";

/// @dev Verdicts coming in, and when they count.
contract ConsentGateTest is GateChecks {
    function refuse(IConsentGate.Verdict memory given, bytes memory reason) private {
        bytes memory signature = signed(ATTESTER, gate.verdictDigest(given));
        vm.expectRevert(reason);
        gate.submitVerdict(given, attester, signature);
    }

    function test_StartsWithNothingApproved() external {
        no(approved(), "nothing");
        vm.expectRevert(abi.encodeWithSelector(ConsentGate.NotApproved.selector, SUBJECT, POLICY));
        gate.requireApproved(SUBJECT, POLICY);
        same(recorded().outcome, 0, "outcome");
        same(recorded().recordId, 0, "record");
        same(address(gate.log()), address(log), "log");
        same(address(gate.consents()), address(consents), "consents");
        same(gate.standingTime(), STANDING, "standing time");
    }

    function test_RefusesAddressesWithoutContract() external {
        bytes memory nothing = abi.encodeWithSelector(ConsentGate.NotAContract.selector, address(1));
        vm.expectRevert(nothing);
        new ConsentGate(IProvenanceLog(address(1)), consents, address(this), attester, STANDING);
        vm.expectRevert(nothing);
        new ConsentGate(log, IConsentRegistry(address(1)), address(this), attester, STANDING);
    }

    function test_AnyoneRelaysAVerdict() external {
        IConsentGate.Verdict memory given = verdict(1);
        bytes memory signature = signed(ATTESTER, gate.verdictDigest(given));
        vm.prank(address(0xCAFE));
        vm.expectEmit(true, true, true, true, address(gate));
        emit IConsentGate.VerdictSubmitted(SUBJECT, POLICY, "verdict", attester, given);
        gate.submitVerdict(given, attester, signature);

        IConsentGate.RecordedVerdict memory kept = recorded();
        same(kept.recordId, given.recordId, "recordId");
        same(kept.relianceRoot, given.relianceRoot, "relianceRoot");
        same(kept.attester, attester, "attester");
        same(kept.recordedAt, START, "recordedAt");
        same(kept.outcome, 1, "outcome");
        no(kept.braked || kept.retracted || kept.suspended, "flags");
        same(kept.logSize, 10, "logSize");
        same(kept.issuedAt, given.issuedAt, "issuedAt");
        same(kept.validUntil, given.validUntil, "validUntil");
        same(kept.relianceCount, RELIANCES, "relianceCount");
        same(kept.fellAt, 0, "fellAt");
    }

    function test_CountsFromStandingTimeUntilItsEnd() external {
        IConsentGate.Verdict memory given = verdict(1);
        submit(given);
        no(approved(), "not at once");
        vm.warp(START + STANDING - 1);
        no(approved(), "a second too early");
        vm.warp(START + STANDING);
        yes(approved(), "standing time over");
        gate.requireApproved(SUBJECT, POLICY);
        vm.warp(given.validUntil - 1);
        yes(approved(), "last second");
        vm.warp(given.validUntil);
        no(approved(), "over");
    }

    function test_OnlyItsSubjectAndPolicy() external {
        approve();
        no(gate.isApproved("other", POLICY), "other subject");
        no(gate.isApproved(SUBJECT, "other"), "other policy");
        no(gate.isApproved(POLICY, SUBJECT), "swapped");
    }

    function test_RejectedAndUndeterminedNeverCount() external {
        for (uint8 outcome = 2; outcome <= 3; ++outcome) {
            submit(verdict(outcome));
            vm.warp(block.timestamp + STANDING);
            no(approved(), "not approved");
        }
    }

    function test_ANewerRejectionEndsAnApprovalAtOnce() external {
        approve();
        submit(verdict(2));
        no(approved(), "rejected");
    }

    function test_AnEndlessStandingTimeNeverOverflows() external {
        gate = new ConsentGate(log, consents, address(this), attester, type(uint64).max);
        submit(verdict(1));
        vm.warp(block.timestamp + 20 days);
        no(approved(), "never");
    }

    function testFuzz_IsApprovedNeverReverts(bytes32 subject, bytes32 policyId, uint64 time) external {
        submit(verdict(1));
        vm.warp(time);
        gate.isApproved(subject, policyId);
        gate.isApproved(SUBJECT, POLICY);
    }

    function testFuzz_UnknownOutcomes(uint8 outcome) external {
        vm.assume(outcome == 0 || outcome > 3);
        refuse(verdict(outcome), abi.encodeWithSelector(ConsentGate.OutcomeUnknown.selector, outcome));
    }

    function test_TheHeadMustBeAnchored() external {
        IConsentGate.Verdict memory given = verdict(1);
        given.logSize = 11;
        refuse(given, abi.encodeWithSelector(ConsentGate.HeadNotAnchored.selector, ROOT, uint64(11)));
        given.logRoot = "unknown";
        refuse(given, abi.encodeWithSelector(ConsentGate.HeadNotAnchored.selector, bytes32("unknown"), uint64(11)));
        given.logSize = 0;
        refuse(given, abi.encodeWithSelector(ConsentGate.HeadNotAnchored.selector, bytes32("unknown"), uint64(0)));
        given.logRoot = 0;
        refuse(given, abi.encodeWithSelector(ConsentGate.HeadNotAnchored.selector, bytes32(0), uint64(0)));
    }

    function test_ThePeriodMustMakeSense() external {
        IConsentGate.Verdict memory given = verdict(1);
        given.issuedAt = START + 10 minutes + 1;
        refuse(given, abi.encodeWithSelector(ConsentGate.PeriodInvalid.selector, given.issuedAt, given.validUntil));
        given.issuedAt = 0;
        refuse(given, abi.encodeWithSelector(ConsentGate.PeriodInvalid.selector, uint64(0), given.validUntil));
        given.issuedAt = type(uint64).max;
        refuse(given, abi.encodeWithSelector(ConsentGate.PeriodInvalid.selector, given.issuedAt, given.validUntil));
        given.issuedAt = START;
        given.validUntil = START;
        refuse(given, abi.encodeWithSelector(ConsentGate.PeriodInvalid.selector, START, START));
        given.issuedAt = START + 10 minutes;
        given.validUntil = START + 11 minutes;
        submit(given);
    }

    function test_VerdictsOnlyMoveForward() external {
        log.anchor(20, "root of twenty");
        IConsentGate.Verdict memory older = verdict(1);
        IConsentGate.Verdict memory given = verdict(1);
        older.issuedAt = START - 1;
        submit(given);
        refuse(given, abi.encodeWithSelector(ConsentGate.NotNewer.selector, uint64(10), START));
        refuse(older, abi.encodeWithSelector(ConsentGate.NotNewer.selector, uint64(10), START - 1));
        older.recordId = "same instant, other verdict";
        older.issuedAt = START;
        refuse(older, abi.encodeWithSelector(ConsentGate.NotNewer.selector, uint64(10), START));

        given.logSize = 20;
        given.logRoot = "root of twenty";
        given.issuedAt = START - 5; // a larger log counts first
        submit(given);
        same(recorded().logSize, 20, "replaced");
        older.issuedAt = START + 5;
        refuse(older, abi.encodeWithSelector(ConsentGate.NotNewer.selector, uint64(10), START + 5));
    }

    function test_ANewerVerdictStandsAnew() external {
        approve();
        submit(verdict(1));
        no(approved(), "its own standing time");
        vm.warp(block.timestamp + STANDING);
        yes(approved(), "again");
    }

    function test_OnlyAttestersOfThisCommunity() external {
        IConsentGate.Verdict memory given = verdict(1);
        bytes memory signature = signed(STRANGER, gate.verdictDigest(given));
        address stranger = account(STRANGER);
        no(gate.checkVerdict(given, stranger, signature), "no attester");
        vm.expectRevert(abi.encodeWithSelector(ConsentGate.NotAttester.selector, stranger));
        gate.submitVerdict(given, stranger, signature);
        vm.expectRevert(abi.encodeWithSelector(ConsentGate.NotAttester.selector, address(0)));
        gate.submitVerdict(given, address(0), signature);
    }

    function test_RefusesForeignSignatures() external {
        IConsentGate.Verdict memory given = verdict(1);
        bytes32 digest = gate.verdictDigest(given);
        ConsentGate elsewhere = new ConsentGate(log, consents, address(this), attester, STANDING);
        bytes[7] memory bad = [
            signed(STRANGER, digest),
            malleated(ATTESTER, digest),
            signed(ATTESTER, elsewhere.verdictDigest(given)),
            abi.encodePacked(signed(ATTESTER, digest), uint8(0)),
            "",
            new bytes(65),
            new bytes(5000)
        ];
        for (uint256 i = 0; i < bad.length; ++i) {
            no(gate.checkVerdict(given, attester, bad[i]), "checked");
            vm.expectRevert(abi.encodeWithSelector(ConsentGate.InvalidSignature.selector, attester));
            gate.submitVerdict(given, attester, bad[i]);
        }
    }

    function test_RefusesAnotherChainsSignature() external {
        IConsentGate.Verdict memory given = verdict(1);
        bytes memory signature = signed(ATTESTER, gate.verdictDigest(given));
        vm.chainId(10);
        no(gate.checkVerdict(given, attester, signature), "checked");
        vm.expectRevert(abi.encodeWithSelector(ConsentGate.InvalidSignature.selector, attester));
        gate.submitVerdict(given, attester, signature);
    }

    /// @dev Every field is under the signature: change any word, and it no longer holds.
    function testFuzz_EveryFieldIsSigned(uint256 word, uint256 change) external view {
        IConsentGate.Verdict memory given = verdict(1);
        bytes memory signature = signed(ATTESTER, gate.verdictDigest(given));
        yes(gate.checkVerdict(given, attester, signature), "as signed");
        uint256 place = within(word, 0, 11);
        bool wide = place < 3 || place == 5 || place == 8 || place == 10;
        change = within(change, 1, wide ? type(uint256).max - 1 : place == 3 ? 255 : type(uint64).max);
        assembly {
            let at_ := add(given, mul(place, 32))
            mstore(at_, xor(mload(at_), change))
        }
        no(gate.checkVerdict(given, attester, signature), "changed");
    }

    function testFuzz_CheckNeverReverts(bytes calldata signature, address who) external {
        IConsentGate.Verdict memory given = verdict(1);
        no(gate.checkVerdict(given, attester, signature), "chance");
        no(gate.checkVerdict(given, who, signature), "chance");
        address hostile = address(new RevertingWallet());
        gate.setAttester(hostile, true);
        no(gate.checkVerdict(given, hostile, signature), "hostile wallet");
    }

    function test_AttestersHeldByCode() external {
        CodeWallet wallet = new CodeWallet(attester);
        gate.setAttester(address(wallet), true);
        IConsentGate.Verdict memory given = verdict(1);
        bytes memory signature = signed(ATTESTER, gate.verdictDigest(given));
        gate.submitVerdict(given, address(wallet), signature);
        same(recorded().attester, address(wallet), "attester");
    }

    function test_DigestIsEip712() external view {
        IConsentGate.Verdict memory v = verdict(1);
        bytes32 separator = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Rakkan"),
                keccak256("1"),
                block.chainid,
                address(gate)
            )
        );
        bytes memory first =
            abi.encode(v.recordId, v.subject, v.policyId, uint256(v.outcome), uint256(v.logSize), v.logRoot);
        bytes memory last = abi.encode(
            uint256(v.issuedAt),
            uint256(v.validUntil),
            v.findingsRoot,
            uint256(v.findingsCount),
            v.relianceRoot,
            uint256(v.relianceCount)
        );
        bytes32 kind = keccak256(
            "Verdict(bytes32 recordId,bytes32 subject,bytes32 policyId,uint8 outcome,uint64 logSize,bytes32 logRoot,uint64 issuedAt,uint64 validUntil,bytes32 findingsRoot,uint64 findingsCount,bytes32 relianceRoot,uint64 relianceCount)"
        );
        bytes32 struct_ = keccak256(abi.encodePacked(kind, first, last));
        same(gate.verdictDigest(v), keccak256(abi.encodePacked(hex"1901", separator, struct_)), "digest");
    }

    function test_SaysWhatItIs() external view {
        yes(gate.supportsInterface(type(IERC165).interfaceId), "ERC-165");
        yes(gate.supportsInterface(type(IApprovals).interfaceId), "approvals");
        yes(gate.supportsInterface(type(IConsentGate).interfaceId), "gate");
        no(gate.supportsInterface(0xffffffff), "nothing");
    }
}
