// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {EpochPost} from "../src/interfaces/IEpochs.sol";
import {IReceiptJudge} from "../src/interfaces/IReceiptJudge.sol";
import {SumPath} from "../src/interfaces/IStorageJudge.sol";
import {
    BatchesView,
    Case,
    EntryAt,
    ISumJudge,
    LeafAt,
    LeafView,
    LineAt,
    LinesView,
    Tree,
    Used,
    UsedAt,
    UsedEntry
} from "../src/interfaces/ISumJudge.sol";
import {Lines} from "../src/libraries/Lines.sol";
import {Node, SumTree} from "../src/libraries/SumTree.sol";
import {BatchBook, Book} from "./EpochBook.sol";
import {JudgeFixture} from "./JudgeFixture.sol";

/// @notice An honest post survives whatever it is challenged with: true proofs of its own nodes, put together at random, and
/// the same with something in them changed.
contract HonestPostTest is JudgeFixture {
    uint256 private state;
    uint256 private tried;

    /// forge-config: default.fuzz.runs = 16
    function testFuzz_survivesEveryChallenge(uint256 seed) external {
        state = seed;
        Book memory book = honest(1, counts5(any(20), any(3), any(35), any(2), 1), seed, epochZero());
        Case memory case_ = postAndReport(postOf(book));
        challengeTrees(case_, book);
        challengeOrders(case_, book);
        challengeLines(case_, book);
        challengeReadiness(case_, book);
        challengeLeaves(case_, book);
        challengeUses(case_, book);
        challengeBatches(case_, book);
        challengeEntries(case_, book);
        assert(tried > 60);
        finalise(case_.post);
        equal(case_.post.root, epochs.head(NETWORK).root);
    }

    // ---- randomness ----

    function any(uint256 limit) internal returns (uint256) {
        state = uint256(keccak256(abi.encode(state)));
        return state % limit;
    }

    /// @notice Tries a challenge as it is, and three times with one of its bytes changed.
    function survives(address judge, bytes memory challenge) internal {
        attempt(judge, challenge);
        for (uint256 i = 0; i < 3 && challenge.length > 420; ++i) {
            uint256 place = 420 + any(challenge.length - 420); // behind the post itself
            bytes1 kept = challenge[place];
            challenge[place] = bytes1(uint8(any(256)));
            attempt(judge, challenge);
            challenge[place] = kept;
        }
    }

    function attempt(address judge, bytes memory challenge) private {
        (bool ok,) = judge.call(challenge);
        assert(!ok);
        ++tried;
    }

    // ---- (a) ----

    function challengeTrees(Case memory case_, Book memory book) internal {
        for (uint256 i = 0; i < 3; ++i) {
            nodesOf(case_, Tree.Leaves, leafNodes(NETWORK, book.leaves), leafPreimage(book.leaves[0]));
            nodesOf(case_, Tree.Lines, lineNodes(book), linePreimage(book.lines[0].line));
            nodesOf(case_, Tree.Batches, batchNodes(book), batchPreimage(book.batches[0]));
        }
        survives(address(sumJudge), abi.encodeCall(ISumJudge.challengeEmpty, (case_)));
        uint256 line = any(book.lines.length);
        Node[][] memory levels = levelsOf(usedNodes(book.lines[line]));
        bytes memory first = usedPreimage(book.lines[line].entries[0]);
        (bytes memory preimage, uint256 sum, SumPath memory path) = anyNode(levels, first);
        survives(
            address(sumJudge), abi.encodeCall(ISumJudge.challengeUsedNode, (case_, lineAt(book, line), preimage, sum, path))
        );
    }

    function nodesOf(Case memory case_, Tree tree, Node[] memory nodes, bytes memory first) private {
        (bytes memory preimage, uint256 sum, SumPath memory path) = anyNode(levelsOf(nodes), first);
        survives(address(sumJudge), abi.encodeCall(ISumJudge.challengeNode, (case_, tree, preimage, sum, path)));
    }

    /// @return preimage of some inner node, or of the first leaf
    function anyNode(Node[][] memory levels, bytes memory first) private returns (bytes memory, uint256, SumPath memory) {
        uint256 level = any(levels.length);
        uint256 index = level == 0 ? 0 : any(levels[level].length);
        if (level == 0 || 2 * index + 1 >= levels[level - 1].length) return (first, levels[0][0].sum, pathFrom(levels, 0, 0));
        bytes memory preimage = preimageOf(levels[level - 1][2 * index], levels[level - 1][2 * index + 1]);
        return (preimage, levels[level][index].sum, pathFrom(levels, level, index));
    }

    // ---- (b), (c) ----

    function challengeOrders(Case memory case_, Book memory book) internal {
        for (uint256 i = 0; i + 1 < book.lines.length; ++i) {
            uint256 j = any(4) == 0 ? any(book.lines.length) : i + 1;
            UsedAt[] memory firsts = new UsedAt[](2);
            (firsts[0], firsts[1]) = (usedAt(book, i, 0), usedAt(book, j, 0));
            LineAt memory right = lineAt(book, j);
            survives(address(sumJudge), abi.encodeCall(ISumJudge.challengeLineOrder, (case_, lineAt(book, i), right, firsts)));
        }
        for (uint256 i = 0; i + 1 < book.leaves.length; ++i) {
            LeafAt memory right = leafAt(NETWORK, book.leaves, any(4) == 0 ? any(book.leaves.length) : i + 1);
            LeafAt memory left = leafAt(NETWORK, book.leaves, i);
            survives(address(sumJudge), abi.encodeCall(ISumJudge.challengeLeafOrder, (case_, left, right)));
        }
        for (uint256 i = 0; i + 1 < book.batches.length; ++i) {
            uint256 j = any(4) == 0 ? any(book.batches.length) : i + 1;
            survives(
                address(sumJudge), abi.encodeCall(ISumJudge.challengeBatchOrder, (case_, batchAt(book, i), batchAt(book, j)))
            );
        }
        LineAt[] memory many = new LineAt[](17);
        for (uint256 i = 0; i < 17; ++i) many[i] = lineAt(book, i % book.lines.length);
        survives(address(sumJudge), abi.encodeCall(ISumJudge.challengeLineCount, (case_, many)));
    }

    function challengeLines(Case memory case_, Book memory book) internal {
        for (uint256 i = 0; i < book.lines.length; ++i) {
            UsedEntry[] memory entries = book.lines[any(4) == 0 ? any(book.lines.length) : i].entries;
            survives(address(sumJudge), abi.encodeCall(ISumJudge.challengeLine, (case_, lineAt(book, i), entries)));
            survives(address(sumJudge), abi.encodeCall(ISumJudge.challengePrice, (case_, lineAt(book, i))));
            uint256 j = any(book.lines.length);
            UsedAt memory one = usedAt(book, i, any(book.lines[i].entries.length));
            UsedAt memory other = usedAt(book, j, any(book.lines[j].entries.length));
            LineAt memory line = lineAt(book, j);
            survives(address(sumJudge), abi.encodeCall(ISumJudge.challengeTwice, (case_, lineAt(book, i), one, line, other)));
            survives(address(sumJudge), abi.encodeCall(ISumJudge.challengeReadinessPrices, (case_, lineAt(book, i), line)));
        }
    }

    function challengeReadiness(Case memory case_, Book memory book) internal {
        for (uint256 i = 0; i < book.lines.length; ++i) {
            if (book.lines[i].line.kind != 2) continue;
            LineAt[] memory before = oneLine(book, i - 1);
            bytes memory challenge = abi.encodeCall(
                ISumJudge.challengeReadiness,
                (case_, lineAt(book, i), before, new LineAt[](0), new LineAt[](0), new UsedAt[](0))
            );
            survives(address(sumJudge), challenge);
            uint256 first = lineIndexOf(book, book.lines[i].line.account, 1);
            before = first == 0 ? new LineAt[](0) : oneLine(book, first - 1);
            UsedAt[] memory used = new UsedAt[](1);
            used[0] = usedAt(book, first, any(3) == 0 ? any(book.lines[first].entries.length) : 0);
            challenge = abi.encodeCall(
                ISumJudge.challengeReadiness, (case_, lineAt(book, i), new LineAt[](0), before, oneLine(book, first), used)
            );
            survives(address(sumJudge), challenge);
        }
    }

    function oneLine(Book memory book, uint256 index) private pure returns (LineAt[] memory list) {
        list = new LineAt[](1);
        list[0] = lineAt(book, index);
    }

    // ---- (d) ----

    function challengeLeaves(Case memory case_, Book memory book) internal {
        Book memory last = epochZero();
        for (uint256 i = 0; i < OPERATORS; ++i) {
            leavesOf(case_, last, book, operators[i], operators[i]);
            leavesOf(case_, last, book, operators[i], operators[any(OPERATORS)]);
        }
        leavesOf(case_, last, book, address(1), address(1));
        leavesOf(case_, last, book, address(type(uint160).max), address(type(uint160).max));
    }

    function leavesOf(Case memory case_, Book memory last, Book memory book, address account, address other) private {
        LeafView memory before = leafView(NETWORK, last.leaves, any(2) == 0 ? account : other);
        LeafView memory now_ = leafView(NETWORK, book.leaves, account);
        LinesView memory lines = linesView(book, Lines.orderOf(other, 0), Lines.orderOf(other, 255));
        survives(address(sumJudge), abi.encodeCall(ISumJudge.challengeLeaf, (case_, account, before, now_, lines)));
        if (lines.lines.length > 1) {
            lines.lines = oneLine(book, lineIndexOf(book, other, 1));
            survives(address(sumJudge), abi.encodeCall(ISumJudge.challengeLeaf, (case_, account, before, now_, lines)));
        }
    }

    // ---- (e), (f), (g) ----

    function challengeUses(Case memory case_, Book memory book) internal {
        for (uint256 i = 0; i < book.lines.length; ++i) {
            uint256 index = any(book.lines[i].entries.length);
            BatchBook memory batch = book.batches[batchIndexOf(book, book.lines[i].line.account)];
            EntryAt[] memory entry = new EntryAt[](1);
            entry[0] = entryAt(batch, any(4) == 0 ? any(batch.entries.length) : book.lines[i].entries[index].index);
            UsedAt memory used = usedAt(book, i, index);
            LineAt memory line = lineAt(book, i);
            survives(address(sumJudge), abi.encodeCall(ISumJudge.challengeUsed, (case_, line, used, batch.header, entry)));
            BatchesView memory batches = batchesView(book, any(2) == 0 ? batch.digest : bytes32(any(type(uint256).max)));
            survives(address(sumJudge), abi.encodeCall(ISumJudge.challengeUncounted, (case_, line, used, batches)));
        }
    }

    function challengeBatches(Case memory case_, Book memory book) internal {
        Book memory last = epochZero();
        for (uint256 i = 0; i < book.batches.length; ++i) {
            BatchBook memory batch = book.batches[i];
            bytes memory other = last.batches[0].signature;
            survivesReceipt(abi.encodeCall(IReceiptJudge.challengeBatch, (case_, countedBatch(book, i), batch.signature)));
            survivesReceipt(abi.encodeCall(IReceiptJudge.challengeBatch, (case_, countedBatch(book, i), other)));
            survivesReceipt(abi.encodeCall(IReceiptJudge.challengeCounted, (case_, batchAt(book, i))));
            survivesReceipt(abi.encodeCall(IReceiptJudge.challengeRefuted, (case_, batchAt(book, i))));
            SumPath memory earlier = pathOf(batchNodes(last), any(last.batches.length));
            uint256 count = last.batches.length;
            survivesReceipt(abi.encodeCall(IReceiptJudge.challengeReused, (case_, batchAt(book, i), 0, count, earlier)));
            BatchesView memory batches = batchesView(book, batch.digest);
            survives(address(sumJudge), abi.encodeCall(ISumJudge.challengeOmission, (case_, batch.header, batches)));
        }
    }

    function challengeEntries(Case memory case_, Book memory book) internal {
        for (uint256 i = 0; i < book.batches.length; ++i) {
            BatchBook memory batch = book.batches[i];
            EntryAt memory entry = entryAt(batch, any(batch.entries.length));
            survivesReceipt(abi.encodeCall(IReceiptJudge.challengeEntry, (case_, countedBatch(book, i), entry)));
            subjects(case_, book, i, any(book.batches.length));
            (bytes memory preimage, uint256 sum, SumPath memory path) =
                anyNode(levelsOf(entryNodes(batch.entries)), entryPreimage(batch.entries[0]));
            survivesReceipt(
                abi.encodeCall(IReceiptJudge.challengeEntryNode, (case_, countedBatch(book, i), preimage, sum, path))
            );
            uint256 order = Lines.orderOf(any(3) == 0 ? operators[any(OPERATORS)] : entry.entry.account, 1);
            LinesView memory lines = linesView(book, order, order);
            Used[][] memory used = allUsed(book, order);
            survives(
                address(sumJudge),
                abi.encodeCall(ISumJudge.challengeDropped, (case_, countedBatch(book, i), entry, lines, used))
            );
        }
    }

    function subjects(Case memory case_, Book memory book, uint256 one, uint256 two) private {
        EntryAt memory entry = entryAt(book.batches[one], any(book.batches[one].entries.length));
        EntryAt memory other = entryAt(book.batches[two], any(book.batches[two].entries.length));
        bytes memory challenge = abi.encodeCall(
            IReceiptJudge.challengeSubjectTwice, (case_, countedBatch(book, one), entry, countedBatch(book, two), other)
        );
        survivesReceipt(challenge);
    }

    function survivesReceipt(bytes memory challenge) private {
        survives(address(receiptJudge), challenge);
    }
}
