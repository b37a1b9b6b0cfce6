// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Node, SumTree} from "./SumTree.sol";

/// @notice What an account earned in an epoch by at most 16 entries of one kind. docs/protocol/evidence.md#line
struct Line {
    uint8 network;
    uint64 epoch;
    address account;
    uint8 kind; // odd: its amount is rebate; even: bootstrap
    uint128 quantity;
    uint128 unitPriceAtto;
    bytes32 entriesRoot; // sum tree over its used entries, in order of (batch digest, index)
    uint8 entryCount;
}

/// @notice An entry as a line uses it.
struct Used {
    bytes32 batchDigest;
    uint32 index;
    bytes32 entryHash;
    uint128 quantity;
}

/// @notice Leaves, lanes and orders of lines. Pure; knows no prices.
library Lines {
    uint8 internal constant ENTRIES_MAX = 16;
    uint8 internal constant ACCOUNT_LINES_MAX = 16; // of one kind
    uint256 internal constant LINE_BYTES = 100;
    uint256 internal constant USED_BYTES = 73;

    error AmountOverflow(uint128 quantity, uint128 unitPriceAtto);

    function isRebate(uint8 kind) internal pure returns (bool) {
        return kind & 1 == 1;
    }

    function tryAmount(uint128 quantity, uint128 unitPriceAtto) internal pure returns (bool ok, uint128 amountAtto) {
        uint256 product = uint256(quantity) * unitPriceAtto;
        return (product <= type(uint128).max, uint128(product));
    }

    /// @notice The amount in its lane.
    function sumOf(Line memory line) internal pure returns (uint256) {
        (bool ok, uint128 amountAtto) = tryAmount(line.quantity, line.unitPriceAtto);
        if (!ok) revert AmountOverflow(line.quantity, line.unitPriceAtto);
        return isRebate(line.kind) ? SumTree.pack(amountAtto, 0) : amountAtto;
    }

    function leafOf(Line memory line) internal pure returns (Node memory) {
        return Node(keccak256(bytes.concat(_head(line), _tail(line))), sumOf(line));
    }

    /// @notice Reads a line back from what its leaf hashes; ok is false for any other bytes.
    function decode(bytes calldata preimage) internal pure returns (bool ok, Line memory line) {
        if (preimage.length != LINE_BYTES || bytes5(preimage[:5]) != bytes5("\x00line")) return (false, line);
        line.network = uint8(preimage[5]);
        line.epoch = uint64(bytes8(preimage[6:14]));
        line.account = address(bytes20(preimage[14:34]));
        line.kind = uint8(preimage[34]);
        line.quantity = uint128(bytes16(preimage[35:51]));
        line.unitPriceAtto = uint128(bytes16(preimage[51:67]));
        line.entriesRoot = bytes32(preimage[67:99]);
        line.entryCount = uint8(preimage[99]);
        return (true, line);
    }

    function usedLeaf(Used memory used) internal pure returns (Node memory) {
        return SumTree.usedLeaf(used.batchDigest, used.index, used.entryHash, used.quantity);
    }

    /// @notice Orders lines by account, then kind; what follows is the order of their first entries.
    function orderOf(address account, uint8 kind) internal pure returns (uint256) {
        return uint256(uint160(account)) << 8 | kind;
    }

    function isBefore(bytes32 leftDigest, uint32 leftIndex, bytes32 rightDigest, uint32 rightIndex) internal pure returns (bool) {
        return leftDigest != rightDigest ? leftDigest < rightDigest : leftIndex < rightIndex;
    }

    function _head(Line memory line) private pure returns (bytes memory) {
        return abi.encodePacked(uint8(0), "line", line.network, line.epoch, line.account, line.kind);
    }

    function _tail(Line memory line) private pure returns (bytes memory) {
        return abi.encodePacked(line.quantity, line.unitPriceAtto, line.entriesRoot, line.entryCount);
    }
}
