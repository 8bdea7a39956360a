// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.0;

/// @title Who decides for a community, and who attests for it
/// @notice Nobody else has a say: the registry's operator is neither unless the community makes it so.
interface ICommunity {
    /// @notice The community named an attester, or removed one.
    event AttesterSet(address indexed attester, bool current);

    /// @notice The community offered its place; nothing has changed yet.
    event CommunityOffered(address indexed community, address indexed next);

    /// @notice The community's account changed.
    event CommunityChanged(address indexed previous, address indexed community);

    /// @notice Name an attester or remove one; what a removed attester signed counts no longer. Community only.
    function setAttester(address attester, bool current) external;

    /// @notice Offer the community's place to another account; zero takes the offer back. Community only.
    function transferCommunity(address next) external;

    /// @notice Take the community's place. Only the account it was offered to.
    function acceptCommunity() external;

    /// @notice Whether an account is an attester now.
    function isAttester(address account) external view returns (bool);

    /// @notice The account that decides for the community.
    function community() external view returns (address);

    /// @notice The account that the community's place is offered to, or zero.
    function pendingCommunity() external view returns (address);
}
