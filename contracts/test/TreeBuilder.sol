// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev RFC 9162 section 2.1.1 and 2.1.3.1 as written there, by recursion: an oracle that shares no code with the
/// verifier.
library TreeBuilder {
    function root(bytes32[] memory leaves) internal pure returns (bytes32) {
        return leaves.length == 0 ? sha256("") : _root(leaves, 0, leaves.length);
    }

    function path(uint256 index, bytes32[] memory leaves) internal pure returns (bytes32[] memory) {
        return _path(index, leaves, 0, leaves.length);
    }

    /// @dev `count` distinct leaf hashes.
    function leavesOf(uint256 count, bytes32 salt) internal pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            leaves[i] = sha256(abi.encodePacked(uint8(0), salt, i));
        }
    }

    /// @dev The largest power of two smaller than `count`.
    function _split(uint256 count) private pure returns (uint256 k) {
        k = 1;
        while (k * 2 < count) k *= 2;
    }

    function _root(bytes32[] memory leaves, uint256 from, uint256 to) private pure returns (bytes32) {
        if (to - from == 1) return leaves[from];
        uint256 middle = from + _split(to - from);
        return sha256(abi.encodePacked(uint8(1), _root(leaves, from, middle), _root(leaves, middle, to)));
    }

    function _path(uint256 index, bytes32[] memory leaves, uint256 from, uint256 to)
        private
        pure
        returns (bytes32[] memory nodes)
    {
        if (to - from == 1) return new bytes32[](0);
        uint256 middle = from + _split(to - from);
        bool left = from + index < middle;
        bytes32[] memory lower =
            left ? _path(index, leaves, from, middle) : _path(index - (middle - from), leaves, middle, to);
        nodes = new bytes32[](lower.length + 1);
        for (uint256 i = 0; i < lower.length; ++i) {
            nodes[i] = lower[i];
        }
        nodes[lower.length] = left ? _root(leaves, middle, to) : _root(leaves, from, middle);
    }
}
