// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ConsentRegistry} from "../src/ConsentRegistry.sol";
import {IConsentRegistry} from "../src/IConsentRegistry.sol";
import {Checks} from "./Checks.sol";

contract CommitmentsTest is Checks {
    uint64 private constant NOW = 1_800_000_000;
    ConsentRegistry private consents;

    function setUp() external {
        vm.warp(NOW);
        consents = new ConsentRegistry();
    }

    function testFuzz_AnybodyCommits(address sender, bytes32 commitment) external {
        vm.assume(sender != address(vm));
        same(consents.committedAt(commitment), 0, "not before");
        vm.prank(sender);
        vm.expectEmit(true, true, true, true, address(consents));
        emit IConsentRegistry.Committed(commitment, NOW);
        consents.commit(commitment);
        same(consents.committedAt(commitment), NOW, "time");
    }

    /// @dev Who sees a commitment in the pool and repeats it, before or after, takes nothing from its owner.
    function testFuzz_TheFirstTimeStays(address copier, bytes32 commitment, uint32 later) external {
        vm.assume(copier != address(vm));
        vm.prank(copier);
        consents.commit(commitment);
        vm.warp(uint256(NOW) + later);
        vm.recordLogs();
        consents.commit(commitment);
        same(vm.getRecordedLogs().length, 0, "no event");
        same(consents.committedAt(commitment), NOW, "first time");
    }

    function testFuzz_ACommitmentNamesItsOwnerAndItsClaim(address a, address b, bytes32 c, bytes32 d, bytes32 salt)
        external
        view
    {
        bytes32 commitment = consents.commitmentOf(a, c, salt);
        same(commitment, keccak256(abi.encode(a, c, salt)), "form");
        yes(a == b || commitment != consents.commitmentOf(b, c, salt), "owner");
        yes(c == d || commitment != consents.commitmentOf(a, d, salt), "claim");
        yes(salt == d || commitment != consents.commitmentOf(a, c, d), "salt");
    }

    function testFuzz_CommitmentsAndWithdrawalsAreApart(bytes32 word) external {
        consents.commit(word);
        same(consents.withdrawnAt(address(this), word), 0, "no withdrawal");
        same(consents.withdrawnAt(address(0), word), 0, "nobody's either");
    }
}
