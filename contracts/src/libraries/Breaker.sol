// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// @notice How much was minted in the present window.
struct Window {
    uint64 index; // floor(Unix seconds / window length)
    uint128 usedAtto;
}

/// @notice A limit on minting per fixed window. It puts off and refuses nothing for good, because every limit is at
/// least the WORK of one credit at the lowest price. docs/protocol/money.md#breaker
library Breaker {
    /// @notice Q / priceMin: the WORK of one credit at the lowest price that the feed accepts.
    uint128 internal constant LIMIT_MIN_ATTO = 1e19;

    error BreakerOpen(uint256 room, uint256 wanted);
    error LimitTooSmall(uint256 minimum, uint256 actual);

    /// @notice Checks constructor input.
    function check(uint128 perWindowAtto, uint32 windowSeconds) internal pure {
        if (perWindowAtto < LIMIT_MIN_ATTO) revert LimitTooSmall(LIMIT_MIN_ATTO, perWindowAtto);
        if (windowSeconds == 0) revert LimitTooSmall(1, 0);
    }

    /// @notice Uses `amountAtto` of the present window, or reverts.
    function use(Window storage self, uint128 perWindowAtto, uint32 windowSeconds, uint128 amountAtto) internal {
        uint64 index = uint64(block.timestamp / windowSeconds);
        uint128 used = self.index == index ? self.usedAtto : 0;
        if (amountAtto > perWindowAtto - used) revert BreakerOpen(perWindowAtto - used, amountAtto);
        self.index = index;
        self.usedAtto = used + amountAtto;
    }
}
