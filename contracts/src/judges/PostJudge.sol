// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {EpochPost, IEpochs} from "../interfaces/IEpochs.sol";
import {BatchAt, BatchesView, Case, CountedBatch, EntryAt, ISumJudge, LeafAt, LineAt, UsedAt} from "../interfaces/ISumJudge.sol";
import {SumPath} from "../interfaces/IStorageJudge.sol";
import {Evidence} from "../libraries/Evidence.sol";
import {Lines} from "../libraries/Lines.sol";
import {Node, SumTree} from "../libraries/SumTree.sol";

/// @notice What judges of posts share: the case, and what stands in which tree of it. Decides nothing.
abstract contract PostJudge {
    IEpochs public immutable EPOCHS;

    constructor(address epochs) {
        EPOCHS = IEpochs(epochs);
    }

    /// @dev The case is about the post that is pending now.
    modifier pending(Case calldata case_) {
        bytes32 digest = keccak256(abi.encode(case_.post));
        bytes32 expected = EPOCHS.pending(case_.network).digest;
        if (digest != expected) revert ISumJudge.WrongPost(expected, digest);
        _;
    }

    function _reject(Case calldata case_, bytes32 reason) internal {
        EPOCHS.reject(case_.network, reason, case_.reporter, case_.salt);
    }

    /// @dev The end of every challenge.
    function _rejectIf(bool fault, Case calldata case_, bytes32 reason) internal {
        if (!fault) revert ISumJudge.NoFault();
        _reject(case_, reason);
    }

    function _requireIn(Node memory root, Node memory leaf, SumPath calldata path) internal pure {
        if (!SumTree.contains(root, leaf, path)) revert ISumJudge.NotInTree(root.hash, root.sum);
    }

    function _requireLine(Case calldata case_, LineAt calldata shown) internal pure {
        _requireIn(_linesRoot(case_.post), Lines.leafOf(shown.line), shown.path);
    }

    function _requireLeaf(uint8 network, Node memory root, LeafAt calldata shown) internal pure {
        _requireIn(root, SumTree.accountLeaf(network, shown.account, shown.rebateAtto, shown.bootstrapAtto), shown.path);
    }

    function _requireBatch(Case calldata case_, BatchAt calldata shown) internal pure {
        _requireIn(_batchesRoot(case_.post), SumTree.batchLeaf(shown.digest, shown.signatureHash), shown.path);
    }

    function _requireCounted(Case calldata case_, CountedBatch calldata batch) internal view {
        bytes32 digest = Evidence.batchDigest(address(EPOCHS), batch.header);
        _requireIn(_batchesRoot(case_.post), SumTree.batchLeaf(digest, batch.signatureHash), batch.path);
    }

    /// @dev Sums of even kinds do not add up to the line's quantity, so there only the hash counts: their quantities prove nothing.
    function _requireUsed(LineAt calldata line, Node memory node, SumPath calldata path) internal pure {
        (Node memory root,) = SumTree.fold(node, path);
        bool sumCounts = Lines.isRebate(line.line.kind);
        if (root.hash != line.line.entriesRoot || (sumCounts && root.sum != line.line.quantity)) {
            revert ISumJudge.NotInTree(line.line.entriesRoot, line.line.quantity);
        }
    }

    /// @dev The entry stands at its index of the batch's tree, which has `recorded` as its quantity.
    function _requireEntry(bytes32 entriesRoot, uint32 count, uint128 sum, EntryAt calldata shown) internal pure {
        bool isPlace = SumTree.isAt(shown.path, shown.index, count);
        Node memory leaf = SumTree.entryLeaf(Evidence.entryHash(shown.entry), shown.recorded);
        if (!isPlace || !SumTree.contains(Node(entriesRoot, sum), leaf, shown.path)) revert ISumJudge.NotInTree(entriesRoot, sum);
    }

    /// @dev `digest` is not among the batches that count.
    function _requireAbsent(Case calldata case_, bytes32 digest, BatchesView calldata shown) internal pure {
        bool hasLeft = shown.left.length == 1;
        bool hasRight = shown.right.length == 1;
        if (hasLeft) {
            _requireBatch(case_, shown.left[0]);
            if (shown.left[0].digest >= digest) revert ISumJudge.NotNeighbours();
        }
        if (hasRight) {
            _requireBatch(case_, shown.right[0]);
            if (shown.right[0].digest <= digest) revert ISumJudge.NotNeighbours();
        }
        bool closed = hasLeft
            ? (hasRight ? SumTree.isNext(shown.left[0].path, shown.right[0].path) : SumTree.isLast(shown.left[0].path))
            : (hasRight ? SumTree.isFirst(shown.right[0].path) : case_.post.batchesRoot == 0);
        if (!closed) revert ISumJudge.NotNeighbours();
    }

    function _linesRoot(EpochPost calldata post) internal pure returns (Node memory) {
        return Node(post.linesRoot, post.linesTotal);
    }

    function _batchesRoot(EpochPost calldata post) internal pure returns (Node memory) {
        return Node(post.batchesRoot, post.batchCount);
    }
}
