// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title RFC 9162 Merkle trees over SHA-256
/// @notice One shape for the log, for datasets, for findings and for reliances.
/// @dev RFC 9162, section 2.1.1 (hashes) and 2.1.3.2 (inclusion). Nothing here reverts on bad input.
library MerkleTree {
    /// @dev A tree of at most 2^64 - 1 leaves has no longer path; it bounds what a hostile proof can cost.
    uint256 private constant LONGEST_PATH = 64;

    /// @notice Hash of a leaf: sha256(0x00 || content).
    function leafHash(bytes memory content) internal pure returns (bytes32) {
        return sha256(bytes.concat(hex"00", content));
    }

    /// @notice Hash of an inner node: sha256(0x01 || left || right).
    function nodeHash(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return sha256(bytes.concat(hex"01", left, right));
    }

    /// @notice Whether `leaf` is leaf number `index` of the tree of `size` leaves under `root`.
    /// @param root The tree's root.
    /// @param size Number of leaves; the path's shape follows from it, so that no inner node passes for a leaf.
    /// @param index Position of the leaf, from 0.
    /// @param leaf The leaf's hash, not its content.
    /// @param proof The siblings from the leaf to the root.
    function includes(bytes32 root, uint64 size, uint64 index, bytes32 leaf, bytes32[] calldata proof)
        internal
        pure
        returns (bool)
    {
        if (index >= size || proof.length > LONGEST_PATH) return false;
        uint256 position = index;
        uint256 last = size - 1;
        bytes32 hash = leaf;
        for (uint256 i = 0; i < proof.length; ++i) {
            if (last == 0) return false; // longer than the path
            if (position & 1 == 1 || position == last) {
                hash = nodeHash(proof[i], hash);
                // At the ragged right edge a node without sibling rises unhashed.
                while (position & 1 == 0 && position != 0) {
                    position >>= 1;
                    last >>= 1;
                }
            } else {
                hash = nodeHash(hash, proof[i]);
            }
            position >>= 1;
            last >>= 1;
        }
        return last == 0 && hash == root;
    }
}
