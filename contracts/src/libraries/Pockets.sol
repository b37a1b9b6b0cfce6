// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// @notice Arithmetic of pockets: the WORK that moves with credits, and full cover. docs/protocol/money.md#pockets
/// Says nothing of who may move what. Products fit: credits and WORK are uint128, Q is below 2^70, prices are uint64.
library Pockets {
    /// @notice A WORK of 1e18 atto at USD*1e-8 against credits of 1e-5 USD.
    uint256 internal constant Q = 1e21;

    /// @notice WORK that goes with `credits` out of {balance, workAtto}: all with all, none with none, else the share.
    /// @param credits at most `balance`
    function share(uint128 balance, uint128 workAtto, uint128 credits, bool roundUp) internal pure returns (uint128) {
        if (credits == 0) return 0;
        if (credits == balance) return workAtto;
        uint256 product = uint256(workAtto) * credits;
        uint256 quotient = product / balance;
        if (roundUp && quotient * balance != product) quotient++;
        return uint128(quotient); // credits < balance, so at most workAtto
    }

    /// @notice WORK missing for the entry rule, w * low >= c * Q; 0 when covered.
    /// @param lowUsd8 above 0
    function missing(uint256 credits, uint256 workAtto, uint64 lowUsd8) internal pure returns (uint256) {
        uint256 product = credits * Q;
        uint256 needed = product / lowUsd8;
        if (needed * lowUsd8 != product) needed++;
        return needed > workAtto ? needed - workAtto : 0;
    }
}
