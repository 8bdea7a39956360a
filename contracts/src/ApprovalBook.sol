// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC165} from "@openzeppelin/contracts/utils/introspection/ERC165.sol";
import {ERC165Checker} from "@openzeppelin/contracts/utils/introspection/ERC165Checker.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";

import {IApprovalBook} from "./IApprovalBook.sol";
import {IApprovals} from "./IApprovals.sol";

/// @title ApprovalBook
/// @notice What a community decided to use; see {IApprovalBook}.
contract ApprovalBook is IApprovalBook, ERC165 {
    /// @notice Only the executor may do this.
    error NotExecutor(address caller);

    /// @notice The contract at this address does not answer as a gate does.
    error NotAGate(address account);

    /// @notice Zero stands for "none" here and cannot be set.
    error ZeroValue();

    /// @notice The gate that is asked.
    IApprovals public immutable gate;

    /// @inheritdoc IApprovalBook
    address public immutable executor;

    /// @inheritdoc IApprovalBook
    mapping(bytes32 subject => mapping(bytes32 policyId => uint64 time)) public approvedAt;

    /// @param gate_ The gate that is asked.
    /// @param executor_ The community's timelock or safe.
    constructor(IApprovals gate_, address executor_) {
        if (executor_ == address(0)) revert ZeroValue();
        if (!ERC165Checker.supportsInterface(address(gate_), type(IApprovals).interfaceId)) {
            revert NotAGate(address(gate_));
        }
        gate = gate_;
        executor = executor_;
    }

    modifier onlyExecutor() {
        if (msg.sender != executor) revert NotExecutor(msg.sender);
        _;
    }

    /// @inheritdoc IApprovalBook
    function approve(bytes32 subject, bytes32 policyId) external onlyExecutor {
        gate.requireApproved(subject, policyId);
        if (approvedAt[subject][policyId] != 0) return;
        approvedAt[subject][policyId] = uint64(block.timestamp);
        emit Approved(subject, policyId, uint64(block.timestamp));
    }

    /// @inheritdoc IApprovalBook
    function revoke(bytes32 subject, bytes32 policyId) external onlyExecutor {
        if (approvedAt[subject][policyId] == 0) return;
        delete approvedAt[subject][policyId];
        emit Revoked(subject, policyId);
    }

    /// @inheritdoc IApprovalBook
    /// @dev A gate that reverts, answers with nonsense or with too much says no: some who ask take a revert for a yes.
    function isApproved(bytes32 subject, bytes32 policyId) external view returns (bool) {
        if (approvedAt[subject][policyId] == 0) return false;
        (bool answered, bytes32 answer,) = LowLevelCall.staticcallReturn64Bytes(
            address(gate), abi.encodeCall(IApprovals.isApproved, (subject, policyId))
        );
        return answered && LowLevelCall.returnDataSize() == 32 && uint256(answer) == 1;
    }

    /// @inheritdoc ERC165
    function supportsInterface(bytes4 interfaceId) public view override returns (bool) {
        return interfaceId == type(IApprovalBook).interfaceId || super.supportsInterface(interfaceId);
    }
}
