// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

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
    function posters() external view returns (address[] memory);
}
