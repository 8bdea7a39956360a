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

    function together(uint256 who, address authority, bytes32[] memory keys) private view returns (bytes memory) {
        return signed(who, consents.withdrawalsDigest(authority, keys));
    }

    function testFuzz_ManyKeysByOneSignature(address relayer, bytes32[] calldata keys) external {
        vm.assume(relayer != address(vm));
        address artist = account(ARTIST);
        bytes memory signature = together(ARTIST, artist, keys);
        vm.prank(relayer);
        consents.withdrawKeysBySig(artist, keys, signature);
        for (uint256 i = 0; i < keys.length; ++i) {
            same(consents.withdrawnAt(artist, keys[i]), NOW, "time");
            same(consents.withdrawnAt(account(OTHER), keys[i]), 0, "nobody else's");
        }
    }

    function testFuzz_TheDigestOfManyIsEip712(address authority, bytes32[] calldata keys) external view {
        bytes memory packed;
        for (uint256 i = 0; i < keys.length; ++i) {
            packed = bytes.concat(packed, keys[i]);
        }
        bytes32 struct_ = keccak256(
            abi.encode(keccak256("Withdrawals(address authority,bytes32[] keys)"), authority, keccak256(packed))
        );
        bytes32 separator = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Rakkan"),
                keccak256("1"),
                block.chainid,
                address(consents)
            )
        );
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", separator, struct_));
        same(consents.withdrawalsDigest(authority, keys), digest, "digest");
    }

    /// @dev All or none: whatever of it is another, nothing is withdrawn.
    function testFuzz_OneSignatureHoldsForExactlyItsKeys(bytes32[3] calldata given, uint256 seed) external {
        address artist = account(ARTIST);
        bytes32[] memory keys = new bytes32[](3);
        for (uint256 i = 0; i < 3; ++i) {
            keys[i] = keccak256(abi.encode(given[i], i)); // no two alike
        }
        bytes memory signature = together(ARTIST, artist, keys);
        uint256 fault = seed % 6;
        if (fault == 0) (keys[0], keys[1]) = (keys[1], keys[0]);
        if (fault == 1) keys[seed % 3] = bytes32(seed);
        if (fault == 2) keys = shorter(keys);
        if (fault == 3) signature[seed % 64] ^= 0x01;
        if (fault == 4) signature = together(OTHER, artist, keys);
        if (fault == 5) signature = signed(ARTIST, consents.withdrawalDigest(artist, keys[0]));
        vm.expectRevert(abi.encodeWithSelector(ConsentRegistry.InvalidSignature.selector, artist));
        consents.withdrawKeysBySig(artist, keys, signature);
        for (uint256 i = 0; i < keys.length; ++i) {
            same(consents.withdrawnAt(artist, keys[i]), 0, "nothing");
        }
    }

    function shorter(bytes32[] memory keys) private pure returns (bytes32[] memory fewer) {
        fewer = new bytes32[](2);
        (fewer[0], fewer[1]) = (keys[0], keys[1]);
    }

    /// @dev Neither serves for the other, not even where there is one key.
    function test_ASignatureOverOneIsNoneOverMany() external {
        address artist = account(ARTIST);
        bytes32[] memory keys = new bytes32[](1);
        keys[0] = "key";
        bytes memory many = together(ARTIST, artist, keys);
        vm.expectRevert(abi.encodeWithSelector(ConsentRegistry.InvalidSignature.selector, artist));
        consents.withdrawBySig(artist, "key", many);
        consents.withdrawKeysBySig(artist, keys, many);
        same(consents.withdrawnAt(artist, "key"), NOW, "time");
    }

    function test_ManyByOneSignatureKeepTheirFirstTime() external {
        address artist = account(ARTIST);
        vm.prank(artist);
        consents.withdraw("first");
        vm.warp(NOW + 500);
        bytes32[] memory keys = new bytes32[](3);
        (keys[0], keys[1], keys[2]) = ("first", "second", "second");
        bytes memory signature = together(ARTIST, artist, keys);
        vm.recordLogs();
        consents.withdrawKeysBySig(artist, keys, signature);
        same(vm.getRecordedLogs().length, 1, "one event");
        same(consents.withdrawnAt(artist, "first"), NOW, "first");
        same(consents.withdrawnAt(artist, "second"), NOW + 500, "second");
        vm.warp(NOW + 900);
        vm.recordLogs();
        consents.withdrawKeysBySig(artist, keys, "");
        consents.withdrawKeysBySig(artist, new bytes32[](0), "");
        same(vm.getRecordedLogs().length, 0, "what is asked for is so already");
    }

    function test_WalletsHeldByCodeWithdrawMany() external {
        CodeWallet wallet = new CodeWallet(account(ARTIST));
        bytes32[] memory keys = new bytes32[](2);
        (keys[0], keys[1]) = ("first", "second");
        bytes memory signature = together(ARTIST, address(wallet), keys);
        bytes memory stranger = together(OTHER, address(wallet), keys);
        vm.expectRevert(abi.encodeWithSelector(ConsentRegistry.InvalidSignature.selector, address(wallet)));
        consents.withdrawKeysBySig(address(wallet), keys, stranger);
        // The same owner's signature for another of their wallets is none for this one.
        CodeWallet twin = new CodeWallet(account(ARTIST));
        vm.expectRevert(abi.encodeWithSelector(ConsentRegistry.InvalidSignature.selector, address(twin)));
        consents.withdrawKeysBySig(address(twin), keys, signature);
        consents.withdrawKeysBySig(address(wallet), keys, signature);
        same(consents.withdrawnAt(address(wallet), "second"), NOW, "time");
    }

    function testFuzz_NobodySignsManyForZero(bytes32 key, bytes calldata signature) external {
        bytes32[] memory keys = new bytes32[](1);
        keys[0] = key;
        vm.expectRevert(abi.encodeWithSelector(ConsentRegistry.InvalidSignature.selector, address(0)));
        consents.withdrawKeysBySig(address(0), keys, signature);
    }
}
