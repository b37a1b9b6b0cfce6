// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// @notice The rebate of one 32-byte leaf kept for one epoch, in atto-WORK. docs/protocol/money.md#rebate
/// A network's reference price in credits, turned into WORK at the sealed high, times fee and rebate shares; one floor.
library RebatePrice {
    uint256 internal constant Q = 1e21;
    uint256 internal constant FEE = 500; // of 10,000
    uint256 internal constant REBATE = 8000; // of 10,000
    uint256 internal constant LEAF_BYTES = 32;
    uint256 internal constant GIB = 1 << 30;

    function ofLeafEpoch(uint256 referenceNanoPerGibSecond, uint256 epochSeconds, uint64 highUsd8) internal pure returns (uint128) {
        uint256 above = referenceNanoPerGibSecond * epochSeconds * LEAF_BYTES * Q * FEE * REBATE;
        uint256 below = GIB * 1e9 * 1e8 * highUsd8;
        uint256 priceAtto = above / below;
        return priceAtto > type(uint128).max ? type(uint128).max : uint128(priceAtto);
    }
}
