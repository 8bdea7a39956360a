// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ConsentGate} from "../src/ConsentGate.sol";
import {ConsentRegistry} from "../src/ConsentRegistry.sol";
import {IConsentGate} from "../src/IConsentGate.sol";
import {IConsentRegistry} from "../src/IConsentRegistry.sol";
import {IProvenanceLog} from "../src/IProvenanceLog.sol";
import {WalletQuestion} from "../src/WalletQuestion.sol";
import {Checks} from "./Checks.sol";
import {CodeWallet} from "./Wallets.sol";

/// @dev The vectors that Python writes (tests/vectors/consent.json, member `contracts`), computed and accepted here
/// again. The contracts stand where those records were signed for.
contract VectorsTest is Checks {
    string private constant FILE = "tests/vectors/consent.json";
    uint64 private constant NOW = 1_800_000_000;
    ConsentRegistry private consents;
    ConsentGate private gate;
    string private json;

    function setUp() external {
        json = read();
        vm.warp(NOW);
        vm.chainId(vm.parseJsonUint(json, ".chainId"));
        consents = ConsentRegistry(vm.parseJsonAddress(json, ".consents"));
        gate = ConsentGate(vm.parseJsonAddress(json, ".gate"));
        vm.etch(address(consents), address(new ConsentRegistry()).code);
        IProvenanceLog somewhere = IProvenanceLog(address(this));
        vm.etch(address(gate), address(new ConsentGate(somewhere, consents, address(this), address(this), 1)).code);
    }

    /// @dev One member alone: the whole file is half a megabyte, each member of this one stands on a line.
    function read() private view returns (string memory found) {
        same(keccak256(bytes(vm.readLine(FILE))), keccak256("{"), "first line");
        same(keccak256(bytes(vm.readLine(FILE))), keccak256(' "contracts": {'), "first member");
        found = "{";
        while (true) {
            string memory line = vm.readLine(FILE);
            if (keccak256(bytes(line)) == keccak256(" },")) return string.concat(found, "}");
            found = string.concat(found, line);
        }
    }

    function place(string memory list, uint256 index, string memory name) private pure returns (string memory) {
        return string.concat(".", list, "[", vm.toString(index), "]", name);
    }

    function there(string memory list, uint256 index) private view returns (bool) {
        return vm.keyExistsJson(json, place(list, index, ""));
    }

    function word(string memory key) private view returns (bytes32) {
        return vm.parseJsonBytes32(json, key);
    }

    function text(string memory key) private view returns (bytes32) {
        return keccak256(bytes(vm.parseJsonString(json, key)));
    }

    function number(string memory key) private view returns (uint64) {
        return uint64(vm.parseJsonUint(json, key));
    }

    function who(string memory key) private view returns (address) {
        return vm.parseJsonAddress(json, key);
    }

    function separator(address verifier) private view returns (bytes32) {
        bytes32 form = keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        return keccak256(abi.encode(form, keccak256("Rakkan"), keccak256("1"), block.chainid, verifier));
    }

    function test_WhatWalletsSignForEveryKindOfRecord() external view {
        uint256 seen;
        for (uint256 i = 0; there("records", i); ++i) {
            bytes32 kind = text(place("records", i, ".primaryType"));
            string memory m = place("records", i, ".message");
            bytes32 digest = word(place("records", i, ".digest"));
            if (kind == keccak256("Verdict")) {
                same(gate.verdictDigest(verdict(m)), digest, "verdict");
                ++seen;
                continue;
            }
            bytes32 struct_;
            if (kind == keccak256("Consent")) struct_ = consentStruct(m);
            if (kind == keccak256("Statement")) struct_ = statementStruct(m);
            if (kind == keccak256("Withdrawal")) {
                address authority = who(string.concat(m, ".authority"));
                same(consents.withdrawalDigest(authority, word(string.concat(m, ".key"))), digest, "withdrawal");
                continue;
            }
            same(keccak256(abi.encodePacked(hex"1901", separator(address(consents)), struct_)), digest, "record");
            ++seen;
        }
        same(seen, 4, "kinds");
    }

    function consentStruct(string memory m) private view returns (bytes32) {
        bytes memory first = abi.encode(
            keccak256(
                "Consent(string notice,string audience,bytes32 recordId,bytes32 subject,string scopes,string grantee,"
                "address grantor,uint64 validFrom,uint64 validUntil,string onWithdrawal,address withdrawalAuthority)"
            ),
            text(string.concat(m, ".notice")),
            text(string.concat(m, ".audience")),
            word(string.concat(m, ".recordId")),
            word(string.concat(m, ".subject")),
            text(string.concat(m, ".scopes")),
            text(string.concat(m, ".grantee"))
        );
        bytes memory second = abi.encode(
            who(string.concat(m, ".grantor")),
            number(string.concat(m, ".validFrom")),
            number(string.concat(m, ".validUntil")),
            text(string.concat(m, ".onWithdrawal")),
            who(string.concat(m, ".withdrawalAuthority"))
        );
        return keccak256(bytes.concat(first, second));
    }

    function statementStruct(string memory m) private view returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256("Statement(string kind,string audience,bytes32 recordId)"),
                text(string.concat(m, ".kind")),
                text(string.concat(m, ".audience")),
                word(string.concat(m, ".recordId"))
            )
        );
    }

    function verdict(string memory m) private view returns (IConsentGate.Verdict memory) {
        return IConsentGate.Verdict({
            recordId: word(string.concat(m, ".recordId")),
            subject: word(string.concat(m, ".subject")),
            policyId: word(string.concat(m, ".policyId")),
            outcome: uint8(number(string.concat(m, ".outcome"))),
            logSize: number(string.concat(m, ".logSize")),
            logRoot: word(string.concat(m, ".logRoot")),
            issuedAt: number(string.concat(m, ".issuedAt")),
            validUntil: number(string.concat(m, ".validUntil")),
            findingsRoot: word(string.concat(m, ".findingsRoot")),
            findingsCount: number(string.concat(m, ".findingsCount")),
            relianceRoot: word(string.concat(m, ".relianceRoot")),
            relianceCount: number(string.concat(m, ".relianceCount"))
        });
    }

    function test_TheirSignaturesAreTheSigners() external view {
        for (uint256 i = 0; there("records", i); ++i) {
            bytes memory signature = vm.parseJsonBytes(json, place("records", i, ".signature"));
            same(signature.length, 65, "r, s, v");
            address signer = who(place("records", i, ".signer"));
            same(recovered(word(place("records", i, ".digest")), signature), signer, "signer");
        }
    }

    function recovered(bytes32 digest, bytes memory signature) private pure returns (address) {
        bytes32 r;
        bytes32 s;
        assembly {
            r := mload(add(signature, 0x20))
            s := mload(add(signature, 0x40))
        }
        return ecrecover(digest, uint8(signature[64]), r, s);
    }

    function test_TheGateTakesTheVerdictOfItsAttesterAlone() external {
        uint256 last;
        while (there("records", last + 1)) ++last;
        same(text(place("records", last, ".primaryType")), keccak256("Verdict"), "the last is the verdict");
        IConsentGate.Verdict memory given = verdict(place("records", last, ".message"));
        bytes memory signature = vm.parseJsonBytes(json, place("records", last, ".signature"));
        address signer = who(place("records", last, ".signer"));
        no(gate.checkVerdict(given, signer, signature), "not an attester");
        vm.prank(address(0)); // an etched gate has no community yet
        gate.setAttester(signer, true);
        yes(gate.checkVerdict(given, signer, signature), "attester");
        given.outcome = 3;
        no(gate.checkVerdict(given, signer, signature), "another outcome");
    }

    function test_KeysOfWithdrawalsAndTheirDigests() external {
        uint256 i;
        for (; there("withdrawals", i); ++i) {
            bytes32 key = word(place("withdrawals", i, ".key"));
            bytes32 expected = word(place("withdrawals", i, ".recordId"));
            if (vm.keyExistsJson(json, place("withdrawals", i, ".item"))) {
                expected = sha256(abi.encodePacked(expected, word(place("withdrawals", i, ".item"))));
            }
            same(key, expected, "key");
            address authority = who(place("withdrawals", i, ".authority"));
            same(consents.withdrawalDigest(authority, key), word(place("withdrawals", i, ".digest")), "digest");
            consents.withdrawBySig(authority, key, vm.parseJsonBytes(json, place("withdrawals", i, ".signature")));
            same(consents.withdrawnAt(authority, key), NOW, "taken back");
        }
        same(i, 2, "whole, and one work");
    }

    function test_KeysThatWereSignedTogether() external {
        address authority = who(place("together", 0, ".authority"));
        bytes32[] memory keys = vm.parseJsonBytes32Array(json, place("together", 0, ".keys"));
        same(consents.withdrawalsDigest(authority, keys), word(place("together", 0, ".digest")), "digest");
        consents.withdrawKeysBySig(
            authority, keys, vm.parseJsonBytes(json, place("together", 0, ".signature"))
        );
        same(keys.length, 2, "two keys");
        for (uint256 i = 0; i < keys.length; ++i) {
            same(consents.withdrawnAt(authority, keys[i]), NOW, "taken back");
        }
    }

    function hexadecimal(string memory key) private view returns (bytes memory) {
        return vm.parseBytes(string.concat("0x", vm.parseJsonString(json, key)));
    }

    function test_SlipsAreTakenAsTheyAreHandedIn() external {
        uint256 i;
        for (; there("slips", i); ++i) {
            same(number(place("slips", i, ".chainId")), block.chainid, "chain");
            same(who(place("slips", i, ".contract")), address(consents), "contract");
            address authority = who(place("slips", i, ".authority"));
            bytes32 key = bytes32(hexadecimal(place("slips", i, ".key")));
            bytes memory signature = hexadecimal(place("slips", i, ".signature"));
            IConsentRegistry.Slip[] memory slips = new IConsentRegistry.Slip[](2);
            slips[0] = IConsentRegistry.Slip(authority, ~key, signature);
            slips[1] = IConsentRegistry.Slip(authority, key, signature);
            bool[] memory withdrawn = consents.withdrawManyBySig(slips);
            yes(!withdrawn[0] && withdrawn[1], "for its key alone");
        }
        same(i, 2, "whole, and one work");
    }

    function test_Commitments() external view {
        uint256 i;
        for (; there("commitments", i); ++i) {
            bytes32 claim = word(place("commitments", i, ".claim"));
            bytes32 salt = word(place("commitments", i, ".salt"));
            bytes32 made = consents.commitmentOf(who(place("commitments", i, ".authority")), claim, salt);
            same(made, word(place("commitments", i, ".value")), "commitment");
        }
        same(i, 3, "commitments");
    }

    /// @dev A wallet held by code under the digest that a record puts to it.
    function test_WalletsHeldByCode() external {
        uint256 i;
        for (; there("wallets", i); ++i) {
            address wallet = who(place("wallets", i, ".wallet"));
            vm.etch(wallet, address(new CodeWallet(address(1))).code);
            vm.store(wallet, 0, bytes32(uint256(uint160(who(place("wallets", i, ".owner"))))));
            bytes memory signature = vm.parseJsonBytes(json, place("wallets", i, ".signature"));
            WalletQuestion asked = new WalletQuestion(wallet, word(place("wallets", i, ".digest")), signature);
            bool said = vm.parseJsonBool(json, place("wallets", i, ".yes"));
            same(abi.decode(address(asked).code, (uint256)), said ? 1 : 0, "answer");
        }
        same(i, 2, "its owner, and somebody else");
    }
}
