// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.0;

/// @title Approvals
/// @notice What a proposal, an escrow or a trainer asks. Small and stable; whatever else a gate does is in {IConsentGate}.
interface IApprovals {
    /// @notice Whether a subject is approved under a policy, now. Never reverts; unknown is false.
    /// @param subject sha256(0x02 || count (8 bytes, big-endian) || root) of a dataset.
    /// @param policyId sha256 of the policy's canonical bytes.
    function isApproved(bytes32 subject, bytes32 policyId) external view returns (bool);

    /// @notice Reverts with `NotApproved(bytes32 subject, bytes32 policyId)` unless approved, now.
    function requireApproved(bytes32 subject, bytes32 policyId) external view;
}
