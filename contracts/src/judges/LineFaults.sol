// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Head} from "../interfaces/IEpochs.sol";
import {Case, ISumJudge, LeafView, LineAt, LinesView, UsedAt, UsedEntry} from "../interfaces/ISumJudge.sol";
import {Evidence, EvidenceEntry} from "../libraries/Evidence.sol";
import {Line, Lines} from "../libraries/Lines.sol";
import {RebatePrice} from "../libraries/RebatePrice.sol";
import {Node, SumTree} from "../libraries/SumTree.sol";
import {TreeFaults} from "./TreeFaults.sol";

/// @notice Faults of lines and leaves: what a line's entries, the price and the previous leaf give is not what was posted.
/// docs/protocol/epochs.md#challenges (b), (c) and (d). Storage's kinds are known here; other networks' prices are not yet.
abstract contract LineFaults is TreeFaults {
    uint8 internal constant READINESS = 2; // kind: bootstrap for seated operators that kept any
    uint256 internal constant LINES_SHOWN_MAX = 64;

    uint256 internal immutable EPOCH_SECONDS;
    uint256 internal immutable REFERENCE_NANO;

    constructor(uint256 epochSeconds, uint256 referenceNanoPerGibSecond) {
        EPOCH_SECONDS = epochSeconds;
        REFERENCE_NANO = referenceNanoPerGibSecond;
    }

    /// @inheritdoc ISumJudge
    function challengeLine(Case calldata case_, LineAt calldata shown, UsedEntry[] calldata entries) external pending(case_) {
        _requireLine(case_, shown);
        if (entries.length > Lines.ENTRIES_MAX) revert TooManyShown(Lines.ENTRIES_MAX, entries.length);
        Node[] memory nodes = new Node[](entries.length);
        bool fault = entries.length != shown.line.entryCount;
        uint256 quantity;
        for (uint256 i = 0; i < entries.length; ++i) {
            nodes[i] = _usedNode(entries[i]);
            quantity += entries[i].entry.quantity;
            if (_isForeign(shown.line, entries[i].entry)) fault = true;
            if (i > 0 && !_isBefore(entries[i - 1], entries[i])) fault = true;
        }
        if (SumTree.rootOf(nodes).hash != shown.line.entriesRoot) revert NotInTree(shown.line.entriesRoot, shown.line.quantity);
        if (Lines.isRebate(shown.line.kind) && quantity != shown.line.quantity) fault = true;
        _rejectIf(fault, case_, "line");
    }

    /// @inheritdoc ISumJudge
    function challengePrice(Case calldata case_, LineAt calldata shown) external pending(case_) {
        _requireLine(case_, shown);
        if (case_.network != STORAGE) revert NoFault();
        bool fault = true; // storage has no other kinds
        if (shown.line.kind == POSSESSION) fault = shown.line.unitPriceAtto != _possessionPrice(case_);
        else if (shown.line.kind == READINESS) fault = shown.line.quantity != 1 || !_isReadinessPrice(case_, shown.line.unitPriceAtto);
        _rejectIf(fault, case_, "price");
    }

    /// @inheritdoc ISumJudge
    function challengeReadinessPrices(Case calldata case_, LineAt calldata one, LineAt calldata other) external pending(case_) {
        _requireLine(case_, one);
        _requireLine(case_, other);
        bool ready = case_.network == STORAGE && one.line.kind == READINESS && other.line.kind == READINESS;
        _rejectIf(ready && one.line.unitPriceAtto != other.line.unitPriceAtto, case_, "readiness prices");
    }

    /// @inheritdoc ISumJudge
    function challengeReadiness(
        Case calldata case_,
        LineAt calldata readiness,
        LineAt[] calldata before,
        LineAt[] calldata beforeFirst,
        LineAt[] calldata first,
        UsedAt[] calldata used
    ) external pending(case_) {
        _requireLine(case_, readiness);
        if (case_.network != STORAGE || readiness.line.kind != READINESS) revert NoFault();
        bool fault = first.length == 0
            ? _lacksPossession(case_, readiness, before)
            : _hasOtherFirst(case_, readiness, beforeFirst, first[0], used[0]);
        _rejectIf(fault, case_, "readiness");
    }

    /// @inheritdoc ISumJudge
    function challengeTwice(
        Case calldata case_,
        LineAt calldata one,
        UsedAt calldata usedOne,
        LineAt calldata other,
        UsedAt calldata usedOther
    ) external pending(case_) {
        _requireLine(case_, one);
        _requireLine(case_, other);
        _requireUsed(one, Lines.usedLeaf(usedOne.used), usedOne.path);
        _requireUsed(other, Lines.usedLeaf(usedOther.used), usedOther.path);
        bool sameEntry =
            usedOne.used.batchDigest == usedOther.used.batchDigest && usedOne.used.index == usedOther.used.index;
        bool fault = sameEntry && one.line.kind == other.line.kind && _placeOf(one, usedOne) != _placeOf(other, usedOther);
        _rejectIf(fault, case_, "twice");
    }

    /// @inheritdoc ISumJudge
    function challengeLeaf(
        Case calldata case_,
        address account,
        LeafView calldata before,
        LeafView calldata now_,
        LinesView calldata lines
    ) external pending(case_) {
        Head memory head = EPOCHS.head(case_.network);
        uint256 expected = _leafSum(case_.network, account, Node(head.root, head.totals), before);
        uint256 actual = _leafSum(case_.network, account, Node(case_.post.root, case_.post.totals), now_);
        _requireLines(case_, lines, Lines.orderOf(account, 0), Lines.orderOf(account, type(uint8).max));
        bool ok = true;
        for (uint256 i = 0; ok && i < lines.lines.length; ++i) {
            (ok, expected) = SumTree.tryAddLanes(expected, Lines.sumOf(lines.lines[i].line));
        }
        _rejectIf(!ok || expected != actual, case_, "leaf");
    }

    // ---- steps ----

    /// @dev Requires that exactly the lines shown are those with an order from `low` to `high`, by their neighbours.
    /// Wrong order elsewhere in the tree is a fault of its own.
    function _requireLines(Case calldata case_, LinesView calldata view_, uint256 low, uint256 high) internal pure {
        uint256 count = view_.lines.length;
        if (count > LINES_SHOWN_MAX) revert TooManyShown(LINES_SHOWN_MAX, count);
        bool hasLeft = view_.left.length == 1;
        bool hasRight = view_.right.length == 1;
        if (hasLeft) _requireOrder(case_, view_.left[0], 0, low - 1);
        if (hasRight) _requireOrder(case_, view_.right[0], high + 1, type(uint256).max);
        for (uint256 i = 0; i < count; ++i) {
            _requireOrder(case_, view_.lines[i], low, high);
            if (i > 0 && !SumTree.isNext(view_.lines[i - 1].path, view_.lines[i].path)) revert NotNeighbours();
        }
        if (!_isClosed(case_, view_, hasLeft, hasRight)) revert NotNeighbours();
    }

    function _isClosed(Case calldata case_, LinesView calldata view_, bool hasLeft, bool hasRight) private pure returns (bool) {
        uint256 count = view_.lines.length;
        if (count == 0 && hasLeft && hasRight) return SumTree.isNext(view_.left[0].path, view_.right[0].path);
        if (count == 0 && hasLeft) return SumTree.isLast(view_.left[0].path);
        if (count == 0 && hasRight) return SumTree.isFirst(view_.right[0].path);
        if (count == 0) return case_.post.linesRoot == 0;
        LineAt calldata first = view_.lines[0];
        LineAt calldata last = view_.lines[count - 1];
        bool leftEnd = hasLeft ? SumTree.isNext(view_.left[0].path, first.path) : SumTree.isFirst(first.path);
        bool rightEnd = hasRight ? SumTree.isNext(last.path, view_.right[0].path) : SumTree.isLast(last.path);
        return leftEnd && rightEnd;
    }

    function _requireOrder(Case calldata case_, LineAt calldata shown, uint256 low, uint256 high) private pure {
        _requireLine(case_, shown);
        uint256 order = Lines.orderOf(shown.line.account, shown.line.kind);
        if (order < low || order > high) revert NotNeighbours();
    }

    /// @return sum of the account's leaf, zero when it is shown to be absent
    function _leafSum(uint8 network, address account, Node memory root, LeafView calldata view_) private pure returns (uint256) {
        if (view_.present) {
            _requireLeaf(network, root, view_.leaf);
            if (view_.leaf.account != account) revert NotNeighbours();
            return SumTree.pack(view_.leaf.rebateAtto, view_.leaf.bootstrapAtto);
        }
        bool hasLeft = view_.left.length == 1;
        bool hasRight = view_.right.length == 1;
        if (hasLeft) {
            _requireLeaf(network, root, view_.left[0]);
            if (view_.left[0].account >= account) revert NotNeighbours();
        }
        if (hasRight) {
            _requireLeaf(network, root, view_.right[0]);
            if (view_.right[0].account <= account) revert NotNeighbours();
        }
        bool closed = hasLeft
            ? (hasRight ? SumTree.isNext(view_.left[0].path, view_.right[0].path) : SumTree.isLast(view_.left[0].path))
            : (hasRight ? SumTree.isFirst(view_.right[0].path) : root.hash == 0);
        if (!closed) revert NotNeighbours();
        return 0;
    }

    function _usedNode(UsedEntry calldata used) private pure returns (Node memory) {
        return SumTree.usedLeaf(used.batchDigest, used.index, Evidence.entryHash(used.entry), used.entry.quantity);
    }

    function _isBefore(UsedEntry calldata left, UsedEntry calldata right) private pure returns (bool) {
        return Lines.isBefore(left.batchDigest, left.index, right.batchDigest, right.index);
    }

    function _isForeign(Line calldata line, EvidenceEntry calldata entry) private pure returns (bool) {
        uint8 kind = line.network == STORAGE ? POSSESSION : line.kind; // storage's readiness stands on a possession entry
        bool kindCounts = line.network == STORAGE || Lines.isRebate(line.kind);
        return entry.account != line.account || (kindCounts && entry.kind != kind);
    }

    function _possessionPrice(Case calldata case_) private view returns (uint128) {
        uint64 highUsd8 = EPOCHS.sealOf(case_.network, case_.post.epoch).highUsd8;
        return RebatePrice.ofLeafEpoch(REFERENCE_NANO, EPOCH_SECONDS, highUsd8);
    }

    /// @dev floor(allowance / how many are ready), all of one price: so their number is the bootstrap total over the price.
    function _isReadinessPrice(Case calldata case_, uint128 unitPriceAtto) private view returns (bool) {
        uint256 allowed = EPOCHS.allowance(case_.network, case_.post.epoch);
        uint128 total = SumTree.lowOf(case_.post.linesTotal);
        if (unitPriceAtto == 0) return total == 0 && allowed < case_.post.lineCount;
        return total != 0 && total % unitPriceAtto == 0 && allowed / (total / unitPriceAtto) == unitPriceAtto;
    }

    /// @dev Possession lines of an account stand directly before its readiness line.
    function _lacksPossession(Case calldata case_, LineAt calldata readiness, LineAt[] calldata before) private pure returns (bool) {
        if (before.length == 0) return SumTree.isFirst(readiness.path);
        _requireLine(case_, before[0]);
        if (!SumTree.isNext(before[0].path, readiness.path)) revert NotNeighbours();
        return before[0].line.account != readiness.line.account || before[0].line.kind != POSSESSION;
    }

    function _hasOtherFirst(
        Case calldata case_,
        LineAt calldata readiness,
        LineAt[] calldata beforeFirst,
        LineAt calldata first,
        UsedAt calldata used
    ) private pure returns (bool) {
        uint256 order = Lines.orderOf(readiness.line.account, POSSESSION);
        _requireOrder(case_, first, order, order);
        if (beforeFirst.length == 0) {
            if (!SumTree.isFirst(first.path)) revert NotNeighbours();
        } else {
            _requireOrder(case_, beforeFirst[0], 0, order - 1);
            if (!SumTree.isNext(beforeFirst[0].path, first.path)) revert NotNeighbours();
        }
        _requireFirst(first, used);
        return Lines.usedLeaf(used.used).hash != readiness.line.entriesRoot;
    }

    function _placeOf(LineAt calldata line, UsedAt calldata used) private pure returns (bytes32) {
        return keccak256(abi.encode(line.path.sides, line.path.hashes.length, used.path.sides, used.path.hashes.length));
    }
}
