// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ERC165} from "@openzeppelin/contracts/utils/introspection/ERC165.sol";

import {IConsentRegistry} from "./IConsentRegistry.sol";
import {Signatures} from "./Signatures.sol";

/// @title ConsentRegistry
/// @notice Withdrawals of consent, and commitments of claims; see {IConsentRegistry}. Its EIP-712 domain is also the one of consents.
contract ConsentRegistry is IConsentRegistry, EIP712, ERC165 {
    using Signatures for address;

    /// @notice The signature is not the authority's over this withdrawal, or these.
    error InvalidSignature(address signer);

    bytes32 private constant WITHDRAWAL_TYPEHASH = keccak256("Withdrawal(address authority,bytes32 key)");

    bytes32 private constant WITHDRAWALS_TYPEHASH = keccak256("Withdrawals(address authority,bytes32[] keys)");

    /// @inheritdoc IConsentRegistry
    mapping(address authority => mapping(bytes32 key => uint64 time)) public withdrawnAt;

    /// @inheritdoc IConsentRegistry
    mapping(bytes32 commitment => uint64 time) public committedAt;

    constructor() EIP712("Rakkan", "1") {}

    /// @inheritdoc IConsentRegistry
    function withdraw(bytes32 key) external {
        if (withdrawnAt[msg.sender][key] == 0) _withdraw(msg.sender, key);
    }

    /// @inheritdoc IConsentRegistry
    function withdrawMany(bytes32[] calldata keys) external {
        for (uint256 i = 0; i < keys.length; ++i) {
            if (withdrawnAt[msg.sender][keys[i]] == 0) _withdraw(msg.sender, keys[i]);
        }
    }

    /// @inheritdoc IConsentRegistry
    function withdrawBySig(address authority, bytes32 key, bytes calldata signature) external {
        if (!_withdrawBySig(authority, key, signature)) revert InvalidSignature(authority);
    }

    /// @inheritdoc IConsentRegistry
    function withdrawManyBySig(Slip[] calldata slips) external returns (bool[] memory withdrawn) {
        withdrawn = new bool[](slips.length);
        for (uint256 i = 0; i < slips.length; ++i) {
            Slip calldata slip = slips[i];
            withdrawn[i] = _withdrawBySig(slip.authority, slip.key, slip.signature);
        }
    }

    /// @inheritdoc IConsentRegistry
    function withdrawKeysBySig(address authority, bytes32[] calldata keys, bytes calldata signature) external {
        bool signed = false;
        for (uint256 i = 0; i < keys.length; ++i) {
            if (withdrawnAt[authority][keys[i]] != 0) continue;
            if (!signed) {
                signed = authority.isFrom(withdrawalsDigest(authority, keys), signature);
                if (!signed) revert InvalidSignature(authority);
            }
            _withdraw(authority, keys[i]);
        }
    }

    /// @inheritdoc IConsentRegistry
    function commit(bytes32 commitment) external {
        if (committedAt[commitment] != 0) return;
        committedAt[commitment] = uint64(block.timestamp);
        emit Committed(commitment, uint64(block.timestamp));
    }

    /// @inheritdoc IConsentRegistry
    function commitmentOf(address authority, bytes32 claim, bytes32 salt) external pure returns (bytes32) {
        return keccak256(abi.encode(authority, claim, salt));
    }

    /// @inheritdoc IConsentRegistry
    function withdrawalDigest(address authority, bytes32 key) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(WITHDRAWAL_TYPEHASH, authority, key)));
    }

    /// @inheritdoc IConsentRegistry
    function withdrawalsDigest(address authority, bytes32[] calldata keys) public view returns (bytes32) {
        bytes32 together = keccak256(abi.encodePacked(keys));
        return _hashTypedDataV4(keccak256(abi.encode(WITHDRAWALS_TYPEHASH, authority, together)));
    }

    /// @inheritdoc ERC165
    function supportsInterface(bytes4 interfaceId) public view override returns (bool) {
        return interfaceId == type(IConsentRegistry).interfaceId || super.supportsInterface(interfaceId);
    }

    /// @dev Whether the key is withdrawn now. The authority's code is asked by a static call only, so that nothing can
    /// come between the look and the write.
    function _withdrawBySig(address authority, bytes32 key, bytes calldata signature) private returns (bool) {
        if (withdrawnAt[authority][key] != 0) return true;
        if (!authority.isFrom(withdrawalDigest(authority, key), signature)) return false;
        _withdraw(authority, key);
        return true;
    }

    function _withdraw(address authority, bytes32 key) private {
        withdrawnAt[authority][key] = uint64(block.timestamp);
        emit Withdrawn(authority, key, uint64(block.timestamp));
    }
}
