// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev The few cheatcodes that the tests use, declared here instead of pulling in a test library.
interface Cheats {
    function addr(uint256 key) external pure returns (address);
    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    function prank(address sender) external;
    function warp(uint256 time) external;
    function roll(uint256 number) external;
    function chainId(uint256 id) external;
    function etch(address target, bytes calldata code) external;
    function assume(bool condition) external pure;
    function expectRevert(bytes calldata reason) external;
    function expectEmit(bool topic1, bool topic2, bool topic3, bool data, address emitter) external;
    function recordLogs() external;
    function getRecordedLogs() external returns (Log[] memory);
    function store(address target, bytes32 slot, bytes32 value) external;
    function readLine(string calldata path) external view returns (string memory);
    function keyExistsJson(string calldata json, string calldata key) external view returns (bool);
    function parseJsonAddress(string calldata json, string calldata key) external pure returns (address);
    function parseJsonBool(string calldata json, string calldata key) external pure returns (bool);
    function parseJsonBytes(string calldata json, string calldata key) external pure returns (bytes memory);
    function parseJsonBytes32(string calldata json, string calldata key) external pure returns (bytes32);
    function parseJsonBytes32Array(string calldata json, string calldata key)
        external
        pure
        returns (bytes32[] memory);
    function parseJsonString(string calldata json, string calldata key) external pure returns (string memory);
    function parseJsonUint(string calldata json, string calldata key) external pure returns (uint256);
    function parseBytes(string calldata text) external pure returns (bytes memory);
    function toString(uint256 value) external pure returns (string memory);

    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }
}

/// @dev What every test contract shares: cheatcodes, comparisons, accounts. A trap: sha256 and account() are calls to
/// forge, so that neither may stand between an expectation and the call that it is about.
abstract contract Checks {
    Cheats internal constant vm = Cheats(address(uint160(uint256(keccak256("hevm cheat code")))));

    uint256 private constant HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;
    uint256 private constant ORDER = 2 * HALF_ORDER + 1;

    error Differs(string what);

    function same(uint256 left, uint256 right, string memory what) internal pure {
        if (left != right) revert Differs(what);
    }

    function same(bytes32 left, bytes32 right, string memory what) internal pure {
        if (left != right) revert Differs(what);
    }

    function same(address left, address right, string memory what) internal pure {
        if (left != right) revert Differs(what);
    }

    function yes(bool fact, string memory what) internal pure {
        if (!fact) revert Differs(what);
    }

    function no(bool fact, string memory what) internal pure {
        if (fact) revert Differs(what);
    }

    /// @dev The account of a small, nameable private key.
    function account(uint256 key) internal pure returns (address) {
        return vm.addr(key);
    }

    function signed(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    /// @dev The other valid ECDSA signature over the same digest: high s.
    function malleated(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, bytes32(ORDER - uint256(s)), v == 27 ? uint8(28) : uint8(27));
    }

    function within(uint256 value, uint256 low, uint256 high) internal pure returns (uint256) {
        return low + value % (high - low + 1);
    }
}
