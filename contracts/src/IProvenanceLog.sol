// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.0;

/// @title Anchors of one append-only log
/// @notice Says since when a log of records had a given root. One contract belongs to one log.
/// @dev The log is an RFC 9162 tree over SHA-256. This contract shows growth in size and inclusion under a root;
/// whether one root extends another is for monitors (consistency proofs), since no contract sees the leaves.
interface IProvenanceLog {
    /// @notice A head of the log was anchored.
    /// @param root Root of the log's tree.
    /// @param size Number of records under it.
    /// @param time Time of the block.
    event Anchored(bytes32 indexed root, uint64 size, uint64 time);

    /// @notice Where the manifest behind a soft binding can be asked for.
    /// @param key sha256 of the soft binding's value.
    /// @param resolution JSON object of the form that `describe()` states.
    event Announced(bytes32 indexed key, string resolution);

    /// @notice The publisher offered its place; nothing has changed yet.
    event PublisherOffered(address indexed publisher, address indexed next);

    /// @notice The publisher changed.
    event PublisherChanged(address indexed previous, address indexed publisher);

    /// @notice Anchor a head of the log. Publisher only. The newest head again changes nothing and is no error.
    /// @param size Number of records; more than the newest head's.
    /// @param root Root of the tree over them; not zero, and not anchored before.
    function anchor(uint64 size, bytes32 root) external;

    /// @notice Say where the manifest behind a soft binding can be asked for. Publisher only; kept as an event.
    /// @param key sha256 of the soft binding's value.
    /// @param resolution JSON object of the form that `describe()` states.
    function announce(bytes32 key, string calldata resolution) external;

    /// @notice Offer the publisher's place to another account; zero takes the offer back. Publisher only.
    function transferPublisher(address next) external;

    /// @notice Take the publisher's place. Only the account it was offered to.
    function acceptPublisher() external;

    /// @notice The newest anchored head; all zero before the first.
    /// @return size Number of records.
    /// @return root Root of the tree over them.
    /// @return time Time of the block that anchored it.
    function head() external view returns (uint64 size, bytes32 root, uint64 time);

    /// @notice When a root was anchored; all zero if it was not.
    /// @return size Number of records under the root.
    /// @return time Time of the block that anchored it.
    /// @return blockNumber Number of that block.
    function anchoredAt(bytes32 root) external view returns (uint64 size, uint64 time, uint64 blockNumber);

    /// @notice Whether a leaf is in the log under an anchored root. False, not an error, for any proof that fails.
    /// @param root An anchored root.
    /// @param size Its size, exactly as anchored.
    /// @param index Position of the leaf, from 0.
    /// @param leaf The leaf's hash: sha256(0x00 || sha256(statement) || sha256(envelope)).
    /// @param proof Siblings from leaf to root (RFC 9162, section 2.1.3).
    function verifyInclusion(bytes32 root, uint64 size, uint64 index, bytes32 leaf, bytes32[] calldata proof)
        external
        view
        returns (bool);

    /// @notice Which log this is: sha256 of its origin (UTF-8), fixed for ever.
    function originHash() external view returns (bytes32);

    /// @notice The one account that may anchor.
    function publisher() external view returns (address);

    /// @notice The account that the publisher's place is offered to, or zero.
    function pendingPublisher() external view returns (address);
}
