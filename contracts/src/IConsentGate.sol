// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.0;

import {IApprovals} from "./IApprovals.sol";
import {ICommunity} from "./ICommunity.sol";

/// @title The gate of one community
/// @notice Turns signed verdicts into approvals that fall when the consent behind them falls.
/// @dev A verdict counts once its standing time is over, until `validUntil`; all the while anyone can fell it with
/// one proof (`brake`). Verdicts about the same subject and policy replace each other strictly forward by
/// (logSize, issuedAt): an older one never returns. A newer one starts its own standing time, during which the
/// subject is not approved, and can be braked in its turn. A verdict as of an instant before a withdrawal that
/// felled its predecessor is refused. Whatever is missing, malformed or unknown grants nothing.
interface IConsentGate is IApprovals, ICommunity {
    /// @notice A verdict as attesters sign it (EIP-712, this contract's domain).
    /// @param recordId sha256 of the verdict's statement.
    /// @param subject What it is about.
    /// @param policyId The policy it was made under.
    /// @param outcome 1 approved, 2 rejected, 3 undetermined.
    /// @param logSize Size of the log head that it knew.
    /// @param logRoot Root of that head.
    /// @param issuedAt Unix time of the block that it was made at.
    /// @param validUntil Unix time from which on it says nothing.
    /// @param findingsRoot Root of the findings, one leaf per item, in dataset order.
    /// @param findingsCount Number of findings.
    /// @param relianceRoot Root of the consents that it relies on, sorted and unique.
    /// @param relianceCount Number of reliances.
    struct Verdict {
        bytes32 recordId;
        bytes32 subject;
        bytes32 policyId;
        uint8 outcome;
        uint64 logSize;
        bytes32 logRoot;
        uint64 issuedAt;
        uint64 validUntil;
        bytes32 findingsRoot;
        uint64 findingsCount;
        bytes32 relianceRoot;
        uint64 relianceCount;
    }

    /// @notice A consent that a verdict relies on; its leaf is these fields packed, 93 bytes.
    /// @param recordId sha256 of the consent's statement.
    /// @param item sha256 of the dataset item.
    /// @param authority The consent's withdrawal authority.
    /// @param logIndex The consent's index in the log.
    /// @param mode What withdrawal means: 0 prospective, 1 sunset, 2 retrain-within, 3 irrevocable.
    struct Reliance {
        bytes32 recordId;
        bytes32 item;
        address authority;
        uint64 logIndex;
        uint8 mode;
    }

    /// @notice What the gate keeps of the newest verdict about a subject under a policy.
    /// @param recordId sha256 of the verdict's statement; zero if there is no verdict.
    /// @param relianceRoot Root of the consents that it relies on.
    /// @param attester Who signed it.
    /// @param recordedAt Time of the block that it came in with; the standing time starts here.
    /// @param outcome 1 approved, 2 rejected, 3 undetermined; 0 if there is no verdict.
    /// @param braked Felled by a proof.
    /// @param retracted Taken back by its attester.
    /// @param suspended Paused by the community; holds for newer verdicts too, until lifted.
    /// @param logSize Size of the log head that it knew.
    /// @param issuedAt Time that it was made at.
    /// @param validUntil Time from which on it says nothing.
    /// @param relianceCount Number of reliances.
    /// @param fellAt Time of the withdrawal that last felled a verdict here; no verdict of an earlier instant comes in.
    struct RecordedVerdict {
        bytes32 recordId;
        bytes32 relianceRoot;
        address attester;
        uint64 recordedAt;
        uint8 outcome;
        bool braked;
        bool retracted;
        bool suspended;
        uint64 logSize;
        uint64 issuedAt;
        uint64 validUntil;
        uint64 relianceCount;
        uint64 fellAt;
    }

    /// @notice A verdict came in; its standing time starts.
    event VerdictSubmitted(
        bytes32 indexed subject, bytes32 indexed policyId, bytes32 indexed recordId, address attester, Verdict verdict
    );

    /// @notice A verdict was felled by the withdrawal of a consent that it relies on.
    /// @param subject The subject that is no longer approved.
    /// @param policyId The policy.
    /// @param recordId The verdict that fell.
    /// @param reliance The consent that was withdrawn.
    event Braked(bytes32 indexed subject, bytes32 indexed policyId, bytes32 indexed recordId, Reliance reliance);

    /// @notice A verdict was taken back by the attester who signed it.
    event Retracted(bytes32 indexed subject, bytes32 indexed policyId, bytes32 indexed recordId);

    /// @notice The community paused approvals of a subject under a policy.
    event Suspended(bytes32 indexed subject, bytes32 indexed policyId);

    /// @notice The community ended the pause.
    event Lifted(bytes32 indexed subject, bytes32 indexed policyId);

    /// @notice Bring in a signed verdict; anyone can.
    /// @param verdict What was signed. Its log head must be anchored, `issuedAt` at most 10 minutes ahead.
    /// @param attester Who signed it; a current attester of this community.
    /// @param signature EIP-712 under this contract's domain; ECDSA or ERC-1271.
    function submitVerdict(Verdict calldata verdict, address attester, bytes calldata signature) external;

    /// @notice Fell the newest verdict about a subject: a consent that it relies on was withdrawn. Anyone can, at
    /// any time. Already felled: changes nothing.
    /// @param subject The subject.
    /// @param policyId The policy.
    /// @param reliance The withdrawn consent, as a whole or for this item.
    /// @param index Position of its leaf among the verdict's reliances.
    /// @param proof Siblings from that leaf to the reliance root.
    function brake(
        bytes32 subject,
        bytes32 policyId,
        Reliance calldata reliance,
        uint64 index,
        bytes32[] calldata proof
    ) external;

    /// @notice Withdraw by the authority's signature, then brake, in one transaction.
    /// @dev The withdrawal stands even where the brake does not bite (another verdict came in meanwhile, or the
    /// proof is wrong): otherwise whoever can move the verdict could stop a withdrawal.
    /// @param authority Who withdraws.
    /// @param key What is withdrawn.
    /// @param signature See {IConsentRegistry-withdrawBySig}.
    /// @return felled Whether the newest verdict about the subject is now felled.
    function withdrawAndBrake(
        address authority,
        bytes32 key,
        bytes calldata signature,
        bytes32 subject,
        bytes32 policyId,
        Reliance calldata reliance,
        uint64 index,
        bytes32[] calldata proof
    ) external returns (bool felled);

    /// @notice Take a verdict back. Only the attester who signed the newest one.
    function retract(bytes32 subject, bytes32 policyId) external;

    /// @notice Pause approvals of a subject under a policy, whatever verdict comes in. Community only.
    function suspend(bytes32 subject, bytes32 policyId) external;

    /// @notice End the pause. Community only.
    function lift(bytes32 subject, bytes32 policyId) external;

    /// @notice What is kept of the newest verdict about a subject under a policy; all zero if there is none, except
    /// `suspended`.
    function verdictOf(bytes32 subject, bytes32 policyId) external view returns (RecordedVerdict memory);

    /// @notice Whether a current attester signed this verdict for this gate. Never reverts on a malformed signature;
    /// says nothing about whether the verdict is the newest, or approves.
    function checkVerdict(Verdict calldata verdict, address attester, bytes calldata signature)
        external
        view
        returns (bool);

    /// @notice What an attester signs: the EIP-712 digest of a verdict.
    function verdictDigest(Verdict calldata verdict) external view returns (bytes32);

    /// @notice Seconds from a verdict's coming in until it counts.
    function standingTime() external view returns (uint64);
}
