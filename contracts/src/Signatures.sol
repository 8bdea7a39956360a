// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title Signatures of accounts
/// @notice Whether an account, held by a key or by code, signed a digest.
library Signatures {
    /// @dev What an account's code may use to answer. It covers verifiers of passkeys written in Solidity; a wallet
    /// that burns all it gets must not take a whole batch of others with it.
    uint256 internal constant CODE_GAS = 1_000_000;

    /// @notice Whether `signature` is `signer`'s over `digest`. Never reverts.
    /// @dev ECDSA (65 bytes r || s || v, v 27 or 28, low s only) comes first and counts even if the account has
    /// code: a slip signed by a plain key must outlive a later delegation of that account (EIP-7702), which would
    /// send it to ERC-1271 alone. An address with code of its own has no key that could recover to it.
    function isFrom(address signer, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        (address recovered, ECDSA.RecoverError fault,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (fault == ECDSA.RecoverError.NoError && recovered == signer) return true;
        return codeSays(signer, digest, signature);
    }

    /// @notice Whether an account has code, and that code calls `signature` its own over `digest`. Never reverts.
    /// @dev ERC-1271, asked by a static call with bounded gas; of the answer one word is read, which must be the
    /// magic value with nothing behind it. What comes after that word is not copied, however long it is.
    function codeSays(address wallet, bytes32 digest, bytes memory signature) internal view returns (bool) {
        if (wallet.code.length == 0) return false;
        bytes memory question = abi.encodeCall(IERC1271.isValidSignature, (digest, signature));
        bytes32 magic = bytes32(IERC1271.isValidSignature.selector);
        bool good;
        assembly ("memory-safe") {
            let answered := staticcall(CODE_GAS, wallet, add(question, 0x20), mload(question), 0x00, 0x20)
            good := and(answered, and(gt(returndatasize(), 0x1f), eq(mload(0x00), magic)))
        }
        return good;
    }
}
