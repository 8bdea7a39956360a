// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @title Signatures of accounts
/// @notice Whether an account, held by a key or by code, signed a digest.
library Signatures {
    /// @notice Whether `signature` is `signer`'s over `digest`. Never reverts.
    /// @dev ECDSA (65 bytes r || s || v, v 27 or 28, low s only) comes first and counts even if the account has
    /// code: a slip signed by a plain key must outlive a later delegation of that account (EIP-7702), which would
    /// send it to ERC-1271 alone. An address with code of its own has no key that could recover to it.
    function isFrom(address signer, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        (address recovered, ECDSA.RecoverError fault,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (fault == ECDSA.RecoverError.NoError && recovered == signer) return true;
        return signer.code.length != 0 && SignatureChecker.isValidERC1271SignatureNowCalldata(signer, digest, signature);
    }
}
