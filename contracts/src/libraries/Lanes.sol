// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// @notice Two amounts of 128 bits in one storage word, so that both are read and written once.
library Lanes {
    function pack(uint128 high_, uint128 low_) internal pure returns (uint256) {
        return uint256(high_) << 128 | low_;
    }

    function high(uint256 word) internal pure returns (uint128) {
        return uint128(word >> 128);
    }

    function low(uint256 word) internal pure returns (uint128) {
        return uint128(word);
    }
}
