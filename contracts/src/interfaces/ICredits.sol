// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// @notice A balance: credits and the WORK that was burned for them.
struct Pocket {
    uint128 credits;
    uint128 workAtto;
}

/// @notice Pockets of every account: one bought, one earned. docs/protocol/money.md#pockets
interface ICredits {
    event Bought(address indexed account, uint128 workAtto, uint128 credits, uint64 lowUsd8);
    event Covered(address indexed account, uint128 workAtto);
    /// @notice Into or out of an account's pocket. Moves into a rail are told by the rail's event alone.
    event Moved(address indexed account, bool earned, bool into, uint128 credits, uint128 workAtto);

    error StalePrice();
    error TooFewCredits(uint128 minimum, uint128 actual);
    error NotEnoughCredits(uint128 balance, uint128 wanted);
    error NotRails(address caller);

    /// @notice Burns the caller's WORK for credits at the low price. Paused and stale feeds refuse.
    function buy(uint128 workAtto, uint128 creditsMin) external returns (uint128 credits);
    /// @notice Burns the caller's WORK into its bought pocket, without new credits.
    function cover(uint128 workAtto) external;

    // ---- only Rails ----
    /// @notice Burns `workAtto` of the payer's tokens (it counts in burned); the caller says where it goes.
    function burnCover(address payer, uint128 workAtto) external;
    /// @notice Takes credits out of a pocket. roundUp: into a rail. Returns the WORK that goes with them.
    function take(address account, bool earned, uint128 credits, bool roundUp) external returns (uint128 workAtto);
    /// @notice Puts a pocket into an account's bought or earned pocket.
    function give(address account, bool earned, uint128 credits, uint128 workAtto) external;
    /// @notice Books credits as spent and their WORK as minted or retired (convert and fees).
    function spend(uint128 credits, uint128 mintedAtto, uint128 retiredAtto) external;

    function bought(address account) external view returns (Pocket memory);
    function earned(address account) external view returns (Pocket memory);
    function totals() external view returns (uint256 issued, uint256 spent, uint256 burnedAtto, uint256 mintedAtto, uint256 retiredAtto);
}
