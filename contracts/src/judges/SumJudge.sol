// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Addresses, Parameters} from "../Parameters.sol";
import {BatchHeader} from "../interfaces/IEpochs.sol";
import {IReceiptJudge} from "../interfaces/IReceiptJudge.sol";
import {IStorageJudge} from "../interfaces/IStorageJudge.sol";
import {BatchesView, Case, CountedBatch, EntryAt, ISumJudge, LineAt, LinesView, UsedAt} from "../interfaces/ISumJudge.sol";
import {Evidence} from "../libraries/Evidence.sol";
import {Lines, Used} from "../libraries/Lines.sol";
import {Node, SumTree} from "../libraries/SumTree.sol";
import {LineFaults} from "./LineFaults.sol";
import {PostJudge} from "./PostJudge.sol";

/// @notice Judges pending posts against their own lines, leaves and batches. docs/protocol/epochs.md#challenges
/// Here what lines and batches owe each other, (e) to (g); faults of trees and of lines are inherited. What batches may count at
/// all is ReceiptJudge's, and proofs are StorageJudge's.
contract SumJudge is LineFaults {
    IStorageJudge public immutable STORAGE_JUDGE;
    IReceiptJudge public immutable RECEIPT_JUDGE;

    constructor(Addresses memory addresses, Parameters memory parameters)
        PostJudge(addresses.epochs)
        LineFaults(uint256(parameters.epochBlocks) * parameters.blockSeconds, parameters.referenceNanoPerGibSecond)
    {
        STORAGE_JUDGE = IStorageJudge(addresses.storageJudge);
        RECEIPT_JUDGE = IReceiptJudge(addresses.receiptJudge);
    }

    /// @inheritdoc ISumJudge
    function challengeUsed(
        Case calldata case_,
        LineAt calldata line,
        UsedAt calldata shown,
        BatchHeader calldata header,
        EntryAt[] calldata entry
    ) external pending(case_) {
        _requireLine(case_, line);
        _requireUsed(line, Lines.usedLeaf(shown.used), shown.path);
        bytes32 digest = Evidence.batchDigest(address(EPOCHS), header);
        if (digest != shown.used.batchDigest) revert WrongHeader(shown.used.batchDigest, digest);
        if (shown.used.index >= header.count) return _reject(case_, "used");
        if (entry.length != 1 || entry[0].index != shown.used.index) revert NoFault();
        _requireEntry(header.entriesRoot, header.count, header.sum, entry[0]);
        bool quantityCounts = Lines.isRebate(line.line.kind);
        bool fault = Evidence.entryHash(entry[0].entry) != shown.used.entryHash
            || (quantityCounts && entry[0].entry.quantity != shown.used.quantity);
        _rejectIf(fault, case_, "used");
    }

    /// @inheritdoc ISumJudge
    function challengeUncounted(Case calldata case_, LineAt calldata line, UsedAt calldata shown, BatchesView calldata batches)
        external
        pending(case_)
    {
        _requireLine(case_, line);
        _requireUsed(line, Lines.usedLeaf(shown.used), shown.path);
        _requireAbsent(case_, shown.used.batchDigest, batches);
        _reject(case_, "uncounted");
    }

    /// @inheritdoc ISumJudge
    function challengeDropped(
        Case calldata case_,
        CountedBatch calldata batch,
        EntryAt calldata shown,
        LinesView calldata lines,
        Used[][] calldata used
    ) external pending(case_) {
        _requireCounted(case_, batch);
        _requireEntry(batch.header.entriesRoot, batch.header.count, batch.header.sum, shown);
        uint256 order = Lines.orderOf(shown.entry.account, shown.entry.kind);
        if (order == 0) revert NoFault();
        _requireLines(case_, lines, order, order);
        bytes32 digest = Evidence.batchDigest(address(EPOCHS), batch.header);
        for (uint256 i = 0; i < lines.lines.length; ++i) {
            if (_uses(lines.lines[i], used[i], digest, shown.index)) revert NoFault();
        }
        _reject(case_, "dropped");
    }

    /// @inheritdoc ISumJudge
    /// @dev Epochs before the head are over: what was left out of them may be counted later, and need not be.
    function challengeOmission(Case calldata case_, BatchHeader calldata header, BatchesView calldata batches)
        external
        pending(case_)
    {
        bytes32 digest = Evidence.batchDigest(address(EPOCHS), header);
        bool due = header.network == case_.network && header.epoch >= EPOCHS.head(case_.network).epoch
            && _mayCount(header.epoch, case_.post.epoch) && EPOCHS.vouchedBlock(digest) != 0;
        bool excused = (case_.network == STORAGE && STORAGE_JUDGE.refuted(digest)) || RECEIPT_JUDGE.isVoid(digest, case_.post.epoch);
        if (!due || excused) revert NoFault();
        _requireAbsent(case_, digest, batches);
        _reject(case_, "omission");
    }

    // ---- steps ----

    /// @dev `used` is all that the line uses: its root is the line's.
    function _uses(LineAt calldata line, Used[] calldata used, bytes32 digest, uint32 index) private pure returns (bool found) {
        if (used.length > Lines.ENTRIES_MAX) revert TooManyShown(Lines.ENTRIES_MAX, used.length);
        Node[] memory nodes = new Node[](used.length);
        for (uint256 i = 0; i < used.length; ++i) {
            nodes[i] = Lines.usedLeaf(used[i]);
            if (used[i].batchDigest == digest && used[i].index == index) found = true;
        }
        if (SumTree.rootOf(nodes).hash != line.line.entriesRoot) revert NotInTree(line.line.entriesRoot, line.line.quantity);
    }
}
