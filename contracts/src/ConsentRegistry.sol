// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ERC165} from "@openzeppelin/contracts/utils/introspection/ERC165.sol";

import {IConsentRegistry} from "./IConsentRegistry.sol";
import {Signatures} from "./Signatures.sol";

/// @title ConsentRegistry
/// @notice Withdrawals of consent; see {IConsentRegistry}. Its EIP-712 domain is also the one of consents.
contract ConsentRegistry is IConsentRegistry, EIP712, ERC165 {
    using Signatures for address;

    /// @notice The signature is not the authority's over this withdrawal.
    error InvalidSignature(address signer);

    bytes32 private constant WITHDRAWAL_TYPEHASH = keccak256("Withdrawal(address authority,bytes32 key)");

    /// @inheritdoc IConsentRegistry
    mapping(address authority => mapping(bytes32 key => uint64 time)) public withdrawnAt;

    constructor() EIP712("Rakkan", "1") {}

    /// @inheritdoc IConsentRegistry
    function withdraw(bytes32 key) external {
        if (withdrawnAt[msg.sender][key] == 0) _withdraw(msg.sender, key);
    }

    /// @inheritdoc IConsentRegistry
    function withdrawBySig(address authority, bytes32 key, bytes calldata signature) external {
        if (withdrawnAt[authority][key] != 0) return;
        if (!authority.isFrom(withdrawalDigest(authority, key), signature)) revert InvalidSignature(authority);
        _withdraw(authority, key);
    }

    /// @inheritdoc IConsentRegistry
    function withdrawalDigest(address authority, bytes32 key) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(WITHDRAWAL_TYPEHASH, authority, key)));
    }

    /// @inheritdoc ERC165
    function supportsInterface(bytes4 interfaceId) public view override returns (bool) {
        return interfaceId == type(IConsentRegistry).interfaceId || super.supportsInterface(interfaceId);
    }

    function _withdraw(address authority, bytes32 key) private {
        withdrawnAt[authority][key] = uint64(block.timestamp);
        emit Withdrawn(authority, key, uint64(block.timestamp));
    }
}
