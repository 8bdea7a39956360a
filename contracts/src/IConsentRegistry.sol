// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.0;

/// @title Withdrawals of consent
/// @notice Nobody can stop a withdrawal, and nothing undoes one: no owner, no pause, no fee, no deletion.
/// @dev A consent names its withdrawal authority, an address. Under that address a key stands for a whole consent
/// (its record id, 32 bytes of SHA-256) or for one work out of it (sha256(recordId || item)). Anyone can withdraw
/// any key under their own address; it means something only where a consent names that address.
interface IConsentRegistry {
    /// @notice Something was withdrawn.
    /// @param authority The account that withdrew.
    /// @param key What it withdrew.
    /// @param time From when on; the time of the block.
    event Withdrawn(address indexed authority, bytes32 indexed key, uint64 time);

    /// @notice Withdraw as the authority itself. Again changes nothing: the first time stays.
    function withdraw(bytes32 key) external;

    /// @notice Withdraw by the authority's signature, whoever sends it. Again changes nothing and looks at no
    /// signature: what is asked for is already so.
    /// @param authority The account that withdraws, held by a key or by code (ERC-1271).
    /// @param key What is withdrawn.
    /// @param signature EIP-712 `Withdrawal(address authority,bytes32 key)` under this contract's domain. It has no
    /// deadline and no nonce: a slip made on the first day works for ever.
    function withdrawBySig(address authority, bytes32 key, bytes calldata signature) external;

    /// @notice When a key was withdrawn; 0 if it was not.
    function withdrawnAt(address authority, bytes32 key) external view returns (uint64);

    /// @notice What an authority signs: the EIP-712 digest of a withdrawal.
    function withdrawalDigest(address authority, bytes32 key) external view returns (bytes32);
}
