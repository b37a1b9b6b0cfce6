// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {SumPath} from "../interfaces/IStorageJudge.sol";

/// @notice A node: its hash, and its sum in two lanes of 128 bits (single-quantity trees use the low lane).
struct Node {
    bytes32 hash;
    uint256 sum;
}

/// @notice The sum tree of docs/protocol/evidence.md#sum-tree: leaf hashes by type, parents, paths. Holds no state and judges nothing.
/// Level by level, pairs (0,1),(2,3)...; an odd last node is promoted unchanged; empty is hash 0 and sum 0; a single leaf is the root.
library SumTree {
    uint256 internal constant DEPTH_MAX = 40;
    uint256 internal constant LANE_MAX = type(uint128).max;

    error LaneOverflow(uint256 left, uint256 right);
    error BadPath(uint256 hashes, uint256 sums);
    error OutOfTree(uint256 index, uint256 count);

    // ---- lanes ----

    /// @notice Adds both lanes; an overflow of either is an error.
    function addLanes(uint256 left, uint256 right) internal pure returns (uint256 sum) {
        bool ok;
        (ok, sum) = tryAddLanes(left, right);
        if (!ok) revert LaneOverflow(left, right);
    }

    function tryAddLanes(uint256 left, uint256 right) internal pure returns (bool ok, uint256 sum) {
        unchecked {
            sum = left + right;
        }
        ok = sum >= left && (sum & LANE_MAX) >= (left & LANE_MAX);
    }

    function pack(uint128 high, uint128 low) internal pure returns (uint256) {
        return uint256(high) << 128 | low;
    }

    function highOf(uint256 sum) internal pure returns (uint128) {
        return uint128(sum >> 128);
    }

    function lowOf(uint256 sum) internal pure returns (uint128) {
        return uint128(sum);
    }

    // ---- nodes ----

    /// @notice keccak256(0x01, left hash, left sum, right hash, right sum), lanes added.
    function parent(Node memory left, Node memory right) internal pure returns (Node memory) {
        return Node(hashPair(left.hash, left.sum, right.hash, right.sum), addLanes(left.sum, right.sum));
    }

    function hashPair(bytes32 leftHash, uint256 leftSum, bytes32 rightHash, uint256 rightSum) internal pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let pair := mload(0x40)
            mstore8(pair, 1)
            mstore(add(pair, 0x01), leftHash)
            mstore(add(pair, 0x21), leftSum)
            mstore(add(pair, 0x41), rightHash)
            mstore(add(pair, 0x61), rightSum)
            hash := keccak256(pair, 0x81)
        }
    }

    /// @notice Folds a leaf (or an inner node) up its path.
    /// @return root to be compared with the expected hash AND the expected sum
    /// @return startOffset sum of everything left of the leaf, in lanes
    function fold(Node memory leaf, SumPath calldata path) internal pure returns (Node memory root, uint256 startOffset) {
        bytes32[] calldata hashes = path.hashes; // reading them through path would check its offsets at every level
        uint256[] calldata sums = path.sums;
        uint256 depth = hashes.length;
        if (depth > DEPTH_MAX || sums.length != depth || path.sides >> depth != 0) revert BadPath(depth, sums.length);
        bytes32 hash = leaf.hash;
        uint256 sum = leaf.sum;
        uint256 sides = path.sides;
        for (uint256 i = 0; i < depth; ++i) {
            bytes32 siblingHash = hashes[i];
            uint256 siblingSum = sums[i];
            if (sides >> i & 1 == 1) {
                hash = hashPair(siblingHash, siblingSum, hash, sum);
                unchecked {
                    startOffset += siblingSum; // never over the total, whose lanes are checked below
                }
            } else {
                hash = hashPair(hash, sum, siblingHash, siblingSum);
            }
            sum = addLanes(sum, siblingSum);
        }
        root = Node(hash, sum);
    }

    /// @notice The hash that `fold` gives, cheaply: lanes wrap, and a malformed path gives zero. For roots whose sums were open to
    /// challenge already, where what is paid is bounded otherwise.
    function hashUp(Node memory leaf, SumPath calldata path) internal pure returns (bytes32 hash) {
        bytes32[] calldata hashes = path.hashes;
        uint256[] calldata sums = path.sums;
        uint256 sides = path.sides;
        if (hashes.length > DEPTH_MAX || sums.length != hashes.length || sides >> hashes.length != 0) return 0;
        assembly ("memory-safe") {
            hash := mload(leaf)
            let sum := mload(add(leaf, 0x20))
            let pair := mload(0x40)
            mstore8(pair, 1)
            let size := shl(5, hashes.length)
            for { let i := 0 } lt(i, size) { i := add(i, 0x20) } {
                let own := shl(6, and(sides, 1)) // our side: 0 left, 64 right
                let siblingSum := calldataload(add(sums.offset, i))
                mstore(add(add(pair, 0x01), own), hash)
                mstore(add(add(pair, 0x21), own), sum)
                mstore(sub(add(pair, 0x41), own), calldataload(add(hashes.offset, i)))
                mstore(sub(add(pair, 0x61), own), siblingSum)
                hash := keccak256(pair, 0x81)
                sum := add(sum, siblingSum)
                sides := shr(1, sides)
            }
        }
    }

    /// @notice Whether the leaf stands under this root: same hash and same total.
    function contains(Node memory root, Node memory leaf, SumPath calldata path) internal pure returns (bool) {
        (Node memory folded,) = fold(leaf, path);
        return folded.hash == root.hash && folded.sum == root.sum;
    }

    /// @notice Root of a list of nodes; overwrites the list. For short lists (a line's entries).
    function rootOf(Node[] memory nodes) internal pure returns (Node memory) {
        uint256 count = nodes.length;
        if (count == 0) return Node(0, 0);
        while (count > 1) {
            uint256 half = count >> 1;
            for (uint256 i = 0; i < half; ++i) nodes[i] = parent(nodes[2 * i], nodes[2 * i + 1]);
            if (count & 1 == 1) nodes[half++] = nodes[count - 1];
            count = half;
        }
        return nodes[0];
    }

    // ---- places ----

    /// @notice The sides and the length of the path of leaf `index` in a tree of `count` leaves.
    function sidesOf(uint256 index, uint256 count) internal pure returns (uint256 sides, uint256 depth) {
        if (index >= count) revert OutOfTree(index, count);
        while (count > 1) {
            if (index != count - 1 || count & 1 == 0) {
                sides |= (index & 1) << depth;
                ++depth;
            }
            index >>= 1;
            count = (count + 1) >> 1;
        }
    }

    /// @notice Whether `path` is the one of leaf `index` among `count`.
    function isAt(SumPath calldata path, uint256 index, uint256 count) internal pure returns (bool) {
        if (index >= count) return false;
        (uint256 sides, uint256 depth) = sidesOf(index, count);
        return path.sides == sides && path.hashes.length == depth;
    }

    /// @notice Whether some leaf of a tree of `count` leaves has this path: what sidesOf is for an index, read backwards.
    function isPlace(uint256 sides, uint256 depth, uint256 count) internal pure returns (bool) {
        if (count == 0) return false;
        uint256 height;
        while (count > uint256(1) << height) ++height;
        uint256 index;
        while (height > 0) {
            --height;
            uint256 size = (count + (uint256(1) << height) - 1) >> height; // nodes of the level below
            index <<= 1;
            if (index + 1 >= size) continue; // promoted: no sibling, no bit
            if (depth == 0) return false;
            --depth;
            index |= sides >> depth & 1;
        }
        return depth == 0;
    }

    /// @notice Whether the leaf at `right` follows the leaf at `left` directly, in a tree of any shape. Both paths must
    /// have been folded to the same root: then everything above the fork is the same, and only sides need comparing.
    function isNext(SumPath calldata left, SumPath calldata right) internal pure returns (bool) {
        uint256 i; // left is the last of its side: siblings on the left up to the fork, where its sibling is on the right
        uint256 j; // right is the first of its side
        while (i < left.hashes.length && left.sides >> i & 1 == 1) ++i;
        while (j < right.hashes.length && right.sides >> j & 1 == 0) ++j;
        if (i == left.hashes.length || j == right.hashes.length) return false;
        return left.hashes.length - i == right.hashes.length - j && left.sides >> (i + 1) == right.sides >> (j + 1);
    }

    function isFirst(SumPath calldata path) internal pure returns (bool) {
        return path.sides == 0;
    }

    function isLast(SumPath calldata path) internal pure returns (bool) {
        return path.sides == (uint256(1) << path.hashes.length) - 1;
    }

    // ---- leaves by type; the sum stands beside each ----

    function pieceLeaf(bytes32 pieceRoot, uint8 height, uint64 leafCount) internal pure returns (Node memory) {
        return Node(keccak256(abi.encodePacked(uint8(0), "piece", pieceRoot, height, leafCount)), leafCount);
    }

    function accountLeaf(uint8 network, address account, uint128 rebateAtto, uint128 bootstrapAtto) internal pure returns (Node memory) {
        return Node(
            keccak256(abi.encodePacked(uint8(0), "leaf", network, account, rebateAtto, bootstrapAtto)), pack(rebateAtto, bootstrapAtto)
        );
    }

    /// @param entryHash keccak256(abi.encode(kind, account, subject, quantity, detail))
    function entryLeaf(bytes32 entryHash, uint128 quantity) internal pure returns (Node memory) {
        return Node(keccak256(abi.encodePacked(uint8(0), "entry", entryHash)), quantity);
    }

    function usedLeaf(bytes32 batchDigest, uint32 index, bytes32 entryHash, uint128 quantity) internal pure returns (Node memory) {
        return Node(keccak256(abi.encodePacked(uint8(0), "used", batchDigest, index, entryHash)), quantity);
    }

    function batchLeaf(bytes32 digest, bytes32 signatureHash) internal pure returns (Node memory) {
        return Node(keccak256(abi.encodePacked(uint8(0), "batch", digest, signatureHash)), 1);
    }

    /// @param answerHash keccak256(abi.encode(uint64 leafIndex, Answer))
    function answerLeaf(bytes32 answerHash) internal pure returns (Node memory) {
        return Node(keccak256(abi.encodePacked(uint8(0), "answer", answerHash)), 1);
    }
}
