// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {BatchHeader, EpochPost} from "../src/interfaces/IEpochs.sol";
import {SumPath} from "../src/interfaces/IStorageJudge.sol";
import {
    BatchAt,
    BatchesView,
    CountedBatch,
    EntryAt,
    LeafAt,
    LeafView,
    LineAt,
    LinesView,
    UsedAt,
    UsedEntry
} from "../src/interfaces/ISumJudge.sol";
import {EvidenceEntry} from "../src/libraries/Evidence.sol";
import {Line, Lines, Used} from "../src/libraries/Lines.sol";
import {Node, SumTree} from "../src/libraries/SumTree.sol";
import {Harness} from "./Harness.sol";

struct BatchBook {
    BatchHeader header;
    bytes32 digest;
    bytes signature;
    EvidenceEntry[] entries;
}

struct LineBook {
    Line line;
    UsedEntry[] entries;
}

struct LeafBook {
    address account;
    uint128 rebateAtto;
    uint128 bootstrapAtto;
}

/// @notice All of a posted epoch, as a poster has it. Tests change it and post what it then says.
struct Book {
    uint8 network;
    uint64 epoch;
    uint256 totalsBefore;
    BatchBook[] batches;
    LineBook[] lines;
    LeafBook[] leaves;
}

/// @notice Builds trees, posts and proofs from a book. An independent second writing of the tree: levels, not folds.
abstract contract EpochBook is Harness {
    // ---- trees ----

    function levelsOf(Node[] memory leaves) internal pure returns (Node[][] memory levels) {
        uint256 depth;
        for (uint256 n = leaves.length; n > 1; n = (n + 1) / 2) ++depth;
        levels = new Node[][](depth + 1);
        levels[0] = leaves;
        for (uint256 i = 0; i < depth; ++i) levels[i + 1] = above(levels[i]);
    }

    function above(Node[] memory level) internal pure returns (Node[] memory next) {
        next = new Node[]((level.length + 1) / 2);
        for (uint256 i = 0; i < next.length; ++i) {
            bool promoted = 2 * i + 1 == level.length;
            next[i] = promoted
                ? level[2 * i]
                : Node(
                    keccak256(preimageOf(level[2 * i], level[2 * i + 1])),
                    SumTree.addLanes(level[2 * i].sum, level[2 * i + 1].sum)
                );
        }
    }

    function preimageOf(Node memory left, Node memory right) internal pure returns (bytes memory) {
        return abi.encodePacked(uint8(1), left.hash, left.sum, right.hash, right.sum);
    }

    function rootOf(Node[] memory leaves) internal pure returns (Node memory) {
        if (leaves.length == 0) return Node(0, 0);
        Node[][] memory levels = levelsOf(leaves);
        return levels[levels.length - 1][0];
    }

    function pathOf(Node[] memory leaves, uint256 index) internal pure returns (SumPath memory) {
        return pathFrom(levelsOf(leaves), 0, index);
    }

    /// @notice Path of the node at (level, index), from below up.
    function pathFrom(Node[][] memory levels, uint256 level, uint256 index) internal pure returns (SumPath memory path) {
        uint256 depth;
        for (uint256 l = level; l + 1 < levels.length; ++l) if ((index >> (l - level) ^ 1) < levels[l].length) ++depth;
        path.hashes = new bytes32[](depth);
        path.sums = new uint256[](depth);
        uint256 at_;
        for (; level + 1 < levels.length; ++level) {
            if (index ^ 1 < levels[level].length) {
                path.hashes[at_] = levels[level][index ^ 1].hash;
                path.sums[at_] = levels[level][index ^ 1].sum;
                path.sides |= (index & 1) << at_++;
            }
            index >>= 1;
        }
    }

    // ---- leaves of the trees of a book ----

    function usedNodes(LineBook memory book) internal pure returns (Node[] memory nodes) {
        nodes = new Node[](book.entries.length);
        for (uint256 i = 0; i < nodes.length; ++i) nodes[i] = Lines.usedLeaf(usedOf(book.entries[i]));
    }

    function usedOf(UsedEntry memory entry) internal pure returns (Used memory) {
        return Used(entry.batchDigest, entry.index, keccak256(abi.encode(entry.entry)), entry.entry.quantity);
    }

    function entryNodes(EvidenceEntry[] memory entries) internal pure returns (Node[] memory nodes) {
        nodes = new Node[](entries.length);
        for (uint256 i = 0; i < nodes.length; ++i) {
            nodes[i] = SumTree.entryLeaf(keccak256(abi.encode(entries[i])), entries[i].quantity);
        }
    }

    function lineNodes(Book memory book) internal pure returns (Node[] memory nodes) {
        nodes = new Node[](book.lines.length);
        for (uint256 i = 0; i < nodes.length; ++i) nodes[i] = Lines.leafOf(book.lines[i].line);
    }

    function batchNodes(Book memory book) internal pure returns (Node[] memory nodes) {
        nodes = new Node[](book.batches.length);
        for (uint256 i = 0; i < nodes.length; ++i) {
            nodes[i] = SumTree.batchLeaf(book.batches[i].digest, keccak256(book.batches[i].signature));
        }
    }

    function leafNodes(uint8 network, LeafBook[] memory leaves) internal pure returns (Node[] memory nodes) {
        nodes = new Node[](leaves.length);
        for (uint256 i = 0; i < nodes.length; ++i) {
            nodes[i] = SumTree.accountLeaf(network, leaves[i].account, leaves[i].rebateAtto, leaves[i].bootstrapAtto);
        }
    }

    function postOf(Book memory book) internal pure returns (EpochPost memory post) {
        Node memory lines = rootOf(lineNodes(book));
        post.epoch = book.epoch;
        post.root = rootOf(leafNodes(book.network, book.leaves)).hash;
        post.totals = SumTree.addLanes(book.totalsBefore, lines.sum);
        post.linesRoot = lines.hash;
        post.linesTotal = lines.sum;
        post.lineCount = uint32(book.lines.length);
        post.batchesRoot = rootOf(batchNodes(book)).hash;
        post.batchCount = uint32(book.batches.length);
        post.evidence = sha256(abi.encode(book.epoch, post.linesRoot));
        post.rules = 1;
    }

    // ---- proofs ----

    function lineAt(Book memory book, uint256 index) internal pure returns (LineAt memory) {
        return LineAt(book.lines[index].line, pathOf(lineNodes(book), index));
    }

    function usedAt(Book memory book, uint256 line, uint256 index) internal pure returns (UsedAt memory) {
        return UsedAt(usedOf(book.lines[line].entries[index]), pathOf(usedNodes(book.lines[line]), index));
    }

    function batchAt(Book memory book, uint256 index) internal pure returns (BatchAt memory) {
        BatchBook memory batch = book.batches[index];
        return BatchAt(batch.digest, keccak256(batch.signature), pathOf(batchNodes(book), index));
    }

    function countedBatch(Book memory book, uint256 index) internal pure returns (CountedBatch memory) {
        BatchBook memory batch = book.batches[index];
        return CountedBatch(batch.header, keccak256(batch.signature), pathOf(batchNodes(book), index));
    }

    function entryAt(BatchBook memory batch, uint256 index) internal pure returns (EntryAt memory) {
        EvidenceEntry memory entry = batch.entries[index];
        return EntryAt(entry, uint32(index), entry.quantity, pathOf(entryNodes(batch.entries), index));
    }

    function leafAt(uint8 network, LeafBook[] memory leaves, uint256 index) internal pure returns (LeafAt memory) {
        LeafBook memory leaf = leaves[index];
        return LeafAt(leaf.account, leaf.rebateAtto, leaf.bootstrapAtto, pathOf(leafNodes(network, leaves), index));
    }

    function leafView(uint8 network, LeafBook[] memory leaves, address account) internal pure returns (LeafView memory view_) {
        view_.left = new LeafAt[](0);
        view_.right = new LeafAt[](0);
        for (uint256 i = 0; i < leaves.length; ++i) {
            if (leaves[i].account == account) {
                view_.present = true;
                view_.leaf = leafAt(network, leaves, i);
                return view_;
            }
        }
        uint256 next;
        while (next < leaves.length && leaves[next].account < account) ++next;
        if (next > 0) {
            view_.left = new LeafAt[](1);
            view_.left[0] = leafAt(network, leaves, next - 1);
        }
        if (next < leaves.length) {
            view_.right = new LeafAt[](1);
            view_.right[0] = leafAt(network, leaves, next);
        }
    }

    /// @notice Lines with an order from `low` to `high`, and their neighbours.
    function linesView(Book memory book, uint256 low, uint256 high) internal pure returns (LinesView memory view_) {
        uint256 from;
        while (from < book.lines.length && orderAt(book, from) < low) ++from;
        uint256 to = from;
        while (to < book.lines.length && orderAt(book, to) <= high) ++to;
        view_.left = new LineAt[](from > 0 ? 1 : 0);
        if (from > 0) view_.left[0] = lineAt(book, from - 1);
        view_.right = new LineAt[](to < book.lines.length ? 1 : 0);
        if (to < book.lines.length) view_.right[0] = lineAt(book, to);
        view_.lines = new LineAt[](to - from);
        for (uint256 i = from; i < to; ++i) view_.lines[i - from] = lineAt(book, i);
    }

    function allUsed(Book memory book, uint256 order) internal pure returns (Used[][] memory all) {
        uint256 from;
        while (from < book.lines.length && orderAt(book, from) < order) ++from;
        uint256 to = from;
        while (to < book.lines.length && orderAt(book, to) == order) ++to;
        all = new Used[][](to - from);
        for (uint256 i = 0; i < all.length; ++i) {
            UsedEntry[] memory entries = book.lines[from + i].entries;
            all[i] = new Used[](entries.length);
            for (uint256 j = 0; j < entries.length; ++j) all[i][j] = usedOf(entries[j]);
        }
    }

    function batchesView(Book memory book, bytes32 digest) internal pure returns (BatchesView memory view_) {
        uint256 next;
        while (next < book.batches.length && book.batches[next].digest <= digest) ++next;
        uint256 before = next;
        while (before > 0 && book.batches[before - 1].digest >= digest) --before;
        view_.left = new BatchAt[](before > 0 ? 1 : 0);
        if (before > 0) view_.left[0] = batchAt(book, before - 1);
        view_.right = new BatchAt[](next < book.batches.length ? 1 : 0);
        if (next < book.batches.length) view_.right[0] = batchAt(book, next);
    }

    function orderAt(Book memory book, uint256 index) internal pure returns (uint256) {
        return Lines.orderOf(book.lines[index].line.account, book.lines[index].line.kind);
    }
}
