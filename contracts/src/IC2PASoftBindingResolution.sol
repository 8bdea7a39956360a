// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.0;

/// @title C2PA federated lookup
/// @notice How a validator finds, from a soft binding, the resolution API that may know the C2PA manifest.
/// @dev C2PA 2.2 "Soft Binding API", section 2.2.3 "Accessing the JSON Schema".
interface IC2PASoftBindingResolution {
    /// @notice The ways in which this contract answers.
    /// @return A JSON array of resolution methods (C2PA 2.2 "Soft Binding API", section 2.2).
    function describe() external view returns (string memory);
}
