// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC165} from "@openzeppelin/contracts/utils/introspection/ERC165.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {IC2PASoftBindingResolution} from "./IC2PASoftBindingResolution.sol";
import {IProvenanceLog} from "./IProvenanceLog.sol";
import {MerkleTree} from "./MerkleTree.sol";

/// @title ProvenanceLog
/// @notice Anchors of one append-only log; see {IProvenanceLog}.
contract ProvenanceLog is IProvenanceLog, IC2PASoftBindingResolution, ERC165 {
    /// @notice Only the publisher, or the account its place was offered to, may do this.
    error NotPublisher(address caller);

    /// @notice The head does not grow the log.
    error SizeNotGrowing(uint64 size, uint64 newest);

    /// @notice The root was anchored before, for a log of another size.
    error RootAlreadyAnchored(bytes32 root);

    /// @notice Zero stands for "none" here and cannot be set.
    error ZeroValue();

    /// @dev One storage word.
    struct Anchor {
        uint64 size;
        uint64 time;
        uint64 blockNumber;
    }

    /// @inheritdoc IProvenanceLog
    bytes32 public immutable originHash;

    /// @inheritdoc IProvenanceLog
    address public publisher;

    /// @inheritdoc IProvenanceLog
    address public pendingPublisher;

    /// @dev The newest root; its size and time are in its anchor.
    bytes32 private _newest;

    mapping(bytes32 root => Anchor anchor) private _anchors;

    /// @param originHash_ sha256 of the log's origin.
    /// @param publisher_ The account that may anchor.
    constructor(bytes32 originHash_, address publisher_) {
        if (originHash_ == 0 || publisher_ == address(0)) revert ZeroValue();
        originHash = originHash_;
        publisher = publisher_;
        emit PublisherChanged(address(0), publisher_);
    }

    modifier onlyPublisher() {
        if (msg.sender != publisher) revert NotPublisher(msg.sender);
        _;
    }

    /// @inheritdoc IProvenanceLog
    function anchor(uint64 size, bytes32 root) external onlyPublisher {
        if (root == 0) revert ZeroValue();
        bytes32 newest = _newest;
        uint64 newestSize = _anchors[newest].size; // no anchor under zero: 0 before the first
        // A sender that cannot know whether its transaction was mined may send it again.
        if (root == newest && size == newestSize) return;
        if (size <= newestSize) revert SizeNotGrowing(size, newestSize);
        if (_anchors[root].size != 0) revert RootAlreadyAnchored(root);

        _anchors[root] = Anchor(size, uint64(block.timestamp), uint64(block.number));
        _newest = root;
        emit Anchored(root, size, uint64(block.timestamp));
    }

    /// @inheritdoc IProvenanceLog
    function announce(bytes32 key, string calldata resolution) external onlyPublisher {
        emit Announced(key, resolution);
    }

    /// @inheritdoc IProvenanceLog
    function transferPublisher(address next) external onlyPublisher {
        pendingPublisher = next;
        emit PublisherOffered(msg.sender, next);
    }

    /// @inheritdoc IProvenanceLog
    function acceptPublisher() external {
        if (msg.sender != pendingPublisher) revert NotPublisher(msg.sender);
        emit PublisherChanged(publisher, msg.sender);
        publisher = msg.sender;
        delete pendingPublisher;
    }

    /// @inheritdoc IProvenanceLog
    function head() external view returns (uint64 size, bytes32 root, uint64 time) {
        root = _newest;
        Anchor memory newest = _anchors[root];
        return (newest.size, root, newest.time);
    }

    /// @inheritdoc IProvenanceLog
    function anchoredAt(bytes32 root) external view returns (uint64 size, uint64 time, uint64 blockNumber) {
        Anchor memory found = _anchors[root];
        return (found.size, found.time, found.blockNumber);
    }

    /// @inheritdoc IProvenanceLog
    function verifyInclusion(bytes32 root, uint64 size, uint64 index, bytes32 leaf, bytes32[] calldata proof)
        external
        view
        returns (bool)
    {
        return _anchors[root].size == size && MerkleTree.includes(root, size, index, leaf, proof);
    }

    /// @inheritdoc IC2PASoftBindingResolution
    /// @dev Names this contract's {Announced} events: filter by address and by topic 1, the key.
    function describe() external view returns (string memory) {
        return string.concat(
            '[{"resolutionMethod":"eventLog","queryEventLog":{"smartContractAddress":"',
            Strings.toHexString(address(this)),
            '","keyTopic":"topic1","byBindingOutputSchema":{',
            '"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{',
            '"endpoints":{"type":"array","items":{"type":"string","format":"uri"}},"manifestId":{"type":"string"}},',
            '"required":["endpoints"],"additionalProperties":false}}}]'
        );
    }

    /// @inheritdoc ERC165
    function supportsInterface(bytes4 interfaceId) public view override returns (bool) {
        return interfaceId == type(IProvenanceLog).interfaceId
            || interfaceId == type(IC2PASoftBindingResolution).interfaceId || super.supportsInterface(interfaceId);
    }
}
