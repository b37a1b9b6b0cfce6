// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// @notice Reference prices, in nano-credits.
struct Basket {
    uint64 gibSecondNano; // storage: one GiB for a second
    uint128 gibMonthNano; // the same for 30 days
    uint64 packetNano; // wireless: 24 bytes, or part of them
    uint64 megasampleNano; // render: 10^6 samples of a pixel
    uint64 readingNano; // sensing
}

/// @notice The price of WORK in USD*1e8, as a conservative low and high. docs/protocol/money.md#feed
interface IPriceFeed {
    event Posted(address indexed poster, uint64 priceUsd8);
    event Moved(uint64 medianUsd8, uint64 lowUsd8, uint64 highUsd8);
    event PostersChanged(address[] posters);

    error NotPoster(address caller);
    error PriceOutOfRange(uint64 priceUsd8);

    /// @notice A poster states the price. Recomputes low and high when at least three posts are fresh.
    function post(uint64 priceUsd8) external;
    function setPosters(address[] calldata posters) external;
    /// @return lowUsd8 @return highUsd8 zero before the first median @return fresh false when older than 10 minutes
    function quote() external view returns (uint64 lowUsd8, uint64 highUsd8, bool fresh);
    /// @notice What a unit of each network's work costs as a reference; fixed at deployment. docs/protocol/prices.md
    function basket() external view returns (Basket memory);
    function posters() external view returns (address[] memory);
}
