// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {EpochPost} from "../src/interfaces/IEpochs.sol";
import {SumPath} from "../src/interfaces/IStorageJudge.sol";
import {Case, ISumJudge, LineAt, UsedAt, UsedEntry} from "../src/interfaces/ISumJudge.sol";
import {EvidenceEntry} from "../src/libraries/Evidence.sol";
import {Line, Used} from "../src/libraries/Lines.sol";
import {Node, SumTree} from "../src/libraries/SumTree.sol";
import {BatchBook, Book, LeafBook, LineBook} from "./EpochBook.sol";
import {EpochsFixture} from "./EpochsFixture.sol";

/// @notice One finalised honest epoch, and the next one ready to be posted, right or wrong.
/// Operators by index: 1 is new in epoch 1, 3 has a leaf and no line in it, 2 has two possession lines.
abstract contract JudgeFixture is EpochsFixture {
    function setUp() public override {
        super.setUp();
        rollToPost(0);
        finaliseEpoch(epochZero());
        rollToPost(1);
    }

    function epochZero() internal view returns (Book memory) {
        Book memory nothing;
        return honest(0, counts5(3, 0, 20, 1, 2), 0, nothing);
    }

    function epochOne() internal view returns (Book memory) {
        return honest(1, counts5(2, 3, 18, 0, 1), 1, epochZero());
    }

    // ---- what becomes of a case ----

    function _expectRejected(address judge, Case memory case_, bytes memory challenge) internal {
        bytes32 lockId = epochs.posterLockId(NETWORK, case_.post.epoch);
        uint128 locked = bonds.lockOf(lockId).amountAtto;
        uint256 before = work.balanceOf(REPORTER);
        (bool ok, bytes memory reason) = judge.call(challenge);
        if (!ok) rethrow(reason);
        equal(address(0), epochs.pending(NETWORK).poster);
        assert(locked > 0 && bonds.lockOf(lockId).slashed);
        equal(locked / 10, work.balanceOf(REPORTER) - before);
    }

    function rejects(Case memory case_, bytes memory challenge) internal {
        _expectRejected(address(sumJudge), case_, challenge);
    }

    function receiptRejects(Case memory case_, bytes memory challenge) internal {
        _expectRejected(address(receiptJudge), case_, challenge);
    }

    function refuses(address judge, bytes4 error_, bytes memory challenge) internal {
        (bool ok, bytes memory reason) = judge.call(challenge);
        assert(!ok);
        equal(bytes32(error_), bytes32(bytes4(reason)));
        assert(epochs.pending(NETWORK).poster != address(0));
    }

    function rethrow(bytes memory reason) internal pure {
        assembly {
            revert(add(reason, 32), mload(reason))
        }
    }

    // ---- wrong trees ----

    /// @notice The post of a book whose lines tree has this root.
    function postWithLines(Book memory book, Node memory root) internal pure returns (EpochPost memory post) {
        post = postOf(book);
        (post.linesRoot, post.linesTotal) = (root.hash, root.sum);
        post.totals = SumTree.addLanes(book.totalsBefore, root.sum);
    }

    /// @notice Levels above `levels[level]`, once a node of it was changed.
    function rebuild(Node[][] memory levels, uint256 level) internal pure returns (Node memory root) {
        for (uint256 i = level; i + 1 < levels.length; ++i) levels[i + 1] = above(levels[i]);
        return levels[levels.length - 1][0];
    }

    function emptyPath() internal pure returns (SumPath memory path) {
        path.hashes = new bytes32[](0);
        path.sums = new uint256[](0);
    }

    // ---- what leaves hash ----

    function linePreimage(Line memory line) internal pure returns (bytes memory) {
        return bytes.concat(
            abi.encodePacked(uint8(0), "line", line.network, line.epoch, line.account, line.kind),
            abi.encodePacked(line.quantity, line.unitPriceAtto, line.entriesRoot, line.entryCount)
        );
    }

    function leafPreimage(LeafBook memory leaf) internal pure returns (bytes memory) {
        return abi.encodePacked(uint8(0), "leaf", NETWORK, leaf.account, leaf.rebateAtto, leaf.bootstrapAtto);
    }

    function batchPreimage(BatchBook memory batch) internal pure returns (bytes memory) {
        return abi.encodePacked(uint8(0), "batch", batch.digest, keccak256(batch.signature));
    }

    function usedPreimage(UsedEntry memory entry) internal pure returns (bytes memory) {
        return abi.encodePacked(uint8(0), "used", entry.batchDigest, entry.index, keccak256(abi.encode(entry.entry)));
    }

    function entryPreimage(EvidenceEntry memory entry) internal pure returns (bytes memory) {
        return abi.encodePacked(uint8(0), "entry", keccak256(abi.encode(entry)));
    }

    // ---- changes of a book ----

    function lineIndexOf(Book memory book, address account, uint8 kind) internal pure returns (uint256) {
        for (uint256 i = 0; i < book.lines.length; ++i) {
            if (book.lines[i].line.account == account && book.lines[i].line.kind == kind) return i;
        }
        revert("no such line");
    }

    function batchIndexOf(Book memory book, address signer) internal pure returns (uint256) {
        for (uint256 i = 0; i < book.batches.length; ++i) if (book.batches[i].header.signer == signer) return i;
        revert("no such batch");
    }

    function leafIndexOf(Book memory book, address account) internal pure returns (uint256) {
        for (uint256 i = 0; i < book.leaves.length; ++i) if (book.leaves[i].account == account) return i;
        revert("no such leaf");
    }

    function withoutLine(Book memory book, uint256 index) internal pure {
        LineBook[] memory lines = new LineBook[](book.lines.length - 1);
        for (uint256 i = 0; i < lines.length; ++i) lines[i] = book.lines[i < index ? i : i + 1];
        book.lines = lines;
    }

    function withoutBatch(Book memory book, uint256 index) internal pure {
        BatchBook[] memory batches = new BatchBook[](book.batches.length - 1);
        for (uint256 i = 0; i < batches.length; ++i) batches[i] = book.batches[i < index ? i : i + 1];
        book.batches = batches;
    }

    function withBatch(Book memory book, BatchBook memory batch) internal pure {
        BatchBook[] memory batches = new BatchBook[](book.batches.length + 1);
        for (uint256 i = 0; i < book.batches.length; ++i) batches[i] = book.batches[i];
        batches[book.batches.length] = batch;
        book.batches = batches;
        sortBatches(batches);
    }

    function withoutLeaf(Book memory book, uint256 index) internal pure {
        LeafBook[] memory leaves = new LeafBook[](book.leaves.length - 1);
        for (uint256 i = 0; i < leaves.length; ++i) leaves[i] = book.leaves[i < index ? i : i + 1];
        book.leaves = leaves;
    }
}
