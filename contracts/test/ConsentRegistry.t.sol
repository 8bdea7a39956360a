// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

import {ConsentRegistry} from "../src/ConsentRegistry.sol";
import {IConsentRegistry} from "../src/IConsentRegistry.sol";
import {Checks} from "./Checks.sol";
import {CodeWallet, RevertingWallet, ShortWallet} from "./Wallets.sol";

contract ConsentRegistryTest is Checks {
    uint256 private constant ARTIST = 0xA11CE;
    uint256 private constant STRANGER = 0xBAD;
    bytes32 private constant KEY = "consent";
    ConsentRegistry private consents;

    function setUp() external {
        vm.warp(1_800_000_000);
        consents = new ConsentRegistry();
    }

    function refusal(address signer) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ConsentRegistry.InvalidSignature.selector, signer);
    }

    function test_TheAuthorityWithdraws() external {
        address artist = account(ARTIST);
        vm.prank(artist);
        vm.expectEmit(true, true, true, true, address(consents));
        emit IConsentRegistry.Withdrawn(artist, KEY, 1_800_000_000);
        consents.withdraw(KEY);
        same(consents.withdrawnAt(artist, KEY), 1_800_000_000, "time");
        same(consents.withdrawnAt(account(STRANGER), KEY), 0, "nobody else's");
        same(consents.withdrawnAt(artist, "other"), 0, "nothing else");
    }

    function test_TheFirstTimeStays() external {
        address artist = account(ARTIST);
        vm.prank(artist);
        consents.withdraw(KEY);
        vm.warp(1_800_000_500);
        vm.recordLogs();
        vm.prank(artist);
        consents.withdraw(KEY);
        consents.withdrawBySig(artist, KEY, signed(ARTIST, consents.withdrawalDigest(artist, KEY)));
        consents.withdrawBySig(artist, KEY, "");
        same(vm.getRecordedLogs().length, 0, "no event");
        same(consents.withdrawnAt(artist, KEY), 1_800_000_000, "first time");
    }

    function testFuzz_AnyoneRelays(address relayer, bytes32 key) external {
        vm.assume(relayer != address(vm));
        address artist = account(ARTIST);
        bytes memory signature = signed(ARTIST, consents.withdrawalDigest(artist, key));
        vm.prank(relayer);
        vm.expectEmit(true, true, true, true, address(consents));
        emit IConsentRegistry.Withdrawn(artist, key, 1_800_000_000);
        consents.withdrawBySig(artist, key, signature);
        same(consents.withdrawnAt(artist, key), 1_800_000_000, "time");
    }

    function test_DigestIsEip712() external view {
        address artist = account(ARTIST);
        bytes32 separator = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Rakkan"),
                keccak256("1"),
                block.chainid,
                address(consents)
            )
        );
        bytes32 struct_ = keccak256(abi.encode(keccak256("Withdrawal(address authority,bytes32 key)"), artist, KEY));
        same(
            consents.withdrawalDigest(artist, KEY), keccak256(abi.encodePacked(hex"1901", separator, struct_)), "digest"
        );
        (bytes1 fields, string memory name, string memory version, uint256 chainId, address self,,) =
            consents.eip712Domain();
        yes(fields == 0x0f && chainId == block.chainid && self == address(consents), "domain");
        yes(keccak256(bytes(name)) == keccak256("Rakkan") && keccak256(bytes(version)) == keccak256("1"), "names");
    }

    function test_RefusesForeignSignatures() external {
        address artist = account(ARTIST);
        bytes32 digest = consents.withdrawalDigest(artist, KEY);
        bytes memory good = signed(ARTIST, digest);
        bytes memory stranger = signed(STRANGER, digest);
        bytes memory otherKey = signed(ARTIST, consents.withdrawalDigest(artist, "other"));
        bytes memory elsewhere = signed(ARTIST, new ConsentRegistry().withdrawalDigest(artist, KEY));

        bytes[9] memory bad = [
            stranger,
            otherKey,
            elsewhere,
            malleated(ARTIST, digest),
            abi.encodePacked(good, uint8(0)),
            "",
            new bytes(65),
            new bytes(64),
            new bytes(4096)
        ];
        for (uint256 i = 0; i < bad.length; ++i) {
            vm.expectRevert(refusal(artist));
            consents.withdrawBySig(artist, KEY, bad[i]);
        }
        good[64] = bytes1(uint8(good[64]) - 27);
        vm.expectRevert(refusal(artist));
        consents.withdrawBySig(artist, KEY, good);
        same(consents.withdrawnAt(artist, KEY), 0, "nothing happened");
    }

    function test_RefusesAnotherChainsSignature() external {
        address artist = account(ARTIST);
        bytes memory here = signed(ARTIST, consents.withdrawalDigest(artist, KEY));
        vm.chainId(10);
        vm.expectRevert(refusal(artist));
        consents.withdrawBySig(artist, KEY, here);
    }

    /// @dev A failed recovery gives the zero address, which must not pass for an account.
    function testFuzz_NobodySignsForZero(bytes calldata signature) external {
        vm.expectRevert(refusal(address(0)));
        consents.withdrawBySig(address(0), KEY, signature);
    }

    function test_WalletsHeldByCode() external {
        CodeWallet wallet = new CodeWallet(account(ARTIST));
        bytes memory signature = signed(ARTIST, consents.withdrawalDigest(address(wallet), KEY));
        vm.expectRevert(refusal(address(wallet)));
        consents.withdrawBySig(address(wallet), "other", signature);
        consents.withdrawBySig(address(wallet), KEY, signature);
        same(consents.withdrawnAt(address(wallet), KEY), 1_800_000_000, "time");
        wallet.rotate(account(STRANGER));
        consents.withdrawBySig(address(wallet), KEY, signature);
    }

    function test_HostileWalletsAreNoSigners() external {
        address[2] memory wallets = [address(new RevertingWallet()), address(new ShortWallet())];
        for (uint256 i = 0; i < wallets.length; ++i) {
            vm.expectRevert(refusal(wallets[i]));
            consents.withdrawBySig(wallets[i], KEY, new bytes(65));
        }
    }

    /// @dev EIP-7702: a plain key whose account delegates to code later. Its old slips must go on working.
    function test_ASlipOutlivesDelegation() external {
        address artist = account(ARTIST);
        bytes memory slip = signed(ARTIST, consents.withdrawalDigest(artist, KEY));
        vm.etch(artist, address(new RevertingWallet()).code);
        consents.withdrawBySig(artist, KEY, slip);
        same(consents.withdrawnAt(artist, KEY), 1_800_000_000, "time");
    }

    function test_SaysWhatItIs() external view {
        yes(consents.supportsInterface(type(IERC165).interfaceId), "ERC-165");
        yes(consents.supportsInterface(type(IConsentRegistry).interfaceId), "registry");
        no(consents.supportsInterface(0xffffffff), "nothing");
    }
}
