// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MerkleTree} from "../src/MerkleTree.sol";
import {Checks} from "./Checks.sol";
import {TreeBuilder} from "./TreeBuilder.sol";

/// @dev The library takes calldata; this puts it behind a call.
contract TreeDoor {
    function includes(bytes32 root, uint64 size, uint64 index, bytes32 leaf, bytes32[] calldata proof)
        external
        pure
        returns (bool)
    {
        return MerkleTree.includes(root, size, index, leaf, proof);
    }

    function leafHash(bytes calldata content) external pure returns (bytes32) {
        return MerkleTree.leafHash(content);
    }

    function nodeHash(bytes32 left, bytes32 right) external pure returns (bytes32) {
        return MerkleTree.nodeHash(left, right);
    }
}

contract MerkleTreeTest is Checks {
    TreeDoor private door;

    function setUp() external {
        door = new TreeDoor();
    }

    function test_HashesOfTheStandard() external view {
        // Published in RFC 6962 test suites: the empty leaf.
        same(
            door.leafHash(""),
            bytes32(0x6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d),
            "leaf of nothing"
        );
        same(door.nodeHash("l", "r"), sha256(abi.encodePacked(uint8(1), bytes32("l"), bytes32("r"))), "node");
    }

    function test_EveryLeafOfEverySmallTree() external view {
        for (uint256 size = 1; size <= 33; ++size) {
            bytes32[] memory leaves = TreeBuilder.leavesOf(size, "small");
            bytes32 root = TreeBuilder.root(leaves);
            for (uint256 index = 0; index < size; ++index) {
                bytes32[] memory proof = TreeBuilder.path(index, leaves);
                yes(door.includes(root, uint64(size), uint64(index), leaves[index], proof), "included");
                no(door.includes(root, uint64(size), uint64(size), leaves[index], proof), "index = size");
                if (size > 1) {
                    uint64 other = uint64((index + 1) % size);
                    no(door.includes(root, uint64(size), other, leaves[index], proof), "other index");
                }
            }
        }
    }

    function testFuzz_OnlyTheTruthPasses(uint256 count, uint256 place, uint256 bit, bytes32 salt) external view {
        uint256 size = within(count, 2, 80);
        uint256 index = within(place, 0, size - 1);
        bytes32[] memory leaves = TreeBuilder.leavesOf(size, salt);
        bytes32 root = TreeBuilder.root(leaves);
        bytes32[] memory proof = TreeBuilder.path(index, leaves);
        yes(door.includes(root, uint64(size), uint64(index), leaves[index], proof), "included");

        bytes32 flip = bytes32(uint256(1) << within(bit, 0, 255));
        no(door.includes(root ^ flip, uint64(size), uint64(index), leaves[index], proof), "root flipped");
        no(door.includes(root, uint64(size), uint64(index), leaves[index] ^ flip, proof), "leaf flipped");
        proof[bit % proof.length] ^= flip;
        no(door.includes(root, uint64(size), uint64(index), leaves[index], proof), "proof flipped");
    }

    function testFuzz_LengthIsExact(uint256 count, uint256 place) external view {
        uint256 size = within(count, 2, 80);
        uint256 index = within(place, 0, size - 1);
        bytes32[] memory leaves = TreeBuilder.leavesOf(size, "length");
        bytes32 root = TreeBuilder.root(leaves);
        bytes32[] memory proof = TreeBuilder.path(index, leaves);
        bytes32[] memory longer = new bytes32[](proof.length + 1);
        bytes32[] memory shorter = new bytes32[](proof.length - 1);
        for (uint256 i = 0; i < proof.length; ++i) {
            longer[i] = proof[i];
            if (i < shorter.length) shorter[i] = proof[i];
        }
        no(door.includes(root, uint64(size), uint64(index), leaves[index], longer), "one more");
        no(door.includes(root, uint64(size), uint64(index), leaves[index], shorter), "one fewer");
    }

    /// @dev An inner node has a shorter path; the tree's size does not allow it.
    function test_InnerNodeIsNoLeaf() external view {
        bytes32[] memory leaves = TreeBuilder.leavesOf(4, "inner");
        bytes32[] memory proof = new bytes32[](1);
        proof[0] = door.nodeHash(leaves[2], leaves[3]);
        bytes32 inner = door.nodeHash(leaves[0], leaves[1]);
        no(door.includes(TreeBuilder.root(leaves), 4, 0, inner, proof), "inner node as leaf");
        yes(door.includes(TreeBuilder.root(leaves), 2, 0, inner, proof), "the same under a false size: callers bind it");
    }

    function testFuzz_NeverReverts(bytes32 root, uint64 size, uint64 index, bytes32 leaf, bytes32[] calldata proof)
        external
        view
    {
        yes(
            !door.includes(root, size, index, leaf, proof) || (size == 1 && proof.length == 0 && root == leaf), "chance"
        );
    }

    function test_EmptyTreeAndEndlessProofs() external view {
        no(door.includes(sha256(""), 0, 0, sha256(""), new bytes32[](0)), "empty tree");
        no(door.includes(0, type(uint64).max, 0, 0, new bytes32[](65)), "65 nodes");
        no(door.includes(0, type(uint64).max, type(uint64).max - 1, 0, new bytes32[](64)), "64 nodes");
    }
}
