// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {WalletQuestion} from "../src/WalletQuestion.sol";
import {Checks} from "./Checks.sol";
import {
    BurningWallet,
    CodeWallet,
    ContradictoryWallet,
    InexactWallet,
    MeddlingWallet,
    MigratingWallet,
    RevertingWallet,
    ShortWallet,
    TalkativeWallet,
    WalletFactory
} from "./Wallets.sol";

/// @dev What wallets held by code are taken to have said, deployed or not.
contract WalletQuestionTest is Checks {
    uint256 private constant ARTIST = 0xA11CE;
    uint256 private constant STRANGER = 0xBAD;
    bytes32 private constant DIGEST = "digest";
    bytes32 private constant WRAPPED = 0x6492649264926492649264926492649264926492649264926492649264926492;
    uint256 private constant NO = 0;
    uint256 private constant YES = 1;
    uint256 private constant UNASKED = 2;
    WalletFactory private factory;

    function setUp() external {
        factory = new WalletFactory();
    }

    /// @dev What a node would return: here it becomes the code of what was created.
    function ask(address wallet, bytes memory signature) public returns (uint256) {
        bytes memory answer = address(new WalletQuestion(wallet, DIGEST, signature)).code;
        same(answer.length, 32, "one word");
        return abi.decode(answer, (uint256));
    }

    function wrapped(bytes memory preparation, bytes memory inner) private view returns (bytes memory) {
        return abi.encodePacked(abi.encode(factory, preparation, inner), WRAPPED);
    }

    function made(address owner) private pure returns (bytes memory) {
        return abi.encodeCall(WalletFactory.make, (owner));
    }

    function test_AWalletSaysYesToItsOwnersSignature() external {
        CodeWallet wallet = new CodeWallet(account(ARTIST));
        same(ask(address(wallet), signed(ARTIST, DIGEST)), YES, "owner");
        same(ask(address(wallet), signed(STRANGER, DIGEST)), NO, "stranger");
        same(ask(address(wallet), signed(ARTIST, "other")), NO, "other digest");
        same(ask(address(wallet), ""), NO, "nothing");
    }

    function test_ARotatedOwnerIsNoOwner() external {
        CodeWallet wallet = new CodeWallet(account(ARTIST));
        wallet.rotate(account(STRANGER));
        same(ask(address(wallet), signed(ARTIST, DIGEST)), NO, "former");
        same(ask(address(wallet), signed(STRANGER, DIGEST)), YES, "present");
    }

    function test_OnlyTheMagicWordCounts() external {
        address[6] memory wallets = [
            address(new RevertingWallet()),
            address(new ShortWallet()),
            address(new InexactWallet()),
            address(new BurningWallet()),
            address(new MeddlingWallet()),
            address(new ContradictoryWallet())
        ];
        for (uint256 i = 0; i < wallets.length; ++i) {
            same(ask(wallets[i], "anything"), NO, "plain");
            same(ask(wallets[i], wrapped("", "anything")), NO, "wrapped");
        }
    }

    function test_ALongAnswerIsNotCopied() external {
        address wallet = address(new TalkativeWallet());
        uint256 before = gasleft();
        same(ask(wallet, ""), YES, "yes");
        yes(before - gasleft() < 150_000, "what it said was copied");
    }

    function test_WhatIsBurntIsBounded() external {
        address wallet = address(new BurningWallet());
        uint256 before = gasleft();
        same(ask(wallet, ""), NO, "wallet");
        yes(before - gasleft() < 1_200_000, "wallet");
        before = gasleft();
        bytes memory preparation = abi.encodeCall(WalletFactory.burn, ());
        same(ask(wallet, wrapped(preparation, "")), NO, "factory");
        yes(before - gasleft() < 10_500_000, "factory");
    }

    /// @dev An account without code is no wallet, whoever signed: its key has a kind of proof of its own.
    function testFuzz_WhatHasNoCodeSaysNothing(uint8 low) external {
        same(ask(account(ARTIST), signed(ARTIST, DIGEST)), NO, "key");
        same(ask(address(uint160(low)), "anything"), NO, "precompile");
    }

    function test_AWalletThatIsNotDeployedYet() external {
        address wallet = factory.placeOf(account(ARTIST));
        bytes memory inner = signed(ARTIST, DIGEST);
        same(ask(wallet, inner), NO, "not there");
        uint256 answer = ask(wallet, wrapped(made(account(ARTIST)), inner));
        same(answer, YES, "made for the question");
        yes(wallet.code.length != 0, "only a node undoes it");
    }

    function test_AFactoryMustMakeThisWallet() external {
        address wallet = factory.placeOf(account(ARTIST));
        bytes memory inner = signed(ARTIST, DIGEST);
        bytes memory other = signed(STRANGER, DIGEST);
        same(ask(wallet, wrapped(made(account(ARTIST)), other)), NO, "made, and refuses");
        wallet = factory.placeOf(account(STRANGER));
        same(ask(wallet, wrapped(made(account(ARTIST)), inner)), NO, "makes another owner's");
        bytes memory another = abi.encodeCall(WalletFactory.makeAnother, (account(STRANGER)));
        same(ask(wallet, wrapped(another, other)), NO, "makes one elsewhere");
        same(ask(wallet, wrapped("", other)), NO, "reverts");
        same(ask(wallet, wrapped(abi.encodeCall(WalletFactory.burn, ()), other)), NO, "burns");
        same(ask(wallet, abi.encodePacked(abi.encode(address(7), made(account(STRANGER)), other), WRAPPED)), NO, "none");
        same(wallet.code.length, 0, "not there");
    }

    /// @dev A wrapped signature of before the deployment works after it, and only for who owns the wallet by then.
    function test_AWrappedSignatureOutlivesDeploymentButNotItsOwner() external {
        address wallet = factory.make(account(ARTIST));
        bytes memory signature = wrapped(made(account(ARTIST)), signed(ARTIST, DIGEST));
        same(ask(wallet, signature), YES, "deployed");
        CodeWallet(wallet).rotate(account(STRANGER));
        same(ask(wallet, signature), NO, "the factory does not bring the former owner back");
        bytes memory failing = abi.encodePacked(abi.encode(address(this), "", signed(STRANGER, DIGEST)), WRAPPED);
        same(ask(wallet, failing), YES, "who is there is asked before anything is called");
    }

    function test_AWalletThatHasToBeMigratedFirst() external {
        MigratingWallet wallet = new MigratingWallet(account(ARTIST));
        bytes memory inner = signed(ARTIST, DIGEST);
        bytes memory preparation = abi.encodeCall(MigratingWallet.migrate, ());
        same(ask(address(wallet), inner), NO, "not migrated");
        bytes memory stranger = abi.encode(wallet, preparation, signed(STRANGER, DIGEST));
        same(ask(address(wallet), abi.encodePacked(stranger, WRAPPED)), NO, "stranger");
        wallet = new MigratingWallet(account(ARTIST));
        same(ask(address(wallet), abi.encodePacked(abi.encode(wallet, preparation, inner), WRAPPED)), YES, "migrated");
    }

    /// @dev Too little gas is no no: whoever asked is told that nobody was asked.
    function test_TooLittleGasIsNoAnswer() external {
        CodeWallet wallet = new CodeWallet(account(ARTIST));
        bytes memory good = signed(ARTIST, DIGEST);
        same(this.ask{gas: 1_000_000}(address(wallet), good), UNASKED, "too little to ask");
        same(this.ask{gas: 1_400_000}(address(wallet), good), YES, "enough to ask");
        address unborn = factory.placeOf(account(ARTIST));
        bytes memory signature = wrapped(made(account(ARTIST)), good);
        same(this.ask{gas: 8_000_000}(unborn, signature), UNASKED, "too little to prepare");
        same(this.ask{gas: 10_000_000}(unborn, signature), YES, "enough to prepare");
    }

    function decoded(bytes memory body) external pure returns (bytes memory inner) {
        (,, inner) = abi.decode(body, (address, bytes, bytes));
    }

    /// @dev What `abi.decode` takes apart is whole, and nothing else; this wallet says yes to anything. Small words, most
    /// of them where words are, so that many are whole.
    function testFuzz_WhatIsWrappedIsReadAsTheAbiSays(
        uint256 first,
        uint16 second,
        uint16 third,
        uint8[8] calldata rest
    ) external {
        address wallet = address(new TalkativeWallet());
        bytes memory body = abi.encodePacked(first % 4 == 0 ? first : first >> 96, offset(second), offset(third));
        for (uint256 i = 0; i < rest.length; ++i) {
            body = abi.encodePacked(body, uint256(rest[i]));
        }
        bool whole;
        try this.decoded(body) returns (bytes memory) {
            whole = true;
        } catch {}
        same(ask(wallet, abi.encodePacked(body, WRAPPED)), whole ? YES : NO, "whole");
    }

    function offset(uint256 seed) private pure returns (uint256) {
        return seed % 8 == 0 ? seed % 400 : 32 * (seed % 13);
    }

    function testFuzz_HugeOffsetsAreNoSignature(uint256 second, uint256 third, uint256 length) external {
        address wallet = address(new TalkativeWallet());
        bytes memory parts = abi.encodePacked(length | (1 << 255), new bytes(64));
        bytes memory body = abi.encodePacked(uint256(1), second | (1 << 128), uint256(96), parts);
        same(ask(wallet, abi.encodePacked(body, WRAPPED)), NO, "calldata beyond");
        body = abi.encodePacked(uint256(1), uint256(128), third | (1 << 200), parts);
        same(ask(wallet, abi.encodePacked(body, WRAPPED)), NO, "signature beyond");
        body = abi.encodePacked(uint256(1), uint256(96), uint256(128), parts);
        same(ask(wallet, abi.encodePacked(body, WRAPPED)), NO, "too long");
        same(ask(wallet, abi.encodePacked(WRAPPED)), NO, "nothing but the mark");
    }

    function testFuzz_NeverReverts(bytes calldata signature) external {
        same(ask(address(new CodeWallet(account(ARTIST))), signature), NO, "plain");
        same(ask(address(new CodeWallet(account(ARTIST))), abi.encodePacked(signature, WRAPPED)), NO, "wrapped");
    }
}
