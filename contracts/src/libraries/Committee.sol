// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IBonds} from "../interfaces/IBonds.sol";
import {Evidence} from "./Evidence.sol";

/// @notice Draws distinct seated operators from a block's hash, and counts their signatures. docs/protocol/epochs.md#committee
library Committee {
    uint256 internal constant SIZE_MAX = 32;
    uint256 internal constant SIGNATURES_MAX = 32;

    error TooManySignatures(uint256 limit, uint256 actual);

    /// @notice The first `size` of a Fisher-Yates shuffle of the seated operators; all of them when there are fewer.
    function draw(IBonds bonds, uint8 network, bytes32 seed, uint256 size) internal view returns (address[] memory drawn) {
        uint256 count = bonds.operatorCount(network);
        if (size > count) size = count;
        drawn = new address[](size);
        uint256[] memory from = new uint256[](size); // sparse swaps: place from[i] now holds to[i]
        uint256[] memory to = new uint256[](size);
        for (uint256 i = 0; i < size; ++i) {
            uint256 place = i + uint256(keccak256(abi.encodePacked(seed, uint32(i)))) % (count - i);
            drawn[i] = bonds.operatorAt(network, _heldBy(place, from, to, i));
            to[i] = _heldBy(i, from, to, i);
            from[i] = place;
        }
    }

    /// @notice Signatures needed of `drawn` operators: the quorum, or all when fewer were drawn; never none.
    function quorumOf(uint256 quorum, uint256 drawn) internal pure returns (uint256) {
        if (drawn < quorum) quorum = drawn;
        return quorum == 0 ? 1 : quorum;
    }

    /// @notice The distinct drawn operators among the signers of `digest`. Strange and repeated signatures count nothing.
    function signersOf(bytes32 digest, bytes[] calldata signatures, address[] memory drawn) internal view returns (address[] memory) {
        if (signatures.length > SIGNATURES_MAX) revert TooManySignatures(SIGNATURES_MAX, signatures.length);
        uint256 marked; // bit i: drawn[i] has signed
        uint256 count;
        for (uint256 i = 0; i < signatures.length; ++i) {
            address signer = Evidence.recover(digest, signatures[i]);
            for (uint256 j = 0; j < drawn.length; ++j) {
                if (signer == address(0) || drawn[j] != signer || marked >> j & 1 == 1) continue;
                marked |= 1 << j;
                ++count;
            }
        }
        address[] memory signers = new address[](count);
        for (uint256 j = drawn.length; j > 0; --j) {
            if (marked >> (j - 1) & 1 == 1) signers[--count] = drawn[j - 1];
        }
        return signers;
    }

    function _heldBy(uint256 place, uint256[] memory from, uint256[] memory to, uint256 count) private pure returns (uint256) {
        for (uint256 i = count; i > 0; --i) {
            if (from[i - 1] == place) return to[i - 1];
        }
        return place;
    }
}
