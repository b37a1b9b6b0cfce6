// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Answer, SumPath} from "../src/interfaces/IStorageJudge.sol";
import {Node, SumTree} from "../src/libraries/SumTree.sol";

/// @notice A piece of zeros but for some leaves: whole trees up to 2^50 leaves, paths and all, without building them.
struct Piece {
    uint8 height;
    uint64 leafCount;
    bytes32 salt;
    uint64[] filled;
}

/// @notice Builds what a provider builds: pieces, sets and answers. Written apart from the libraries under test: it
/// hashes with Solidity's sha256 and recurses where they loop.
library Pieces {
    function whole(bytes32 salt, uint8 height, uint64 leafCount) internal pure returns (Piece memory piece) {
        piece = Piece(height, leafCount, salt, new uint64[](leafCount));
        for (uint64 i = 0; i < leafCount; ++i) {
            piece.filled[i] = i;
        }
    }

    function leafAt(Piece memory piece, uint64 index) internal pure returns (bytes32) {
        for (uint256 i = 0; i < piece.filled.length; ++i) {
            if (piece.filled[i] == index) return keccak256(abi.encode(piece.salt, index)) & ~bytes32(uint256(0xc0));
        }
        return 0;
    }

    function pair(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(left, right)) & ~bytes32(uint256(0xc0));
    }

    function zeroNode(uint256 level) internal pure returns (bytes32 node) {
        for (uint256 i = 0; i < level; ++i) {
            node = pair(node, node);
        }
    }

    function nodeAt(Piece memory piece, uint256 level, uint256 index) internal pure returns (bytes32) {
        bool touched;
        for (uint256 i = 0; i < piece.filled.length; ++i) {
            if (piece.filled[i] >> level == index) touched = true;
        }
        if (!touched) return zeroNode(level);
        if (level == 0) return leafAt(piece, uint64(index));
        return pair(nodeAt(piece, level - 1, 2 * index), nodeAt(piece, level - 1, 2 * index + 1));
    }

    function root(Piece memory piece) internal pure returns (bytes32) {
        return nodeAt(piece, piece.height, 0);
    }

    function pathOf(Piece memory piece, uint64 index) internal pure returns (bytes32[] memory siblings) {
        siblings = new bytes32[](piece.height);
        for (uint256 level = 0; level < piece.height; ++level) {
            siblings[level] = nodeAt(piece, level, (index >> level) ^ 1);
        }
    }

    // ---- sets ----

    function leavesOf(Piece[] memory pieces) internal pure returns (Node[] memory leaves) {
        leaves = new Node[](pieces.length);
        for (uint256 i = 0; i < pieces.length; ++i) {
            leaves[i] = SumTree.pieceLeaf(root(pieces[i]), pieces[i].height, pieces[i].leafCount);
        }
    }

    function leafCountOf(Piece[] memory pieces) internal pure returns (uint64 count) {
        for (uint256 i = 0; i < pieces.length; ++i) {
            count += pieces[i].leafCount;
        }
    }

    function rootOf(Node[] memory leaves) internal pure returns (Node memory) {
        Node[] memory level = new Node[](leaves.length);
        for (uint256 i = 0; i < leaves.length; ++i) {
            level[i] = leaves[i];
        }
        return SumTree.rootOf(level);
    }

    /// @return path of leaf `index`, by building every level
    function pathOf(Node[] memory leaves, uint256 index) internal pure returns (SumPath memory path) {
        bytes32[] memory hashes = new bytes32[](64);
        uint256[] memory sums = new uint256[](64);
        uint256 depth;
        Node[] memory level = leaves;
        while (level.length > 1) {
            uint256 sibling = index ^ 1;
            if (sibling < level.length) {
                hashes[depth] = level[sibling].hash;
                sums[depth] = level[sibling].sum;
                path.sides |= (index & 1) << depth++;
            }
            Node[] memory next = new Node[]((level.length + 1) / 2);
            for (uint256 i = 0; i < next.length; ++i) {
                next[i] = 2 * i + 1 < level.length ? SumTree.parent(level[2 * i], level[2 * i + 1]) : level[2 * i];
            }
            level = next;
            index /= 2;
        }
        path.hashes = new bytes32[](depth);
        path.sums = new uint256[](depth);
        for (uint256 i = 0; i < depth; ++i) {
            (path.hashes[i], path.sums[i]) = (hashes[i], sums[i]);
        }
    }

    /// @return pieceIndex @return start first leaf of that piece
    function placeOf(Piece[] memory pieces, uint64 leafIndex) internal pure returns (uint256 pieceIndex, uint64 start) {
        while (leafIndex >= start + pieces[pieceIndex].leafCount) start += pieces[pieceIndex++].leafCount;
    }

    function answerOf(Piece[] memory pieces, uint64 leafIndex) internal pure returns (Answer memory answer) {
        (uint256 at_, uint64 start) = placeOf(pieces, leafIndex);
        Piece memory piece = pieces[at_];
        answer.leaf = leafAt(piece, leafIndex - start);
        answer.piecePath = pathOf(piece, leafIndex - start);
        answer.pieceLeafCount = piece.leafCount;
        answer.setPath = pathOf(leavesOf(pieces), at_);
    }
}
