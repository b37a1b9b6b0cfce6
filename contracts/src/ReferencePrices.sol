// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Basket, IPriceFeed} from "./interfaces/IPriceFeed.sol";
import {Parameters} from "./Parameters.sol";

/// @notice The basket: what a unit of each network's work costs as a reference, in nano-credits. No tariff, and no state.
/// docs/protocol/prices.md. Storage's is a parameter, for rebates follow from it; nothing follows from the others yet.
abstract contract ReferencePrices is IPriceFeed {
    uint256 private constant MONTH_SECONDS = 30 days;
    uint64 private constant PACKET_NANO = 1_000_000_000;
    uint64 private constant MEGASAMPLE_NANO = 300_000_000;
    uint64 private constant READING_NANO = 1_000_000_000;

    uint64 private immutable gibSecondNano;

    constructor(Parameters memory parameters) {
        gibSecondNano = parameters.referenceNanoPerGibSecond;
    }

    /// @inheritdoc IPriceFeed
    function basket() external view returns (Basket memory) {
        uint128 gibMonthNano = uint128(gibSecondNano * MONTH_SECONDS);
        return Basket(gibSecondNano, gibMonthNano, PACKET_NANO, MEGASAMPLE_NANO, READING_NANO);
    }
}
