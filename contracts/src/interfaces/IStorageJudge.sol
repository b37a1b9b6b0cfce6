// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

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

interface IStorageJudge {
    event Demanded(bytes32 indexed demandId, bytes32 indexed dataSet, address indexed demander, uint64 leafIndex, uint48 deadlineBlock);
    event Answered(bytes32 indexed demandId, address indexed answerer);
    event Missed(bytes32 indexed demandId, bytes32 indexed dataSet, address indexed reporter, uint128 slashedAtto);
    event Proven(bytes32 indexed dataSet, uint64 indexed epoch, address indexed prover, uint256 count);

    error LeafOutOfSet(uint64 leafCount, uint64 leafIndex);
    error WrongAnswer(bytes32 expectedRoot, bytes32 actualRoot);
    error WrongPlace(uint64 expectedLeaf, uint64 actualStart);
    error NoSuchDemand(bytes32 demandId);
    error DemandOver(bytes32 demandId);
    error DeadlinePassed(uint48 deadlineBlock, uint48 nowBlock);
    error NotYet(uint48 deadlineBlock, uint48 nowBlock);
    error TooManyDemands(bytes32 dataSet);

    /// @notice Names a leaf of a data set; deposits the cost of the answer in WORK; holds the stream's pay.
    function demand(bytes32 dataSet, uint64 leafIndex) external returns (bytes32 demandId);
    /// @notice Anyone answers in time and is paid the deposit.
    function answer(bytes32 demandId, Answer calldata answer_) external;
    /// @notice After the deadline: pushes the fault, slashes the lock, pays the committed reporter, returns the deposit.
    function miss(bytes32 demandId, address reporter, bytes32 salt) external;
    /// @notice A whole proof on chain for small users: answers to the drawn leaves of a sealed epoch.
    function prove(bytes32 dataSet, uint64 epoch, Answer[] calldata answers) external;
    /// @notice Pure check used by others.
    function check(bytes32 root, uint64 leafCount, uint64 leafIndex, Answer calldata answer_) external view returns (bool);
    function demandOf(bytes32 demandId) external view returns (Demand memory);
    function depositAtto() external view returns (uint128);
}
