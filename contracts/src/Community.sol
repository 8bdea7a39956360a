// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICommunity} from "./ICommunity.sol";

/// @title Community
/// @notice Who decides for a community, and who attests for it; see {ICommunity}.
abstract contract Community is ICommunity {
    /// @notice Only the community, or the account its place was offered to, may do this.
    error NotCommunity(address caller);

    /// @notice Zero stands for "none" here and cannot be set.
    error ZeroValue();

    /// @inheritdoc ICommunity
    address public community;

    /// @inheritdoc ICommunity
    address public pendingCommunity;

    /// @inheritdoc ICommunity
    mapping(address account => bool current) public isAttester;

    /// @param community_ The account that decides for the community.
    /// @param attester The first attester.
    constructor(address community_, address attester) {
        if (community_ == address(0)) revert ZeroValue();
        community = community_;
        emit CommunityChanged(address(0), community_);
        _setAttester(attester, true);
    }

    modifier onlyCommunity() {
        if (msg.sender != community) revert NotCommunity(msg.sender);
        _;
    }

    /// @inheritdoc ICommunity
    function setAttester(address attester, bool current) external onlyCommunity {
        _setAttester(attester, current);
    }

    /// @inheritdoc ICommunity
    function transferCommunity(address next) external onlyCommunity {
        pendingCommunity = next;
        emit CommunityOffered(msg.sender, next);
    }

    /// @inheritdoc ICommunity
    function acceptCommunity() external {
        if (msg.sender != pendingCommunity) revert NotCommunity(msg.sender);
        emit CommunityChanged(community, msg.sender);
        community = msg.sender;
        delete pendingCommunity;
    }

    function _setAttester(address attester, bool current) private {
        if (attester == address(0)) revert ZeroValue();
        isAttester[attester] = current;
        emit AttesterSet(attester, current);
    }
}
