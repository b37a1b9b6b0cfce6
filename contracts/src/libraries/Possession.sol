// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Answer, SumPath} from "../interfaces/IStorageJudge.sol";
import {Sha254} from "./Sha254.sol";
import {Node, SumTree} from "./SumTree.sol";

/// @notice Whether a leaf of 32 bytes stands at a place of a data set: up its piece's sha254 tree to the piece root,
/// and from there up the set's sum tree. Holds no state and draws nothing. docs/protocol/storage-proofs.md#answer
///
/// Nothing here reverts for the content of an answer: a wrong one must be showable as wrong. It does revert when gas
/// runs out.
library Possession {
    uint256 internal constant HEIGHT_MAX = 50; // of a piece, as in FRC-0069

    /// @return start the first leaf of the piece at the path's end, when `ok`
    /// @return ok false for a path that no tree of `leafCount` leaves has
    function startOf(SumPath calldata path, uint64 leafCount) internal pure returns (uint256 start, bool ok) {
        uint256[] calldata sums = path.sums;
        uint256 depth = sums.length;
        uint256 sides = path.sides;
        if (depth > SumTree.DEPTH_MAX || path.hashes.length != depth || sides >> depth != 0) return (0, false);
        for (uint256 i = 0; i < depth; ++i) {
            uint256 sum = sums[i];
            if (sum > leafCount) return (0, false); // so that no sum of 41 of them leaves its lane
            if (sides >> i & 1 == 1) start += sum;
        }
        return (start, true);
    }

    /// @return root the piece root that this leaf at `index` of its piece and its siblings make
    /// @return ok false when no piece of that height has such a leaf
    function pieceRoot(bytes32 leaf, uint256 index, bytes32[] calldata siblings)
        internal
        view
        returns (bytes32 root, bool ok)
    {
        uint256 height = siblings.length;
        if (height > HEIGHT_MAX || index >> height != 0) return (0, false);
        return (Sha254.fold(leaf, index, siblings), true);
    }

    /// @notice Whether a piece stands at the path's place of the set: same root hash, same sum. After startOf said ok.
    function holds(bytes32 root, uint64 leafCount, Node memory piece, SumPath calldata path)
        internal
        pure
        returns (bool same, bytes32 folded)
    {
        (Node memory top,) = SumTree.fold(piece, path);
        return (top.hash == root && top.sum == leafCount, top.hash);
    }

    /// @return ok whether the answer is the leaf at `leafIndex` of the set (root, leafCount)
    /// @return start where the answer's piece begins; leafIndex is outside it when `folded` is 0
    /// @return folded the root that the answer makes
    function verify(bytes32 root, uint64 leafCount, uint64 leafIndex, Answer calldata answer)
        internal
        view
        returns (bool ok, uint256 start, bytes32 folded)
    {
        uint64 pieceLeafCount = answer.pieceLeafCount;
        SumPath calldata setPath = answer.setPath;
        if (pieceLeafCount > leafCount) return (false, 0, 0);
        (start, ok) = startOf(setPath, leafCount);
        if (!ok || leafIndex < start || leafIndex - start >= pieceLeafCount) return (false, start, 0);
        bytes32[] calldata siblings = answer.piecePath;
        (folded, ok) = pieceRoot(answer.leaf, leafIndex - start, siblings);
        if (!ok) return (false, start, 0);
        (ok, folded) =
            holds(root, leafCount, SumTree.pieceLeaf(folded, uint8(siblings.length), pieceLeafCount), setPath);
    }
}
