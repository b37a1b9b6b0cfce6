// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {EpochPost} from "../src/interfaces/IEpochs.sol";
import {SumPath} from "../src/interfaces/IStorageJudge.sol";
import {
    BatchesView,
    Case,
    CountedBatch,
    EntryAt,
    ISumJudge,
    LeafView,
    LineAt,
    LinesView,
    Tree,
    UsedAt,
    UsedEntry
} from "../src/interfaces/ISumJudge.sol";
import {Line, Lines, Used} from "../src/libraries/Lines.sol";
import {Node, SumTree} from "../src/libraries/SumTree.sol";
import {BatchBook, Book, LineBook} from "./EpochBook.sol";
import {JudgeFixture} from "./JudgeFixture.sol";

contract SumJudgeTest is JudgeFixture {
    function nodeChallenge(Case memory case_, Tree tree, bytes memory preimage, uint256 sum, SumPath memory path)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodeCall(ISumJudge.challengeNode, (case_, tree, preimage, sum, path));
    }

    // ---- (a) sums, bytes and places ----

    function test_aLinesAmountIsNotItsFields() external {
        Book memory book = epochOne();
        Node[][] memory levels = levelsOf(lineNodes(book));
        levels[0][2].sum += 1 << 128;
        Case memory case_ = postAndReport(postWithLines(book, rebuild(levels, 0)));
        bytes memory preimage = linePreimage(book.lines[2].line);
        rejects(case_, nodeChallenge(case_, Tree.Lines, preimage, levels[0][2].sum, pathFrom(levels, 0, 2)));
    }

    function test_aParentsSumIsNotItsChildrens() external {
        Book memory book = epochOne();
        Node[][] memory levels = levelsOf(lineNodes(book));
        levels[1][1].sum += 1;
        Case memory case_ = postAndReport(postWithLines(book, rebuild(levels, 1)));
        bytes memory preimage = preimageOf(levels[0][2], levels[0][3]);
        rejects(case_, nodeChallenge(case_, Tree.Lines, preimage, levels[1][1].sum, pathFrom(levels, 1, 1)));
    }

    function test_theRootsSumIsNotItsChildrens() external {
        Book memory book = epochOne();
        Node[][] memory levels = levelsOf(lineNodes(book));
        Node[] memory top = levels[levels.length - 2];
        Node memory root = levels[levels.length - 1][0];
        root.sum += 1 << 128;
        Case memory case_ = postAndReport(postWithLines(book, root));
        rejects(case_, nodeChallenge(case_, Tree.Lines, preimageOf(top[0], top[1]), root.sum, emptyPath()));
    }

    function test_leavesThatDoNotAddUpToTheTotals() external {
        Book memory book = epochOne();
        book.leaves[0].bootstrapAtto += 1;
        Case memory case_ = postAndReport(postOf(book));
        Node[][] memory levels = levelsOf(leafNodes(NETWORK, book.leaves));
        Node[] memory top = levels[levels.length - 2];
        rejects(case_, nodeChallenge(case_, Tree.Leaves, preimageOf(top[0], top[1]), case_.post.totals, emptyPath()));
    }

    function test_aLaneThatOverflows() external {
        Book memory book = epochOne();
        Node memory left = Node(keccak256("left"), SumTree.LANE_MAX);
        Node memory right = Node(keccak256("right"), 1);
        bytes memory preimage = preimageOf(left, right);
        Case memory case_ = postAndReport(postWithLines(book, Node(keccak256(preimage), 0)));
        rejects(case_, nodeChallenge(case_, Tree.Lines, preimage, 0, emptyPath()));
    }

    function test_aLeafThatIsNoLeaf() external {
        for (uint256 tree = 0; tree < 3; ++tree) {
            Book memory book = epochOne();
            EpochPost memory post = postOf(book);
            bytes memory preimage = tree == 0 ? bytes("\x00leave") : entryPreimage(book.batches[0].entries[0]);
            bytes32 root = keccak256(preimage);
            uint256 sum = tree == 0 ? post.totals : tree == 1 ? post.linesTotal : 1;
            if (tree == 0) post.root = root;
            if (tree == 1) (post.linesRoot, post.lineCount) = (root, 1);
            if (tree == 2) (post.batchesRoot, post.batchCount) = (root, 1);
            Case memory case_ = postAndReport(post);
            rejects(case_, nodeChallenge(case_, Tree(tree), preimage, sum, emptyPath()));
        }
    }

    /// forge-config: default.fuzz.runs = 24
    function testFuzz_aLineOfWrongForm(uint256 which) external {
        Book memory book = epochOne();
        Line memory line = book.lines[1].line;
        which = bound(which, 0, 6);
        if (which == 0) line.network = 2;
        if (which == 1) line.epoch = 0;
        if (which == 2) line.entryCount = 0;
        if (which == 3) line.entryCount = 17;
        if (which == 4) (line.kind, line.quantity) = (0, 0);
        if (which == 5) (line.kind, line.entryCount, line.quantity) = (2, 2, 0);
        if (which == 6) line.account = address(0);
        Case memory case_ = postAndReport(postOf(book));
        LineAt memory shown = lineAt(book, 1);
        rejects(case_, nodeChallenge(case_, Tree.Lines, linePreimage(line), Lines.sumOf(line), shown.path));
    }

    /// forge-config: default.fuzz.runs = 32
    function testFuzz_aCountThatIsNotTheTrees(uint32 count) external {
        Book memory book = epochOne();
        EpochPost memory post = postOf(book);
        post.lineCount = count = uint32(bound(count, 0, 40));
        vm.assume(count != book.lines.length);
        Case memory case_ = postAndReport(post);
        Node[] memory nodes = lineNodes(book);
        for (uint256 i = 0; i < nodes.length; ++i) {
            SumPath memory path = pathOf(nodes, i);
            if (SumTree.isPlace(path.sides, path.hashes.length, count)) continue;
            return rejects(case_, nodeChallenge(case_, Tree.Lines, linePreimage(book.lines[i].line), nodes[i].sum, path));
        }
        revert("no leaf stands in a wrong place");
    }

    function test_aWrongCountOfBatchesShowsInTheRoot() external {
        Book memory book = epochOne();
        EpochPost memory post = postOf(book);
        post.batchCount += 1;
        Case memory case_ = postAndReport(post);
        Node[][] memory levels = levelsOf(batchNodes(book));
        Node[] memory top = levels[levels.length - 2];
        rejects(case_, nodeChallenge(case_, Tree.Batches, preimageOf(top[0], top[1]), post.batchCount, emptyPath()));
    }

    function test_aTreeDeeperThanAnyoneFolds() external {
        Book memory book = epochOne();
        bytes memory preimage = preimageOf(Node(keccak256("left"), 1), Node(keccak256("right"), 1));
        SumPath memory path = SumPath(0, new bytes32[](40), new uint256[](40));
        Node memory node = Node(keccak256(preimage), 2);
        for (uint256 i = 0; i < 40; ++i) {
            path.hashes[i] = keccak256(abi.encode(i));
            node = SumTree.parent(node, Node(path.hashes[i], 0));
        }
        Case memory case_ = postAndReport(postWithLines(book, node));
        rejects(case_, nodeChallenge(case_, Tree.Lines, preimage, 2, path));
    }

    function test_anEmptyTreeWithASum() external {
        Book memory book = epochOne();
        EpochPost memory post = postWithLines(book, Node(0, 5));
        post.lineCount = 0;
        Case memory case_ = postAndReport(post);
        rejects(case_, abi.encodeCall(ISumJudge.challengeEmpty, (case_)));
    }

    function test_aLinesEntriesTreeThatDoesNotAddUp() external {
        Book memory book = epochOne();
        uint256 index = lineIndexOf(book, operators[2], 1);
        LineBook memory line = book.lines[index];
        Node[][] memory levels = levelsOf(usedNodes(line));
        levels[1][0].sum += 100;
        line.line.entriesRoot = rebuild(levels, 1).hash;
        line.line.quantity += 100;
        relevel(book, epochZero().leaves);
        Case memory case_ = postAndReport(postOf(book));
        bytes memory preimage = preimageOf(levels[0][0], levels[0][1]);
        SumPath memory path = pathFrom(levels, 1, 0);
        rejects(case_, abi.encodeCall(ISumJudge.challengeUsedNode, (case_, lineAt(book, index), preimage, levels[1][0].sum, path)));
    }

    function test_aLineWithAnotherCountOfEntries() external {
        Book memory book = epochOne();
        uint256 index = lineIndexOf(book, operators[1], 1);
        book.lines[index].line.entryCount = 2; // of three
        Case memory case_ = postAndReport(postOf(book));
        bytes memory preimage = usedPreimage(book.lines[index].entries[0]);
        UsedAt memory used = usedAt(book, index, 0);
        bytes memory challenge =
            abi.encodeCall(ISumJudge.challengeUsedNode, (case_, lineAt(book, index), preimage, used.used.quantity, used.path));
        if (SumTree.isPlace(used.path.sides, used.path.hashes.length, 2)) revert("stands in a tree of two");
        rejects(case_, challenge);
    }

    // ---- (b) lines, entries, prices ----

    function lineChallenge(Case memory case_, Book memory book, uint256 index) internal pure returns (bytes memory) {
        return abi.encodeCall(ISumJudge.challengeLine, (case_, lineAt(book, index), book.lines[index].entries));
    }

    function test_aLineRaised() external {
        Book memory book = epochOne();
        uint256 index = lineIndexOf(book, operators[2], 1);
        book.lines[index].line.quantity += 1;
        relevel(book, epochZero().leaves);
        Case memory case_ = postAndReport(postOf(book));
        rejects(case_, lineChallenge(case_, book, index));
    }

    function test_aLineOfAnothersEntries() external {
        Book memory book = epochOne();
        uint256 index = lineIndexOf(book, operators[2], 1);
        book.lines[index].line.account = operators[1];
        Case memory case_ = postAndReport(postOf(book));
        rejects(case_, lineChallenge(case_, book, index));
    }

    function test_aLineOfEntriesOutOfOrder() external {
        Book memory book = epochOne();
        uint256 index = lineIndexOf(book, operators[2], 1);
        UsedEntry[] memory entries = book.lines[index].entries;
        (entries[3], entries[4]) = (entries[4], entries[3]);
        reline(book.lines[index]);
        Case memory case_ = postAndReport(postOf(book));
        rejects(case_, lineChallenge(case_, book, index));
    }

    function test_aLineOfEntriesOfAnotherKind() external {
        Book memory book = epochOne();
        uint256 index = lineIndexOf(book, operators[2], 1);
        book.lines[index].entries[0].entry.kind = 3;
        reline(book.lines[index]);
        Case memory case_ = postAndReport(postOf(book));
        rejects(case_, lineChallenge(case_, book, index));
    }

    function test_aUnitPriceOffByOne() external {
        Book memory book = epochOne();
        uint256 index = lineIndexOf(book, operators[0], 1);
        assert(book.lines[index].line.unitPriceAtto > 0);
        book.lines[index].line.unitPriceAtto += 1;
        relevel(book, epochZero().leaves);
        Case memory case_ = postAndReport(postOf(book));
        rejects(case_, abi.encodeCall(ISumJudge.challengePrice, (case_, lineAt(book, index))));
    }

    function test_aKindThatStorageDoesNotHave() external {
        Book memory book = epochOne();
        uint256 index = lineIndexOf(book, operators[0], 1);
        book.lines[index].line.kind = 3;
        Case memory case_ = postAndReport(postOf(book));
        rejects(case_, abi.encodeCall(ISumJudge.challengePrice, (case_, lineAt(book, index))));
    }

    function test_readinessPaidLess() external {
        Book memory book = epochOne();
        for (uint256 i = 0; i < book.lines.length; ++i) if (book.lines[i].line.kind == 2) book.lines[i].line.unitPriceAtto -= 1;
        relevel(book, epochZero().leaves);
        Case memory case_ = postAndReport(postOf(book));
        LineAt memory line = lineAt(book, lineIndexOf(book, operators[0], 2));
        rejects(case_, abi.encodeCall(ISumJudge.challengePrice, (case_, line)));
    }

    function test_readinessPaidTwiceOver() external {
        Book memory book = epochOne();
        uint256 index = lineIndexOf(book, operators[0], 2);
        uint256 other = lineIndexOf(book, operators[1], 2);
        book.lines[index].line.unitPriceAtto += book.lines[other].line.unitPriceAtto;
        book.lines[other].line.unitPriceAtto = 0;
        relevel(book, epochZero().leaves);
        Case memory case_ = postAndReport(postOf(book));
        rejects(case_, abi.encodeCall(ISumJudge.challengeReadinessPrices, (case_, lineAt(book, index), lineAt(book, other))));
    }

    function test_readinessWithoutPossession() external {
        Book memory book = epochOne();
        withoutLine(book, lineIndexOf(book, operators[1], 1));
        relevel(book, epochZero().leaves);
        Case memory case_ = postAndReport(postOf(book));
        uint256 index = lineIndexOf(book, operators[1], 2);
        LineAt[] memory before = new LineAt[](1);
        before[0] = lineAt(book, index - 1);
        rejects(case_, readinessChallenge(case_, lineAt(book, index), before, new LineAt[](0), new UsedAt[](0)));
    }

    function test_readinessOnAnotherEntry() external {
        Book memory book = epochOne();
        uint256 index = lineIndexOf(book, operators[1], 2);
        uint256 first = lineIndexOf(book, operators[1], 1);
        book.lines[index].entries[0] = book.lines[first].entries[1];
        reline(book.lines[index]);
        Case memory case_ = postAndReport(postOf(book));
        LineAt[] memory firsts = new LineAt[](1);
        UsedAt[] memory used = new UsedAt[](1);
        (firsts[0], used[0]) = (lineAt(book, first), usedAt(book, first, 0));
        LineAt[] memory before = new LineAt[](1);
        before[0] = lineAt(book, first - 1);
        rejects(case_, readinessChallenge(case_, lineAt(book, index), before, firsts, used));
    }

    /// @dev `before`: the line before the readiness line, or, with `first`, the one before the first.
    function readinessChallenge(
        Case memory case_,
        LineAt memory readiness,
        LineAt[] memory before,
        LineAt[] memory first,
        UsedAt[] memory used
    ) internal pure returns (bytes memory) {
        LineAt[] memory nobody = new LineAt[](0);
        if (first.length == 0) return abi.encodeCall(ISumJudge.challengeReadiness, (case_, readiness, before, nobody, first, used));
        return abi.encodeCall(ISumJudge.challengeReadiness, (case_, readiness, nobody, before, first, used));
    }

    // ---- (c) twice, order ----

    function twiceChallenge(Case memory case_, Book memory book, uint256 one, uint256 i, uint256 other, uint256 j)
        internal
        pure
        returns (bytes memory)
    {
        LineAt memory line = lineAt(book, one);
        LineAt memory otherLine = lineAt(book, other);
        return abi.encodeCall(ISumJudge.challengeTwice, (case_, line, usedAt(book, one, i), otherLine, usedAt(book, other, j)));
    }

    function test_oneEntryInTwoLines() external {
        Book memory book = epochOne();
        uint256 index = lineIndexOf(book, operators[2], 1);
        book.lines[index + 1].entries[1] = book.lines[index].entries[15];
        reline(book.lines[index + 1]);
        relevel(book, epochZero().leaves);
        Case memory case_ = postAndReport(postOf(book));
        rejects(case_, twiceChallenge(case_, book, index, 15, index + 1, 1));
    }

    function test_oneEntryTwiceInALine() external {
        Book memory book = epochOne();
        uint256 index = lineIndexOf(book, operators[2], 1);
        book.lines[index].entries[7] = book.lines[index].entries[6];
        reline(book.lines[index]);
        relevel(book, epochZero().leaves);
        Case memory case_ = postAndReport(postOf(book));
        rejects(case_, twiceChallenge(case_, book, index, 6, index, 7));
    }

    function test_linesOutOfOrder() external {
        Book memory book = epochOne();
        (book.lines[0], book.lines[3]) = (book.lines[3], book.lines[0]);
        Case memory case_ = postAndReport(postOf(book));
        LineAt memory right = lineAt(book, 1);
        rejects(case_, abi.encodeCall(ISumJudge.challengeLineOrder, (case_, lineAt(book, 0), right, new UsedAt[](0))));
    }

    function test_linesOfOneAccountOutOfOrder() external {
        Book memory book = epochOne();
        uint256 index = lineIndexOf(book, operators[2], 1);
        (book.lines[index], book.lines[index + 1]) = (book.lines[index + 1], book.lines[index]);
        Case memory case_ = postAndReport(postOf(book));
        UsedAt[] memory firsts = new UsedAt[](2);
        (firsts[0], firsts[1]) = (usedAt(book, index, 0), usedAt(book, index + 1, 0));
        LineAt memory right = lineAt(book, index + 1);
        rejects(case_, abi.encodeCall(ISumJudge.challengeLineOrder, (case_, lineAt(book, index), right, firsts)));
    }

    function test_aLineTwice() external {
        Book memory book = epochOne();
        uint256 index = lineIndexOf(book, operators[2], 1);
        book.lines[index + 1] = book.lines[index];
        relevel(book, epochZero().leaves);
        Case memory case_ = postAndReport(postOf(book));
        rejects(case_, twiceChallenge(case_, book, index, 3, index + 1, 3));
    }

    function test_leavesOutOfOrderOrTwice() external {
        for (uint256 i = 0; i < 2; ++i) {
            Book memory book = epochOne();
            if (i == 0) (book.leaves[1], book.leaves[2]) = (book.leaves[2], book.leaves[1]);
            else book.leaves[2].account = book.leaves[1].account;
            Case memory case_ = postAndReport(postOf(book));
            bytes memory challenge = abi.encodeCall(
                ISumJudge.challengeLeafOrder, (case_, leafAt(NETWORK, book.leaves, 1), leafAt(NETWORK, book.leaves, 2))
            );
            rejects(case_, challenge);
            rollTo(vm.getBlockNumber() + 1);
        }
    }

    function test_batchesOutOfOrderOrTwice() external {
        for (uint256 i = 0; i < 2; ++i) {
            Book memory book = epochOne();
            if (i == 0) (book.batches[1], book.batches[2]) = (book.batches[2], book.batches[1]);
            else book.batches[2] = book.batches[1];
            Case memory case_ = postAndReport(postOf(book));
            rejects(case_, abi.encodeCall(ISumJudge.challengeBatchOrder, (case_, batchAt(book, 1), batchAt(book, 2))));
            rollTo(vm.getBlockNumber() + 1);
        }
    }

    function test_moreLinesOfAnAccountThanThereMayBe() external {
        Book memory book = epochOne();
        LineBook memory line = book.lines[0];
        book.lines = new LineBook[](17);
        for (uint256 i = 0; i < 17; ++i) book.lines[i] = line;
        relevel(book, epochZero().leaves);
        Case memory case_ = postAndReport(postOf(book));
        LineAt[] memory shown = new LineAt[](17);
        for (uint256 i = 0; i < 17; ++i) shown[i] = lineAt(book, i);
        rejects(case_, abi.encodeCall(ISumJudge.challengeLineCount, (case_, shown)));
    }

    // ---- (d) leaves ----

    function leafChallenge(Case memory case_, Book memory book, address account) internal view returns (bytes memory) {
        LeafView memory before = leafView(NETWORK, epochZero().leaves, account);
        LeafView memory now_ = leafView(NETWORK, book.leaves, account);
        LinesView memory lines = linesView(book, Lines.orderOf(account, 0), Lines.orderOf(account, 255));
        return abi.encodeCall(ISumJudge.challengeLeaf, (case_, account, before, now_, lines));
    }

    /// forge-config: default.fuzz.runs = 24
    function testFuzz_aLeafLoweredForAnother(uint256 from, uint256 to, uint128 amount) external {
        from = bound(from, 0, 4);
        to = bound(to, 0, 4);
        vm.assume(from != to);
        Book memory book = epochOne();
        amount = uint128(bound(amount, 1, book.leaves[from].bootstrapAtto));
        book.leaves[from].bootstrapAtto -= amount;
        book.leaves[to].bootstrapAtto += amount;
        Case memory case_ = postAndReport(postOf(book));
        rejects(case_, leafChallenge(case_, book, operators[amount & 1 == 0 ? from : to]));
    }

    function test_aLeafMissing() external {
        Book memory book = epochOne();
        uint256 index = leafIndexOf(book, operators[3]); // no line this epoch, owed from the last
        book.leaves[0].bootstrapAtto += book.leaves[index].bootstrapAtto;
        book.leaves[0].rebateAtto += book.leaves[index].rebateAtto;
        withoutLeaf(book, index);
        Case memory case_ = postAndReport(postOf(book));
        rejects(case_, leafChallenge(case_, book, operators[3]));
    }

    function test_aNewLeafMissing() external {
        Book memory book = epochOne();
        uint256 index = leafIndexOf(book, operators[1]);
        book.leaves[0].bootstrapAtto += book.leaves[index].bootstrapAtto;
        book.leaves[0].rebateAtto += book.leaves[index].rebateAtto;
        withoutLeaf(book, index);
        Case memory case_ = postAndReport(postOf(book));
        rejects(case_, leafChallenge(case_, book, operators[1]));
    }

    // ---- (e) entries and their batches ----

    function usedChallenge(Case memory case_, Book memory book, uint256 line, uint256 index, BatchBook memory batch, EntryAt[] memory entry)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodeCall(ISumJudge.challengeUsed, (case_, lineAt(book, line), usedAt(book, line, index), batch.header, entry));
    }

    function test_anEntryThatItsBatchDoesNotHave() external {
        Book memory book = epochOne();
        uint256 index = lineIndexOf(book, operators[1], 1);
        BatchBook memory batch = epochOne().batches[batchIndexOf(book, operators[1])];
        book.lines[index].entries[1].entry.quantity += 1_000_000;
        reline(book.lines[index]);
        relevel(book, epochZero().leaves);
        Case memory case_ = postAndReport(postOf(book));
        EntryAt[] memory entry = new EntryAt[](1);
        entry[0] = entryAt(batch, 1);
        rejects(case_, usedChallenge(case_, book, index, 1, batch, entry));
    }

    function test_anEntryBehindTheEndOfItsBatch() external {
        Book memory book = epochOne();
        uint256 index = lineIndexOf(book, operators[1], 1);
        book.lines[index].entries[2].index = 3;
        reline(book.lines[index]);
        Case memory case_ = postAndReport(postOf(book));
        BatchBook memory batch = book.batches[batchIndexOf(book, operators[1])];
        rejects(case_, usedChallenge(case_, book, index, 2, batch, new EntryAt[](0)));
    }

    function test_entriesOfABatchThatDoesNotCount() external {
        for (uint256 i = 0; i < 3; ++i) {
            Book memory book = epochOne();
            uint256 index = batchIndexOf(book, operators[i]);
            bytes32 digest = book.batches[index].digest;
            withoutBatch(book, index);
            Case memory case_ = postAndReport(postOf(book));
            uint256 line = lineIndexOf(book, operators[i], 1);
            BatchesView memory batches = batchesView(book, digest);
            rejects(case_, abi.encodeCall(ISumJudge.challengeUncounted, (case_, lineAt(book, line), usedAt(book, line, 0), batches)));
            rollTo(vm.getBlockNumber() + 1);
        }
    }

    // ---- (f) dropped ----

    function droppedChallenge(Case memory case_, Book memory book, uint256 batch, uint256 index) internal pure returns (bytes memory) {
        EntryAt memory entry = entryAt(book.batches[batch], index);
        uint256 order = Lines.orderOf(entry.entry.account, entry.entry.kind);
        LinesView memory lines = linesView(book, order, order);
        return abi.encodeCall(ISumJudge.challengeDropped, (case_, countedBatch(book, batch), entry, lines, allUsed(book, order)));
    }

    function test_anEntryDropped() external {
        Book memory book = epochOne();
        uint256 line = lineIndexOf(book, operators[2], 1) + 1;
        book.lines[line].entries = _slice(book.lines[line].entries, 0, 1);
        reline(book.lines[line]);
        relevel(book, epochZero().leaves);
        Case memory case_ = postAndReport(postOf(book));
        rejects(case_, droppedChallenge(case_, book, batchIndexOf(book, operators[2]), 17));
    }

    /// forge-config: default.fuzz.runs = 24
    function testFuzz_allLinesOfAnAccountDropped(uint256 operator) external {
        uint256[3] memory whoHasTwoLines = [uint256(0), 1, 4];
        operator = whoHasTwoLines[bound(operator, 0, 2)];
        Book memory book = epochOne();
        withoutLine(book, lineIndexOf(book, operators[operator], 2));
        withoutLine(book, lineIndexOf(book, operators[operator], 1));
        relevel(book, epochZero().leaves);
        Case memory case_ = postAndReport(postOf(book));
        rejects(case_, droppedChallenge(case_, book, batchIndexOf(book, operators[operator]), 0));
    }

    function test_everythingDropped() external {
        Book memory book = epochOne();
        book.lines = new LineBook[](0);
        relevel(book, epochZero().leaves);
        Case memory case_ = postAndReport(postOf(book));
        rejects(case_, droppedChallenge(case_, book, 1, 0));
    }

    // ---- (g) omission ----

    /// @notice Registers and vouches for a batch of an epoch, in its time.
    function vouch(BatchBook memory batch) internal {
        epochs.registerBatch(batch.header, batch.signature);
        uint64 epoch = batch.header.epoch;
        epochs.vouchBatch(batch.digest, vouchings(epoch, batch.digest, epochs.vouchers(NETWORK, epoch)));
    }

    function omissionChallenge(Case memory case_, Book memory book, BatchBook memory batch) internal pure returns (bytes memory) {
        return abi.encodeCall(ISumJudge.challengeOmission, (case_, batch.header, batchesView(book, batch.digest)));
    }

    function epochTwo() internal view returns (Book memory) {
        return honest(2, counts5(1, 1, 2, 1, 0), 2, epochZero());
    }

    /// @notice Epoch 2 posted right after epoch 0, without the batch of operator `missing`.
    function omitted(uint256 missing, bool vouched) internal returns (Case memory case_, Book memory book, BatchBook memory batch) {
        sealEpoch(2);
        book = epochTwo();
        uint256 index = batchIndexOf(book, operators[missing]);
        batch = book.batches[index];
        if (vouched) vouch(batch);
        else epochs.registerBatch(batch.header, batch.signature);
        rollTo(epochs.evidenceDeadline(2) + 1);
        withoutBatch(book, index);
        audit(book, epochZero().leaves);
        case_ = postAndReport(postOf(book));
    }

    /// forge-config: default.fuzz.runs = 24
    function testFuzz_aVouchedBatchLeftOut(uint256 missing) external {
        (Case memory case_, Book memory book, BatchBook memory batch) = omitted(bound(missing, 0, 3), true);
        rejects(case_, omissionChallenge(case_, book, batch));
    }

    function test_allBatchesLeftOut() external {
        sealEpoch(2);
        Book memory book = epochTwo();
        BatchBook memory batch = book.batches[0];
        vouch(batch);
        rollTo(epochs.evidenceDeadline(2) + 1);
        (book.batches, book.lines) = (new BatchBook[](0), new LineBook[](0));
        relevel(book, epochZero().leaves);
        Case memory case_ = postAndReport(postOf(book));
        rejects(case_, omissionChallenge(case_, book, batch));
    }

    function test_aBatchNobodyVouchedForMayBeLeftOut() external {
        (Case memory case_, Book memory book, BatchBook memory batch) = omitted(1, false);
        refuses(address(sumJudge), ISumJudge.NoFault.selector, omissionChallenge(case_, book, batch));
    }

    function test_aRefutedBatchMayBeLeftOut() external {
        (Case memory case_, Book memory book, BatchBook memory batch) = omitted(1, true);
        storageJudge.setRefuted(batch.digest);
        refuses(address(sumJudge), ISumJudge.NoFault.selector, omissionChallenge(case_, book, batch));
    }

    function test_aBatchOfASkippedEpochMustCountInTheNext() external {
        sealEpoch(2);
        BatchBook memory late = epochTwo().batches[0];
        vouch(late);
        rollToPost(4);
        Book memory book = honest(4, counts5(1, 2, 0, 0, 0), 4, epochZero());
        Case memory case_ = postAndReport(postOf(book));
        rejects(case_, omissionChallenge(case_, book, late));
        rollTo(vm.getBlockNumber() + 1);
        withBatch(book, late);
        audit(book, epochZero().leaves);
        case_ = postAndReport(postOf(book));
        refuses(address(sumJudge), ISumJudge.NotNeighbours.selector, omissionChallenge(case_, book, late));
        finalise(case_.post);
    }

    function test_aBatchOfAFinalisedEpochNeedNotCountLater() external {
        sealEpoch(2);
        BatchBook memory late = epochTwo().batches[0];
        vouch(late);
        rollTo(epochs.evidenceDeadline(2) + 1);
        Book memory nobody;
        (nobody.network, nobody.epoch, nobody.totalsBefore) = (NETWORK, 2, postOf(epochZero()).totals);
        relevel(nobody, epochZero().leaves);
        finaliseEpoch(nobody); // nobody challenged
        rollToPost(3);
        Book memory book = honest(3, counts5(1, 2, 0, 0, 0), 3, epochZero());
        book.totalsBefore = nobody.totalsBefore;
        Case memory case_ = postAndReport(postOf(book));
        refuses(address(sumJudge), ISumJudge.NoFault.selector, omissionChallenge(case_, book, late));
    }

    function test_aBatchOlderThanSevenEpochsIsOver() external {
        sealEpoch(2);
        BatchBook memory late = epochTwo().batches[0];
        vouch(late);
        rollToPost(10);
        Book memory book = honest(10, counts5(1, 2, 0, 0, 0), 10, epochZero());
        Case memory case_ = postAndReport(postOf(book));
        refuses(address(sumJudge), ISumJudge.NoFault.selector, omissionChallenge(case_, book, late));
    }

    // ---- the case itself ----

    function test_onlyThePendingPostIsJudged() external {
        Book memory book = epochOne();
        Case memory case_ = postAndReport(postOf(book));
        case_.post.rules = 2;
        refuses(address(sumJudge), ISumJudge.WrongPost.selector, abi.encodeCall(ISumJudge.challengeEmpty, (case_)));
        case_.post.rules = 1;
        refuses(address(sumJudge), ISumJudge.NoFault.selector, abi.encodeCall(ISumJudge.challengeEmpty, (case_)));
    }
}
