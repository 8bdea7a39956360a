// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ERC165} from "@openzeppelin/contracts/utils/introspection/ERC165.sol";

import {Community} from "./Community.sol";
import {IApprovals} from "./IApprovals.sol";
import {IConsentGate} from "./IConsentGate.sol";
import {IConsentRegistry} from "./IConsentRegistry.sol";
import {IProvenanceLog} from "./IProvenanceLog.sol";
import {MerkleTree} from "./MerkleTree.sol";
import {Signatures} from "./Signatures.sol";

/// @title ConsentGate
/// @notice The gate of one community; see {IConsentGate}.
contract ConsentGate is IConsentGate, Community, EIP712, ERC165 {
    using Signatures for address;

    /// @notice There is no approval of this subject under this policy, now.
    error NotApproved(bytes32 subject, bytes32 policyId);

    /// @notice The account is not an attester here, or not the one who signed.
    error NotAttester(address account);

    /// @notice The signature is not the attester's over this verdict for this gate.
    error InvalidSignature(address signer);

    /// @notice The outcome is none of 1, 2, 3.
    error OutcomeUnknown(uint8 outcome);

    /// @notice The log never anchored this root with this size.
    error HeadNotAnchored(bytes32 logRoot, uint64 logSize);

    /// @notice `issuedAt` is zero or too far ahead, or `validUntil` does not follow it.
    error PeriodInvalid(uint64 issuedAt, uint64 validUntil);

    /// @notice The verdict is not newer than the one recorded.
    error NotNewer(uint64 logSize, uint64 issuedAt);

    /// @notice The verdict was made before the withdrawal that felled its predecessor.
    error MadeBeforeWithdrawal(uint64 issuedAt, uint64 fellAt);

    /// @notice The reliance is not one of the recorded verdict.
    error RelianceNotProven(bytes32 recordId);

    /// @notice The consent is not withdrawn, neither as a whole nor for this item.
    error NotWithdrawn(bytes32 recordId);

    /// @notice The consent was given for good; its withdrawal fells nothing.
    error Irrevocable(bytes32 recordId);

    /// @notice There is no contract at this address.
    error NotAContract(address account);

    /// @dev Why a brake does not bite.
    enum Hold {
        None,
        Irrevocable,
        RelianceNotProven,
        NotWithdrawn
    }

    uint8 private constant APPROVED = 1;
    uint8 private constant UNDETERMINED = 3;
    uint8 private constant MODE_IRREVOCABLE = 3;

    /// @dev How far a block's clock may lag behind the one that a verdict was made at.
    uint256 private constant CLOCK_TOLERANCE = 10 minutes;

    bytes32 private constant VERDICT_TYPEHASH = keccak256(
        "Verdict(bytes32 recordId,bytes32 subject,bytes32 policyId,uint8 outcome,uint64 logSize,bytes32 logRoot,"
        "uint64 issuedAt,uint64 validUntil,bytes32 findingsRoot,uint64 findingsCount,bytes32 relianceRoot,"
        "uint64 relianceCount)"
    );

    /// @notice The log whose heads verdicts refer to.
    IProvenanceLog public immutable log;

    /// @notice Where consents are withdrawn.
    IConsentRegistry public immutable consents;

    /// @inheritdoc IConsentGate
    uint64 public immutable standingTime;

    mapping(bytes32 subject => mapping(bytes32 policyId => RecordedVerdict verdict)) private _verdicts;

    /// @param log_ The log whose heads verdicts refer to.
    /// @param consents_ Where consents are withdrawn.
    /// @param community_ The account that decides for the community.
    /// @param attester The first attester.
    /// @param standingTime_ Seconds from a verdict's coming in until it counts.
    constructor(
        IProvenanceLog log_,
        IConsentRegistry consents_,
        address community_,
        address attester,
        uint64 standingTime_
    ) Community(community_, attester) EIP712("Rakkan", "1") {
        if (address(log_).code.length == 0) revert NotAContract(address(log_));
        if (address(consents_).code.length == 0) revert NotAContract(address(consents_));
        log = log_;
        consents = consents_;
        standingTime = standingTime_;
    }

    /// @inheritdoc IConsentGate
    function submitVerdict(Verdict calldata verdict, address attester, bytes calldata signature) external {
        if (!isAttester[attester]) revert NotAttester(attester);
        if (!attester.isFrom(verdictDigest(verdict), signature)) revert InvalidSignature(attester);
        _requireWellFormed(verdict);

        RecordedVerdict storage recorded = _verdicts[verdict.subject][verdict.policyId];
        if (!_isNewer(verdict, recorded)) revert NotNewer(verdict.logSize, verdict.issuedAt);
        uint64 fellAt = recorded.fellAt;
        if (verdict.issuedAt < fellAt) revert MadeBeforeWithdrawal(verdict.issuedAt, fellAt);

        recorded.recordId = verdict.recordId;
        recorded.relianceRoot = verdict.relianceRoot;
        recorded.attester = attester;
        recorded.recordedAt = uint64(block.timestamp);
        recorded.outcome = verdict.outcome;
        recorded.braked = false;
        recorded.retracted = false;
        recorded.logSize = verdict.logSize;
        recorded.issuedAt = verdict.issuedAt;
        recorded.validUntil = verdict.validUntil;
        recorded.relianceCount = verdict.relianceCount;
        emit VerdictSubmitted(verdict.subject, verdict.policyId, verdict.recordId, attester, verdict);
    }

    /// @inheritdoc IConsentGate
    function brake(
        bytes32 subject,
        bytes32 policyId,
        Reliance calldata reliance,
        uint64 index,
        bytes32[] calldata proof
    ) external {
        Hold hold = _brake(subject, policyId, reliance, index, proof);
        if (hold == Hold.Irrevocable) revert Irrevocable(reliance.recordId);
        if (hold == Hold.RelianceNotProven) revert RelianceNotProven(reliance.recordId);
        if (hold == Hold.NotWithdrawn) revert NotWithdrawn(reliance.recordId);
    }

    /// @inheritdoc IConsentGate
    function withdrawAndBrake(
        address authority,
        bytes32 key,
        bytes calldata signature,
        bytes32 subject,
        bytes32 policyId,
        Reliance calldata reliance,
        uint64 index,
        bytes32[] calldata proof
    ) external returns (bool felled) {
        consents.withdrawBySig(authority, key, signature);
        return _brake(subject, policyId, reliance, index, proof) == Hold.None;
    }

    /// @inheritdoc IConsentGate
    function retract(bytes32 subject, bytes32 policyId) external {
        RecordedVerdict storage recorded = _verdicts[subject][policyId];
        if (msg.sender != recorded.attester) revert NotAttester(msg.sender);
        recorded.retracted = true;
        emit Retracted(subject, policyId, recorded.recordId);
    }

    /// @inheritdoc IConsentGate
    function suspend(bytes32 subject, bytes32 policyId) external onlyCommunity {
        _verdicts[subject][policyId].suspended = true;
        emit Suspended(subject, policyId);
    }

    /// @inheritdoc IConsentGate
    function lift(bytes32 subject, bytes32 policyId) external onlyCommunity {
        _verdicts[subject][policyId].suspended = false;
        emit Lifted(subject, policyId);
    }

    /// @inheritdoc IApprovals
    function requireApproved(bytes32 subject, bytes32 policyId) external view {
        if (!isApproved(subject, policyId)) revert NotApproved(subject, policyId);
    }

    /// @inheritdoc IConsentGate
    function verdictOf(bytes32 subject, bytes32 policyId) external view returns (RecordedVerdict memory) {
        return _verdicts[subject][policyId];
    }

    /// @inheritdoc IConsentGate
    function checkVerdict(Verdict calldata verdict, address attester, bytes calldata signature)
        external
        view
        returns (bool)
    {
        return isAttester[attester] && attester.isFrom(verdictDigest(verdict), signature);
    }

    /// @inheritdoc IApprovals
    function isApproved(bytes32 subject, bytes32 policyId) public view returns (bool) {
        RecordedVerdict storage recorded = _verdicts[subject][policyId];
        if (recorded.outcome != APPROVED) return false;
        if (recorded.braked || recorded.retracted || recorded.suspended) return false;
        // 256-bit sum: no standing time overflows.
        if (block.timestamp < uint256(recorded.recordedAt) + standingTime) return false;
        return block.timestamp < recorded.validUntil && isAttester[recorded.attester];
    }

    /// @inheritdoc IConsentGate
    /// @dev All members are static, so that ABI encoding is EIP-712's encodeData.
    function verdictDigest(Verdict calldata verdict) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(VERDICT_TYPEHASH, verdict)));
    }

    /// @inheritdoc ERC165
    function supportsInterface(bytes4 interfaceId) public view override returns (bool) {
        return interfaceId == type(IApprovals).interfaceId || interfaceId == type(IConsentGate).interfaceId
            || super.supportsInterface(interfaceId);
    }

    function _brake(
        bytes32 subject,
        bytes32 policyId,
        Reliance calldata reliance,
        uint64 index,
        bytes32[] calldata proof
    ) private returns (Hold) {
        RecordedVerdict storage recorded = _verdicts[subject][policyId];
        if (recorded.braked) return Hold.None;
        if (reliance.mode == MODE_IRREVOCABLE) return Hold.Irrevocable;
        if (!MerkleTree.includes(recorded.relianceRoot, recorded.relianceCount, index, _leaf(reliance), proof)) {
            return Hold.RelianceNotProven;
        }
        uint64 time = _withdrawnAt(reliance);
        if (time == 0) return Hold.NotWithdrawn;
        recorded.braked = true;
        if (time > recorded.fellAt) recorded.fellAt = time;
        emit Braked(subject, policyId, recorded.recordId, reliance);
        return Hold.None;
    }

    function _requireWellFormed(Verdict calldata verdict) private view {
        if (verdict.outcome < APPROVED || verdict.outcome > UNDETERMINED) revert OutcomeUnknown(verdict.outcome);
        if (
            verdict.issuedAt == 0 || verdict.issuedAt > block.timestamp + CLOCK_TOLERANCE
                || verdict.validUntil <= verdict.issuedAt
        ) revert PeriodInvalid(verdict.issuedAt, verdict.validUntil);
        (uint64 size,,) = log.anchoredAt(verdict.logRoot);
        // An unknown root has size 0, and must not pass for an empty log.
        if (size == 0 || size != verdict.logSize) revert HeadNotAnchored(verdict.logRoot, verdict.logSize);
    }

    function _withdrawnAt(Reliance calldata reliance) private view returns (uint64 time) {
        time = consents.withdrawnAt(reliance.authority, reliance.recordId);
        if (time == 0) {
            bytes32 itemKey = sha256(bytes.concat(reliance.recordId, reliance.item));
            time = consents.withdrawnAt(reliance.authority, itemKey);
        }
    }

    function _isNewer(Verdict calldata verdict, RecordedVerdict storage recorded) private view returns (bool) {
        uint64 logSize = recorded.logSize;
        return verdict.logSize > logSize || (verdict.logSize == logSize && verdict.issuedAt > recorded.issuedAt);
    }

    function _leaf(Reliance calldata reliance) private pure returns (bytes32) {
        return MerkleTree.leafHash(
            abi.encodePacked(reliance.recordId, reliance.item, reliance.authority, reliance.logIndex, reliance.mode)
        );
    }
}
