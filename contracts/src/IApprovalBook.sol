// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.0;

/// @title What a community decided to use
/// @notice A proposal calls `approve`; escrows, weights and trainers read `isApproved`.
/// @dev The book asks the gate itself, when writing and at every reading: leaving a check out of a proposal gains
/// nothing, and a decision stops counting the moment that its consent falls.
interface IApprovalBook {
    /// @notice The community decided to use a subject under a policy.
    event Approved(bytes32 indexed subject, bytes32 indexed policyId, uint64 time);

    /// @notice The community took its decision back.
    event Revoked(bytes32 indexed subject, bytes32 indexed policyId);

    /// @notice Decide to use a subject. Executor only; reverts unless the gate approves now. Again keeps the first
    /// time.
    function approve(bytes32 subject, bytes32 policyId) external;

    /// @notice Take the decision back. Executor only; no error if there is none.
    function revoke(bytes32 subject, bytes32 policyId) external;

    /// @notice Whether the community decided for this subject and the gate approves it, now. Never reverts.
    function isApproved(bytes32 subject, bytes32 policyId) external view returns (bool);

    /// @notice When the community decided; 0 if it did not. Says nothing about now.
    function approvedAt(bytes32 subject, bytes32 policyId) external view returns (uint64);

    /// @notice The account that carries out the community's decisions: its timelock or safe.
    function executor() external view returns (address);
}
