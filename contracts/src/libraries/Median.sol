// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// @notice Sorting for a median of a few posts (at most 16). docs/protocol/money.md#feed
library Median {
    /// @notice Sorts the first `count` values in place, ascending.
    function sort(uint64[] memory values, uint256 count) internal pure {
        for (uint256 i = 1; i < count; i++) {
            uint64 value = values[i];
            uint256 place = i;
            while (place > 0 && values[place - 1] > value) {
                values[place] = values[place - 1];
                place--;
            }
            values[place] = value;
        }
    }
}
