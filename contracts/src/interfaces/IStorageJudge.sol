// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {EvidenceEntry} from "../libraries/Evidence.sol";
import {BatchHeader} from "./IEpochs.sol";

/// @notice An answer for one named leaf: the 32-byte leaf, its sha2-256-trunc254 path to the piece root (length = height),
/// and the piece's place in the set's sum tree.
struct Answer {
    bytes32 leaf;
    bytes32[] piecePath;
    uint64 pieceLeafCount; // the sum of the piece's node in the set tree
    SumPath setPath;
}

/// @notice A path in a sum tree, from the leaf up. Bit i of sides set: sibling i is on the left.
struct SumPath {
    uint256 sides;
    bytes32[] hashes;
    uint256[] sums;
}

/// @notice The place in a set's sum tree of a piece that `prove` touches.
struct Place {
    uint64 leafCount; // the sum of the piece's node
    SumPath path;
}

/// @notice What a possession entry stands on.
struct PossessionDetail {
    bytes32 setRoot; // as it stood on chain at the epoch's close
    uint64 leafCount;
    uint32 pieceCount;
    uint64 version;
    bytes32 answersRoot; // sum tree over the expanded answers in draw order
    uint32 answerCount;
    bytes32 proofSha256; // the published proof
}

struct Demand {
    bytes32 dataSet;
    bytes32 root; // as it stood when demanded
    uint64 leafCount;
    uint64 leafIndex;
    uint40 openedAt; // Unix seconds
    uint48 deadlineBlock;
    address demander;
    uint128 depositAtto;
    bool over;
}

/// @notice What showed an entry wrong.
enum RefutedBy { Nothing, Account, Quantity, Version, State, Count, Answer }

interface IStorageJudge {
    event Demanded(bytes32 indexed demandId, bytes32 indexed dataSet, address indexed demander, uint64 leafIndex, uint48 deadlineBlock);
    event Answered(bytes32 indexed demandId, address indexed answerer);
    event Missed(bytes32 indexed demandId, bytes32 indexed dataSet, address indexed reporter, uint128 slashedAtto);
    /// @notice Its set was over when it was closed: nothing was slashed for it, the deposit went back.
    event Closed(bytes32 indexed demandId, bytes32 indexed dataSet);
    event Refuted(bytes32 indexed digest, bytes32 indexed dataSet, uint64 indexed epoch, RefutedBy by);
    event Proven(bytes32 indexed dataSet, uint64 indexed epoch, address indexed prover, uint256 count);

    error LeafOutOfSet(uint64 leafCount, uint64 leafIndex);
    error WrongAnswer(bytes32 expectedRoot, bytes32 actualRoot);
    error WrongPlace(uint64 expectedLeaf, uint64 actualStart);
    error NoSuchDemand(bytes32 demandId);
    error DemandOver(bytes32 demandId);
    error DeadlinePassed(uint48 deadlineBlock, uint48 nowBlock);
    error NotYet(uint48 deadlineBlock, uint48 nowBlock);
    error TooManyDemands(bytes32 dataSet);
    error SetOver(bytes32 dataSet);
    error SetChanged(uint64 closeBlock, uint48 changedBlock);
    error WrongCount(uint256 expected, uint256 actual);
    error NotSealed(uint64 epoch);
    error NotInBatch(bytes32 expected, bytes32 actual);
    error BadSignature(address expected, address actual);
    error NothingWrong(bytes32 digest);

    /// @notice Names a leaf of a data set; deposits the cost of the answer in WORK; holds the stream's pay.
    function demand(bytes32 dataSet, uint64 leafIndex) external returns (bytes32 demandId);
    /// @notice Anyone answers in time and is paid the deposit.
    function answer(bytes32 demandId, Answer calldata answer_) external;
    /// @notice After the deadline: pushes the fault, ends and slashes the set, pays the committed reporter, returns the deposit.
    /// A demand whose set is over already is closed at any time: deposit back, nothing slashed again.
    function miss(bytes32 demandId, address reporter, bytes32 salt) external;
    /// @notice A whole proof on chain for small users: answers to the first five draws of a sealed epoch.
    /// @param places the pieces that the draws fall into, each once
    /// @param paths one for each draw, in draw order: the leaf, then its path up to the piece root
    function prove(bytes32 dataSet, uint64 epoch, Place[] calldata places, bytes32[][] calldata paths) external;
    /// @notice Shows that an entry of a signed batch is wrong, so that leaving the batch out of an epoch cannot be challenged:
    /// it contradicts the set on chain, or the answer that it committed to at `answerIndex` is not the drawn one.
    function refute(
        BatchHeader calldata header,
        bytes calldata signature,
        EvidenceEntry calldata entry,
        uint32 index,
        SumPath calldata entryPath,
        PossessionDetail calldata detail,
        uint32 answerIndex,
        uint64 leafIndex,
        Answer calldata answer_,
        SumPath calldata answerPath
    ) external;
    /// @return true when `refute` has shown an entry of the batch with this EIP-712 digest wrong
    function refuted(bytes32 digest) external view returns (bool);
    /// @notice Check used by others: false for whatever is not an answer, never a revert for its content.
    function check(bytes32 root, uint64 leafCount, uint64 leafIndex, Answer calldata answer_) external view returns (bool);
    /// @notice Of a demand that is over only dataSet, demander, depositAtto and over are kept; the rest stands in its events.
    function demandOf(bytes32 demandId) external view returns (Demand memory);
    function depositAtto() external view returns (uint128);
}
