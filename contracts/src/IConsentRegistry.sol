// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.0;

/// @title Withdrawals of consent, and commitments of claims
/// @notice Nobody can stop a withdrawal, and nothing undoes one: no owner, no pause, no fee, no deletion.
/// @dev A consent names its withdrawal authority, an address. Under that address a key stands for a whole consent
/// (its record id, 32 bytes of SHA-256) or for one work out of it (sha256(recordId || item)). Anyone can withdraw
/// any key under their own address; it means something only where a consent names that address. A collection grant is
/// one consent: one key takes back all of its works.
interface IConsentRegistry {
    /// @notice A withdrawal that its authority signed: what a withdrawal slip says.
    /// @param authority The account that withdraws.
    /// @param key What is withdrawn.
    /// @param signature As for {withdrawBySig}.
    struct Slip {
        address authority;
        bytes32 key;
        bytes signature;
    }

    /// @notice Something was withdrawn.
    /// @param authority The account that withdrew.
    /// @param key What it withdrew.
    /// @param time From when on; the time of the block.
    event Withdrawn(address indexed authority, bytes32 indexed key, uint64 time);

    /// @notice Something was committed to.
    /// @param commitment What was put down.
    /// @param time From when on it was there; the time of the block.
    event Committed(bytes32 indexed commitment, uint64 time);

    /// @notice Withdraw as the authority itself. Again changes nothing: the first time stays.
    function withdraw(bytes32 key) external;

    /// @notice Withdraw many keys as the authority itself. Those that were withdrawn before are passed over.
    function withdrawMany(bytes32[] calldata keys) external;

    /// @notice Withdraw by the authority's signature, whoever sends it. Again changes nothing and looks at no
    /// signature: what is asked for is already so.
    /// @dev A 65-byte ECDSA signature is tried first, whether or not the account has code; then the account's code is
    /// asked (ERC-1271) by a static call with at most 1,000,000 gas, which must answer exactly the magic word. An
    /// account that delegates to code (EIP-7702) is thus held by its key for ever, and by its code while it has one.
    /// @param authority The account that withdraws, held by a key or by code (ERC-1271).
    /// @param key What is withdrawn.
    /// @param signature EIP-712 `Withdrawal(address authority,bytes32 key)` under this contract's domain. It has no
    /// deadline and no nonce: a slip made on the first day works for ever.
    function withdrawBySig(address authority, bytes32 key, bytes calldata signature) external;

    /// @notice Withdraw by many signatures, of any authorities. A slip that does not hold is passed over and holds up
    /// no other.
    /// @return withdrawn At each place whether that key is withdrawn now, by this call or before it.
    function withdrawManyBySig(Slip[] calldata slips) external returns (bool[] memory withdrawn);

    /// @notice Withdraw many keys of one authority by one signature over all of them, whoever sends it. Those that were
    /// withdrawn before are passed over; if all were, no signature is looked at. It holds for all of them or for none.
    /// @dev The cheapest way to relay: one signature is sent and checked, whatever their number. Accounts are asked as
    /// by {withdrawBySig}. Who wants to be able to give away a slip for one key alone signs that key alone.
    /// @param authority The account that withdraws.
    /// @param keys What is withdrawn, in the order in which it was signed.
    /// @param signature EIP-712 `Withdrawals(address authority,bytes32[] keys)` under this contract's domain, without
    /// deadline or nonce.
    function withdrawKeysBySig(address authority, bytes32[] calldata keys, bytes calldata signature) external;

    /// @notice Put down a commitment, to be opened later. Again changes nothing: the first time stays, whoever
    /// repeats it. What it commits to names its owner, so that a copy serves nobody else.
    /// @param commitment {commitmentOf} a claim.
    function commit(bytes32 commitment) external;

    /// @notice When a key was withdrawn; 0 if it was not.
    function withdrawnAt(address authority, bytes32 key) external view returns (uint64);

    /// @notice When a commitment was put down first; 0 if it was not.
    function committedAt(bytes32 commitment) external view returns (uint64);

    /// @notice What an authority signs: the EIP-712 digest of a withdrawal.
    function withdrawalDigest(address authority, bytes32 key) external view returns (bytes32);

    /// @notice What an authority signs for {withdrawKeysBySig}: the EIP-712 digest of withdrawals in this order.
    function withdrawalsDigest(address authority, bytes32[] calldata keys) external view returns (bytes32);

    /// @notice The commitment to a claim: keccak256(abi.encode(authority, claim, salt)). Compute it at home: a node
    /// that is asked learns the salt.
    /// @param authority The account whose claim it is.
    /// @param claim The digest that the claim is about.
    /// @param salt 32 random bytes, kept until it is opened.
    function commitmentOf(address authority, bytes32 claim, bytes32 salt) external pure returns (bytes32);
}
