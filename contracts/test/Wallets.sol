// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @dev A wallet held by code (ERC-1271) whose owner can change.
contract CodeWallet is IERC1271 {
    address public owner;

    constructor(address owner_) {
        owner = owner_;
    }

    function rotate(address owner_) external {
        owner = owner_;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        (address recovered, ECDSA.RecoverError fault,) = ECDSA.tryRecoverCalldata(digest, signature);
        bool good = fault == ECDSA.RecoverError.NoError && recovered == owner;
        return good ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}

/// @dev A wallet that answers every question about signatures with an error.
contract RevertingWallet {
    error Never();

    fallback() external {
        revert Never();
    }
}

/// @dev A wallet that answers with too few bytes.
contract ShortWallet {
    fallback() external {
        assembly {
            mstore(0, 0x1626ba7e00000000000000000000000000000000000000000000000000000000)
            return(0, 4)
        }
    }
}

/// @dev A wallet that answers with the magic word and one bit more.
contract InexactWallet {
    fallback() external {
        assembly {
            mstore(0, 0x1626ba7e00000000000000000000000000000000000000000000000000000001)
            return(0, 0x20)
        }
    }
}

/// @dev A wallet that uses up all the gas it is given.
contract BurningWallet {
    fallback() external {
        for (uint256 i = 1; i != 0; ++i) {
            assembly {
                mstore(0, keccak256(0, 0x20))
            }
        }
    }
}

/// @dev A wallet that answers rightly, and then goes on for 100,000 bytes.
contract TalkativeWallet {
    fallback() external {
        assembly {
            mstore(0, 0x1626ba7e00000000000000000000000000000000000000000000000000000000)
            return(0, 100000)
        }
    }
}

/// @dev A wallet that tries to change something while it is asked.
contract MeddlingWallet {
    uint256 public asked;

    fallback() external {
        asked = 1;
        assembly {
            mstore(0, 0x1626ba7e00000000000000000000000000000000000000000000000000000000)
            return(0, 0x20)
        }
    }
}

/// @dev A wallet that gives the magic word as the reason for refusing to answer.
contract ContradictoryWallet {
    fallback() external {
        assembly {
            mstore(0, 0x1626ba7e00000000000000000000000000000000000000000000000000000000)
            revert(0, 0x20)
        }
    }
}

/// @dev A wallet that has to be brought up to date, by anybody, before it knows its owner (ERC-6492, "prepare").
contract MigratingWallet is IERC1271 {
    address private immutable heir;
    address public owner;

    constructor(address heir_) {
        heir = heir_;
    }

    function migrate() external {
        owner = heir;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        (address recovered, ECDSA.RecoverError fault,) = ECDSA.tryRecoverCalldata(digest, signature);
        bool good = fault == ECDSA.RecoverError.NoError && recovered == owner;
        return good ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}

/// @dev Makes wallets at places that are known before; a wallet that is there is left as it is.
contract WalletFactory {
    function make(address owner) external returns (address wallet) {
        wallet = placeOf(owner);
        if (wallet.code.length == 0) wallet = address(new CodeWallet{salt: "wallet"}(owner));
    }

    /// @dev Makes a wallet of somebody else's instead.
    function makeAnother(address owner) external returns (address) {
        return address(new CodeWallet{salt: "another"}(owner));
    }

    function burn() external pure {
        for (uint256 i = 1; i != 0; ++i) {
            assembly {
                mstore(0, keccak256(0, 0x20))
            }
        }
    }

    function placeOf(address owner) public view returns (address) {
        bytes32 code = keccak256(abi.encodePacked(type(CodeWallet).creationCode, abi.encode(owner)));
        bytes32 place = keccak256(abi.encodePacked(hex"ff", address(this), bytes32("wallet"), code));
        return address(uint160(uint256(place)));
    }
}
