// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Signatures} from "./Signatures.sol";

/// @title WalletQuestion
/// @notice Whether a wallet that is held by code signed a digest, also one that is not deployed yet (ERC-6492).
/// @dev It is never deployed: its creation code, with the arguments behind it, is run by one `eth_call` without a
/// receiver, and what it returns is one word: 1 yes, 0 no, 2 the node gave too little gas to ask. It never reverts.
/// On chain nobody may ask so: the call of the factory could do anything in the asker's name.
contract WalletQuestion {
    /// @dev What such signatures end with: `abi.encode(factory, factoryCalldata, signature) || WRAPPED`.
    bytes32 private constant WRAPPED = 0x6492649264926492649264926492649264926492649264926492649264926492;

    /// @dev What the factory may use: it covers the largest code that can be deployed.
    uint256 private constant FACTORY_GAS = 8_000_000;

    /// @dev Gas to have left when asking: a 64th stays here (EIP-150), and the rest must cover what may be used. A
    /// wallet that was given less would say a no that is not its own.
    uint256 private constant ENOUGH_TO_ASK = 1_100_000;
    uint256 private constant ENOUGH_TO_PREPARE = 8_200_000 + ENOUGH_TO_ASK;

    uint256 private constant NO = 0;
    uint256 private constant YES = 1;
    uint256 private constant UNASKED = 2;

    /// @param wallet The account.
    /// @param digest What it should have signed.
    /// @param signature As it takes it, or wrapped as above.
    constructor(address wallet, bytes32 digest, bytes memory signature) {
        uint256 answer = _answer(wallet, digest, signature);
        assembly ("memory-safe") {
            mstore(0x00, answer)
            return(0x00, 0x20)
        }
    }

    /// @dev In the order of ERC-6492: a wallet that is there is asked as it is, with the inner signature, so that what
    /// became of its owners counts; only if it refuses, or is not there, the factory is called before it is asked.
    function _answer(address wallet, bytes32 digest, bytes memory signature) private returns (uint256) {
        if (!_isWrapped(signature)) return _ask(wallet, digest, signature);
        (bool whole, address factory, bytes memory preparation, bytes memory inner) = _unwrap(signature);
        if (!whole) return NO;
        uint256 answer = _ask(wallet, digest, inner);
        if (answer != NO) return answer;
        if (gasleft() < ENOUGH_TO_PREPARE) return UNASKED;
        bool prepared;
        assembly ("memory-safe") {
            prepared := call(FACTORY_GAS, factory, 0, add(preparation, 0x20), mload(preparation), 0x00, 0x00)
        }
        return prepared ? _ask(wallet, digest, inner) : NO;
    }

    function _ask(address wallet, bytes32 digest, bytes memory signature) private view returns (uint256) {
        if (gasleft() < ENOUGH_TO_ASK) return UNASKED;
        return Signatures.codeSays(wallet, digest, signature) ? YES : NO;
    }

    function _isWrapped(bytes memory signature) private pure returns (bool) {
        return signature.length >= 32 && _word(signature, signature.length - 32) == WRAPPED;
    }

    /// @dev Like `abi.decode`, which would revert where this says that it is not whole. The parts stay where they are.
    function _unwrap(bytes memory wrapped)
        private
        pure
        returns (bool whole, address factory, bytes memory preparation, bytes memory inner)
    {
        uint256 size = wrapped.length - 32;
        if (size < 96) return (false, address(0), "", "");
        uint256 first = uint256(_word(wrapped, 0));
        if (first >> 160 != 0) return (false, address(0), "", "");
        bool there;
        (whole, preparation) = _part(wrapped, size, uint256(_word(wrapped, 32)));
        (there, inner) = _part(wrapped, size, uint256(_word(wrapped, 64)));
        return (whole && there, address(uint160(first)), preparation, inner);
    }

    /// @dev The bytes (length, then content) that begin at an offset, if they end within the first `size` bytes.
    function _part(bytes memory wrapped, uint256 size, uint256 offset)
        private
        pure
        returns (bool there, bytes memory part)
    {
        if (offset > size - 32 || uint256(_word(wrapped, offset)) > size - 32 - offset) return (false, "");
        assembly ("memory-safe") {
            part := add(add(wrapped, 0x20), offset)
        }
        return (true, part);
    }

    function _word(bytes memory content, uint256 offset) private pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := mload(add(add(content, 0x20), offset))
        }
    }
}
