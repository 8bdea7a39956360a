// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ConsentRegistry} from "../src/ConsentRegistry.sol";
import {IConsentRegistry} from "../src/IConsentRegistry.sol";
import {Checks} from "./Checks.sol";
import {
    BurningWallet,
    CodeWallet,
    InexactWallet,
    MeddlingWallet,
    RevertingWallet,
    ShortWallet,
    TalkativeWallet
} from "./Wallets.sol";

/// @dev Many withdrawals at once, and accounts held by code.
contract SlipsTest is Checks {
    uint256 private constant ARTIST = 0xA11CE;
    uint256 private constant OTHER = 0xB0B;
    uint64 private constant NOW = 1_800_000_000;
    ConsentRegistry private consents;

    function setUp() external {
        vm.warp(NOW);
        consents = new ConsentRegistry();
    }

    function slip(uint256 who, bytes32 key) private view returns (IConsentRegistry.Slip memory) {
        address authority = account(who);
        return IConsentRegistry.Slip(authority, key, signed(who, consents.withdrawalDigest(authority, key)));
    }

    function testFuzz_ManyKeysOfTheCaller(bytes32[] calldata keys) external {
        address artist = account(ARTIST);
        vm.prank(artist);
        consents.withdrawMany(keys);
        for (uint256 i = 0; i < keys.length; ++i) {
            same(consents.withdrawnAt(artist, keys[i]), NOW, "time");
            same(consents.withdrawnAt(account(OTHER), keys[i]), 0, "nobody else's");
        }
    }

    function test_ManyKeysKeepTheirFirstTime() external {
        address artist = account(ARTIST);
        vm.prank(artist);
        consents.withdraw("first");
        vm.warp(NOW + 500);
        bytes32[] memory keys = new bytes32[](3);
        (keys[0], keys[1], keys[2]) = ("first", "second", "second");
        vm.recordLogs();
        vm.prank(artist);
        consents.withdrawMany(keys);
        same(vm.getRecordedLogs().length, 1, "one event");
        same(consents.withdrawnAt(artist, "first"), NOW, "first");
        same(consents.withdrawnAt(artist, "second"), NOW + 500, "second");
    }

    /// @dev Whatever is wrong with any of them, each good one of a batch counts, and no other.
    function testFuzz_BadSlipsHoldUpNoOther(uint256 seed) external {
        IConsentRegistry.Slip[] memory slips = new IConsentRegistry.Slip[](6);
        bool[] memory good = new bool[](6);
        for (uint256 i = 0; i < 6; ++i) {
            slips[i] = slip(i % 2 == 0 ? ARTIST : OTHER, bytes32(i));
            uint256 fault = uint256(keccak256(abi.encode(seed, i))) % 7;
            good[i] = fault == 0;
            if (fault == 1) slips[i].key = "another";
            if (fault == 2) slips[i].authority = account(i % 2 == 0 ? OTHER : ARTIST);
            if (fault == 3) slips[i].signature[7] ^= 0x01;
            if (fault == 4) slips[i].signature = "";
            if (fault == 5) slips[i].authority = address(0);
            if (fault == 6) slips[i].authority = address(new BurningWallet());
        }
        bool[] memory withdrawn = consents.withdrawManyBySig{gas: 20_000_000}(slips);
        same(withdrawn.length, 6, "one answer for each");
        for (uint256 i = 0; i < 6; ++i) {
            yes(withdrawn[i] == good[i], "answer");
            same(consents.withdrawnAt(slips[i].authority, slips[i].key), good[i] ? NOW : 0, "time");
        }
    }

    function test_ABatchAgainIsAYesWithoutEvent() external {
        IConsentRegistry.Slip[] memory slips = new IConsentRegistry.Slip[](2);
        (slips[0], slips[1]) = (slip(ARTIST, "key"), slip(ARTIST, "key"));
        vm.recordLogs();
        bool[] memory withdrawn = consents.withdrawManyBySig(slips);
        yes(withdrawn[0] && withdrawn[1], "both");
        slips[0].signature = "";
        withdrawn = consents.withdrawManyBySig(slips);
        yes(withdrawn[0] && withdrawn[1], "again");
        same(vm.getRecordedLogs().length, 1, "one event");
    }

    function test_NothingInABatchIsNothing() external {
        same(consents.withdrawManyBySig(new IConsentRegistry.Slip[](0)).length, 0, "none");
        consents.withdrawMany(new bytes32[](0));
    }

    function test_OnlyTheMagicWordCounts() external {
        address[5] memory wallets = [
            address(new RevertingWallet()),
            address(new ShortWallet()),
            address(new InexactWallet()),
            address(new BurningWallet()),
            address(new MeddlingWallet())
        ];
        for (uint256 i = 0; i < wallets.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(ConsentRegistry.InvalidSignature.selector, wallets[i]));
            consents.withdrawBySig{gas: 3_000_000}(wallets[i], "key", "anything");
            same(consents.withdrawnAt(wallets[i], "key"), 0, "nothing");
        }
    }

    /// @dev Precompiles and plain accounts answer calls with success; none of them is a wallet.
    function testFuzz_WhatHasNoCodeSignsNothing(uint8 low, bytes32 key) external {
        address nobody = address(uint160(low));
        vm.expectRevert(abi.encodeWithSelector(ConsentRegistry.InvalidSignature.selector, nobody));
        consents.withdrawBySig(nobody, key, "anything");
    }

    function test_ALongAnswerIsNotCopied() external {
        TalkativeWallet wallet = new TalkativeWallet();
        uint256 before = gasleft();
        consents.withdrawBySig(address(wallet), "key", "");
        yes(before - gasleft() < 120_000, "what it said was copied");
        same(consents.withdrawnAt(address(wallet), "key"), NOW, "time");
    }

    /// @dev A wallet that burns all it gets costs what it is given and takes nobody with it.
    function test_WhatAWalletBurnsIsBounded() external {
        IConsentRegistry.Slip[] memory slips = new IConsentRegistry.Slip[](3);
        slips[0] = IConsentRegistry.Slip(address(new BurningWallet()), "key", "");
        slips[1] = slip(ARTIST, "key");
        CodeWallet wallet = new CodeWallet(account(OTHER));
        bytes memory signature = signed(OTHER, consents.withdrawalDigest(address(wallet), "key"));
        slips[2] = IConsentRegistry.Slip(address(wallet), "key", signature);
        uint256 before = gasleft();
        bool[] memory withdrawn = consents.withdrawManyBySig{gas: 3_000_000}(slips);
        yes(before - gasleft() < 1_250_000, "bounded");
        yes(!withdrawn[0] && withdrawn[1] && withdrawn[2], "the others count");
    }
}
