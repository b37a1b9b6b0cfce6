// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {EvidenceEntry} from "../libraries/Evidence.sol";
import {Line, Used} from "../libraries/Lines.sol";
import {BatchHeader, EpochPost} from "./IEpochs.sol";
import {SumPath} from "./IStorageJudge.sol";

/// @notice What every challenge begins with: the pending post, and who is to have the reward of a commitment made earlier
/// (Bonds.commitReport of keccak256(abi.encode(reporter, Epochs.posterLockId(network, epoch), salt))).
struct Case {
    uint8 network;
    EpochPost post;
    address reporter;
    bytes32 salt;
}

enum Tree {
    Leaves,
    Lines,
    Batches
}

struct LeafAt {
    address account;
    uint128 rebateAtto;
    uint128 bootstrapAtto;
    SumPath path;
}

struct LineAt {
    Line line;
    SumPath path; // in linesRoot
}

struct UsedAt {
    Used used;
    SumPath path; // in the line's entriesRoot
}

/// @notice A used entry with all its fields.
struct UsedEntry {
    bytes32 batchDigest;
    uint32 index;
    EvidenceEntry entry;
}

struct BatchAt {
    bytes32 digest;
    bytes32 signatureHash;
    SumPath path; // in batchesRoot
}

/// @notice A batch that counts, with its header.
struct CountedBatch {
    BatchHeader header;
    bytes32 signatureHash;
    SumPath path;
}

struct EntryAt {
    EvidenceEntry entry;
    uint32 index;
    uint128 recorded; // the quantity that the batch's tree has at this place
    SumPath path; // in the batch's entriesRoot
}

/// @notice A leaf, or its absence: then the neighbours, or one at an edge of the tree, or none in an empty tree.
struct LeafView {
    bool present;
    LeafAt leaf;
    LeafAt[] left; // one or none
    LeafAt[] right; // one or none
}

/// @notice All lines of an account (and kind, where one is named), contiguous between neighbours.
struct LinesView {
    LineAt[] left; // one or none
    LineAt[] lines;
    LineAt[] right; // one or none
}

struct BatchesView {
    BatchAt[] left; // one or none
    BatchAt[] right; // one or none
}

/// @notice Shows faults of a pending post, each by the smallest thing that has it. A fault drops the post and slashes its
/// poster; anything else reverts with NoFault, or with the reason why nothing was shown. docs/protocol/epochs.md#challenges
interface ISumJudge {
    error NoFault();
    error WrongPost(bytes32 expected, bytes32 actual);
    error NotInTree(bytes32 expectedRoot, uint256 expectedSum);
    error NotNeighbours();
    error TooManyShown(uint256 limit, uint256 actual);
    error WrongHeader(bytes32 expected, bytes32 actual);

    /// @notice (a) A node that is not what its tree may hold: its sum is not that of its children or fields, its bytes are no
    /// leaf of that tree, or a leaf stands where a tree of that count has none. `recordedSum` is the sum the tree has for it.
    function challengeNode(Case calldata case_, Tree tree, bytes calldata preimage, uint256 recordedSum, SumPath calldata path) external;
    /// @notice (a) The same in the entries tree of a line.
    function challengeUsedNode(Case calldata case_, LineAt calldata line, bytes calldata preimage, uint256 recordedSum, SumPath calldata path) external;
    /// @notice (a) An empty tree with a sum or a count.
    function challengeEmpty(Case calldata case_) external;
    /// @notice (b) A line that does not follow from its entries, all of which are shown in order.
    function challengeLine(Case calldata case_, LineAt calldata line, UsedEntry[] calldata entries) external;
    /// @notice (b) A line whose unit price is not the one of its epoch.
    function challengePrice(Case calldata case_, LineAt calldata line) external;
    /// @notice (b) Two readiness lines (network 1, kind 2) of different unit price.
    function challengeReadinessPrices(Case calldata case_, LineAt calldata one, LineAt calldata other) external;
    /// @notice (b) A readiness line whose account has no possession line, or whose entry is not the account's first.
    /// `first` is the account's first possession line with the line before it; `used` that line's first entry.
    function challengeReadiness(Case calldata case_, LineAt calldata readiness, LineAt[] calldata before, LineAt[] calldata beforeFirst, LineAt[] calldata first, UsedAt[] calldata used) external;
    /// @notice (c) One entry used in two places by lines of one kind.
    function challengeTwice(Case calldata case_, LineAt calldata one, UsedAt calldata usedOne, LineAt calldata other, UsedAt calldata usedOther) external;
    /// @notice (c) Two neighbouring lines in the wrong order; their first entries are needed when account and kind are the same.
    function challengeLineOrder(Case calldata case_, LineAt calldata left, LineAt calldata right, UsedAt[] calldata firsts) external;
    /// @notice (c) Two neighbouring leaves in the wrong order, or of one account.
    function challengeLeafOrder(Case calldata case_, LeafAt calldata left, LeafAt calldata right) external;
    /// @notice (c) Two neighbouring batches in the wrong order, or one twice.
    function challengeBatchOrder(Case calldata case_, BatchAt calldata left, BatchAt calldata right) external;
    /// @notice (c) 17 neighbouring lines of one account and kind.
    function challengeLineCount(Case calldata case_, LineAt[] calldata lines) external;
    /// @notice (d) An account's cumulative leaf is not its leaf in the head plus all its lines.
    function challengeLeaf(Case calldata case_, address account, LeafView calldata before, LeafView calldata now_, LinesView calldata lines) external;
    /// @notice (e) A line's entry is not the one that its batch has at that index, or the batch has no such index.
    function challengeUsed(Case calldata case_, LineAt calldata line, UsedAt calldata used, BatchHeader calldata header, EntryAt[] calldata entry) external;
    /// @notice (e) A line's entry is of a batch that is not among those that count.
    function challengeUncounted(Case calldata case_, LineAt calldata line, UsedAt calldata used, BatchesView calldata batches) external;
    /// @notice (f) An entry of a batch that counts is used by no line of its account and kind; all of them and all they use are shown.
    function challengeDropped(Case calldata case_, CountedBatch calldata batch, EntryAt calldata entry, LinesView calldata lines, Used[][] calldata used) external;
    /// @notice (g) A vouched batch of the posted epoch, or of one skipped since the head, is not among those that count.
    function challengeOmission(Case calldata case_, BatchHeader calldata header, BatchesView calldata batches) external;
}
