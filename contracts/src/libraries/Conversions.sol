// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Pockets} from "./Pockets.sol";

/// @notice What a convert mints, and what retired WORK raises. docs/protocol/money.md#convert
library Conversions {
    uint256 internal constant BASIS_POINTS = 10_000;
    /// @notice f: the part of lineage that a convert never mints.
    uint256 internal constant FEE_BASIS_POINTS = 500;
    /// @notice k: the part of retired WORK that rebates may give back.
    uint256 internal constant REBATE_BASIS_POINTS = 8_000;
    uint256 private constant KEPT = BASIS_POINTS - FEE_BASIS_POINTS;

    /// @notice m: at most the credits' worth at the high price, at most their WORK, both less the fee.
    /// @param highUsd8 above 0 whenever credits exist
    function minted(uint128 credits, uint128 workAtto, uint64 highUsd8) internal pure returns (uint128) {
        if (credits == 0) return 0;
        uint256 byPrice = uint256(credits) * Pockets.Q * KEPT / (uint256(highUsd8) * BASIS_POINTS);
        uint256 byLineage = uint256(workAtto) * KEPT / BASIS_POINTS;
        return uint128(byPrice < byLineage ? byPrice : byLineage);
    }

    /// @notice How much retiring WORK raises an account's limit, per convert or fee, rounded down.
    function limitRaised(uint128 retiredAtto) internal pure returns (uint128) {
        return uint128(uint256(retiredAtto) * REBATE_BASIS_POINTS / BASIS_POINTS);
    }
}
