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
    uint8 internal constant STORAGE = 1;
    uint8 internal constant POSSESSION = 1; // kind of storage's entries and rebate lines
    uint64 internal constant LATE_EPOCHS = 7; // a batch may count in its own epoch and so many after it
    uint256 private constant INNER_BYTES = 129;

    IEpochs public immutable EPOCHS;

    constructor(address epochs) {
        EPOCHS = IEpochs(epochs);
    }

    /// @dev The case is about the post that is pending now.
    modifier pending(Case calldata case_) {
        _requirePending(case_);
        _;
    }

    function _requirePending(Case calldata case_) private view {
        bytes32 digest = keccak256(abi.encode(case_.post));
        bytes32 expected = EPOCHS.pending(case_.network).digest;
        if (digest != expected) revert ISumJudge.WrongPost(expected, digest);
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

    /// @dev A batch counts in the post of its epoch, or of one of the 7 after it.
    function _mayCount(uint64 epoch, uint64 postedEpoch) internal pure returns (bool) {
        return epoch <= postedEpoch && postedEpoch - epoch <= LATE_EPOCHS;
    }

    function _linesRoot(EpochPost calldata post) internal pure returns (Node memory) {
        return Node(post.linesRoot, post.linesTotal);
    }

    function _batchesRoot(EpochPost calldata post) internal pure returns (Node memory) {
        return Node(post.batchesRoot, post.batchCount);
    }

    // ---- what a preimage is ----

    function _isInner(bytes calldata preimage) internal pure returns (bool) {
        return preimage.length == INNER_BYTES && preimage[0] == 0x01;
    }

    function _innerIsWrong(bytes calldata preimage, uint256 recordedSum, SumPath calldata path) internal pure returns (bool) {
        (bool ok, uint256 sum) = SumTree.tryAddLanes(uint256(bytes32(preimage[33:65])), uint256(bytes32(preimage[97:129])));
        return !ok || sum != recordedSum || path.hashes.length == SumTree.DEPTH_MAX;
    }

    function _isLeaf(bytes calldata preimage, uint256 size, bytes6 tag, uint256 tagSize) internal pure returns (bool) {
        if (preimage.length != size) return false;
        for (uint256 i = 0; i < tagSize; ++i) {
            if (preimage[i] != tag[i]) return false;
        }
        return true;
    }

    function _isNoPlace(SumPath calldata path, uint256 count) internal pure returns (bool) {
        return !SumTree.isPlace(path.sides, path.hashes.length, count);
    }
}
