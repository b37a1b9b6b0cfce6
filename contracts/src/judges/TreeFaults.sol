// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {EpochPost} from "../interfaces/IEpochs.sol";
import {BatchAt, Case, ISumJudge, LeafAt, LineAt, Tree, UsedAt} from "../interfaces/ISumJudge.sol";
import {SumPath} from "../interfaces/IStorageJudge.sol";
import {Line, Lines} from "../libraries/Lines.sol";
import {Node, SumTree} from "../libraries/SumTree.sol";
import {PostJudge} from "./PostJudge.sol";

/// @notice Faults that a tree shows by itself: sums that do not add up, foreign bytes, impossible places, wrong order.
/// docs/protocol/epochs.md#challenges (a) and (c). Together they leave a poster no tree but the canonical one.
abstract contract TreeFaults is ISumJudge, PostJudge {
    uint256 private constant ACCOUNT_LEAF_BYTES = 58;
    uint256 private constant BATCH_LEAF_BYTES = 70;

    /// @inheritdoc ISumJudge
    function challengeNode(Case calldata case_, Tree tree, bytes calldata preimage, uint256 recordedSum, SumPath calldata path)
        external
        pending(case_)
    {
        EpochPost calldata post = case_.post;
        bool fault;
        if (tree == Tree.Leaves) {
            _requireIn(Node(post.root, post.totals), Node(keccak256(preimage), recordedSum), path);
            fault = _isInner(preimage)
                ? _innerIsWrong(preimage, recordedSum, path)
                : _accountLeafIsWrong(case_.network, preimage, recordedSum);
        } else if (tree == Tree.Lines) {
            _requireIn(_linesRoot(post), Node(keccak256(preimage), recordedSum), path);
            fault = _isInner(preimage)
                ? _innerIsWrong(preimage, recordedSum, path)
                : _isNoPlace(path, post.lineCount) || _lineIsWrong(case_, preimage, recordedSum);
        } else {
            _requireIn(_batchesRoot(post), Node(keccak256(preimage), recordedSum), path);
            fault = _isInner(preimage)
                ? _innerIsWrong(preimage, recordedSum, path)
                : _isNoPlace(path, post.batchCount) || recordedSum != 1 || !_isLeaf(preimage, BATCH_LEAF_BYTES, "\x00batch", 6);
        }
        _rejectIf(fault, case_, "node");
    }

    /// @inheritdoc ISumJudge
    function challengeUsedNode(
        Case calldata case_,
        LineAt calldata line,
        bytes calldata preimage,
        uint256 recordedSum,
        SumPath calldata path
    ) external pending(case_) {
        _requireLine(case_, line);
        _requireUsed(line, Node(keccak256(preimage), recordedSum), path);
        bool fault = _isInner(preimage)
            ? Lines.isRebate(line.line.kind) && _innerIsWrong(preimage, recordedSum, path)
            : _isNoPlace(path, line.line.entryCount) || !_isLeaf(preimage, Lines.USED_BYTES, "\x00used", 5);
        _rejectIf(fault, case_, "used node");
    }

    /// @inheritdoc ISumJudge
    function challengeEmpty(Case calldata case_) external pending(case_) {
        EpochPost calldata post = case_.post;
        bool lines = (post.linesRoot == 0) != (post.lineCount == 0) || (post.linesRoot == 0 && post.linesTotal != 0);
        bool batches = (post.batchesRoot == 0) != (post.batchCount == 0);
        bool leaves = post.root == 0 && post.totals != 0;
        _rejectIf(lines || batches || leaves, case_, "empty");
    }

    /// @inheritdoc ISumJudge
    function challengeLineOrder(Case calldata case_, LineAt calldata left, LineAt calldata right, UsedAt[] calldata firsts)
        external
        pending(case_)
    {
        _requireLine(case_, left);
        _requireLine(case_, right);
        if (!SumTree.isNext(left.path, right.path)) revert NotNeighbours();
        uint256 leftOrder = Lines.orderOf(left.line.account, left.line.kind);
        uint256 rightOrder = Lines.orderOf(right.line.account, right.line.kind);
        bool fault = leftOrder > rightOrder;
        if (leftOrder == rightOrder) fault = !_firstsAscend(left, right, firsts);
        _rejectIf(fault, case_, "line order");
    }

    /// @inheritdoc ISumJudge
    function challengeLeafOrder(Case calldata case_, LeafAt calldata left, LeafAt calldata right) external pending(case_) {
        Node memory root = Node(case_.post.root, case_.post.totals);
        _requireLeaf(case_.network, root, left);
        _requireLeaf(case_.network, root, right);
        if (!SumTree.isNext(left.path, right.path)) revert NotNeighbours();
        _rejectIf(left.account >= right.account, case_, "leaf order");
    }

    /// @inheritdoc ISumJudge
    function challengeBatchOrder(Case calldata case_, BatchAt calldata left, BatchAt calldata right) external pending(case_) {
        _requireBatch(case_, left);
        _requireBatch(case_, right);
        if (!SumTree.isNext(left.path, right.path)) revert NotNeighbours();
        _rejectIf(left.digest >= right.digest, case_, "batch order");
    }

    /// @inheritdoc ISumJudge
    function challengeLineCount(Case calldata case_, LineAt[] calldata lines) external pending(case_) {
        if (lines.length != uint256(Lines.ACCOUNT_LINES_MAX) + 1) revert NoFault();
        uint256 order = Lines.orderOf(lines[0].line.account, lines[0].line.kind);
        for (uint256 i = 0; i < lines.length; ++i) {
            _requireLine(case_, lines[i]);
            if (Lines.orderOf(lines[i].line.account, lines[i].line.kind) != order) revert NoFault();
            if (i > 0 && !SumTree.isNext(lines[i - 1].path, lines[i].path)) revert NotNeighbours();
        }
        _reject(case_, "line count");
    }

    /// @dev Lines of one account and kind stand in the order of their first entries.
    function _firstsAscend(LineAt calldata left, LineAt calldata right, UsedAt[] calldata firsts) private pure returns (bool) {
        if (firsts.length != 2) revert NotNeighbours();
        _requireFirst(left, firsts[0]);
        _requireFirst(right, firsts[1]);
        return Lines.isBefore(
            firsts[0].used.batchDigest, firsts[0].used.index, firsts[1].used.batchDigest, firsts[1].used.index
        );
    }

    function _requireFirst(LineAt calldata line, UsedAt calldata first) internal pure {
        _requireUsed(line, Lines.usedLeaf(first.used), first.path);
        if (!SumTree.isFirst(first.path)) revert NotNeighbours();
    }

    // ---- what a leaf is ----

    function _accountLeafIsWrong(uint8 network, bytes calldata preimage, uint256 recordedSum) private pure returns (bool) {
        if (!_isLeaf(preimage, ACCOUNT_LEAF_BYTES, "\x00leaf", 5)) return true;
        return uint8(preimage[5]) != network || uint256(bytes32(preimage[26:58])) != recordedSum;
    }

    function _lineIsWrong(Case calldata case_, bytes calldata preimage, uint256 recordedSum) private pure returns (bool) {
        (bool ok, Line memory line) = Lines.decode(preimage);
        if (!ok || line.network != case_.network || line.epoch != case_.post.epoch) return true;
        if (line.kind == 0 || line.account == address(0)) return true;
        if (line.entryCount == 0 || line.entryCount > Lines.ENTRIES_MAX) return true;
        if (!Lines.isRebate(line.kind) && line.entryCount != 1) return true;
        (ok,) = Lines.tryAmount(line.quantity, line.unitPriceAtto);
        return !ok || Lines.sumOf(line) != recordedSum;
    }
}
